/*
 * A run that enters the kernel in every way in which programs mostly do: many
 * tasks that wait, deadlines that come and do not come, sleep.
 */
#ifndef MUCH_H
#define MUCH_H

#include "../harness/harness.h"

/* What each task does first; nothing, if it is NULL. */
extern void (*much_first)(void);

/* The main task; 42. */
int much_use(void *arg);

/* By a plain thread: waits for a task, with a deadline that is far away. */
void much_wait(void);

#endif
