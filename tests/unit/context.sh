#!/bin/bash
# The other context switches pass their tests: over ucontext, and on aarch64
# where a cross compiler and an emulator are installed.
#
# run-tests: long
. "$(dirname "$0")/../harness/kit"

portable=build/portable/tests/unit/test_context
holds "the portable context switch compiles" \
    make -s FLAVOUR=portable $portable
holds "the portable context switch passes its tests" $portable

# A compiler that knows of more registers may keep something in them.
if grep -q avx512vl /proc/cpuinfo; then
    wide=build/v4/tests/unit/test_context
    holds "the context switch compiles for AVX-512" make -s FLAVOUR=v4 $wide
    holds "the context switch passes its tests with AVX-512" $wide
fi

command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 \
    >/dev/null || finish

emulated=build/aarch64/tests/unit/test_context
holds "the context switch of aarch64 compiles" \
    make -s FLAVOUR=aarch64 $emulated
holds "the context switch passes its tests on aarch64" \
    qemu-aarch64 -L /usr/aarch64-linux-gnu $emulated

finish
