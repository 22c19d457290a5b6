package main

var own = []workload{
	{"work", 4000000, 1000, work, false},
}

func work(n, ns int) {
	transfer(n/(1+ns/50)/4*4, 4, 1024, ns)
}
