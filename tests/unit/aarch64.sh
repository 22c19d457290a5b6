#!/bin/bash
# The examples run on aarch64, whose context switch is its own: compiled by a
# cross compiler and run by an emulator, where both are installed. (It shows no
# weak order of memory.)
#
# run-tests: long
. "$(dirname "$0")/../harness/kit"

command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 \
    >/dev/null || skip "no aarch64-linux-gnu-gcc, or no qemu-aarch64"

holds "filch compiles for aarch64" make -s FLAVOUR=aarch64 lib examples

mkdir "$tmp/examples"
for example in build/aarch64/examples/*; do
    [ -x "$example" ] || continue
    printf '#!/bin/sh\nexec qemu-aarch64 -L /usr/aarch64-linux-gnu "%s"\n' \
        "$PWD/$example" >"$tmp/examples/${example##*/}"
    chmod +x "$tmp/examples/${example##*/}"
done
# Not on one worker: emulated, they are too slow for the order of their times.
holds "the examples print on aarch64 what they should" \
    env EXAMPLES="$tmp/examples" EXAMPLE_WORKERS='2 4' tests/examples/run.sh

finish
