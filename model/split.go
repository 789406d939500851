package model

import (
	"runtime"
	"sync"
)

// split calls f for parts that together are 0 to n, at the same time where there is enough for several processors. What f
// does with one position must not touch what it does with another.
func split(n int, f func(from, to int)) {
	const part = 8192 // less than this is not worth a goroutine
	workers := min(runtime.GOMAXPROCS(0), (n+part-1)/part)
	if workers < 2 {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { f(w*n/workers, (w+1)*n/workers) })
	}
	wg.Wait()
}
