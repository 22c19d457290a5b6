#include "latency.h"

#include "workload.h"
#include <stdatomic.h>
#include <stdlib.h>

static int64_t latencies[LATENCIES_MAX];
static atomic_size_t count;

void
latencies_begin(void)
{
    count = 0;
}

void
latency_add(int64_t ns)
{
    size_t i = atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);

    if (i < LATENCIES_MAX)
        latencies[i] = ns;
}

static int
by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

void
latencies_end(void)
{
    size_t n = count < LATENCIES_MAX ? count : LATENCIES_MAX;

    REQUIRE(n > 0);
    qsort(latencies, n, sizeof *latencies, by_size);
    figure("p50", (double)latencies[n / 2]);
    figure("p99", (double)latencies[n - 1 - n / 100]);
    figure("p999", (double)latencies[n - 1 - n / 1000]);
    figure("worst", (double)latencies[n - 1]);
}
