/*
 * The fork-join workloads of filch's benchmarks in oneTBB, by task groups. Its
 * tasks cannot wait, so the others are not for it.
 */
#include "../kit/workload.h"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <tbb/task_scheduler_observer.h>

#include <array>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

namespace
{

std::size_t
plain_fib(std::size_t n)
{
    return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2);
}

std::size_t
fib(std::size_t n)
{
    if (n < 2)
        return n;
    std::size_t left;
    tbb::task_group group;
    group.run([&left, n] { left = fib(n - 1); });
    std::size_t right = fib(n - 2);
    group.wait();
    return left + right;
}

void
run_fib(std::size_t, std::size_t n)
{
    std::size_t operations = 2 * plain_fib(n + 1) - 1;

    fib(n - 8); /* warms up, in less time than the whole would take */
    watch_start();
    std::size_t result = fib(n);
    watch_stop(operations);
    REQUIRE(result == plain_fib(n));
}

std::uint64_t
skynet(std::size_t first, std::size_t size)
{
    if (size == 1)
        return first;
    std::array<std::uint64_t, 10> sums;
    tbb::task_group group;
    for (std::size_t i = 0; i < sums.size(); ++i)
        group.run([=, &sums] {
            sums[i] = skynet(first + i * (size / 10), size / 10);
        });
    group.wait();
    return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

void
run_skynet(std::size_t tasks, std::size_t leaves)
{
    watch_start();
    std::uint64_t sum = skynet(0, leaves);
    watch_stop(tasks);
    REQUIRE(sum == leaves * (leaves - 1) / 2);
}

void
wave(std::size_t, std::size_t tasks)
{
    std::vector<std::size_t> counters(tasks);
    tbb::task_group group;
    watch_start();
    for (auto &counter : counters)
        group.run([&counter] { ++counter; });
    group.wait();
    watch_stop(tasks);
    REQUIRE(std::accumulate(counters.begin(), counters.end(), std::size_t{0}) ==
            tasks);
}

constexpr int queens = 12;

struct board {
    int rows; /* that have a queen */
    std::array<signed char, queens> column;
    std::size_t solutions, boards;

    bool
    safe(int place) const
    {
        for (int row = 0; row < rows; ++row) {
            int aside = column[row] - place, below = rows - row;
            if (aside == 0 || aside == below || aside == -below)
                return false;
        }
        return true;
    }

    void
    place()
    {
        boards = 1;
        solutions = rows == queens;
        if (solutions)
            return;
        std::array<board, queens> next;
        int count = 0;
        tbb::task_group group;
        for (int at = 0; at < queens; ++at) {
            if (!safe(at))
                continue;
            board &child = next[count++];
            child.rows = rows + 1;
            child.column = column;
            child.column[rows] = static_cast<signed char>(at);
            group.run([&child] { child.place(); });
        }
        group.wait();
        for (int i = 0; i < count; ++i) {
            solutions += next[i].solutions;
            boards += next[i].boards;
        }
    }
};

void
nqueens(std::size_t boards, std::size_t)
{
    board empty{};
    watch_start();
    empty.place();
    watch_stop(boards);
    REQUIRE(empty.solutions == 14200 && empty.boards == boards);
}

void
fork_and_sync(std::size_t n, std::size_t)
{
    std::size_t counter = 0;
    tbb::task_group group;
    watch_start();
    for (std::size_t i = 0; i < n; ++i) {
        group.run([&counter] { ++counter; });
        group.wait();
    }
    watch_stop(n);
    REQUIRE(counter == n);
}

/* Keeps each worker on a CPU of its own. */
class pinned : public tbb::task_scheduler_observer
{
  public:
    explicit pinned(tbb::task_arena &arena)
        : tbb::task_scheduler_observer(arena)
    {
        observe(true);
    }

    void
    on_scheduler_entry(bool) override
    {
        pin(static_cast<unsigned>(
            tbb::this_task_arena::current_thread_index()));
    }
};

void
host(void (*run)(), unsigned workers)
{
    tbb::global_control count(tbb::global_control::max_allowed_parallelism,
                              workers);
    tbb::task_arena arena(static_cast<int>(workers));
    arena.initialize();
    pinned observer(arena);
    arena.execute(run);
    observer.observe(false);
}

const workload fork_join[] = {
    {"fib", 0, 32, run_fib, 1}, /* fib(35) would take seconds */
    {"skynet", 1111111, 1000000, run_skynet, 1},
    {"wave-first", 0, 1000000, wave, 0},
    {"wave", 0, 1000000, wave, 3},
    {"nqueens", 856189, queens, nqueens, 1},
    {"fork-sync", 2000000, 1, fork_and_sync, 1},
    {nullptr, 0, 0, nullptr, false},
};

const workload *const groups[] = {fork_join, nullptr};

} // namespace

int
main(int argc, char **argv)
{
    return program_main(argc, argv, groups, host);
}
