/* SPOIL and SPOIL_MORE overwrite what a context that was switched from must find
 * again: the registers that a callee preserves, and those of AVX-512. */
#ifndef SPOIL_H
#define SPOIL_H

#if defined(__AVX512F__)
#define SPOIL_MORE()                                                           \
    __asm__ volatile("vpxorq %%zmm16, %%zmm16, %%zmm16\n\t"                    \
                     "vmovdqa64 %%zmm16, %%zmm17\n\t"                          \
                     "vmovdqa64 %%zmm16, %%zmm18\n\t"                          \
                     "vmovdqa64 %%zmm16, %%zmm19\n\t"                          \
                     "vmovdqa64 %%zmm16, %%zmm20\n\t"                          \
                     "vmovdqa64 %%zmm16, %%zmm21\n\t"                          \
                     "vmovdqa64 %%zmm16, %%zmm22\n\t"                          \
                     "vmovdqa64 %%zmm16, %%zmm23"                              \
                     :                                                         \
                     :                                                         \
                     : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21",   \
                       "xmm22", "xmm23")
#else
#define SPOIL_MORE() (void)0
#endif

#if defined(__x86_64__)
#define SPOIL()                                                                \
    __asm__ volatile("movq $-1, %%rbx\n\tmovq $-2, %%r12\n\t"                  \
                     "movq $-3, %%r13\n\tmovq $-4, %%r14\n\t"                  \
                     "movq $-5, %%r15"                                         \
                     :                                                         \
                     :                                                         \
                     : "rbx", "r12", "r13", "r14", "r15")
#elif defined(__aarch64__)
#define SPOIL()                                                                \
    __asm__ volatile(                                                          \
        "mov x19, #-1\n\tmov x20, #-2\n\tmov x21, #-3\n\tmov x22, #-4\n\t"     \
        "mov x23, #-5\n\tmov x24, #-6\n\tmov x25, #-7\n\tmov x26, #-8\n\t"     \
        "mov x27, #-9\n\tmov x28, #-10\n\tfmov d8, xzr\n\tfmov d9, xzr\n\t"    \
        "fmov d10, xzr\n\tfmov d11, xzr\n\tfmov d12, xzr\n\tfmov d13, xzr\n\t" \
        "fmov d14, xzr\n\tfmov d15, xzr"                                       \
        :                                                                      \
        :                                                                      \
        : "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27",       \
          "x28", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15")
#else
#define SPOIL() (void)0
#endif

#endif
