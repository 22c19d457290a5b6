package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var waiting = []workload{
	{"yield", 2000000, 2, yield, 1},
	{"pingpong", 500000, 1, pingpong, 1},
	{"queue11", 2000000, 1024, func(n, slots int) { transfer(n, 1, slots) }, 1},
	{"queue44", 2000000, 1024, func(n, slots int) { transfer(n, 4, slots) }, 1},
	{"queue100", 2000000, 64, func(n, slots int) { transfer(n, 100, slots) }, 1},
	{"pipeline", 300000, 64, pipeline, 1},
	{"lock", 8000000, 8, lock, 1},
	{"condition", 1000000, 2, condition, 1},
	{"event", 0, 100000, event, 3},
	{"sleep", 0, 100000, sleepers, 1},
	{"wait-fresh", 0, 100000, comeToWait, 0},
	{"wait-recycled", 0, 100000, comeToWait, 3},
	{"spawn-join", 500000, 1, spawnAndJoin, 1},
}

// together runs so many goroutines and waits for them all.
func together(tasks int, body func(i int)) {
	var all sync.WaitGroup
	all.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func(i int) {
			body(i)
			all.Done()
		}(i)
	}
	all.Wait()
}

func yield(n, tasks int) {
	each := n / tasks
	done := make([]int, tasks)
	measure(each*tasks, func() {
		together(tasks, func(i int) {
			for j := 0; j < each; j++ {
				runtime.Gosched()
			}
			done[i] = each
		})
	})
	sum := 0
	for _, d := range done {
		sum += d
	}
	require(sum == each*tasks, "all have yielded")
}

func pingpong(n, slots int) {
	there, back := make(chan int, slots), make(chan int, slots)
	last := 0
	measure(n, func() {
		together(2, func(i int) {
			for j := 0; j < n; j++ {
				if i == 0 {
					there <- last
					last = <-back
				} else {
					back <- <-there + 1
				}
			}
		})
	})
	require(last == n, "each answer was one more")
}

// spin works for about so many ns: one product needs the one before.
func spin(ns int) uint64 {
	x := uint64(ns)
	for i := 0; i < ns; i++ {
		x = x*6364136223846793005 + 1
	}
	return x
}

var sink uint64

func transfer(n, pairs, slots int) {
	if slots < 16 {
		n /= 4
	}
	each := n / pairs
	queue := make(chan int, slots)
	var sum int64
	produce := func() {
		for j := 1; j <= each; j++ {
			queue <- j
		}
	}
	consume := func() {
		own := 0
		for j := 0; j < each; j++ {
			own += <-queue
		}
		atomic.AddInt64(&sum, int64(own))
	}
	measure(each*pairs, func() {
		together(2*pairs, func(i int) {
			if i%2 == 0 {
				produce()
			} else {
				consume()
			}
		})
	})
	require(sum == int64(pairs*(each*(each+1)/2)), "all items came through")
}

func pipeline(n, slots int) {
	const stages = 8
	var queues [stages - 1]chan int
	for i := range queues {
		queues[i] = make(chan int, slots)
	}
	sum := 0
	stage := func(i int) {
		for j := 0; j < n; j++ {
			item := 0
			if i > 0 {
				item = <-queues[i-1]
			}
			if i < stages-1 {
				queues[i] <- item + 1
			} else {
				sum += item + 1
			}
		}
	}
	measure(n, func() { together(stages, stage) })
	require(sum == n*stages, "each item came through each stage")
}

func lock(n, tasks int) {
	var mutex sync.Mutex
	each, counter := n/tasks, 0
	measure(each*tasks, func() {
		together(tasks, func(int) {
			for j := 0; j < each; j++ {
				mutex.Lock()
				counter++
				mutex.Unlock()
			}
		})
	})
	require(counter == each*tasks, "the lock excludes")
}

func condition(n, value int) {
	var mutex sync.Mutex
	changed := sync.NewCond(&mutex)
	turn := 0
	measure(n, func() {
		together(2, func(i int) {
			mutex.Lock()
			for j := 0; j < n/2; j++ {
				for turn%2 != i {
					changed.Wait()
				}
				turn++
				changed.Signal()
			}
			mutex.Unlock()
		})
	})
	require(turn == n, "they took turns")
}

// A crowd waits for a channel to be closed.
type crowd struct {
	gone    chan struct{}
	waiting sync.WaitGroup
	woken   sync.WaitGroup
}

func (c *crowd) gather(tasks int) {
	c.gone = make(chan struct{})
	c.waiting.Add(tasks)
	c.woken.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			c.waiting.Done()
			<-c.gone
			c.woken.Done()
		}()
	}
	c.waiting.Wait()
}

func (c *crowd) release() {
	close(c.gone)
	c.woken.Wait()
}

func settle() { time.Sleep(5 * time.Millisecond) }

func event(n, tasks int) {
	var c crowd
	c.gather(tasks)
	settle()
	measure(tasks, c.release)
	settle()
}

func comeToWait(n, tasks int) {
	var c crowd
	before := resident()
	measure(tasks, func() { c.gather(tasks) })
	settle()
	figure("bytes", (resident()-before)/float64(tasks))
	c.release()
	settle()
}

func sleepers(n, tasks int) {
	var c crowd // so there is a stack for each
	c.gather(tasks)
	c.release()
	settle()
	measure(tasks, func() {
		together(tasks, func(i int) {
			ns := i * 7919 % tasks * 100000000 / tasks
			time.Sleep(time.Duration(ns))
		})
	})
}

func spawnAndJoin(n, value int) {
	counter := 0
	measure(n, func() {
		var end sync.WaitGroup
		for i := 0; i < n; i++ {
			end.Add(1)
			go func() {
				counter++
				end.Done()
			}()
			end.Wait()
		}
	})
	require(counter == n, "each task has run")
}
