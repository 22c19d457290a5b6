#!/bin/bash
# The tests of sync hold in chaos: a short form of `make stress`, and a shorter
# one where they are sanitized.
#
# run-tests: long
. "$(dirname "$0")/../harness/kit"
BUILD=${BUILD:-build/plain} workers='2 4' seeds='1 2 3'
tests='lock* condition* queue* event*'
case ${FLAVOUR:-plain} in
plain) ;;
tsan | asan) workers=3 seeds=1 tests='lock condition queue event' ;;
*) skip "one flavour is enough, and those of the sanitizers" ;;
esac

# The whole series at once; each test has a process of its own.
calm() { # workers, seed
    local name test status=0
    export FILCH_TEST_WORKERS=$1 FILCH_CHAOS=$2
    for name in $tests; do
        for test in "$BUILD"/tests/sync/test_$name; do
            [[ -x $test && $test != *.* ]] || continue
            timeout 240 "$test" >"$tmp/run" 2>&1 && continue
            status=1
            echo "FILCH_CHAOS=$2 FILCH_TEST_WORKERS=$1 $test"
            cat "$tmp/run"
        done
    done
    return $status
}

for n in $workers; do
    for seed in $seeds; do
        holds "the tests of sync pass on $n workers in chaos $seed" calm "$n" "$seed"
    done
done

finish
