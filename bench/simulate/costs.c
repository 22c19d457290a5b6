#include "costs.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

const struct costs measured = {
#define COST(name, ns, what) .name = ns,
    COSTS(COST)
#undef COST
};

static const struct {
    const char *name, *what;
    size_t at;
} table[] = {
#define COST(name, ns, what) {#name, what, offsetof(struct costs, name)},
    COSTS(COST)
#undef COST
};

enum { COUNT = sizeof table / sizeof *table };

static double *
field(struct costs *costs, size_t i)
{
    return (double *)(void *)((char *)costs + table[i].at);
}

bool
costs_set(struct costs *costs, const char *name, double ns)
{
    for (size_t i = 0; i < COUNT; ++i) {
        if (strcmp(table[i].name, name) == 0) {
            *field(costs, i) = ns;
            return true;
        }
    }
    return false;
}

void
costs_print(const struct costs *costs)
{
    struct costs copy = *costs;
    for (size_t i = 0; i < COUNT; ++i)
        printf("%-16s %8g ns  %s\n", table[i].name, *field(&copy, i),
               table[i].what);
}
