/*
 * What a worker knows of its thefts: what it saw of others as the watch, and what
 * came of what it took last; see steal.c and watch.c.
 */
#ifndef FL_THEFT_H
#define FL_THEFT_H

#include "base/base.h"

#include <filch/time.h>

/* What the watch saw of a worker when it last looked. */
struct fl_look {
    void *top;        /* of its deque; of another array, or by chance */
    filch_time since; /* when the deque was first seen with that top */
    uint32_t tail;    /* of its ring, when first seen not to have moved past */
    uint32_t yielded; /* of it, at that time */
    filch_time ring_since;
    void *next; /* its next slot, at that turn */
    uint32_t turn;
    filch_time next_since;
};

/* The last theft from a deque, until its thief idles again. */
struct fl_theft {
    uint32_t n;        /* so many entries, if there was one */
    uint32_t vain;     /* how many in a row were not worth it */
    filch_time at;     /* when it was done */
    uint64_t switches; /* of its thief, at that time */
    filch_time first; /* how long the first of them ran; 0: that is not known */
    bool begins;      /* the first was not weighed yet */
};

#endif
