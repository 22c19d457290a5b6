#!/bin/bash
# What users do: install filch somewhere, build programs with pkg-config's
# help, in C and in C++, static and shared, also for the sanitizers.
#
# run-tests: long
. "$(dirname "$0")/../harness/kit"

prefix=/opt/filch
root=$tmp/root
log=$tmp/log

holds "make install puts filch under DESTDIR and PREFIX" \
    bash -c 'umask 077; make -s install DESTDIR="$1" PREFIX="$2"' - \
    "$root" $prefix
holds "what it installs anybody may read, whatever the umask" \
    test -z "$(find "$root" -type f ! -perm -444)"
refused() { ! make -s "$1" DESTDIR="$tmp/in st" PREFIX=$prefix; }
holds "a place with a space is refused" refused install
holds "also where it is to be uninstalled" refused uninstall
relative() { ! make -s "$1" DESTDIR="$tmp/" PREFIX=in/here; }
holds "so is a PREFIX that does not begin at the root" relative install
holds "and nothing was made there" test ! -e "$tmp/in" -a ! -e "$tmp/in st"
find "$root" ! -type d | sort >"$tmp/installed"
holds "nothing is installed outside DESTDIR and PREFIX" \
    bash -c '! grep -v "^$1/" "$2"' - "$root$prefix" "$tmp/installed"
for file in bin/{pgz,filch-stress} share/man/man1/{pgz,filch-stress}.1 \
    include/filch.h include/filch/queue.h \
    share/doc/filch/MANUAL.md share/doc/filch/examples/pipeline.c \
    lib/libfilch{,-tsan,-asan}.{a,so,so.0} \
    lib/pkgconfig/filch{,-tsan,-asan}.pc; do
    holds "$file is installed" test -f "$root$prefix/$file"
done

export PKG_CONFIG_PATH=$root$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
export LD_LIBRARY_PATH=$root$prefix/lib
unset FILCH_WORKERS
no_random="setarch $(uname -m) -R"
$no_random true 2>/dev/null || no_random=''
export TSAN_OPTIONS=halt_on_error=1 ASAN_OPTIONS=detect_leaks=1

flags() { # what, module
    pkg-config "--$1" "$2"
}

# build COMPILER:STANDARD MODULE SOURCE PROGRAM [static]
build() {
    local libs language=${1#*:}
    libs=$(flags libs "$2")
    [ $# = 4 ] || libs=${libs/-lfilch/-l:libfilch}
    [ $# = 4 ] || libs=$(sed 's/-l:\(libfilch[a-z-]*\)/-l:\1.a/' <<<"$libs")
    # shellcheck disable=SC2046,SC2086
    "${1%:*}" -std="$language" -O1 -g $strict $(flags cflags "$2") \
        -x "${language%%[0-9]*}" "$3" -x none -o "$4" $libs
}

build_and_run() {
    build "$@" && $no_random "$4"
}

version=$(sed -n 's/.*FILCH_VERSION "\(.*\)"/\1/p' include/filch/version.h)
holds "pkg-config tells the version" \
    test "$(pkg-config --modversion filch)" = "$version"

runs() { # compiler, module, static or nothing
    holds "a program links ${3-shared} $2 by ${1/:/ as }, and runs" \
        build_and_run "$1" "$2" tests/abi/user.c "$tmp/user" ${3+"$3"}
}

for module in filch filch-tsan filch-asan; do
    for compiler in $compilers; do
        runs "$compiler" $module
    done
    runs gcc:c11 $module static
    runs clang++:c++17 $module static
done

# A race that the user made is the user's to find.
line=$(sed -n '/++counter/=' tests/abi/race.c)
for compiler in gcc:c11 clang:c11; do
    build $compiler filch-tsan tests/abi/race.c "$tmp/race" >"$log" 2>&1
    for workers in 1 2; do
        sentence="TSan reports a user's race on $workers workers"
        FILCH_WORKERS=$workers $no_random "$tmp/race" >"$log" 2>&1
        if [ $? = 66 ] && grep -q 'ThreadSanitizer: data race' "$log" &&
            grep -q "race.c:$line" "$log"; then
            pass "$sentence, by ${compiler%:*}"
        else
            fail "$sentence, by ${compiler%:*}"
        fi
    done
done

# So is a leak; what a task has that waits is none, also where the program exits.
build clang:c11 filch-asan tests/abi/leak.c "$tmp/leak" >"$log" 2>&1
finds_leak() { # of what
    ! "$tmp/leak" "$1" >"$log" 2>&1 &&
        grep -q 'leaked in 100 allocation' "$log"
}
holds "ASan reports all that only a task's stack had that has ended" \
    finds_leak ended
holds "and not what a task's has that waits" "$tmp/leak" waits

# Flavours cannot be mixed: an object file of one, with the library of another.
fails_to_link() { # program's sanitizer or none, library, missing symbol
    local sanitize=''
    [ "$1" = none ] || sanitize=-fsanitize=$1
    # shellcheck disable=SC2046,SC2086
    clang $(pkg-config --cflags filch) $sanitize -c tests/abi/user.c \
        -o "$tmp/mixed.o" || return 1
    # shellcheck disable=SC2046,SC2086
    if clang $sanitize "$tmp/mixed.o" -o "$tmp/mixed" \
        $(pkg-config --libs-only-L "$2") "-l$2" -pthread 2>"$tmp/ld"; then
        echo "it links"
        return 1
    fi
    cat "$tmp/ld"
    grep -q "undefined.*$3" "$tmp/ld"
}

while read -r sanitizer library symbol; do
    holds "sanitizer $sanitizer with lib$library fails to link, for $symbol" \
        fails_to_link "$sanitizer" "$library" "$symbol"
done <<'END'
thread filch filch_thread_sanitizer_needs_libfilch_tsan
thread filch-asan filch_thread_sanitizer_needs_libfilch_tsan
address filch filch_address_sanitizer_needs_libfilch_asan
address filch-tsan filch_address_sanitizer_needs_libfilch_asan
none filch-tsan filch_without_sanitizer_needs_plain_libfilch
none filch-asan filch_without_sanitizer_needs_plain_libfilch
END

holds "make uninstall removes what make install has put there" \
    make -s uninstall DESTDIR="$root" PREFIX=$prefix
holds "nothing is left of it" \
    test -z "$(find "$root" ! -type d)"

finish
