/*
 * The context switch for aarch64 (AAPCS64). See context.h.
 *
 * A parked context is a stack pointer; above it lie, in this order, x19 to
 * x30 and d8 to d15.
 */
        .text
        .globl  fl_context_switch
        .hidden fl_context_switch
        .type   fl_context_switch, %function
        .p2align 5
fl_context_switch:                      /* (save, to, value, more) */
        .cfi_startproc
        sub     sp, sp, #160
        .cfi_adjust_cfa_offset 160
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1                  /* from here on the other context */
.Lgo_on:
        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #160
        .cfi_adjust_cfa_offset -160
        mov     x0, x2
        mov     x1, x3
        br      x30
        .cfi_endproc
        .size   fl_context_switch, . - fl_context_switch

/*
 * Parks the caller likewise, and calls a function on the stack of another; then
 * the context that it returns in x1 goes on, or, if that is 0, the caller; with
 * the value in x0, and no more.
 */
        .globl  fl_context_call
        .hidden fl_context_call
        .type   fl_context_call, %function
        .p2align 5
fl_context_call:                        /* (save, below, fn, a, b, c) */
        .cfi_startproc
        sub     sp, sp, #160
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mov     x9, sp
        str     x9, [x0]
        mov     x19, x9
        mov     sp, x1
        .cfi_undefined x30              /* a backtrace ends here */
        mov     x9, x2
        mov     x0, x3
        mov     x1, x4
        mov     x2, x5
        mov     x29, xzr
        blr     x9
        cmp     x1, #0
        csel    x1, x19, x1, eq
        mov     sp, x1
        mov     x2, x0
        mov     x3, xzr
        b       .Lgo_on
        .cfi_endproc
        .size   fl_context_call, . - fl_context_call

/* Where a fresh context begins: x19 holds the entry, x0 and
 * x1 what was handed over. */
        .globl  fl_context_begin
        .hidden fl_context_begin
        .type   fl_context_begin, %function
        .p2align 4
fl_context_begin:
        .cfi_startproc
        .cfi_undefined x30              /* a backtrace ends here */
        blr     x19
        brk     #1                      /* an entry never returns */
        .cfi_endproc
        .size   fl_context_begin, . - fl_context_begin

        .section .note.GNU-stack, "", %progbits
