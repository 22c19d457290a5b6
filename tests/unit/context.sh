#!/bin/bash
# The other context switches pass their tests: over ucontext, and on aarch64
# where a cross compiler and an emulator are installed.
. "$(dirname "$0")/../harness/kit"

portable=build/portable/tests/unit/test_context
holds "the portable context switch compiles" \
    make -s FLAVOUR=portable $portable
holds "the portable context switch passes its tests" $portable

command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 \
    >/dev/null || finish

holds "filch compiles for aarch64" make -s FLAVOUR=aarch64 lib
holds "the tests of its context switch compile" aarch64-linux-gnu-gcc \
    -static -O2 -std=gnu11 -pthread -D_GNU_SOURCE -Iinclude -Isrc \
    -DFL_ATOMIC_BUILTIN tests/unit/bare.c tests/unit/test_context.c \
    tests/harness/tasks.c build/aarch64/libfilch.a -o "$tmp/test_context"
holds "the context switch passes its tests on aarch64" \
    qemu-aarch64 "$tmp/test_context"

finish
