#!/bin/bash
# How data flow: memory stays flat, a slow output holds nobody up, and a closed
# one ends pgz at once.
#
# run-tests: alone (what pgz has in memory depends on who gets the CPU)
. "$(dirname "$0")/kit"

mkfifo in out
text 5000000 >some

# many N: the file N times.
many() { for ((i = 0; i < $1; i++)); do cat some; done; }

# The most memory, in KB, that pgz has had by the time when it has read all of
# its standard input; which stays open meanwhile, so that it cannot end.
peak() { # command to feed pgz with, options
    local feed=$1
    shift
    "$PGZ" "$@" <in >/dev/null &
    local pid=$!
    exec 3>in
    $feed >&3
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$pid/status
    exec 3>&-
    wait $pid || echo failed
}

flat() { # little, much: in KB
    echo "$1 KB for little, $2 KB for much"
    [ "$2" -lt $(($1 + 2000)) ]
}

if [ "$FLAVOUR" = plain ]; then
    little() { many 4; }
    much() { many 40; }
    holds "200 MB take no more memory than 20 MB" \
        flat "$(peak little -1p2)" "$(peak much -1p2)"
    pack() { # program: the same packed
        "$1" -1c some >some.gz
        for i in 1 2 3 4; do cat some.gz; done >little.gz
        for ((i = 0; i < 10; i++)); do cat little.gz; done >much.gz
    }
    pack pgz
    holds "nor do they when they are unpacked" \
        flat "$(peak 'cat little.gz' -dp2)" "$(peak 'cat much.gz' -dp2)"
    pack gzip
    holds "nor when gzip has packed them" \
        flat "$(peak 'cat little.gz' -dp2)" "$(peak 'cat much.gz' -dp2)"
    rm ./*.gz
fi

# --- A slow output -----------------------------------------------------------

# The processor time of a process, in ticks, and the bytes it has read.
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
read_so_far() { sed -n 's/^rchar: //p' "/proc/$1/io"; }

# Whether it has begun, and now neither computes nor reads: looked at twice.
stands_still() {
    local before
    before="$(ticks "$1") $(read_so_far "$1")"
    read -rt 0.3 <>"$tmp/never" || :
    [ "$(read_so_far "$1")" -gt $((4 * chunk)) ] &&
        [ "$before" = "$(ticks "$1") $(read_so_far "$1")" ]
}

many 20 >much
noise 2000000 >>much
"$PGZ" -p2 -c much >out &
pid=$!
exec 3<out
holds "while nobody takes the output, pgz neither computes nor reads" \
    soon stands_still $pid
# 8 chunks for 2 workers, and what was read ahead.
little_read() { [ "$(read_so_far $pid)" -le $((9 * chunk + 100000)) ]; }
holds "it has read no more than it has chunks" little_read
goes_on() { gzip -d <&3 | cmp - much && wait $pid; }
holds "when somebody takes the output, it goes on to the end" goes_on
exec 3<&-

# --- A closed output ---------------------------------------------------------

closed() {
    pgz -c much 2>err | head -c 100 >/dev/null
    [ "${PIPESTATUS[0]}" = 1 ] && grep -q 'stdout: Broken pipe' err
}
holds "a closed pipe is an error" closed

"$PGZ" -c <in >out 2>err &
pid=$!
exec 3>in 4<out
head -c 3000000 much >&3
exec 4<&-
cat much >&3 2>/dev/null
ends() {
    wait $pid
    [ $? = 1 ] && grep -q 'stdout: Broken pipe' err
}
holds "a closed output ends pgz, though its input stays open" ends
exec 3>&-

"$PGZ" -c <in >out 2>err &
pid=$!
exec 3>in 4<out
head -c $((2 * chunk)) much >&3
exec 4<&-
noise $chunk >&3 2>/dev/null
holds "a closed output ends pgz, though its input says nothing more" ends
exec 3>&-

finish
