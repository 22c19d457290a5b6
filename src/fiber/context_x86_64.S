/*
 * Where a fresh context begins on x86-64: with its entry on top of the stack,
 * and in rax and rdx what was handed to it. See context.h.
 */
        .text
        .globl  fl_context_begin
        .hidden fl_context_begin
        .type   fl_context_begin, @function
        .p2align 4
fl_context_begin:
        .cfi_startproc
        .cfi_undefined %rip             /* a backtrace ends here */
        popq    %rbx
        movq    %rax, %rdi
        movq    %rdx, %rsi
        callq   *%rbx
        ud2                             /* an entry never returns */
        .cfi_endproc
        .size   fl_context_begin, . - fl_context_begin

/*
 * The middle of fl_context_call: r8 is called with its arguments, on the stack
 * of the context that rsp is; then the one that it returns in rdx goes on, or, if
 * that is 0, the one that has called, in r15. Each call is followed by its return,
 * so that the CPU foresees both.
 */
        .globl  fl_context_below
        .hidden fl_context_below
        .type   fl_context_below, @function
        .p2align 4
fl_context_below:
        .cfi_startproc
        .cfi_undefined %rip             /* a backtrace ends here */
        andq    $-16, %rsp
        xorl    %ebp, %ebp              /* and a chain of frames */
        callq   *%r8
        testq   %rdx, %rdx
        cmovzq  %r15, %rdx
        movq    %rdx, %rsp
        popq    %rcx
        popq    %rbp
        xorl    %edx, %edx              /* no more is handed over */
        jmpq    *%rcx
        .cfi_endproc
        .size   fl_context_below, . - fl_context_below

/*
 * fl_context_leave: where it will return to it keeps for who leaves next, in the
 * same thread; see context.h.
 */
        .globl  fl_context_leave
        .hidden fl_context_leave
        .type   fl_context_leave, @function
        .p2align 4
fl_context_leave:                       /* (a, b, c, fn) */
        .cfi_startproc
        movq    left_from@gottpoff(%rip), %r8
        movq    (%rsp), %r9
        movq    %r9, %fs:(%r8)
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        callq   *%rcx
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        movq    left_from@gottpoff(%rip), %r8
        movq    %fs:(%r8), %r9          /* who left last, from this thread */
        cmpq    (%rsp), %r9
        jne     1f
        ret
1:      popq    %r9
        .cfi_adjust_cfa_offset -8
        jmpq    *%r9
        .cfi_endproc
        .size   fl_context_leave, . - fl_context_leave

        .section .tbss, "awT", @nobits
        .p2align 3
        .type   left_from, @object
        .size   left_from, 8
left_from:
        .zero   8

        .section .note.GNU-stack, "", @progbits
