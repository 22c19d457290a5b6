/*
 * The one door to the context switch.
 *
 * A context that does not run is just a pointer, into its own stack. Three
 * implementations: for x86-64 here, inline; context_aarch64.S; and
 * context_portable.c over ucontext for other machines.
 */
#ifndef FL_CONTEXT_H
#define FL_CONTEXT_H

#if defined(__x86_64__) && !defined(FL_PORTABLE)
#define FL_CONTEXT_INLINE 1
#endif

/* What the compiler may keep values in besides, where it is told so (by
 * -march=x86-64-v4 and the like). */
#if defined(__AVX512F__)
#define FL_CLOBBERED_512                                                       \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",  \
        "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30",         \
        "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define FL_CLOBBERED_512
#endif

/* What is handed to the context that goes on; in registers. */
typedef struct fl_handed {
    void *value, *more;
} fl_handed;

/*
 * Parks the running context, storing it in *save, and goes on with `to`, in
 * which the call that had parked it returns `value` and `more`. Saves what the
 * ABI says a callee preserves, but for the words that control floating point:
 * they belong to the thread.
 */
#if FL_CONTEXT_INLINE
/*
 * A parked context is a stack pointer; above it lie the address to go on at
 * and rbp. What else must survive the compiler saves, since all registers are
 * said to be clobbered; so nothing is saved twice. There is no call, so the
 * CPU's stack of return addresses stays in step, and the jump nearly always
 * has the same target: 2 ns, against 8 for a function that ends in `ret`, and
 * more for one that ends in a jump.
 *
 * Not for functions without any call, whose locals may lie below the stack
 * pointer.
 */
static inline __attribute__((always_inline)) fl_handed
fl_context_switch(void **save, void *to, void *value, void *more)
{
    __asm__ volatile(
        "leaq 1f(%%rip), %%rcx\n\t"
        "pushq %%rbp\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "pushq %%rcx\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "movq %%rsp, (%%rdi)\n\t"
        "movq %%rsi, %%rsp\n\t" /* the other context, from here on */
        "popq %%rcx\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "popq %%rbp\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "jmpq *%%rcx\n"
        "1:"
        : "+a"(value), "+d"(more), "+D"(save), "+S"(to)
        :
        : "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
          "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
          "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
          "cc", "memory" FL_CLOBBERED_512);
    return (fl_handed){value, more};
}
#else
fl_handed fl_context_switch(void **save, void *to, void *value, void *more);
#endif

/*
 * Calls fn(a, b, c), which switches to other contexts and back, and returns what
 * it does, as its last act. A CPU expects a function to return to where the last
 * call was made; after a switch that is where another one was called. If it is
 * somewhere else, the return is foreseen wrongly, which costs 7 ns: then this one
 * is left by a jump, which the CPU foresees by where former jumps went. Else by a
 * return, so that calls and returns stay in step as far as they can.
 */
typedef int fl_context_leaving(void *a, void *b, void *c);

#if FL_CONTEXT_INLINE && !defined(FILCH_TSAN_)
int fl_context_leave(void *a, void *b, void *c, fl_context_leaving *fn);
#else
static inline int
fl_context_leave(void *a, void *b, void *c, fl_context_leaving *fn)
{
    return fn(a, b, c);
}
#endif

/* Where a call on another stack goes on: with the context `to`, to which the value
 * is handed, and no more; NULL: with the one that has called, whose stack pointer is still at hand:
 * what is next need not wait until it was stored, and read again. */
typedef struct fl_onward {
    void *value;
    void *to;
} fl_onward;

typedef fl_onward fl_context_fn(void *a, void *b, void *c);

/*
 * Parks the running context likewise, and calls fn(a, b, c) on the stack of
 * another that is parked, `below` it, which stays so. What fn returns says who
 * goes on; that may be on another thread by then. Not in every build: it is half
 * of what a switch and a switch back to who else is on that stack would take.
 */
#if FL_CONTEXT_INLINE
#define FL_CONTEXT_CALL 1
void fl_context_below(void);

static inline __attribute__((always_inline)) fl_handed
fl_context_call(void **save, void *below, fl_context_fn *fn, void *a, void *b,
                void *c)
{
    void *value = save;
    register fl_context_fn *to_call __asm__("r8") = fn;
    __asm__ volatile(
        "leaq 1f(%%rip), %%r9\n\t"
        "pushq %%rbp\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "pushq %%r9\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "movq %%rsp, (%%rax)\n\t"
        "movq %%rsp, %%r15\n\t"
        "movq %%rcx, %%rsp\n\t"
        "jmp fl_context_below\n\t"
        ".cfi_adjust_cfa_offset -16\n"
        "1:"
        : "+a"(value), "+c"(below), "+r"(to_call), "+D"(a), "+S"(b), "+d"(c)
        :
        : "rbx", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1",
          "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
          "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc",
          "memory" FL_CLOBBERED_512);
    return (fl_handed){value, c};
}
#elif defined(__aarch64__) && !defined(FL_PORTABLE)
#define FL_CONTEXT_CALL 1
fl_handed fl_context_call(void **save, void *below, fl_context_fn *fn, void *a,
                          void *b, void *c);
#else
#define FL_CONTEXT_CALL 0
#endif

/* For what is called so: has the compiler compute addresses anew from that pointer, a
 * variable. Else it keeps them across a call, in registers that must be saved. */
#define fl_anew(pointer) __asm__("" : "+r"(pointer))

/*
 * Makes a context that will call `entry(value, more)`, with what the first switch
 * to it hands over, on the stack whose highest address is `top` and lowest `base`.
 * The entry must not return.
 */
typedef void fl_context_entry(void *value, void *more);
void *fl_context_make(void *base, void *top, fl_context_entry *entry);

#endif
