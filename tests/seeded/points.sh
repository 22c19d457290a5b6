#!/bin/bash
# Each public function is in the table of test_points.c, or is known to be no
# point: it sets up what nobody else knows yet, tells the caller of itself, the
# time or a constant, begins or ends a run, or may be called at any moment (dump).
. "$(dirname "$0")/../harness/kit"
[ "${FLAVOUR:-plain}" = plain ] || skip "one flavour is enough"

no_point='.*_init(_fair|_lifo|_priority|_bounded)?|after|now|current
runtime_current|version|queue_maxsize|start|stop|run|foreign_(begin|end)|dump'

# Names of functions, one a line; those with a deadline as the calls they are.
declared() {
    cat include/filch/*.h | tr '\n' ' ' | tr ';' '\n' |
        sed -n 's/.*FILCH_API [^(]*[ *]\(filch_[a-z_]*\)(.*/\1/p' |
        sed -e 's/_until$//' -e '/_$/d' | sort -u
}

declared | grep -vxE "filch_(${no_point//$'\n'/|})" >"$tmp/declared"
grep -oh 'filch_[a-z_]*' tests/seeded/test_points.c | sed 's/_until$//' |
    sort -u >"$tmp/table"
holds "the headers declare functions" test "$(wc -l <"$tmp/declared")" -gt 60
comm -23 "$tmp/declared" "$tmp/table" >"$tmp/missing"
sed 's/^/missing: /' "$tmp/missing"
holds "each public function is tried as a point" test ! -s "$tmp/missing"

finish
