#!/bin/bash
# What pgz packs, gunzip and pgz unpack; what others pack, pgz unpacks.
#
# run-tests: long
. "$(dirname "$0")/kit"

unpacks_to() { # file, program...
    local wanted=$1
    shift
    "$@" | cmp - "$wanted"
}

both_unpack() { # file, packed
    unpacks_to "$1" gzip -dc "$2" && unpacks_to "$1" pgz -dc "$2" &&
        pgz -t "$2"
}

round_trip() { # file, options of pgz
    local file=$1
    shift
    pgz "$@" -c "$file" >packed.gz && both_unpack "$file" packed.gz
}

for size in 0 1 2 $((chunk - 1)) $chunk $((chunk + 1)) $((2 * chunk)) \
    $((2 * chunk + 1)) $((7 * chunk)); do
    text $size >file
    holds "a text of $size bytes comes back" round_trip file
done
noise $((3 * chunk)) >noise
holds "noise, which does not shrink, comes back" round_trip noise
head -c 3000000 /dev/zero >zeros
holds "zeros come back" round_trip zeros

text 1300000 >file
for level in 1 2 3 4 5 6 7 8 9; do
    holds "level $level comes back" round_trip file -$level
done
holds "level 12 comes back" round_trip zeros --level=12
text 4000000 >file
for workers in 1 2 3 8 32; do
    holds "a file comes back from $workers workers" round_trip file -p $workers
done

pgz -p1 -c file >one.gz
pgz -p8 -c file >eight.gz
holds "the number of workers does not change what is written" \
    cmp one.gz eight.gz
shrinks() { [ "$(stat -c %s one.gz)" -lt $((4000000 / 3)) ]; }
holds "a text shrinks" shrinks

# --- Others' files -----------------------------------------------------------

gzip -kc file >other.gz
holds "a member of gzip's is unpacked" unpacks_to file pgz -dc other.gz
gzip -c noise >other_noise.gz
cat other.gz other_noise.gz >several.gz
cat file noise >several
holds "several members of gzip's are unpacked" both_unpack several several.gz
for ((i = 0; i < 60; i++)); do text $i | gzip -1; done >many.gz
for ((i = 0; i < 60; i++)); do text $i; done >many
holds "60 small members are unpacked" both_unpack many many.gz
cat one.gz other_noise.gz one.gz >mixed.gz
cat file noise file >mixed
holds "pgz's and gzip's members in one file are unpacked" \
    both_unpack mixed mixed.gz
: >empty
pgz -c empty >empty.gz
cat empty.gz one.gz empty.gz empty.gz >empties.gz
holds "empty members are unpacked" both_unpack file empties.gz
head -c 5000000 /dev/zero | cat one.gz - >padded.gz
holds "zeros behind the last member are skipped" \
    unpacks_to file pgz -dc padded.gz
if command -v pigz >/dev/null; then
    pigz -c mixed >pigz.gz
    holds "pigz's file is unpacked" unpacks_to mixed pgz -dc pigz.gz
    pgz -c mixed >ours.gz
    holds "pigz unpacks pgz's file" unpacks_to mixed pigz -dc ours.gz
fi

# A head with all that may be in it: a text flag, an extra field, a name and a
# comment.
{
    printf '\x1f\x8b\x08\x1d\0\0\0\0\0\3\4\0ab\0\0name\0comment\0'
    gzip -nc file | tail -c +11
} >head.gz
holds "a head with extra field, name and comment is read" both_unpack file \
    head.gz

# --- Pipes -------------------------------------------------------------------

slowly() { dd bs=1000 2>/dev/null; }
by_pipe() { slowly <file | pgz | slowly | pgz -d | cmp - file; }
holds "pgz works between pipes of small pieces" by_pipe
dash() { pgz -c - <file | pgz -dc - | cmp - file; }
holds "- is standard input" dash
plain() { pgz -dcf file | cmp - file && pgz -df <file | cmp - file; }
holds "-dcf copies what is not packed" plain

finish
