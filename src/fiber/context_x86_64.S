/*
 * Where a fresh context begins on x86-64: with its entry on top of the stack,
 * and in rax the value that was handed to it. See context.h.
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
        callq   *%rbx
        ud2                             /* an entry never returns */
        .cfi_endproc
        .size   fl_context_begin, . - fl_context_begin

/*
 * The middle of fl_context_call: r8 is called with its arguments, on the stack
 * of the context that rsp is; then the one that it returns in rdx goes on. Each
 * call is followed by its return, so that the CPU foresees both.
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
        movq    %rdx, %rsp
        popq    %rcx
        popq    %rbp
        jmpq    *%rcx
        .cfi_endproc
        .size   fl_context_below, . - fl_context_below

        .section .note.GNU-stack, "", @progbits
