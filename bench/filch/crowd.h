/* Very many tasks that wait for one event. */
#ifndef CROWD_H
#define CROWD_H

#include <stddef.h>

/* So many tasks are there, and wait; and all of them go on, and end. */
void crowd_gather(size_t n);
void crowd_release(void);

/* Lets what is left be done when the last one has told: to wait, or to end. */
void crowd_settle(void);

#endif
