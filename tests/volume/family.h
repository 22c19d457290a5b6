/*
 * What the scenes of join and of wait share: kids, who end in several ways, and
 * a place where one handle at a time is left for a stranger.
 */
#ifndef VOLUME_FAMILY_H
#define VOLUME_FAMILY_H

#include "kit.h"

enum { MOST_KIDS = 6 };

enum fate { FATE_END, FATE_FAIL, FATE_YIELD, FATE_SLEEP, FATE_CANCEL, FATES };

struct family {
    struct flow *flow;                 /* kids that were born, that ended */
    atomic_ulong begun;                /* likewise */
    _Atomic(filch_task *) left_behind; /* a handle that somebody may take */
    atomic_ulong left, taken;          /* such handles */
};

/* Its parent's, until it has ended. */
struct kid {
    struct family *family;
    filch_task *task;
    enum fate fate;
    uint32_t number;
};

/* A few, some of which are cancelled at once. Returns how many. */
size_t kids_bear(struct actor *me, struct family *family,
                 struct kid kids[MOST_KIDS]);

/* Checks that it may have ended so; the same of one that is not known. */
void kid_is_right(const struct kid *kid, int status);
void some_kid_is_right(int status);

/* The handle that was left, for whoever comes first; or NULL. */
filch_task *family_take(struct family *family);

/* Once all parents and strangers have gone. */
void family_is_even(struct family *family);

#endif
