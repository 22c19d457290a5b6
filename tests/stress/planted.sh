#!/bin/bash
# filch-stress finds each planted bug, its schedule replays, and nothing is found
# where it was mended:
#
#     tests/stress/planted.sh [SEEDS REPLAYS]
#
# so many seeds for those that are mended (100), so often each schedule (10). It
# shows what it took as a table.
. "$(dirname "$0")/../harness/kit"
[ "${FLAVOUR:-plain}" = plain ] || skip "one flavour is enough"
BUILD=$(realpath "${BUILD:-build/plain}")
seeds=${1:-100} replays=${2:-10}
stress=$BUILD/filch-stress here=$BUILD/tests/stress/planted
[ -x "$stress" ] && [ -x "$here/abba" ] || skip "not built; see stress-checked"
cd "$tmp" || exit 1

# What filch-stress says about a bug, as a line of the table.
line() { # name, log
    sed -n -e 's/.* fails: \(.*\)/\1/;t hold' \
        -e 's/^That is seed \([0-9]*\) with the policy \(.*\), after .*/\2|\1/;t hold' \
        -e 's/^It was shrunk from \([0-9]*\) deviations\{0,1\} to \([0-9]*\), in \([0-9]*\) runs.*/\1|\2|\3/;t hold' \
        -e '/^1 failure/{x;s/\n/|/g;p}' -e b -e :hold -e H "$2" |
        sed "s/^/$1/"
}

# Whether it found the bug, and all its replays did as the first run.
finds() { # program
    "$stress" -q -s 10000 -r "$replays" "$here/$1" >"$1.log" 2>&1
    cat "$1.log"
    line "$1" "$1.log" >>table
    [ "$(grep -c "replays: $replays of $replays times" "$1.log")" = 2 ] &&
        grep -q '^1 failure' "$1.log"
}

# Whether it finds the same again, down to the schedule.
finds_again() { # program
    mv "$1.schedule" "$1.first"
    "$stress" -q -s 10000 -r 1 "$here/$1" >/dev/null 2>&1
    diff "$1.first" "$1.schedule"
}

finds_nothing() { "$stress" -q -s "$seeds" "$here/$1_mended"; }

for source in "$OLDPWD"/tests/stress/planted/*.c; do
    name=$(basename "$source" .c)
    holds "it finds the bug of $name within 10,000 seeds, and it replays" \
        finds "$name"
    holds "it finds the same schedule again" finds_again "$name"
    holds "it finds nothing in $seeds seeds where $name is mended" \
        finds_nothing "$name"
done

mistyped() { "$stress" -q -p random -p pctt:3 "$here/abba_mended"; [ $? = 2 ]; }
holds "a policy that is none is an error, also as the second" mistyped

{
    echo "bug|failure|policy|seed|deviations|shrunk to|in runs"
    cat table
} | awk -F '|' '{ printf "%-15s %-14s %-7s %6s %11s %10s %8s\n",
    $1, $2, $3, $4, $5, $6, $7 }'
finish
