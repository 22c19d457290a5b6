/* Other protocols, to be compared with the one that there is. */
#ifndef SIMULATE_VARIANTS_H
#define SIMULATE_VARIANTS_H

#include "world.h"

struct variant {
    const char *name, *what;
    void (*change)(struct protocol *protocol);
};

extern const struct variant variants[];
extern const size_t variant_count;

/* What there is, changed so. */
struct protocol variant_protocol(const struct variant *variant);

/* NULL if there is none of that name. */
const struct variant *variant_find(const char *name);

#endif
