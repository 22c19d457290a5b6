/*
 * A workload: what is measured, in one runtime. The kit knows no runtime; a
 * program gives it a host, which runs a workload in one.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

struct workload {
    const char *name;
    const char *operation; /* what one time is for: "switch", "item" */
    size_t n;              /* operations in a run */

    /* Does `n` operations between watch_start and watch_stop, and requires
     * that their result is right. */
    void (*run)(size_t n);

    /* Without a warm-up, in a process that has done nothing yet. */
    bool cold;
};

/* Warms up unless the workload is cold, and then runs it once. */
typedef void (*host_fn)(const struct workload *workload, unsigned workers);

/* The last run between the two, in ns for all operations. */
struct watch {
    double wall, cpu;
};

void watch_start(void);
void watch_stop(void);
struct watch watch_read(void);

/* A benchmark that computes something else says nothing: it ends. */
#define REQUIRE(condition) require(condition, #condition, __FILE__, __LINE__)
void require(bool holds, const char *what, const char *file, int line);

#endif
