/* Fresh contexts for the switches in assembly. */
#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(FL_PORTABLE)

#include "fiber/context.h"

#include "base/base.h"

void fl_context_begin(void);

void *
fl_context_make(void *base, void *top, fl_context_entry *entry)
{
    (void)base;
    uintptr_t aligned = (uintptr_t)top & ~(uintptr_t)15;
#if defined(__x86_64__)
    /* three words are popped before the entry is called, for which
     * the stack is to be aligned to 16 */
    void **frame = (void **)aligned - 5;
    frame[0] = (void *)(uintptr_t)fl_context_begin;
    frame[1] = NULL; /* rbp: a chain of frames ends */
    frame[2] = (void *)(uintptr_t)entry;
#else
    void **frame = (void **)aligned - 20;
    frame[0] = (void *)(uintptr_t)entry; /* x19 */
    frame[10] = NULL;                    /* x29 */
    frame[11] = (void *)(uintptr_t)fl_context_begin;
#endif
    return frame;
}

#endif
