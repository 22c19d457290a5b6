/*
 * A workload: what is measured, in one runtime; and the program around it,
 * which runs one of its workloads in a process of its own:
 *
 *     PROGRAM --list                      names what it can do, one a line
 *     PROGRAM WORKLOAD WORKERS [VALUE]    does it, and prints its figures
 *
 * The figures are one line of names and numbers, such as
 *
 *     ops 1000000 wall 7100000 cpu 7000000 bytes 4300
 *
 * `wall` and `cpu` are ns for all `ops` operations together; any other figure
 * stands for itself. Programs in other languages do the same. The status is
 * not 0 where a result was wrong.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct workload {
    const char *name;
    size_t n;     /* operations in a run, about */
    size_t value; /* of what varies (tasks, slots), if it is not given */

    /* Does the work between watch_start and watch_stop, and requires that its
     * result is right. */
    void (*run)(size_t n, size_t value);

    /* Of the warm-up, at least. 0: none, in a process that has done nothing
     * yet; more than 1: one round does not show what the next is like. */
    unsigned rounds;
};

void watch_start(void);
void watch_stop(size_t operations);

/* Another figure of the run; the last one of that name counts. */
void figure(const char *name, double value);

/* Calls `run` in a runtime of so many workers. */
typedef void (*host_fn)(void (*run)(void), unsigned workers);

/* The main function of a program. Groups end with a workload without a name,
 * the list of groups with NULL. */
int program_main(int argc, char **argv, const struct workload *const *groups,
                 host_fn host);

/* Keeps the calling thread on one of the CPUs that it may use. */
void pin(unsigned index);

/* The bytes of the process that are in memory. */
size_t resident(void);

/* A benchmark that computes something else says nothing: it ends. */
#define REQUIRE(condition)                                                     \
    ((condition) ? (void)0 : not_as_required(#condition, __FILE__, __LINE__))
void not_as_required(const char *what, const char *file, int line);

#ifdef __cplusplus
}
#endif

#endif
