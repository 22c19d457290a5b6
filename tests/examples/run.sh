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

examples='hello event condition queue lock pipeline group'
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

run() { # example, workers
    FILCH_WORKERS=$2 timeout 60 "$bin/$1" >"$out/$1-$2" 2>"$out/$1-$2.err"
    echo $? >"$out/$1-$2.status"
}

ended_well() { # example, workers
    [ "$(cat "$out/$1-$2.status")" = 0 ]
}

prints_what_it_should() { # example, workers
    normal "$1-$2" <"$here/$1.expected" >"$out/$1-$2.expected"
    normal "$1-$2" <"$out/$1-$2" >"$out/$1-$2.normal"
    diff "$out/$1-$2.expected" "$out/$1-$2.normal" >"$out/$1-$2.diff"
}

# All at once, since they mostly sleep.
for example in $examples; do
    for n in $workers; do
        run "$example" "$n" &
    done
done
wait

# In real time a timer of 100 ms may come before a task that the machine has not
# let run for so long: what came in another order is done again, alone. In virtual
# time it may not, but tasks begin in another order there.
passed=0 failed=0
for example in $examples; do
    for n in $workers; do
        for _ in 1 2 3; do
            ended_well "$example" "$n" || break
            prints_what_it_should "$example" "$n" && break
            run "$example" "$n"
        done
        if ended_well "$example" "$n" &&
            prints_what_it_should "$example" "$n"; then
            echo "ok - example $example prints what it should on $n workers"
            passed=$((passed + 1))
        else
            echo "not ok - example $example on $n workers: status" \
                "$(cat "$out/$example-$n.status")"
            cat "$out/$example-$n.diff" "$out/$example-$n.err"
            failed=$((failed + 1))
        fi
    done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
