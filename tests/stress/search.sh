#!/bin/bash
# filch-stress finds what fails, says how to repeat it, and shrinks its schedule:
# shown with a program whose failures are known (fake.c).
#
# run-tests: long
. "$(dirname "$0")/../harness/kit"
[ "${FLAVOUR:-plain}" = plain ] || skip "one flavour is enough"
BUILD=$(realpath "${BUILD:-build/plain}")
fake=$BUILD/tests/stress/fake stress=$BUILD/filch-stress
[ -x "$stress" ] && [ -x "$fake" ] || skip "not built; see stress-checked"
cd "$tmp" || exit 1

# exits N command...: whether its exit status is N.
exits() {
    local wanted=$1 status
    shift
    "$@"
    status=$?
    [ $status = "$wanted" ] || echo "exit status $status, not $wanted"
    [ $status = "$wanted" ]
}

# says TEXT N command...: whether it exits with N, having printed the line TEXT.
says() {
    local text=$1
    shift
    exits "$@" >"$tmp/out" 2>&1
    local status=$?
    cat "$tmp/out"
    grep -qF -- "$text" "$tmp/out" && [ $status = 0 ]
}

holds "it finds nothing where nothing fails" \
    says "0 failures in 500 seeds" 0 "$stress" -s500 "$fake" pass
holds "it ends when the time is over" \
    says "0 failures in" 0 "$stress" -t0.3 "$fake" pass
holds "it finds an exit status" \
    says "fails: exit status 3" 1 "$stress" "$fake" pair 5 3
holds "it finds the same whatever runs beside it" \
    says "1 failure in 12 seeds" 1 "$stress" -j7 "$fake" pair 5 3
holds "it says how to repeat it" says \
    "FILCH_SEED=12 FILCH_POLICY=pct:2 $fake pair 5 3" 1 \
    "$stress" "$fake" pair 5 3
repeat() { FILCH_SEED=12 FILCH_POLICY=pct:2 exits 3 "$fake" pair 5 3; }
holds "which is so" repeat
holds "it replays the schedule as often as it is told to" \
    says "replays: 25 of 25 times" 1 "$stress" -r25 "$fake" pair 5 3
holds "it shrinks the schedule to the deviations that matter" \
    says "31 deviations to 2" 1 "$stress" -o small "$fake" pair 5 3
replay() { FILCH_REPLAY=small exits 3 "$fake" pair 5 3; }
holds "which are in the file" replay
holds "and are shown" says "    23 point: task 5 goes on" 1 \
    "$stress" -o small "$fake" pair 5 3
holds "it leaves the schedule as it is with no time to shrink it" \
    says "    39 point: task" 1 "$stress" --shrink-time=0 "$fake" pair 5 3
holds "it follows a schedule" says "$fake: exit status 3" 1 \
    "$stress" --replay=small "$fake" pair 5 3

holds "it finds a signal" says "fails: signal SIGSEGV" 1 \
    "$stress" "$fake" seed 17 11
holds "it finds what needs no deviation" says \
    "It does so by default" 1 "$stress" "$fake" seed 17 11
holds "it finds a hang" says "fails: it hangs" 1 \
    "$stress" -l0.5 -r2 "$fake" hang 30
for report in 'WARNING: ThreadSanitizer: data race' \
    'ERROR: AddressSanitizer: heap-use-after-free' \
    'ERROR: LeakSanitizer: detected memory leaks' \
    'x.c:1:2: runtime error: signed integer overflow'; do
    holds "a program fails that succeeds with a report of ${report##*: }" says \
        "fails: a report of the " 1 "$stress" "$fake" say 5 "$report"
done
holds "also where so much came after it that it was cut off" says \
    "fails: a stall" 1 "$stress" --shrink-time=0 "$fake" flood 5 \
    "'it' has stalled: no task can run"
holds "it ends with the last seed there is, and takes none for a seed" says \
    "0 failures in 2 seeds" 0 \
    "$stress" -f18446744073709551614 -s9 "$fake" seed 17 11
holds "a schedule that cannot be written is an error before the search" says \
    "cannot write /nowhere/at/all" 2 \
    "$stress" -o /nowhere/at/all "$fake" seed 17 11
holds "so it is where the disk is full" says "/dev/full: No space left" 2 \
    "$stress" -o /dev/full "$fake" seed 17 11
holds "a limit of no time is refused" says "invalid limit '0'" 2 \
    "$stress" -l0 "$fake" seed 17 11
holds "so is a search of no time" says "invalid time '0'" 2 \
    "$stress" -t0 "$fake" seed 17 11
holds "a schedule that cannot be followed is an error, not a failure" says \
    "is no schedule that can be read" 2 "$stress" --replay=/nowhere "$fake" pair 5 3
holds "it begins with the seed that it is told to" says \
    "1 failure in 4 seeds" 1 "$stress" -f14 "$fake" seed 17 11
holds "it takes the policies that it is told to" says \
    "with the policy pct:7," 1 "$stress" -p round-robin -p pct:7 "$fake" seed 4 6
holds "it says so where something else than the schedule decides" \
    says "Something else than the schedule decides" 1 "$stress" "$fake" random
holds "it says so where there are no schedules" says \
    "has written no schedule" 2 "$stress" "$fake" silent
holds "so it does where such a program is to follow one" says \
    "has written no schedule" 2 "$stress" --replay=small "$fake" silent
holds "it says so where the program has a seed of its own" says \
    "asks for the seed 7 itself" 2 "$stress" "$fake" own 7
holds "what filch complains of is not the program's fault" says \
    "filch does not begin a run" 2 "$stress" -p pct:0 "$fake" complain
holds "it says so where there is no program" \
    says "cannot run ./none" 2 "$stress" ./none
holds "it takes no number that is none" \
    says "invalid seeds '1x'" 2 "$stress" -s 1x "$fake" pass
holds "it takes the program's options for the program's" \
    says "0 failures in 3 seeds" 0 "$stress" -s3 "$fake" pass -x --help

# In a process group of its own, as a terminal's, which takes the signal.
interrupted() {
    timeout -s INT 0.5 "$stress" -t60 "$fake" hang 5
    [ $? = 124 ] && ! pgrep -f "$fake hang" && ! ls -d "$TMPDIR"/filch-stress.*
}
export TMPDIR=$tmp
holds "it leaves nothing behind when it is interrupted" interrupted
unread() {
    "$stress" -o unread "$fake" pair 5 3 | true
    ! ls -d "$TMPDIR"/filch-stress.*
}
holds "nor where nobody reads what it says" unread
holds "it says so where that cannot be written" says \
    "filch-stress: stdout: No space left" 2 bash -c "'$stress' -h >/dev/full"
holds "also of what it has found" says \
    "filch-stress: stdout: No space left" 1 \
    bash -c "'$stress' -o unread '$fake' pair 5 3 >/dev/full"
useless() {
    echo precious >useless
    "$stress" -l1e-4 -o useless "$fake" hang 1
    [ ! -e useless ] || grep -q policy useless
}
holds "it leaves no schedule that could not be followed" useless

finish
