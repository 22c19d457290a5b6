#!/usr/bin/env python3
"""The workloads of filch's benchmarks in asyncio.

It has one worker. It is run as bench/kit/workload.h says.
"""
import asyncio
import os
import resource
import sys
import time

figures = {}


def cpu_time():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(ops, work):
    """Times what it awaits, which does so many operations."""
    cpu, wall = cpu_time(), time.perf_counter()
    result = await work
    wall = time.perf_counter() - wall
    figures.update(ops=ops, wall=wall * 1e9, cpu=(cpu_time() - cpu) * 1e9)
    return result


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def require(holds, what):
    if not holds:
        sys.exit("not so: " + what)


async def yields(n, tasks):
    each = n // tasks

    async def one():
        for _ in range(each):
            await asyncio.sleep(0)
        return each

    done = await measure(
        each * tasks, asyncio.gather(*(one() for _ in range(tasks))))
    require(sum(done) == each * tasks, "all have yielded")


async def pingpong(n, slots):
    there, back = asyncio.Queue(slots), asyncio.Queue(slots)

    async def ask():
        item = 0
        for _ in range(n):
            await there.put(item)
            item = await back.get()
        return item

    async def answer():
        for _ in range(n):
            await back.put(await there.get() + 1)

    last, _ = await measure(n, asyncio.gather(ask(), answer()))
    require(last == n, "each answer was one more")


async def transfer(n, pairs, slots):
    queue = asyncio.Queue(slots)
    each = n // pairs

    async def produce():
        for i in range(1, each + 1):
            await queue.put(i)
        return 0

    async def consume():
        total = 0
        for _ in range(each):
            total += await queue.get()
        return total

    tasks = [task() for _ in range(pairs) for task in (produce, consume)]
    sums = await measure(each * pairs, asyncio.gather(*tasks))
    require(sum(sums) == pairs * (each * (each + 1) // 2), "all came through")


async def one_to_one(n, slots):
    await transfer(n, 1, slots)


async def four_to_four(n, slots):
    await transfer(n, 4, slots)


async def hundred_to_hundred(n, slots):
    await transfer(n, 100, slots)


async def pipeline(n, slots):
    stages = 8
    queues = [asyncio.Queue(slots) for _ in range(stages - 1)]

    async def stage(i):
        total = 0
        for _ in range(n):
            item = await queues[i - 1].get() if i > 0 else 0
            if i < stages - 1:
                await queues[i].put(item + 1)
            total += item + 1
        return total

    sums = await measure(n, asyncio.gather(*map(stage, range(stages))))
    require(sums[-1] == n * stages, "each item came through each stage")


async def lock(n, tasks):
    mutex = asyncio.Lock()
    each, counter = n // tasks, 0

    async def count():
        nonlocal counter
        for _ in range(each):
            async with mutex:
                counter += 1

    await measure(each * tasks,
                  asyncio.gather(*(count() for _ in range(tasks))))
    require(counter == each * tasks, "the lock excludes")


async def condition(n, _):
    changed = asyncio.Condition()
    turn = 0

    async def play(parity):
        nonlocal turn
        async with changed:
            for _ in range(n // 2):
                while turn % 2 != parity:
                    await changed.wait()
                turn += 1
                changed.notify()

    await measure(n, asyncio.gather(play(0), play(1)))
    require(turn == n, "they took turns")


class Crowd:
    """Tasks that wait for one event."""

    def __init__(self, tasks):
        self.go, self.all_wait = asyncio.Event(), asyncio.Event()
        self.size, self.count, self.tasks = tasks, 0, []

    async def member(self):
        self.count += 1
        if self.count == self.size:
            self.all_wait.set()
        await self.go.wait()

    async def gather(self):
        self.tasks = [asyncio.create_task(self.member())
                      for _ in range(self.size)]
        await self.all_wait.wait()

    async def release(self):
        self.go.set()
        await asyncio.wait(self.tasks)


async def event(_, tasks):
    crowd = Crowd(tasks)
    await crowd.gather()
    await measure(tasks, crowd.release())


async def come_to_wait(_, tasks):
    crowd = Crowd(tasks)
    before = resident()
    await measure(tasks, crowd.gather())
    figures["bytes"] = (resident() - before) / tasks
    await crowd.release()


async def sleepers(_, tasks):
    crowd = Crowd(tasks)
    await crowd.gather()
    await crowd.release()
    naps = (asyncio.sleep(i * 7919 % tasks * 0.1 / tasks)
            for i in range(tasks))
    await measure(tasks, asyncio.gather(*naps))


async def spawn_and_join(n, _):
    counter = 0

    async def count():
        nonlocal counter
        counter += 1

    async def all_of_them():
        for _ in range(n):
            await asyncio.create_task(count())

    await measure(n, all_of_them())
    require(counter == n, "each task has run")


# Name, operations, value of what varies, how, and whether warmed up.
WORKLOADS = [
    ("yield", 40000, 2, yields, True),
    ("pingpong", 10000, 1, pingpong, True),
    ("queue11", 50000, 1024, one_to_one, True),
    ("queue44", 50000, 1024, four_to_four, True),
    ("queue100", 50000, 64, hundred_to_hundred, True),
    ("pipeline", 8000, 64, pipeline, True),
    ("lock", 100000, 8, lock, True),
    ("condition", 20000, 2, condition, True),
    ("event", 0, 100000, event, False),
    ("sleep", 0, 100000, sleepers, False),
    ("wait-fresh", 0, 100000, come_to_wait, False),
    ("spawn-join", 20000, 1, spawn_and_join, True),
]


async def run(n, value, how, warm):
    if warm:
        await how(n, value)
    await how(n, value)


def main():
    if sys.argv[1:] == ["--list"]:
        for name, *_ in WORKLOADS:
            print(name)
        return
    name, workers, *rest = sys.argv[1:]
    require(workers == "1", "one worker")
    for known, n, value, how, warm in WORKLOADS:
        if known == name:
            value = int(rest[0]) if rest else value
            asyncio.run(run(n, value, how, warm))
            print(*(f"{key} {value:.2f}" for key, value in figures.items()))
            return
    sys.exit("no such workload: " + name)


main()
