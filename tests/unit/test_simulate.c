/* The simulation of the scheduler: what must hold in any of its worlds. */
#include "../../bench/simulate/result.h"
#include "../../bench/simulate/variants.h"
#include "../harness/harness.h"

static const unsigned workers[] = {1, 2, 3, 8, 64};

static struct result
run(const struct load *load, unsigned n, const struct protocol *protocol)
{
    check_context(load->name);
    return simulate(load, n, &measured, protocol, test_seed());
}

static const struct load *
load_of(const char *name)
{
    for (size_t i = 0; i < load_count; ++i)
        if (strcmp(loads[i].name, name) == 0)
            return &loads[i];
    CHECK(!"a workload of that name");
    return NULL;
}

/* Calls check for each workload, at each number of workers; briefly. */
static void
each(void (*check)(const struct load *load, unsigned n))
{
    sizes = &brief;
    for (size_t i = 0; i < load_count; ++i)
        for (size_t j = 0; j < sizeof workers / sizeof *workers; ++j)
            check(&loads[i], workers[j]);
}

/* --- Each fiber runs once, and nothing takes no time --------------------- */

static void
look_at_sums(const struct result *result, const struct load *load, unsigned n)
{
    double spent = 0;
    CHECK(result->came_to_its_end);
    for (int i = 0; i < PASTIMES; ++i)
        spent += result->spent[i];
    CHECK(spent > 0.999 && spent < 1.001);
    CHECK(result->useful < 1.001);
    CHECK(result->wall >= load->work * result->operations / n * 0.999);
    /* All but the main fiber, which ends the simulation, and has no end. */
    CHECK(result->made - result->ended <= 1);
}

static void
look_at_conservation(const struct load *load, unsigned n)
{
    struct result result = run(load, n, &as_is);
    look_at_sums(&result, load, n);
}

TEST(each_fiber_of_each_workload_runs_once)
{
    each(look_at_conservation);
}

static void
look_at_variants(const struct load *load, unsigned n)
{
    for (size_t i = 0; i < variant_count; ++i) {
        struct protocol protocol = variant_protocol(&variants[i]);
        struct result result = run(load, n, &protocol);
        look_at_sums(&result, load, n);
    }
}

TEST(each_fiber_runs_once_whatever_the_protocol)
{
    each(look_at_variants);
}

/* --- The same world comes to the same end -------------------------------- */

static void
look_at_repetition(const struct load *load, unsigned n)
{
    struct result one = run(load, n, &as_is), two = run(load, n, &as_is);
    CHECK(one.wall == two.wall);
    EQ(one.events, two.events);
    EQ(one.steals, two.steals);
    EQ(one.naps, two.naps);
}

TEST(the_same_seed_gives_the_same_result)
{
    each(look_at_repetition);
}

/* --- Laws ---------------------------------------------------------------- */

TEST(tasks_of_100_us_keep_eight_workers_busy)
{
    struct result result = run(load_of("burst-100us"), 8, &as_is);
    CHECK(result.useful > 0.95);
}

TEST(one_worker_takes_as_long_as_the_work_and_little_more)
{
    const struct load *load = load_of("burst-10us");
    struct result result = run(load, 1, &as_is);
    CHECK(result.wall > load->work * result.operations);
    CHECK(result.wall < load->work * result.operations * 1.01);
    EQ(0, result.steals);
}

/* What one wake after the other costs is gone with helpers. */
TEST(helpers_use_64_workers_where_one_wake_after_the_other_does_not)
{
    struct protocol chain = variant_protocol(variant_find("chain"));
    const struct load *load = load_of("burst-10us");
    struct result now = run(load, 64, &as_is), before = run(load, 64, &chain);
    CHECK(before.useful < 0.3);
    CHECK(now.useful > 0.5);
}

TEST(idle_workers_do_nothing_while_one_computes)
{
    struct protocol protocol = as_is;
    sizes = &(struct sizes){.long_burst = 1};
    struct result result = run(load_of("burst-100us"), 8, &protocol);
    sizes = &full;
    CHECK(result.spent[ASLEEP] > 0.6);
}

TEST(costs_have_names)
{
    struct costs costs = measured;
    CHECK(costs_set(&costs, "line", 42));
    CHECK(costs.line == 42);
    CHECK(!costs_set(&costs, "lines", 42));
}
