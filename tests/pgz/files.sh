#!/bin/bash
# Names, modes, times and options, as gzip's.
. "$(dirname "$0")/kit"

text 100000 >original

# A new file of that name, in a folder that holds nothing else.
new() {
    rm -rf "$tmp/place"
    mkdir "$tmp/place"
    cd "$tmp/place" || exit 1
    cp -- ../original "$1"
    touch -d '2020-02-02 02:02:02' -- "$1"
}

# Whether the folder holds just these files.
only() {
    local there
    there=$(find . -mindepth 1 | sort | tr '\n' ' ')
    [ "$there" = "$(printf './%s\n' "$@" | sort | tr '\n' ' ')" ] || {
        echo "there is $there"
        return 1
    }
}

packed() { gzip -dc "$1" | cmp - ../original; }
seconds() { stat -c %Y "$1"; }

# --- In place ----------------------------------------------------------------

in_place() {
    new file
    chmod 640 file
    pgz file && only file.gz && packed file.gz
}
holds "a file is replaced by file.gz" in_place
holds "file.gz has the file's mode" test "$(stat -c %a file.gz)" = 640
holds "file.gz has the file's time" \
    test "$(seconds file.gz)" = "$(date -d '2020-02-02 02:02:02' +%s)"
back() {
    touch -d '2021-01-01 01:01:01' file.gz
    pgz -d file.gz && only file && cmp file ../original
}
holds "-d replaces file.gz by file" back
holds "the file has file.gz's mode" test "$(stat -c %a file)" = 640
holds "the file has file.gz's time" \
    test "$(seconds file)" = "$(date -d '2021-01-01 01:01:01' +%s)"

owner() {
    new file
    chown 12:34 file
    pgz file && [ "$(stat -c %u:%g file.gz)" = 12:34 ]
}
[ "$(id -u)" != 0 ] || holds "file.gz has the file's owner" owner

unreadable() { new file && chmod 000 file && exits 1 pgz file && only file; }
[ "$(id -u)" = 0 ] || holds "an unreadable file is an error" unreadable

keep() { new file && pgz -k file && only file file.gz && packed file.gz; }
holds "-k keeps the file" keep
keep_packed() { rm file && pgz -dk file.gz && only file file.gz; }
holds "-dk keeps the packed file" keep_packed
to_stdout() { new file && pgz -c file >../out.gz && only file; }
holds "-c writes to standard output and keeps the file" to_stdout
several() {
    new a && new b && cp b a
    pgz -c a b >../out.gz && only a b &&
        gzip -dc ../out.gz | cmp - <(cat a b)
}
holds "-c writes several files one after the other" several
tests() { new file && pgz file && pgz -t file.gz && only file.gz; }
holds "-t changes nothing" tests

looks() {
    new file && pgz file && pgz -td file.gz && pgz -ld file.gz >list &&
        pgz -d -t file.gz && rm list && only file.gz
}
holds "-d beside -t or -l changes nothing" looks
finds() { pgz -d file && only file && cmp file ../original; }
holds "-d finds file.gz when it is asked for file" finds
dashes() { new -v && pgz -- -v && only -v.gz; }
holds "-- ends the options" dashes
blank() {
    new "a b $(printf '\303\244')*" && pgz ./a* && pgz -d ./a* &&
        cmp ./a* ../original
}
holds "names with blanks and other letters work" blank
late() { new file && pgz file -k && only file file.gz; }
holds "options may stand behind the names" late

# --- Suffixes ----------------------------------------------------------------

suffix() { new file && pgz -S .zip file && only file.zip; }
holds "-S sets the suffix" suffix
suffix_back() { pgz -d -S .zip file.zip && only file; }
holds "-S is known to -d" suffix_back
no_suffix() {
    new file && exits 1 pgz -S '' file && exits 1 pgz -S a/b file && only file
}
holds "a suffix must have letters and no slash" no_suffix
tgz() {
    new file && pgz file && mv file.gz file.tgz && pgz -d file.tgz &&
        only file.tar
}
holds "file.tgz becomes file.tar" tgz
for ending in .z -gz -z _z .GZ; do
    ending() {
        new file && pgz file && mv file.gz "file$1" && pgz -d "file$1" &&
            only file
    }
    holds "file$ending becomes file" ending $ending
done
again() { new file.gz && says "already has .gz suffix" 0 pgz file.gz; }
holds "a file that has the suffix is left alone" again
holds "it is still there" only file.gz
holds "-f compresses it all the same" pgz -f file.gz
holds "and gives it another suffix" only file.gz.gz
nothing() { : >empty && pgz -dcf empty >../out && [ ! -s ../out ]; }
holds "-dcf copies an empty file" nothing
rm -f empty
unknown() { new file && says "unknown suffix" 2 pgz -d file && only file; }
holds "-d leaves a file without suffix alone" unknown
bare() { new .gz && exits 2 pgz -d .gz && only .gz; }
holds "a suffix alone is no name" bare

# --- What is there already ---------------------------------------------------

no_overwrite() {
    new file && echo old >file.gz
    says "already exists" 2 pgz file </dev/null &&
        [ "$(cat file.gz)" = old ] && only file file.gz
}
holds "a file that exists is not overwritten" no_overwrite
overwrite() { pgz -f file && only file.gz && packed file.gz; }
holds "-f overwrites it" overwrite
in_the_way() {
    new file && mkdir file.gz && exits 1 pgz -f file && only file file.gz
}
holds "a folder in the way is an error, and the file is kept" in_the_way
same() {
    new x.gz && gzip -c x.gz >y && mv y x.gz && cp x.gz ../kept.gz &&
        exits 2 pgz -dNf x.gz && only x.gz && cmp x.gz ../kept.gz
}
holds "a packed file is never overwritten by what is in it" same

# --- What is no file ---------------------------------------------------------

missing() { new file && says "No such file" 1 pgz nothing file; }
holds "a missing file is an error" missing
holds "the others are packed nevertheless" only file.gz
folder() { new file && mkdir d && says "is a directory" 2 pgz d && only d file; }
holds "a folder is left alone" folder
link() { new file && ln -s file l && exits 1 pgz l && only file l; }
holds "a link is left alone" link
link_forced() { pgz -f l && only file l.gz && packed l.gz; }
holds "-f follows it, and replaces it" link_forced
link_out() { new file && ln -s file l && pgz -c l | gzip -d | cmp - file; }
holds "-c follows it" link_out
hard() { new file && ln file h && says "other links" 2 pgz h && only file h; }
holds "a file with other links is left alone" hard
hard_forced() { pgz -f h && only file h.gz; }
holds "-f packs it" hard_forced
fifo() { new file && mkfifo p && exits 2 pgz p && only file p; }
holds "a fifo is left alone" fifo
suid() { new file && chmod 4755 file && exits 2 pgz file && only file; }
holds "a set-user-ID file is left alone" suid
dir_in() { exits 1 pgz <. >/dev/null; }
holds "a folder as standard input is an error" dir_in

# --- The head ----------------------------------------------------------------

# Bytes of the head: from, count.
head_of() { od -An -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'; }
name_in_head() {
    new file && pgz -k file && [ "$(head_of file.gz 21 5)" = 66696c6500 ]
}
holds "the head has the file's name" name_in_head
time_in_head() {
    local time
    time=$(printf %08x "$(seconds file)")
    [ "$(head_of file.gz 4 4)" = \
        "${time:6:2}${time:4:2}${time:2:2}${time:0:2}" ]
}
holds "the head has the file's time" time_in_head
without() {
    pgz -nc file >n.gz && [ "$(head_of n.gz 3 5)" = 0400000000 ]
}
holds "-n leaves them out" without
restore() {
    mv file.gz other.gz && touch other.gz && rm file n.gz && pgz -dN other.gz &&
        only file && [ "$(seconds file)" = \
        "$(date -d '2020-02-02 02:02:02' +%s)" ]
}
holds "-dN restores name and time" restore
elsewhere() {
    new file && (cd .. && gzip -c place/file >place/x.gz) && mkdir sub &&
        mv x.gz sub && rm file && pgz -dN sub/x.gz && only sub sub/file
}
holds "-dN writes beside the packed file" elsewhere
evil() {
    new file && pgz -c file | tail -c +22 >rest
    { printf '\x1f\x8b\x08\x08\0\0\0\0\0\3../../evil\0' &&
        gzip -nc file | tail -c +11; } >x.gz
    rm rest file && pgz -dN x.gz && only evil
}
holds "-dN does not follow a path in the head" evil

# --- What it tells -----------------------------------------------------------

verbose() { new file && says "% -- replaced with file.gz" 0 pgz -v file; }
holds "-v tells what became of a file" verbose
holds "-tv tells that it is good" says "OK" 0 pgz -tv file.gz
lists() {
    pgz -l file.gz >list && grep -q " 100000 .*% file$" list &&
        grep -q "^ *$(stat -c %s file.gz) " list
}
holds "-l lists the sizes" lists
silent() { new file && pgz -p2 file && pgz -d file; }
holds "without a terminal and -v it says nothing" silent
holds "nothing was said" test ! -s "$tmp/log"
stats() {
    new file && pgz -p 3 --stats file 2>stats &&
        [ "$(grep -cE '^ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+$' stats)" = 3 ] &&
        [ "$(awk '{ tasks += $2 } END { print tasks }' stats)" = 3 ]
}
holds "--stats tells what each worker did" stats
version() { pgz -V | grep -q '^pgz '; }
holds "-V shows the version" version
help() { pgz --help | grep -q -- --decompress; }
holds "--help shows the options" help
for wrong in -Y --nothing '-p 0' '-p x' '-p 2000' '-p 1x' --level=0 \
    --level=13; do
    # shellcheck disable=SC2086
    holds "'$wrong' is a mistake" says "pgz: " 1 pgz $wrong
done
if command -v script >/dev/null; then
    terminal() {
        script -qc "'$PGZ' -c file; echo status \$?" /dev/null </dev/null |
            grep -q "not written to a terminal"
    }
    new file
    holds "packed data do not go to a terminal" terminal
    bar() {
        head -c 500000000 /dev/zero >zeros
        script -qc "stty cols 90; '$PGZ' -1c zeros >/dev/null" /dev/null \
            </dev/null | tr '\r' '\n' >bar
        grep -q 'zeros  \[[#.]*\]  *[0-9]* %  [0-9]* MB  [0-9]* MB/s' bar
    }
    holds "a terminal is shown the progress" bar
fi

finish
