/*
 * The waiting workloads of filch's benchmarks in Boost.Fiber: its own channels
 * and locks; one worker with its default scheduler, several with the one that
 * steals.
 */
#include "../kit/workload.h"

#include <boost/fiber/all.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace
{

namespace fibers = boost::fibers;

/* A channel's capacity is a power of two, and it has one slot less. */
using channel = fibers::buffered_channel<std::uint64_t>;

/* Stacks as large as filch's; by default they would be twice that. */
fibers::fixedsize_stack
stack()
{
    return fibers::fixedsize_stack(64 * 1024);
}

std::size_t
capacity(std::size_t slots)
{
    return slots < 2 ? 2 : slots;
}

/* Runs so many fibers, and waits for them all. */
template <typename Body>
void
together(std::size_t tasks, Body body)
{
    std::vector<fibers::fiber> all;
    all.reserve(tasks);
    for (std::size_t i = 0; i < tasks; ++i)
        all.emplace_back(std::allocator_arg, stack(), [&body, i] { body(i); });
    for (auto &one : all)
        one.join();
}

void
yield(std::size_t n, std::size_t tasks)
{
    std::size_t each = n / tasks;
    std::atomic<std::size_t> done{0};
    watch_start();
    together(tasks, [&](std::size_t) {
        for (std::size_t i = 0; i < each; ++i)
            boost::this_fiber::yield();
        done += each;
    });
    watch_stop(each * tasks);
    REQUIRE(done == each * tasks);
}

void
pingpong(std::size_t n, std::size_t slots)
{
    channel there(capacity(slots)), back(capacity(slots));
    std::uint64_t item = 0;
    watch_start();
    together(2, [&](std::size_t task) {
        for (std::size_t i = 0; i < n; ++i) {
            if (task == 0) {
                there.push(item);
                item = back.value_pop();
            } else {
                back.push(there.value_pop() + 1);
            }
        }
    });
    watch_stop(n);
    REQUIRE(item == n);
}

void
transfer(std::size_t n, std::size_t pairs, std::size_t slots)
{
    std::uint64_t each = n / pairs;
    channel queue(capacity(slots));
    std::atomic<std::uint64_t> sum{0};
    watch_start();
    together(2 * pairs, [&](std::size_t task) {
        std::uint64_t own = 0;
        for (std::uint64_t i = 1; i <= each; ++i) {
            if (task % 2 == 0)
                queue.push(i);
            else
                own += queue.value_pop();
        }
        sum += own;
    });
    watch_stop(each * pairs);
    REQUIRE(sum == pairs * (each * (each + 1) / 2));
}

void
one_to_one(std::size_t n, std::size_t slots)
{
    transfer(n, 1, slots);
}

void
four_to_four(std::size_t n, std::size_t slots)
{
    transfer(slots < 16 ? n / 40 : n, 4, slots);
}

void
hundred_to_hundred(std::size_t n, std::size_t slots)
{
    transfer(n, 100, slots);
}

void
pipeline(std::size_t n, std::size_t slots)
{
    constexpr std::size_t stages = 8;
    std::vector<std::unique_ptr<channel>> queues;
    for (std::size_t i = 1; i < stages; ++i)
        queues.push_back(std::make_unique<channel>(capacity(slots)));
    std::uint64_t sum = 0;
    watch_start();
    together(stages, [&](std::size_t stage) {
        for (std::size_t i = 0; i < n; ++i) {
            std::uint64_t item = stage > 0 ? queues[stage - 1]->value_pop() : 0;
            if (stage < stages - 1)
                queues[stage]->push(item + 1);
            else
                sum += item + 1;
        }
    });
    watch_stop(n);
    REQUIRE(sum == n * stages);
}

void
lock(std::size_t n, std::size_t tasks)
{
    fibers::mutex mutex;
    std::size_t each = n / tasks, counter = 0;
    watch_start();
    together(tasks, [&](std::size_t) {
        for (std::size_t i = 0; i < each; ++i) {
            std::lock_guard<fibers::mutex> held(mutex);
            ++counter;
        }
    });
    watch_stop(each * tasks);
    REQUIRE(counter == each * tasks);
}

void
condition(std::size_t n, std::size_t)
{
    fibers::mutex mutex;
    fibers::condition_variable changed;
    std::size_t turn = 0;
    watch_start();
    together(2, [&](std::size_t parity) {
        std::unique_lock<fibers::mutex> held(mutex);
        for (std::size_t i = 0; i < n / 2; ++i) {
            changed.wait(held, [&] { return turn % 2 == parity; });
            ++turn;
            changed.notify_one();
        }
    });
    watch_stop(n);
    REQUIRE(turn == n);
}

/* An event, as it is made of a condition: so many are to come. */
class countdown
{
  public:
    explicit countdown(std::size_t n) : left(n)
    {
    }

    void
    arrive()
    {
        std::lock_guard<fibers::mutex> held(mutex);
        if (--left == 0)
            all_came.notify_all();
    }

    void
    wait()
    {
        std::unique_lock<fibers::mutex> held(mutex);
        all_came.wait(held, [this] { return left == 0; });
    }

  private:
    fibers::mutex mutex;
    fibers::condition_variable all_came;
    std::size_t left;
};

struct crowd {
    countdown go{1}, waiting, woken;
    std::vector<fibers::fiber> members;

    explicit crowd(std::size_t tasks) : waiting(tasks), woken(tasks)
    {
        members.reserve(tasks);
    }

    void
    gather(std::size_t tasks)
    {
        for (std::size_t i = 0; i < tasks; ++i)
            members.emplace_back(std::allocator_arg, stack(), [this] {
                waiting.arrive();
                go.wait();
                woken.arrive();
            });
        waiting.wait();
    }

    void
    release()
    {
        go.arrive();
        woken.wait();
    }

    ~crowd()
    {
        for (auto &one : members)
            one.join();
    }
};

void
event(std::size_t, std::size_t tasks)
{
    crowd all(tasks);
    all.gather(tasks);
    watch_start();
    all.release();
    watch_stop(tasks);
}

void
come_to_wait(std::size_t, std::size_t tasks)
{
    crowd all(tasks);
    std::size_t before = resident();
    watch_start();
    all.gather(tasks);
    watch_stop(tasks);
    figure("bytes", (double(resident()) - double(before)) / double(tasks));
    all.release();
}

void
sleepers(std::size_t, std::size_t tasks)
{
    {
        crowd all(tasks); /* so there is a stack for each */
        all.gather(tasks);
        all.release();
    }
    watch_start();
    together(tasks, [&](std::size_t i) {
        boost::this_fiber::sleep_for(
            std::chrono::nanoseconds(i * 7919 % tasks * 100000000 / tasks));
    });
    watch_stop(tasks);
}

void
spawn_and_join(std::size_t n, std::size_t)
{
    std::size_t counter = 0;
    watch_start();
    for (std::size_t i = 0; i < n; ++i)
        fibers::fiber(std::allocator_arg, stack(), [&counter] {
            ++counter;
        }).join();
    watch_stop(n);
    REQUIRE(counter == n);
}

/* The workers run what they steal until the end. */
struct pool {
    fibers::mutex mutex;
    fibers::condition_variable_any ended;
    bool end = false;
    std::vector<std::thread> threads;

    explicit pool(unsigned workers)
    {
        for (unsigned i = 1; i < workers; ++i)
            threads.emplace_back([this, i, workers] {
                pin(i);
                fibers::use_scheduling_algorithm<fibers::algo::work_stealing>(
                    workers);
                std::unique_lock<fibers::mutex> held(mutex);
                ended.wait(held, [this] { return end; });
            });
        if (workers > 1)
            fibers::use_scheduling_algorithm<fibers::algo::work_stealing>(
                workers);
    }

    ~pool()
    {
        {
            std::lock_guard<fibers::mutex> held(mutex);
            end = true;
        }
        ended.notify_all();
        for (auto &one : threads)
            one.join();
    }
};

void
host(void (*run)(), unsigned workers)
{
    pin(0);
    pool all(workers);
    fibers::fiber(run).join();
}

const workload waiting[] = {
    {"yield", 300000, 2, yield, 1},
    {"pingpong", 30000, 1, pingpong, 1},
    {"queue11", 500000, 1024, one_to_one, 1},
    {"queue44", 500000, 1024, four_to_four, 1},
    {"queue100", 200000, 64, hundred_to_hundred, 1},
    {"pipeline", 30000, 64, pipeline, 1},
    {"lock", 500000, 8, lock, 1},
    {"condition", 30000, 2, condition, 1},
    {"event", 0, 100000, event, 3},
    {"sleep", 0, 100000, sleepers, 1},
    {"wait-fresh", 0, 100000, come_to_wait, 0},
    {"wait-recycled", 0, 100000, come_to_wait, 3},
    {"spawn-join", 100000, 1, spawn_and_join, 1},
    {nullptr, 0, 0, nullptr, false},
};

const workload *const groups[] = {waiting, nullptr};

} // namespace

int
main(int argc, char **argv)
{
    return program_main(argc, argv, groups, host);
}
