/* The families of rows: which programs run them, and whom they are compared to. */
#include "row.h"

const char *const family_titles[FAMILIES] = {
    [WAITING] = "tasks that wait",
    [FORK_JOIN] = "fork and join",
    [OWN] = "latency, fairness, memory",
    [SWEEP] = "sweeps",
};

bool
family_has(enum family family, enum which program)
{
    static const bool has[FAMILIES][PROGRAMS] = {
        [WAITING] = {[FILCH] = true,
                     [GO] = true,
                     [FIBER] = true,
                     [ASYNCIO] = true,
                     [PTHREADS] = true,
                     [FLOOR] = true},
        [FORK_JOIN] = {[FILCH] = true,
                       [GO] = true,
                       [TBB] = true,
                       [OPENMP] = true,
                       [FLOOR] = true},
        [OWN] = {[FILCH] = true, [GO] = true, [FLOOR] = true},
        [SWEEP] = {[FILCH] = true, [GO] = true, [TBB] = true, [FIBER] = true},
    };

    return has[family][program];
}

enum which
family_reference(enum family family)
{
    return family == FORK_JOIN ? TBB : GO;
}
