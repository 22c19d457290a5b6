/* Work that takes about so many ns: one product needs the one before. */
#ifndef SPIN_H
#define SPIN_H

#include <stddef.h>
#include <stdint.h>

static inline void
spin(size_t ns)
{
    uint64_t x = ns;

    for (size_t i = 0; i < ns; ++i)
        x = x * 6364136223846793005u + 1;
    __asm__ volatile("" : : "r"(x));
}

#endif
