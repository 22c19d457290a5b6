/*
 * Whether a history is linearizable: whether its calls can be put in an order,
 * each between its begin and its end, in which a sequential model returns what
 * they returned.
 *
 * The search is that of Wing and Gong, "Testing and verifying concurrent
 * objects" (1993), with the states that lead nowhere remembered, as in Lowe,
 * "Testing for linearizability" (2017). A call that may have to wait has two
 * steps, as in Scherer and Scott, "Nonblocking concurrent data structures with
 * condition synchronization" (2004): it takes its place among those who wait;
 * then it ends by a step of somebody else, who lets it go on, or it gives up.
 * So the order in which they began to wait is a part of the model.
 */
#ifndef LINEAR_CHECKER_H
#define LINEAR_CHECKER_H

#include "history.h"

enum phase { NEW, WAITING, RETURNING, ENDED };

enum { LISTS = 3, MOST_ITEMS = 20 };

/* Calls, by their numbers, in the order in which they came. */
struct list {
    uint8_t n;
    uint8_t ops[MOST_TASKS];
};

/* What the search is at; compared byte by byte, so without padding. */
struct state {
    uint8_t phases[MOST_OPS];
    uint8_t cancelled; /* a bit for each task */
    uint8_t unaware;   /* likewise: a call that may have begun before that */
    uint8_t numbers[4];
    struct list lists[LISTS];
    uint8_t n_items;
    uint8_t items[MOST_ITEMS];
};

struct model {
    const char *name;
    void (*begin)(const struct history *history, struct state *state);

    /* The first step of a call: false if it cannot be, the history being what
     * it is. */
    bool (*step)(const struct history *history, struct state *state,
                 unsigned op);

    /* A further step by itself of a call that is WAITING or RETURNING, NULL:
     * there is none but to give up. */
    bool (*go_on)(const struct history *history, struct state *state,
                  unsigned op);

    /* One that is WAITING gives up. NULL: leaves its list and ends. */
    bool (*give_up)(const struct history *history, struct state *state,
                    unsigned op, int status);

    /* Whether who waits in that call may still succeed after a cancel; NULL:
     * never. */
    bool (*may_succeed_yet)(const struct op *call);
};

enum verdict { LINEARIZABLE, NOT_LINEARIZABLE, UNDECIDED };

enum verdict check(const struct model *model, const struct history *history);

/* --- For models ---------------------------------------------------------- */

/* The call ends: whether it did so with that status and value. */
bool let_end(const struct history *history, struct state *state, unsigned op,
             int status, unsigned value);

void list_add(struct list *list, unsigned op);
unsigned list_take_first(struct list *list);
bool list_remove(struct list *list, unsigned op);

/* The call takes its place among those who wait. */
bool let_wait(struct state *state, struct list *list, unsigned op);

/* All in the list end with that status. */
bool let_all_end(const struct history *history, struct state *state,
                 struct list *list, int status);

/* --- The models ---------------------------------------------------------- */

extern const struct model model_queue, model_lock, model_fair_lock, model_event,
    model_condition, model_semaphore;

/* Kinds of a queue. */
enum { FIFO, LIFO, PRIORITY };

/* Items of a priority queue are equal in groups of three. */
#define PRIORITY_OF(item) ((item) / 3)

#endif
