/* The memory of the machine. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/* What may be used before memory is short. */
size_t memory_available_mib(void);

/*
 * Has so much of it touched, and given back. A virtual machine that has not used
 * a page for a while may first have to ask its hypervisor for it, which takes
 * four times as long as all else: whichever program came first would pay that
 * for the others.
 */
void memory_find_mib(size_t mib);

#endif
