#!/bin/sh
# Runs the examples and compares what they print: on one worker line by line,
# on several sorted, since there the order among equals is free.
# EXAMPLES: the directory of the programs, default build/plain/examples.
# EXAMPLE_WORKERS: on how many workers, default '1 2 4 8'.
set -u
here=$(dirname "$0")
bin=${EXAMPLES:-build/plain/examples}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

examples='event condition queue lock pipeline group'
workers=${EXAMPLE_WORKERS:-1 2 4 8}

# What is left to compare: which consumer takes which item is free as well.
normal() {
    case $1 in
    queue-1) cat ;;
    queue-*) sed 's/^Consumer . grabbed/grabbed/' | sort ;;
    *-1) cat ;;
    *) sort ;;
    esac
}

# All at once, since they mostly sleep.
for example in $examples; do
    for n in $workers; do
        {
            FILCH_WORKERS=$n timeout 60 "$bin/$example" \
                >"$out/$example-$n" 2>"$out/$example-$n.err"
            echo $? >"$out/$example-$n.status"
        } &
    done
done
wait

passed=0 failed=0
for example in $examples; do
    for n in $workers; do
        run=$example-$n
        normal "$run" <"$here/$example.expected" >"$out/$run.expected"
        normal "$run" <"$out/$run" >"$out/$run.normal"
        if [ "$(cat "$out/$run.status")" = 0 ] &&
            diff "$out/$run.expected" "$out/$run.normal" >"$out/$run.diff"; then
            echo "ok - example $example prints what it should on $n workers"
            passed=$((passed + 1))
        else
            echo "not ok - example $example on $n workers: status" \
                "$(cat "$out/$run.status")"
            cat "$out/$run.diff" "$out/$run.err"
            failed=$((failed + 1))
        fi
    done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
