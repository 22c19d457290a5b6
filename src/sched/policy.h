/*
 * Who goes on in a deterministic run: the policies.
 *
 * CONTRACT  A policy is asked at each decision, with all that may go on. What
 *           it says follows from its kind, its seed and the numbers of those
 *           who may go on: so the same program is led the same way on any
 *           machine.
 *
 *           none         never deviates from the default
 *           random       a pick: any, with the same chance. A point: the caller
 *                        goes on, but once in 2, 4 … 64 times, as the seed
 *                        says; since some faults need a switch everywhere,
 *                        others two far apart
 *           pct          each, also each timer, has a priority by chance, the
 *                        highest goes on. At
 *                        depth - 1 decisions, chosen by chance, the one that
 *                        would go on gets a priority lower than all others.
 *                        A fault that takes `depth` steps in a certain order is
 *                        found with a known chance, however long the run
 *           round-robin  a pick: the default. A point: after so many calls as
 *                        the seed says, 1 to 16, the next one
 *
 *           Who yields lets those go first who can go on just then, whatever
 *           the policy. (Who was passed over 10,000 times goes next:
 *           seeded_decide.c.)
 * SOURCE    Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized
 *           scheduler with probabilistic guarantees of finding bugs" (ASPLOS
 *           2010). There the length of the run is known; here, where it was not
 *           told, it is guessed anew by each seed, from 16 decisions to 65,536.
 */
#ifndef FL_POLICY_H
#define FL_POLICY_H

#include "sched/pool.h"

#define FL_POLICY_DEPTH_MOST 64u

enum fl_policy_kind {
    FL_POLICY_NONE,
    FL_POLICY_RANDOM,
    FL_POLICY_PCT,
    FL_POLICY_ROUND_ROBIN
};

typedef struct fl_policy {
    enum fl_policy_kind kind;
    unsigned depth;  /* pct */
    uint64_t length; /* pct: of the run, in decisions; 0: to be guessed */
    uint64_t seed;
    uint64_t chance; /* the state of the generator */
    uint32_t every;  /* random: of so many points one is an interruption;
                        round-robin: so many calls in a row */
    uint64_t changes[FL_POLICY_DEPTH_MOST]; /* pct: at which decisions */
    uint64_t lowered[FL_POLICY_DEPTH_MOST]; /* pct: whose priority, 0: none */
} fl_policy;

/* What there is to decide. */
typedef struct fl_situation {
    const fl_pool *pool;
    bool due;             /* a timer is due, which may go off next */
    uint64_t timer;       /* its number: that of no task or job */
    uint32_t caller;      /* a point: who calls; 0: a pick */
    uint64_t decision;    /* its number */
    uint64_t since_start; /* decisions of this run before it */
    uint32_t calls; /* points that the caller passed since it last ran on */
} fl_situation;

/* A choice: a position in the pool, or one of these. */
#define FL_GO_ON SIZE_MAX                /* the caller */
#define FL_GO_OFF ((size_t)SIZE_MAX - 1) /* the timer */

/* "random", "pct", "pct:DEPTH", "pct:DEPTH:LENGTH", "round-robin" or "none";
 * false for others. */
bool fl_policy_parse(fl_policy *policy, const char *text);

/* The same text again, into text[64]. */
void fl_policy_format(const fl_policy *policy, char *text);

void fl_policy_begin(fl_policy *policy, uint64_t seed);

size_t fl_policy_choose(fl_policy *policy, const fl_situation *situation);

/* The default of a pick, and what each policy deviates from: the timer, else
 * who became runnable first. */
size_t fl_policy_first(const fl_situation *situation);

#endif
