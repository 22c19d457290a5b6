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

        .section .note.GNU-stack, "", @progbits
