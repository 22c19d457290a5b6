package main

import (
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

var own = []workload{
	{"work", 4000000, 1000, work, 1},
	{"latency", 12800, 64, bursts, 1},
	{"long-short", 5000, 1, longAmongShort, 1},
	{"outrun", 200000, 64, outrun, 1},
	{"third", 2000, 1, third, 1},
	// beside-deque is left out: where goroutines end by starting others, who
	// has been woken does not come to run for half a minute and more.
	{"lock-wait", 400000, 8, lockWait, 1},
	{"lock-work", 4000000, 1000, lockWork, 1},
	{"batch", 4000000, 1000, batches, 1},
	{"given-back", 0, 100000, givenBack, 0},
}

// work has consumers take what there is, so that none is left alone with its
// share.
func work(n, ns int) {
	each := n / (1 + ns/50) / 4
	queue := make(chan int, 1024)
	var producers, consumers sync.WaitGroup
	var sum int64
	produce := func() {
		for j := 1; j <= each; j++ {
			queue <- j
		}
		producers.Done()
	}
	consume := func() {
		own, worked := 0, uint64(0)
		for item := range queue {
			own += item
			worked += spin(ns)
		}
		atomic.AddInt64(&sum, int64(own))
		atomic.AddUint64(&sink, worked)
		consumers.Done()
	}
	measure(4*each, func() {
		producers.Add(4)
		consumers.Add(4)
		for i := 0; i < 4; i++ {
			go produce()
			go consume()
		}
		producers.Wait()
		close(queue)
		consumers.Wait()
	})
	require(sum == int64(4*(each*(each+1)/2)), "all items came through")
}

// lockWork has 8 goroutines take a lock, with work of so many ns between two.
func lockWork(n, ns int) {
	var mutex sync.Mutex
	each, counter := n/(1+ns/50)/8, 0
	measure(8*each, func() {
		together(8, func(int) {
			worked := uint64(0)
			for j := 0; j < each; j++ {
				mutex.Lock()
				counter++
				mutex.Unlock()
				worked += spin(ns)
			}
			atomic.AddUint64(&sink, worked)
		})
	})
	require(counter == 8*each, "the lock excludes")
}

// batches starts 16 goroutines of so many ns, waits for them, and so on.
func batches(n, ns int) {
	const batch = 16
	rounds := n / (1 + ns/50) / batch
	measure(rounds*batch, func() {
		for i := 0; i < rounds; i++ {
			var group sync.WaitGroup
			group.Add(batch)
			for j := 0; j < batch; j++ {
				go func() {
					atomic.AddUint64(&sink, spin(ns))
					group.Done()
				}()
			}
			group.Wait()
		}
	})
}

// Latencies, from any goroutine.
var (
	latencies [1 << 20]time.Duration
	latencyN  int64
)

func addSince(then time.Time) {
	took := time.Since(then)
	latencies[atomic.AddInt64(&latencyN, 1)-1] = took
}

// measureTail times the work, and reports the latencies seen meanwhile.
func measureTail(ops int, work func()) {
	latencyN = 0
	measure(ops, work)
	all := latencies[:atomic.LoadInt64(&latencyN)]
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	n := len(all)
	figure("p50", float64(all[n/2]))
	figure("p99", float64(all[n-1-n/100]))
	figure("p999", float64(all[n-1-n/1000]))
	figure("worst", float64(all[n-1]))
}

func bursts(n, size int) {
	wakes := make([]chan time.Time, size)
	seen := make(chan bool, size)
	for i := range wakes {
		wakes[i] = make(chan time.Time, 1)
		go func(wake chan time.Time) {
			for then := range wake {
				addSince(then)
				seen <- true
			}
		}(wakes[i])
	}
	measureTail(n/size*size, func() {
		for i := 0; i < n/size; i++ {
			time.Sleep(200 * time.Microsecond)
			for _, wake := range wakes {
				wake <- time.Now()
			}
			for range wakes {
				<-seen
			}
		}
	})
	for _, wake := range wakes {
		close(wake)
	}
}

func longAmongShort(n, value int) {
	measureTail(n, func() {
		var all sync.WaitGroup
		all.Add(n + 1)
		for i := 0; i < n; i++ {
			if i == n/2 {
				go func() {
					atomic.AddUint64(&sink, spin(10000000))
					all.Done()
				}()
			}
			go func(then time.Time) {
				addSince(then)
				atomic.AddUint64(&sink, spin(2000))
				all.Done()
			}(time.Now())
		}
		all.Wait()
	})
}

func outrun(n, slots int) {
	measureTail(n, func() {
		queue := make(chan time.Time, slots)
		together(5, func(i int) {
			if i == 0 {
				for j := 0; j < n; j++ {
					queue <- time.Now()
				}
				close(queue)
				return
			}
			for then := range queue {
				addSince(then)
				atomic.AddUint64(&sink, spin(500))
			}
		})
	})
}

func third(n, value int) {
	var stop int32
	there, back := make(chan bool, 1), make(chan bool, 1)
	go func() {
		for atomic.LoadInt32(&stop) == 0 {
			there <- true
			<-back
		}
		close(there)
	}()
	go func() {
		for item := range there {
			back <- item
		}
	}()
	measureTail(n, func() {
		for i := 0; i < n; i++ {
			end := make(chan bool)
			then := time.Now()
			go func() {
				addSince(then)
				close(end)
			}()
			<-end
		}
	})
	atomic.StoreInt32(&stop, 1)
}

func lockWait(n, tasks int) {
	var mutex sync.Mutex
	counter, kept := 0, uint64(0) // kept: or it would not be computed
	measureTail(n, func() {
		together(tasks, func(int) {
			for i := 0; i < n/tasks; i++ {
				asked := time.Now()
				mutex.Lock()
				addSince(asked)
				if counter++; counter%64 == 0 {
					runtime.Gosched()
				}
				kept += spin(50)
				mutex.Unlock()
			}
		})
	})
	atomic.AddUint64(&sink, kept)
	require(counter == n, "the lock excludes")
}

func givenBack(n, tasks int) {
	var c crowd
	var held float64
	before := resident()
	measure(tasks, func() {
		c.gather(tasks)
		held = resident() - before
		c.release()
	})
	time.Sleep(200 * time.Millisecond)
	figure("held", held/float64(tasks))
	figure("kept", (resident()-before)/float64(tasks))
}
