#!/bin/bash
# The benchmarks' driver, with programs that only pretend.
. "$(dirname "$0")/../harness/kit"

[ -x "$BUILD/bench/driver" ] || skip "not built; see bench-checked"

# A program that has the figures of a run in a file, or in one for so many
# workers.
pretend() { # name, figures
    mkdir -p "$tmp/peers"
    echo "$2" >"$tmp/$1.figures"
    cat >"$tmp/$1" <<END
#!/bin/sh
case \$1 in
--list) printf 'yield\nlatency\nunstarted\nqueue44\nmigrate\n' ;;
*) echo "\$*" >>"$tmp/calls"
   cat "$tmp/$1.figures.\$2" 2>/dev/null || cat "$tmp/$1.figures" ;;
esac
END
    chmod +x "$tmp/$1"
}

driver() {
    : >"$tmp/calls"
    "$BUILD/bench/driver" -b "$tmp" -o "$tmp/out/of/it" "$@" \
        >"$tmp/printed" 2>&1
}

row() { # row, program: what the CSV says of it, without CPU and memory
    grep ",$1,.*,$2," "$tmp/out/of/it/bench.csv" | cut -d, -f5-10
}

pretend filch 'ops 10 wall 150 cpu 90'
pretend peers/go 'ops 100 wall 10000 cpu 900'
pretend peers/tbb 'ops 100 wall 10000 cpu 900'

holds "rows are measured in one process a run" driver -r 3 -j 1,2 -w yield2
holds "the programs take turns, and the numbers of workers do" \
    test "$(tr '\n' ' ' <"$tmp/calls")" = \
    "$(printf 'yield 1 2 yield 1 2 yield 2 2 yield 2 2 %.0s' 1 2 3)"
holds "each round is told of where no terminal shows the steps" \
    grep -q '^bench: round 3 of 3' "$tmp/printed"
holds "a figure is for one operation" \
    test "$(row yield2 filch | head -1)" = 1,2,3,15.00,15.00,15.00
holds "a goal is met where the ratio is small enough" \
    grep -q ' 15.0 .* 0.150 (0.2) met' "$tmp/printed"
holds "a goal is missed where it is not" \
    grep -q ' 15.0 .* 0.150 (0.12) missed' "$tmp/printed"
holds "the goals that are met are counted" \
    grep -q '^2 of 3 goals met' "$tmp/printed"
holds "the time of two workers is compared to that of one" \
    grep -q '^2 workers .* 1.3 times .* in 1 of 1 rows: met' "$tmp/printed"
holds "a peer that is not there is named, with its package" \
    grep -q 'apt-get install libboost-fiber-dev' "$tmp/printed"

unknown() { # list
    ! driver -r 1 -p "$1" -w yield2 && [ ! -s "$tmp/calls" ]
}
holds "a program that it does not know is refused" unknown flich
holds "also among others" unknown filch,g
holds "a list that cannot be written is an error" \
    bash -c '! "$1" -l >/dev/full' - "$BUILD/bench/driver"

driver -r 2 -j 1 -p filch -w yield
holds "all rows take turns, so that few runs of one are disturbed at once" \
    test "$(tr '\n' ' ' <"$tmp/calls")" = \
    "$(printf 'yield 1 %d ' 2 1000 2 10 100 1000 10000 100000 \
        2 1000 2 10 100 1000 10000 100000)"

echo 'ops 10 wall 150 cpu 90 p50 7 p99 8 p999 9' >"$tmp/filch.figures"
driver -r 2 -j 1 -w latency-
holds "rows about one run's figures share it" \
    test "$(grep -c 'latency 1' "$tmp/calls")" = 4
holds "a figure that is not a time is taken as it is" \
    test "$(row latency-p99 filch)" = 1,,2,8.00,8.00,8.00

echo 'ops 10 wall 150 cpu 90 bytes 192' >"$tmp/filch.figures"
driver -r 1 -w unstarted
holds "a limit is met up to the figure itself" \
    grep -q ' 192.0 .*(at most 192.0) met' "$tmp/printed"
echo 'ops 10 wall 150 cpu 90 bytes 193' >"$tmp/filch.figures"
driver -r 1 -w unstarted
holds "and missed above it" grep -q '(at most 192.0) missed' "$tmp/printed"
holds "and counted" grep -q '^0 of 1 goals met' "$tmp/printed"

echo 'ops 10 wall 301 cpu 90' >"$tmp/filch.figures.16"
echo 'ops 10 babble' >"$tmp/filch.figures.64"
driver -r 1 -m -w queue44 -w yield2 && fail "a run that fails is not passed" ||
    pass "a run that fails is not passed"
holds "many workers are filch's alone, and only where they are to scale" \
    test "$(tr "\n" " " <"$tmp/calls")" = \
    "$(printf "queue44 %d 1024 " 2 4 16 64)"
holds "as long as two is well" \
    grep -q '^4 workers .* in 1 of 1 rows: met' "$tmp/printed"
holds "more than twice as long is named" \
    grep -q '^16 .* in 0 of 1 rows; not in queue44 (2.01): missed' \
    "$tmp/printed"
holds "so is what fails" grep -q '^64 .* queue44 (babbles): missed' \
    "$tmp/printed"
rm "$tmp"/filch.figures.*

echo 'ops 10 wall 150 cpu 90' >"$tmp/filch.figures"
echo 'ops 10 wall 680 cpu 90' >"$tmp/peers/go.figures"
driver -r 1 -j 1 -w queue44
holds "what is far is shown" \
    grep -q ' 0.221 (0.32) met, far (0.22) not yet' "$tmp/printed"
holds "and not missed" grep -q '^1 of 1 goals met' "$tmp/printed"

driver -r 1 -j 1 -p filch -w yield2
holds "programs that are not wanted are not run" \
    test "$(wc -l <"$tmp/calls")" = 1

echo 'ops 10 wall 150 cpu 90 grown 65536 moved 1' >"$tmp/filch.figures"
driver -p filch -j 2 -s 7 -w migrate
holds "what is to last is run once, for as long as it is asked to" \
    test "$(cat "$tmp/calls")" = 'migrate 2 7'
holds "a few pages are no growth" \
    grep -q 'at most 65536) met' "$tmp/printed"

echo 'ops 10 wall' >"$tmp/filch.figures"
driver -w yield2 && fail "a run without figures fails" ||
    pass "a run without figures fails"
holds "and is called so" grep -q babbles "$tmp/printed"

finish
