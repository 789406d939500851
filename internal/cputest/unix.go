//go:build unix

// Package cputest tells tests how much processor time they used. A bound on it holds on a machine that is busy with other work
// too, where the clock on the wall says little; a test that uses it is not parallel, since the time is that of the process.
package cputest

import (
	"syscall"
	"time"
)

// Used returns the processor time that this process has used.
func Used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it cannot fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
