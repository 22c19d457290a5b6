#!/bin/bash
# Each public function is in one of the tables whose calls are made to fail.
. "$(dirname "$0")/../harness/kit"

# Names of functions, one a line; those with a deadline as the calls they are.
declared() {
    cat include/filch/*.h | tr '\n' ' ' | tr ';' '\n' |
        sed -n 's/.*FILCH_API [^(]*[ *]\(filch_[a-z_]*\)(.*/\1/p' | sort -u
}

# The table of suspending calls makes twins by its CALL, and task bodies there
# count what they call.
in_tables() {
    grep -oh 'filch_[a-z_]*' tests/fault/calls*.c
    sed -n 's/.*CALL(\(filch_[a-z_]*\),.*/\1\n\1_until/p' \
        tests/harness/calls_*.c
}

declared >"$tmp/declared"
in_tables | sort -u >"$tmp/tables"
holds "the headers declare functions" test "$(wc -l <"$tmp/declared")" -gt 80
comm -23 "$tmp/declared" "$tmp/tables" >"$tmp/missing"
sed 's/^/missing: /' "$tmp/missing"
holds "each public function is called while it is refused what it asks for" \
    test ! -s "$tmp/missing"

finish
