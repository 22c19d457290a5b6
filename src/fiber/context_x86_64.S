/*
 * The context switch for x86-64 (System V ABI). See context.h.
 *
 * A parked context is a stack pointer; above it lie, in this order, r15, r14,
 * r13, r12, rbx, rbp and the address to go on at. The words that control
 * floating point are not saved: they belong to the thread.
 *
 * It leaves by `ret`, the partner of the `call` that entered it. Most contexts
 * were parked by the same calls as the one that is left, so the CPU's stack of
 * return addresses is right for them, if only it stays in step. A `jmp`, which
 * is faster where two contexts do nothing but switch (2.2 ns against 7.7), puts
 * it out of step, and each return further out is mispredicted: a yield took
 * 32 ns so, and takes 19.
 */
        .text
        .globl  fl_context_switch
        .hidden fl_context_switch
        .type   fl_context_switch, @function
        .p2align 5
fl_context_switch:                      /* (void **save, void *to, void *value) */
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp              /* from here on the other context */
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        movq    %rdx, %rax
        ret
        .cfi_endproc
        .size   fl_context_switch, . - fl_context_switch

/* Where a fresh context begins: rbx holds the entry, rax the value. */
        .globl  fl_context_begin
        .hidden fl_context_begin
        .type   fl_context_begin, @function
        .p2align 4
fl_context_begin:
        .cfi_startproc
        .cfi_undefined %rip             /* a backtrace ends here */
        movq    %rax, %rdi
        callq   *%rbx
        ud2                             /* an entry never returns */
        .cfi_endproc
        .size   fl_context_begin, . - fl_context_begin

        .section .note.GNU-stack, "", @progbits
