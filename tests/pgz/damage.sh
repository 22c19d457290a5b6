#!/bin/bash
# Cut, changed and foreign files: pgz says so, exits with 1, writes no file and
# keeps the one it was given.
#
# run-tests: long
. "$(dirname "$0")/kit"

text $((4 * chunk + 1000)) >file
pgz -c file >ours.gz
gzip -c file >gzips.gz

# Whether a damaged file is refused, and nothing else happens.
refused() { # file
    rm -f damaged
    cp "$1" before
    exits 1 pgz -t "$1" && exits 1 pgz -d "$1" &&
        cmp "$1" before && [ ! -e damaged ]
}

cut_at() { # packed, size
    head -c "$2" "$1" >damaged.gz
    refused damaged.gz
}

flip_at() { # packed, offset
    cp "$1" damaged.gz
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    # shellcheck disable=SC2059
    printf "\\x$(printf %x $((byte ^ 0x55)))" |
        dd of=damaged.gz bs=1 seek="$2" conv=notrunc 2>/dev/null
    refused damaged.gz
}

each() { # check, packed, offsets
    local check=$1 packed=$2 offset
    shift 2
    for offset; do
        $check "$packed" "$offset" || {
            echo "at $offset"
            return 1
        }
    done
}

# Where the second and the last member begin: their heads stand alone in this.
mapfile -t members < <(LC_ALL=C grep -obUaP '\x1f\x8b\x08\x04.{6}\x09\0FL' \
    ours.gz | cut -d: -f1)

for packed in ours.gz gzips.gz; do
    size=$(stat -c %s $packed)
    holds "$packed cut anywhere is refused" each cut_at $packed \
        0 1 2 3 9 10 11 17 20 21 22 100 5000 $((size / 3)) $((size / 2)) \
        $((size - 9)) $((size - 8)) $((size - 5)) $((size - 4)) $((size - 1))
    holds "$packed changed in its data, sums and sizes is refused" \
        each flip_at $packed 0 1 2 100 5000 $((size / 3)) $((size / 2)) \
        $((size - 8)) $((size - 5)) $((size - 4)) $((size - 1))
done
holds "there are as many members as chunks" test ${#members[@]} = 4
holds "ours cut between two members, which gunzip cannot see, is refused" \
    each cut_at ours.gz "${members[@]}"
holds "ours with a spoiled head amid it is refused" each flip_at ours.gz \
    "${members[@]}" "$((members[2] + 1))" "$((members[2] + 2))" \
    "$((members[2] + 3))"
refused_or_right() { # packed, offset
    flip_at "$@" || pgz -dc damaged.gz | cmp - file
}
holds "a wrong size in a head of ours does no harm" \
    each refused_or_right ours.gz 16 17 18 19 $((members[0] + 16)) \
    $((members[0] + 17)) $((members[0] + 18)) $((members[0] + 19))

zeros_amid() {
    cp ours.gz damaged.gz
    dd if=/dev/zero of=damaged.gz bs=1 seek="${members[1]}" conv=notrunc \
        count=$(($(stat -c %s ours.gz) - members[1])) 2>/dev/null
    refused damaged.gz
}
holds "ours whose rest became zeros is refused" zeros_amid

# --- What it says ------------------------------------------------------------

head -c 60000 ours.gz >damaged.gz
holds "a cut file is told as such" \
    says "damaged.gz: unexpected end of file" 1 pgz -t damaged.gz
head -c 60000 gzips.gz >damaged.gz
holds "gzip's cut file is told as such" \
    says "damaged.gz: unexpected end of file" 1 pgz -t damaged.gz
cp file damaged.gz
holds "a file that is not packed is told as such" \
    says "damaged.gz: not in gzip format" 1 pgz -d damaged.gz
{ head -c 20000 ours.gz && noise 300000; } >damaged.gz
holds "changed data are told as such" \
    says "damaged.gz: invalid compressed data" 1 pgz -t damaged.gz
: >damaged.gz
holds "an empty file is told to be cut" \
    says "damaged.gz: unexpected end of file" 1 pgz -d damaged.gz

prefix() { # packed, cut at
    head -c "$2" "$1" | pgz -dc >out
    [ "$(stat -c %s out)" -gt $((chunk / 2)) ] && cmp -n "$(stat -c %s out)" \
        out file
}
holds "what stands before a cut is written to a pipe" prefix ours.gz \
    $((members[1] + 20000))
holds "what stands before a cut of gzip's is written to a pipe" prefix \
    gzips.gz 400000

others() {
    cp ours.gz good.gz
    head -c 1000 ours.gz >damaged.gz
    exits 1 pgz -dk damaged.gz good.gz && cmp good file
}
holds "after a damaged file the next one is unpacked" others

{ cat ours.gz && printf '\037'; } >cut.gz
holds "one byte of a next member is a file that was cut off" \
    says "unexpected end of file" 1 pgz -dk cut.gz
rm -f cut cut.gz

# --- Garbage behind the last member ------------------------------------------

{ cat ours.gz && echo garbage; } >tail.gz
holds "garbage behind the file is ignored with a warning" \
    says "trailing garbage ignored" 2 pgz -d tail.gz
holds "with garbage the file is unpacked" cmp tail file
holds "a file with garbage is kept" test -e tail.gz
rm tail
holds "-q says nothing about garbage, and still exits with 2" \
    exits 2 pgz -dqk tail.gz
holds "-q prints no warning" test ! -s log

finish
