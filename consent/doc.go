// Package consent keeps what subjects agreed to, and permits no more.
package consent
