#!/bin/bash
# Each public function is called while what it asks for may be refused, while a
# wait may return without cause, a wake be late, or the clock jump: the tables'
# calls note it (note_call in inject.h).
. "$(dirname "$0")/../harness/kit"
: "${BUILD:=build/plain}"

# Names of functions, one a line; those with a deadline as the calls they are.
declared() {
    cat include/filch/*.h | tr '\n' ' ' | tr ';' '\n' |
        sed -n 's/.*FILCH_API [^(]*[ *]\(filch_[a-z_]*\)(.*/\1/p' | sort -u
}

# What was called since the last time is all that is declared.
all_in() {
    sort -u "$tmp/called" | comm -23 "$tmp/declared" - >"$tmp/missing"
    : >"$tmp/called"
    sed 's/^/missing: /' "$tmp/missing"
    [ ! -s "$tmp/missing" ]
}

# Of one worker, since several would do some of each other's work.
export FILCH_TEST_WORKERS=1 FAULT_CALLED=$tmp/called
tests=$BUILD/tests/fault

declared >"$tmp/declared"
holds "the headers declare functions" test "$(wc -l <"$tmp/declared")" -gt 80

holds "the calls of the tables bear that one step of them fails" \
    "$tests/test_calls" one_step
holds "so do those that suspend" "$tests/test_waits" one_step
holds "and these are all public functions" all_in

# each_bears SENTENCE TEST: the calls do, and are those of all functions.
each_bears() {
    holds "each call bears $1" "$tests/test_points" "$2"
    holds "and these are all public functions" all_in
}

each_bears "that a wait returns without cause" without_cause
each_bears "that a wake comes late" comes_late
each_bears "that the clock jumps" the_clock_jumps

finish
