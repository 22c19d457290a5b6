#!/bin/bash
# No basic operation takes many more instructions than it did, by the figures in
# bench/instructions.txt; `make bench-instructions` says more.
#
# run-tests: alone (a worker that loses its CPU takes more of them)
. "$(dirname "$0")/../harness/kit"

valgrind true >/dev/null 2>&1 || skip "no valgrind"
grep -q -e ' -O2 -g ' "$BUILD/obj/flags" || skip "not the usual flags"

program=$BUILD/bench/instructions
[ -x "$program" ] || skip "not built; see bench-checked"
bench/count-instructions -n 10000 "$program" bench/instructions.txt \
    >"$tmp/log" 2>&1
case $? in
0) pass "no operation takes many more instructions than before" ;;
3) skip "the figures are about another compiler" ;;
*) fail "no operation takes many more instructions than before" ;;
esac

finish
