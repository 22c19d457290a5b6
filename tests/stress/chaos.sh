#!/bin/bash
# The tests of sync hold in chaos: a short form of `make stress`.
. "$(dirname "$0")/../harness/kit"
[ "${FLAVOUR:-plain}" = plain ] || skip "one flavour is enough"
BUILD=${BUILD:-build/plain}

# The whole series at once; each test has a process of its own.
calm() { # workers, seed
    local test status=0
    export FILCH_TEST_WORKERS=$1 FILCH_CHAOS=$2
    for test in "$BUILD"/tests/sync/test_{lock,condition,queue,event}*; do
        [[ -x $test && $test != *.* ]] || continue
        timeout 240 "$test" >"$tmp/run" 2>&1 && continue
        status=1
        echo "FILCH_CHAOS=$2 FILCH_TEST_WORKERS=$1 $test"
        cat "$tmp/run"
    done
    return $status
}

for workers in 2 4; do
    for seed in 1 2 3; do
        holds "the tests of sync pass on $workers workers in chaos $seed" \
            calm $workers $seed
    done
done

finish
