/* Nothing is at hand, so that the next call must ask for all that it needs. */
#ifndef SHORTAGE_H
#define SHORTAGE_H

/*
 * From a task: its worker's stacks and descriptors, and those that all workers
 * share, are taken away. They are never given back.
 */
void shortage_begin(void);

/* The same of descriptors alone. */
void shortage_of_descriptors(void);

#endif
