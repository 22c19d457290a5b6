#!/bin/bash
# Some tests of sched and sync hold on a floor that gives way: a short form of
# `make disturb`.
. "$(dirname "$0")/../harness/kit"
BUILD=${BUILD:-build/plain}
export CK_TIMEOUT_MULTIPLIER=10 FILCH_TEST_WORKERS=2 DISTURB_BY_US=2000

for test in sched/test_{timer,wait} sync/test_{lock,condition,queue,semaphore}; do
    program=$BUILD/disturbed/$test
    [ -x "$program" ] || skip "not built; see disturbed-checked"
    holds "$test passes on a floor that gives way" timeout 120 "$program"
done

finish
