#!/bin/bash
# Chaos finds what once was wrong: with the library made wrong again, the tests of
# test_chaos.c fail (broken/*.patch), each within some seeds.
#
# run-tests: long
. "$(dirname "$0")/../harness/kit"
[ "${FLAVOUR:-plain}" = plain ] || skip "one flavour is enough"
BUILD=${BUILD:-build/plain}
export FILCH_TEST_WORKERS=4 FILCH_TEST_SEED

# Whether one of so many seeds makes the test fail by one of its checks, or by
# one of the library's.
fails_soon() { # program, test, seeds
    for ((FILCH_TEST_SEED = 1; FILCH_TEST_SEED <= $3; FILCH_TEST_SEED++)); do
        if ! timeout 30 "$1" "$2" >"$tmp/run" 2>&1; then
            echo "seed $FILCH_TEST_SEED:"
            grep -e 'broken: ' -e ' gives ' -e ', not ' "$tmp/run"
            return
        fi
    done
    echo "not within $3 seeds"
    false
}

for name in deadline watch timer; do
    program=$BUILD/tests/stress/broken/$name
    [ -x "$program" ] || skip "not built; see stress-checked"
    holds "chaos finds what was wrong with the $name" \
        fails_soon "$program" "$name" 100
    [ -z "${VERBOSE-}" ] || sed 's/^/    /' "$tmp/log"
done

finish
