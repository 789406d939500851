//go:build !unix

package pdftext_test

import "time"

// started stands in for the processor time where it cannot be asked for.
var started = time.Now()

func cpuTime() time.Duration { return time.Since(started) }
