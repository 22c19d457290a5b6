#!/bin/bash
# Each public function is called while what it asks for may be refused: the
# tables' calls note it (note_call in inject.h).
. "$(dirname "$0")/../harness/kit"
: "${BUILD:=build/plain}"

# Names of functions, one a line; those with a deadline as the calls they are.
declared() {
    cat include/filch/*.h | tr '\n' ' ' | tr ';' '\n' |
        sed -n 's/.*FILCH_API [^(]*[ *]\(filch_[a-z_]*\)(.*/\1/p' | sort -u
}

# Of one worker, since of several others may be refused what the call needs.
export FILCH_TEST_WORKERS=1 FAULT_CALLED=$tmp/called
holds "the calls of the tables are made while one step of them fails" \
    "$BUILD/tests/fault/test_calls" one_step
holds "so are those that suspend" "$BUILD/tests/fault/test_waits" one_step

declared >"$tmp/declared"
sort -u "$tmp/called" | comm -23 "$tmp/declared" - >"$tmp/missing"
sed 's/^/missing: /' "$tmp/missing"
holds "the headers declare functions" test "$(wc -l <"$tmp/declared")" -gt 80
holds "each public function is called while it is refused what it asks for" \
    test ! -s "$tmp/missing"

finish
