#!/bin/bash
# Each public function is in the table that tries it from everywhere: those that
# suspend in tests/harness/calls_*.c, the others in tests/sync/test_anywhere.c.
. "$(dirname "$0")/../harness/kit"

# These belong to a runtime, or are part of a macro; tests of their own.
cat >"$tmp/apart" <<'END'
filch_call_at
filch_foreign_begin
filch_foreign_end
filch_fork
filch_group_spawn
filch_parallel_for
filch_run
filch_sleep
filch_spawn_with
filch_start
filch_stop
filch_sync
filch_timer_cancel_wait
filch_with_lock_begin_
filch_with_lock_end_
END

# Names of functions, one a line.
declared() {
    cat include/filch/*.h | tr '\n' ' ' | tr ';' '\n' |
        sed -n 's/.*FILCH_API [^(]*[ *]\(filch_[a-z_]*\)(.*/\1/p' | sort -u
}

# none_is_missing FILE: no name is left in it; says which are.
none_is_missing() {
    sed 's/^/missing: /' "$1"
    [ ! -s "$1" ]
}

declared >"$tmp/declared"
sed -n 's/_until$//p' "$tmp/declared" | sort >"$tmp/suspending"
grep -v '_until$' "$tmp/declared" | comm -23 - "$tmp/suspending" >"$tmp/others"
sed -n 's/.*CALL(\(filch_[a-z_]*\),.*/\1/p' tests/harness/calls_*.c |
    cat - "$tmp/apart" | sort -u >"$tmp/table"
grep -oh 'filch_[a-z_]*' tests/sync/test_anywhere.c | cat - "$tmp/apart" |
    sort -u >"$tmp/anywhere"
comm -23 "$tmp/suspending" "$tmp/table" >"$tmp/no-row"
comm -23 "$tmp/others" "$tmp/anywhere" >"$tmp/nowhere"
comm -13 "$tmp/declared" "$tmp/apart" >"$tmp/gone"

holds "the headers declare functions" test "$(wc -l <"$tmp/declared")" -gt 80
holds "each function with a deadline is in the table of suspending calls" \
    none_is_missing "$tmp/no-row"
holds "each other function is called on a plain thread and in a callback" \
    none_is_missing "$tmp/nowhere"
holds "each exception to that is a public function" \
    none_is_missing "$tmp/gone"

finish
