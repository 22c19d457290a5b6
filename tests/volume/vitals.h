/*
 * What the process has of the system, and how much it may have: as much as in a
 * warm-up, and a leeway. The threads have a bound that is known beforehand.
 */
#ifndef VOLUME_VITALS_H
#define VOLUME_VITALS_H

#include <stdbool.h>

struct vitals {
    unsigned long rss; /* in KiB */
    unsigned long threads, mappings;
};

struct vitals vitals_read(void);

/* The most of each so far. */
void vitals_raise(struct vitals *most, const struct vitals *now);

/* What is allowed, given the most in the warm-up. */
struct vitals vitals_bound(const struct vitals *warm, unsigned long threads);

/* Says so where it does not hold. Under a sanitizer memory is its own. */
bool vitals_hold(const struct vitals *now, const struct vitals *bound);

/* Whether, of a long run, the second half took more memory than the first. */
bool vitals_grow(const struct vitals half[2]);

#endif
