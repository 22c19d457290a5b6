#!/bin/bash
# Each public header is complete in itself, in C11 and in C++17, without a
# warning, whatever flavour it is compiled for.
#
# run-tests: long
. "$(dirname "$0")/../harness/kit"

for header in filch.h $(cd include && echo filch/*.h); do
    # Twice: guards against being read twice are part of it.
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' \
        "$header" "$header" | tee "$tmp/one.c" >"$tmp/one.cc"
    for compiler in $compilers; do
        language=${compiler#*:}
        source=$tmp/one.${language%%[0-9]*}
        holds "<$header> is complete in itself, by ${compiler/:/ as }" \
            "${compiler%:*}" -std="$language" $strict -Wshadow -Wundef \
            -Iinclude -fsyntax-only "${source/.c++/.cc}"
    done
done

for sanitizer in thread address; do
    holds "the headers know -fsanitize=$sanitizer in gcc as in clang" \
        bash -c '
        for compiler in gcc clang; do
            echo "#include <filch.h>" |
                $compiler -std=c11 -fsanitize=$1 -Iinclude -S -o - -x c - |
                grep "filch_$1_sanitizer_needs_libfilch_.san" || exit 1
        done' - $sanitizer
done

holds "no public header has an _Atomic, or includes <stdatomic.h>" \
    bash -c '! grep -rn "_Atomic\|stdatomic" include'

finish
