#!/bin/bash
# The models for some seconds: some thousand runs of each, two of them side by
# side (`make model` does more), and what of spin is small; and a few of the
# weakenings, which must be noticed (`make model-mutations`: all); and whether
# each ordered operation is weakened by one, or says why not.
#
# run-tests: long
set -u
cd "$(dirname "$0")/../.." || exit 2

if [ "${FLAVOUR-plain}" != plain ]; then
    echo "skipped: the models are the same for each flavour"
    echo "1 passed, 0 failed"
    exit 0
fi
if ! echo '#include <relacy/relacy.hpp>' |
    g++ -E -x c++ - >/dev/null 2>&1; then
    echo "skipped: relacy (Debian's relacy-dev) is not installed"
    echo "1 passed, 0 failed"
    exit 0
fi
make -s -j2 models >/dev/null || exit 1
programs=()
for source in tests/model/*.c; do
    name=$(basename "$source" .c)
    [ ! -x "build/model/$name" ] || programs+=("build/model/$name:3000")
done
log=$(mktemp) || exit 1
trap 'rm -f "$log" "$log.md"' EXIT
{
    tests/model/uncovered
    tests/model/run -q "${programs[@]}"
    tests/model/mutate -o "$log.md" deque-no-P3 idle-no-W2 wait-pass-on
} 2>&1 | tee "$log"
awk '/^[0-9]+ passed, [0-9]+ failed/ { passed += $1; failed += $3; sums++ }
     END { failed += sums != 3
           printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }' \
    "$log"
