#!/bin/bash
# A C++ exception that leaves a FILCH_WITH_LOCK block releases the lock.
: "${BUILD:=build/plain}"
. "$(dirname "$0")/../harness/kit"

throws_and_runs() { # compiler, standard
    # shellcheck disable=SC2086
    "$1" -std="$2" -O1 $strict -pthread -Iinclude tests/abi/throw.cc \
        "$BUILD/libfilch.a" -o "$tmp/throw" && "$tmp/throw"
}

for compiler in $compilers; do
    case $compiler in
    *:c++*)
        holds "with_lock releases when an exception leaves it, by ${compiler/:/ as }" \
            throws_and_runs "${compiler%:*}" "${compiler#*:}"
        ;;
    esac
done

finish
