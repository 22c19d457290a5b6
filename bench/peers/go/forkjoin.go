package main

import "sync"

var forkJoin = []workload{
	// fib(35) would take some 20 s; a figure is for one call.
	{"fib", 0, 25, fibs, 1},
	{"fib-spawn", 0, 25, fibs, 1},
	{"skynet", 1111111, 1000000, skynets, 1},
	{"wave-first", 0, 1000000, wave, 0},
	{"wave", 0, 1000000, wave, 3},
	{"nqueens", 856189, 12, queens, 1},
	{"fork-sync", 500000, 1, spawnAndJoin, 1},
}

func plainFib(n int) int {
	if n < 2 {
		return n
	}
	return plainFib(n-1) + plainFib(n-2)
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	var end sync.WaitGroup
	var left int
	end.Add(1)
	go func() {
		left = fib(n - 1)
		end.Done()
	}()
	right := fib(n - 2)
	end.Wait()
	return left + right
}

func fibs(unused, n int) {
	result := 0
	measure(2*plainFib(n+1)-1, func() { result = fib(n) })
	require(result == plainFib(n), "fib")
}

// A million leaves give their numbers, the rest add up.
func skynet(first, size int, up chan<- int) {
	if size == 1 {
		up <- first
		return
	}
	below := make(chan int)
	sum := 0
	for i := 0; i < 10; i++ {
		go skynet(first+i*(size/10), size/10, below)
	}
	for i := 0; i < 10; i++ {
		sum += <-below
	}
	up <- sum
}

func skynets(tasks, leaves int) {
	sum := 0
	measure(tasks, func() {
		up := make(chan int)
		go skynet(0, leaves, up)
		sum = <-up
	})
	require(sum == leaves*(leaves-1)/2, "skynet")
}

func wave(unused, tasks int) {
	counters := make([]int, tasks)
	for i := range counters {
		counters[i] = i
	}
	measure(tasks, func() {
		together(tasks, func(i int) { counters[i]++ })
	})
	total := 0
	for i, c := range counters {
		total += c - i
	}
	require(total == tasks, "each task has run")
}

const size = 12

type board struct {
	rows              int
	column            [size]int8
	solutions, boards int
}

func (b *board) safe(column int) bool {
	for row := 0; row < b.rows; row++ {
		aside, below := int(b.column[row])-column, b.rows-row
		if aside == 0 || aside == below || aside == -below {
			return false
		}
	}
	return true
}

// place tries each safe column of the next row, each in a goroutine.
func (b *board) place() {
	b.boards = 1
	if b.rows == size {
		b.solutions = 1
		return
	}
	var next []*board
	var end sync.WaitGroup
	for column := 0; column < size; column++ {
		if !b.safe(column) {
			continue
		}
		child := &board{rows: b.rows + 1, column: b.column}
		child.column[b.rows] = int8(column)
		next = append(next, child)
		end.Add(1)
		go func() {
			child.place()
			end.Done()
		}()
	}
	end.Wait()
	for _, child := range next {
		b.solutions += child.solutions
		b.boards += child.boards
	}
}

func queens(boards, value int) {
	var empty board
	measure(boards, empty.place)
	require(empty.solutions == 14200 && empty.boards == boards, "nqueens")
}
