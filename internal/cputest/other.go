//go:build !unix

package cputest

import "time"

// started stands in for the processor time where it cannot be asked for.
var started = time.Now()

// Used returns the time since the start of this process.
func Used() time.Duration { return time.Since(started) }
