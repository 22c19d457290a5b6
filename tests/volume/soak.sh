#!/bin/bash
# The soak test in a short form, and that its checks can fail: of the faults that
# can be planted, each second some, it notices each.
#
# run-tests: long
. "$(dirname "$0")/../harness/kit"
soak=${BUILD:-build/plain}/tests/volume/soak

holds "all scenes at once come out even, second by second" "$soak" 8 2
[ "${FLAVOUR:-plain}" = plain ] || finish # there memory is not looked at

for fault in memory threads mappings lost repeated; do
    "$soak" 6 2 $fault >"$tmp/$fault" 2>&1 &
done
wait

noticed() { # fault, what is said of it
    cat "$tmp/$1"
    grep -q "^[0-9]* $2" "$tmp/$1" && grep -q ' passed, 1 failed$' "$tmp/$1"
}
holds "a leak of memory is noticed" noticed memory 'KiB, and .* at most'
holds "a leak of threads is noticed" noticed threads 'threads, and .* at most'
holds "a leak of mappings is noticed" noticed mappings 'mappings, and .* at most'
holds "what is lost is noticed" noticed lost 'items went in, .* came out'
holds "what comes twice is noticed" noticed repeated 'items went in, .* came out'

finish
