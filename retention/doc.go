// Package retention keeps what a consumer consented to sealed, for no longer than was agreed, and makes it gone.
package retention
