/* Tasks that work together and all end well. */
#ifndef CREW_H
#define CREW_H

#include <filch.h>

enum { CREW_MAX = 100000 };

struct crew {
    filch_task *tasks[CREW_MAX];
    size_t count;
};

void crew_add(struct crew *crew, filch_fn fn, void *arg);

/* Waits for all of them, and requires that each returned 0. */
void crew_join(struct crew *crew);

#endif
