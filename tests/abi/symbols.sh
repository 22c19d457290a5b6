#!/bin/bash
# What the shared library shows of itself, and what it needs.
: "${BUILD:=build/plain}" "${CC:=gcc}"
. "$(dirname "$0")/../harness/kit"

lib=$BUILD/libfilch.so.0

readelf -dW "$lib" >"$tmp/dynamic"
holds "the library's soname is libfilch.so.0" \
    grep -q 'SONAME.*\[libfilch.so.0\]' "$tmp/dynamic"
holds "the library needs the C library alone" \
    bash -c '! grep NEEDED "$1" | grep -v "\[\(libc.so.6\|ld-.*\)\]"' - \
    "$tmp/dynamic"
holds "the library has no relocations in its text" \
    bash -c '! grep TEXTREL "$1"' - "$tmp/dynamic"
holds "the library stays where it is, for the handlers and memory that it has" \
    grep -q 'FLAGS_1.*NODELETE' "$tmp/dynamic"
holds "the library's stack is not executable" \
    bash -c 'readelf -lW "$1" | grep "GNU_STACK .* RW "' - "$lib"

readelf -rW "$lib" >"$tmp/relocations"
holds "the library calls its own functions directly" \
    bash -c '! grep "JUMP_SLO.* filch_" "$1"' - "$tmp/relocations"

nm -D --defined-only "$lib" | awk '{ print $3 }' | sort >"$tmp/exported"
{
    cat include/filch.h include/filch/*.h | $CC -E -P -xc -Iinclude - |
        tr '\n' ' ' | tr ';{}' '\n\n\n' |
        sed -n 's/.*visibility("default"))).*[ *]\(filch_[a-z_]*\)(.*/\1/p'
    echo filch_without_sanitizer_needs_plain_libfilch
} | sort -u >"$tmp/declared"
holds "the library exports no name that no header declares" \
    bash -c '! comm -23 "$1" "$2" | grep .' - "$tmp/exported" "$tmp/declared"
holds "the library exports every function that a header declares" \
    bash -c '! comm -13 "$1" "$2" | grep .' - "$tmp/exported" "$tmp/declared"

# In the archive, names that are not public have a prefix of their own.
nm -g --defined-only "$BUILD/libfilch.a" 2>/dev/null |
    awk 'NF == 3 { print $3 }' | sort -u >"$tmp/archive"
holds "the archive's names all begin with filch_ or fl_" \
    bash -c '! grep -v -e "^filch_" -e "^fl_" "$1"' - "$tmp/archive"

finish
