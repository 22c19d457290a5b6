/*
 * The one door to the context switch.
 *
 * A context that does not run is just a pointer, into its own stack. Three
 * implementations: context_x86_64.S, context_aarch64.S, and
 * context_portable.c over ucontext for other machines.
 */
#ifndef FL_CONTEXT_H
#define FL_CONTEXT_H

/*
 * Parks the running context, storing it in *save, and goes on with `to`, in
 * which the call that had parked it returns `value`. Saves what the ABI says a
 * callee preserves, but for the words that control floating point.
 */
void *fl_context_switch(void **save, void *to, void *value);

/*
 * Makes a context that will call `entry(value)`, with the value of the first
 * switch to it, on the stack whose highest address is `top` and lowest `base`.
 * The entry must not return.
 */
void *fl_context_make(void *base, void *top, void (*entry)(void *value));

#endif
