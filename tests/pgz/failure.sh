#!/bin/bash
# Full disks, signals and other trouble: a clear message, exit status 1, no
# half-written file, and the original as it was.
#
# run-tests: long
. "$(dirname "$0")/kit"

text 3000000 >original
noise 3000000 >>original
pgz -c original >original.gz
cp original file

untouched() { cmp original file && [ ! -e file.gz ]; }

# --- A full disk -------------------------------------------------------------

full() { pgz "$@" >/dev/full; }
holds "a full disk is an error" \
    says "stdout: No space left on device" 1 full -c file
holds "a full disk is an error when unpacking" \
    says "stdout: No space left on device" 1 full -dc original.gz
holds "a full disk is an error for a list" \
    says "stdout: No space left on device" 1 full -l original.gz
limited() { (ulimit -f 1000 && exec "$PGZ" "$@"); }
holds "a file that must not grow any more is an error" \
    says "file.gz: File too large" 1 limited file
holds "after that nothing has changed" untouched
mkdir disk
if mount -t tmpfs -o size=4m none disk 2>/dev/null; then
    disk=$tmp/disk
    cp original.gz disk/file.gz
    holds "a disk that gets full is an error" \
        says "disk/file: No space left on device" 1 pgz -d disk/file.gz
    holds "after that the packed file is there" cmp original.gz disk/file.gz
    holds "after that there is no other" test ! -e disk/file
    noise 3900000 >disk/fill 2>/dev/null
    cp original.gz disk/b.gz 2>/dev/null
    holds "a full disk ends the work on all files" \
        exits 1 pgz -dk disk/file.gz disk/b.gz
fi
closed() { pgz -c file >&-; }
holds "no standard output is an error" says "stdout: " 1 closed
# Nor is another file taken for it, that pgz itself opens.
none_at_all() { pgz -dc original.gz <&- >&- 2>&-; }
holds "without any standard descriptor it fails" exits 1 none_at_all
unpacked() {
    cp original.gz copy.gz
    "$PGZ" -d copy.gz <&- >&- 2>&- && cmp copy original
}
holds "but it unpacks a file" unpacked
no_input() { pgz -c <&-; }
holds "no standard input is an error" says "stdin: " 1 no_input

# --- Signals -----------------------------------------------------------------

# A file of many zeros takes long enough to be caught amid its work.
truncate -s 20G zeros
caught() { # signal
    # not as under nohup, or behind a shell, where pgz would leave them ignored
    env --default-signal=HUP,QUIT "$PGZ" -1 zeros 2>"$tmp/err" &
    local pid=$!
    soon test -s zeros.gz && kill -"$1" $pid
    wait $pid
    local status=$?
    cat "$tmp/err"
    [ $status = 1 ] && [ ! -e zeros.gz ] &&
        [ "$(stat -c %s zeros)" = 21474836480 ] &&
        grep -q "zeros.gz: .*removed" "$tmp/err"
}
for signal in INT TERM HUP QUIT XCPU ALRM USR1; do
    holds "SIG$signal amid a file removes what is written" caught $signal
done

# Whoever changes the file, or puts another in its place, while it is compressed.
# (It is stopped amid its work, so that it is sure to come later.)
changed() { # command
    truncate -s 1G zeros
    "$PGZ" -1 zeros 2>"$tmp/err" &
    local pid=$!
    soon test -s zeros.gz && kill -STOP $pid && "$@" && truncate -s 30M zeros
    kill -CONT $pid
    wait $pid
    local status=$?
    cat "$tmp/err"
    [ $status = 2 ] && grep -q "zeros: changed meanwhile -- kept" "$tmp/err" &&
        [ -e zeros ] && rm zeros.gz
}
appended() { echo more >>zeros; }
renamed() { cp original other && mv other zeros; }
holds "a file that is changed meanwhile is kept" changed appended
holds "a file that takes its place meanwhile is kept" changed renamed
rm zeros
mkfifo in out
has_read() { [ "$(sed -n 's/^rchar: //p' "/proc/$1/io")" -gt $chunk ]; }
waiting() { # signal
    "$PGZ" <in >out 2>"$tmp/err" &
    local pid=$!
    exec 3>in 4<out
    cat original original original >&3 2>/dev/null &
    soon has_read $pid && kill -"$1" $pid
    wait $pid
    local status=$?
    exec 3>&- 4<&-
    wait
    cat "$tmp/err"
    [ $status = 1 ] && grep -q '^pgz: ' "$tmp/err"
}
holds "SIGINT ends pgz between pipes that stand still" waiting INT
holds "SIGTERM ends pgz between pipes that stand still" waiting TERM

# Whenever the signal comes, one of the two files is there and complete.
one_is_whole() {
    if [ -e file ]; then
        cmp file original && { [ ! -e file.gz ] || gzip -dc file.gz | cmp - file; }
    else
        gzip -dc file.gz | cmp - original
    fi
}
is_pgz() { [ "/proc/$1/exe" -ef "$PGZ" ] || [ ! -e "/proc/$1/exe" ]; }
any_time() {
    local round
    for ((round = 0; round < 30; round++)); do
        rm -f file file.gz
        cp original file
        "$PGZ" -p2 file 2>/dev/null &
        soon is_pgz $!
        read -rt "0.0$((round * 3 + 10))" <>"$tmp/never" || :
        kill -INT $! 2>/dev/null
        wait $!
        one_is_whole || return 1
    done
}
holds "whenever SIGINT comes, one of the files is complete" any_time
rm -f file.gz
cp original file

# --- Other trouble -----------------------------------------------------------

workers() { FILCH_WORKERS=many pgz "$@"; }
holds "a bad FILCH_WORKERS is an error that names it" \
    says FILCH_WORKERS 1 workers file
holds "then nothing happens" untouched
if [ "$FLAVOUR" = plain ]; then
    # From plenty down to nothing, memory ends at one place after the other.
    scarce() {
        local kb status
        for kb in 400000 200000 100000 60000 40000 30000 20000 15000 10000 \
            8000 6000; do
            rm -f file.gz
            (ulimit -v $kb && exec "$PGZ" -k -p 8 file) 2>"$tmp/err"
            status=$?
            if [ $status = 0 ]; then
                gzip -dc file.gz | cmp - file || return 1
            elif [ $status -gt 2 ] && [ $status != 127 ] || [ -e file.gz ] ||
                ! [ -s "$tmp/err" ]; then
                echo "with $kb KB: exit status $status"
                cat "$tmp/err"
                return 1
            fi
        done
        rm -f file.gz
    }
    holds "without memory there is a message, and no half-written file" scarce
    holds "then the original is untouched" untouched
fi

finish
