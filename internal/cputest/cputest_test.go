package cputest_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/brondata/brondata/internal/cputest"
)

// Work is counted, and no more than there is of it.
func TestUsed(t *testing.T) {
	start, used := time.Now(), cputest.Used()
	for cputest.Used()-used < 50*time.Millisecond {
	}
	worked := cputest.Used() - used
	assert.LessOrEqual(t, worked, time.Since(start)*time.Duration(runtime.NumCPU())+100*time.Millisecond, "it may be counted in ticks")
}
