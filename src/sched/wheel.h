/*
 * The timers that one worker has armed, by deadline: a hierarchical wheel, and
 * in front of it a pairing heap for those whose turn comes next. Both are
 * intrusive, so that arming takes no memory.
 *
 * CONTRACT  The first is that of the earliest deadline; among equals that which
 *           was put in first. One caller at a time.
 * STATE     Time is cut into ticks of 2^FL_TICK_SHIFT ns, and for level n into
 *           spans of 8^n ticks, for each of which there is a slot: at each level
 *           for the span that `tick` is in, and for the FL_WHEEL_SLOTS - 1 that
 *           come after it.
 *           I1  the heap has the timers of the tick `tick` and of earlier ones
 *           I2  one of a later tick is in the slot of its span at the lowest
 *               level that has one, or above: in no slot of which the span
 *               has begun
 *           I3  `start` is the tick with which the first span in use begins;
 *               `early` is when the first one of those that are 64 ticks long,
 *               or longer, is an eighth of its length away
 *           When time has come to `start`, `tick` goes there, and the timers
 *           of the slot go into lower levels, or into the heap. As that takes
 *           long for many, 0.1 us each where they are cold and ten times as much
 *           where they are another CPU's, some go there from `early` on.
 * WHY BOTH  A timer lies on the stack of a fiber that sleeps, so to look at one
 *           is a cache miss. A heap looks at log n of them for each that goes
 *           off, the wheel at the one and at its neighbour in the list, once a
 *           level at most. The heap brings those of one tick into order.
 * REJECTED  Spans 64 times as long as the next shorter ones: a slot then may have
 *           all of 100,000 timers that are seconds away, which take 10 ms at once;
 *           nor does a timer move less often than here, where it leaves out
 *           every other level.
 * SOURCE    Varghese, Lauck, "Hashed and hierarchical timing wheels" (1987);
 *           the spans are those of Linux's kernel/time/timer.c;
 *           Fredman, Sedgewick, Sleator, Tarjan, "The pairing heap" (1986).
 */
#ifndef FL_WHEEL_H
#define FL_WHEEL_H

#include <filch/timer.h>

#define FL_TICK_SHIFT 15    /* 33 us */
#define FL_WHEEL_SLOTS 64u  /* a bit each of a word */
#define FL_SPAN_SHIFT 3     /* a level's spans are so much longer */
#define FL_WHEEL_LEVELS 15u /* all of the 63 bits of a deadline */

/* All zero, it is empty. */
typedef struct fl_wheel {
    filch_timer *heap; /* its root, NULL if it is empty */
    uint64_t order;    /* how many were put in so far */
    uint64_t tick;
    uint64_t start;  /* if any slot is in use */
    uint64_t early;  /* likewise; UINT64_MAX: none is emptied before `start` */
    uint32_t levels; /* in use, a bit each */
    bool exact;      /* all go into the heap, so that the bound is exact */
    uint64_t used[FL_WHEEL_LEVELS]; /* the slots in use, a bit each */
    filch_timer *slots[FL_WHEEL_LEVELS][FL_WHEEL_SLOTS];
} fl_wheel;

/* Puts in a timer, of which the deadline is set. `now` may be late. */
void fl_wheel_put(fl_wheel *wheel, filch_timer *timer, filch_time now);

/* Puts one in again that was taken out, in its former place among equals. */
void fl_wheel_put_back(fl_wheel *wheel, filch_timer *timer);

/* Takes out one that is in. */
void fl_wheel_take(fl_wheel *wheel, filch_timer *timer);

/* The first one if its deadline is not after `now`, else NULL. */
filch_timer *fl_wheel_first(fl_wheel *wheel, filch_time now);

/* A time before which none is due, FILCH_NEVER if there is none: when to look
 * next. */
filch_time fl_wheel_bound(const fl_wheel *wheel);

/* Moves some on, whose turn comes soon, so that there are fewer to be moved when
 * it has come; and from when on to call that. */
void fl_wheel_prepare(fl_wheel *wheel, filch_time now);
filch_time fl_wheel_early(const fl_wheel *wheel);

#endif
