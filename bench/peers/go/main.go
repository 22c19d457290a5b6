// The workloads of filch's benchmarks in Go: goroutines, channels, package
// sync. It is run as bench/kit/workload.h says.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const warmUp = 300 * time.Millisecond

type workload struct {
	name   string
	n      int // operations in a run, about
	value  int // of what varies, if it is not given
	run    func(n, value int)
	rounds int // of the warm-up, at least; 0: none
}

// What the last run gave, in the order in which it is printed.
var figures []string

func figure(name string, value float64) {
	figures = append(figures, fmt.Sprintf("%s %.2f", name, value))
}

func cpuTime() float64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return float64(used.Utime.Nano() + used.Stime.Nano())
}

// measure times what it calls, which does so many operations.
func measure(ops int, work func()) {
	cpu, start := cpuTime(), time.Now()
	work()
	wall := time.Since(start)
	figures = nil
	figure("ops", float64(ops))
	figure("wall", float64(wall.Nanoseconds()))
	figure("cpu", cpuTime()-cpu)
}

func require(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "not so:", what)
		os.Exit(1)
	}
}

// resident returns the bytes of the process that are in memory.
func resident() float64 {
	file, err := os.Open("/proc/self/statm")
	require(err == nil, "/proc/self/statm")
	defer file.Close()
	line, _ := bufio.NewReader(file).ReadString('\n')
	pages, err := strconv.Atoi(strings.Fields(line)[1])
	require(err == nil, "pages")
	return float64(pages * os.Getpagesize())
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	require(err == nil, "a number: "+text)
	return value
}

func (w workload) do(value int) {
	// until it has lasted for a while, as bench/kit/program.c does
	start := time.Now()
	for round := 0; w.rounds > 0 && (round < w.rounds || time.Since(start) < warmUp); round++ {
		w.run(w.n, value)
	}
	w.run(w.n, value)
	fmt.Println(strings.Join(figures, " "))
}

func main() {
	all := append(append(waiting, forkJoin...), own...)
	if len(os.Args) == 2 && os.Args[1] == "--list" {
		for _, w := range all {
			fmt.Println(w.name)
		}
		return
	}
	require(len(os.Args) >= 3, "usage: go WORKLOAD WORKERS [VALUE]")
	runtime.GOMAXPROCS(number(os.Args[2]))
	for _, w := range all {
		if w.name != os.Args[1] {
			continue
		}
		if len(os.Args) == 4 {
			w.value = number(os.Args[3])
		}
		w.do(w.value)
		return
	}
	require(false, "a workload: "+os.Args[1])
}
