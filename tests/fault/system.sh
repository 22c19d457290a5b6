#!/bin/bash
# The library calls nothing that may enter the kernel but what system.h lists,
# where a signal comes in each (test_signals.c).
. "$(dirname "$0")/../harness/kit"
: "${BUILD:=build/plain}"

# These do not enter the kernel: they compute, or change what libc keeps. The
# streams do through src/os/file.c, free and fopencookie by libc's allocator,
# which has no calls that a signal interrupts. Nor does one interrupt fcntl where
# it gives a file another number, or pthread_sigmask.
cat >"$tmp/harmless" <<'END'
_GLOBAL_OFFSET_TABLE_
__errno_location
__getdelim
__isoc23_fscanf
__isoc23_strtoull
__isoc99_fscanf
__sched_cpucount
__stack_chk_fail
fclose
fcntl
ferror
feof
fflush
fopencookie
free
fscanf
getenv
getline
memcpy
memmove
memset
pthread_atfork
pthread_attr_destroy
pthread_attr_getstack
pthread_attr_init
pthread_attr_setaffinity_np
pthread_attr_setsigmask_np
pthread_self
pthread_setcancelstate
pthread_sigmask
qsort
sigaddset
sigdelset
sigemptyset
sigfillset
sigismember
snprintf
stderr
strchr
strcmp
strcspn
strdup
strerror
strlen
strncmp
strrchr
strtoull
syscall
vsnprintf
END

sed -n 's/^ *CALL(\([a-z_]*\)).*/\1/p' tests/fault/system.h | sort \
    >"$tmp/listed"

# What the library takes from elsewhere; each SYS_futex and so on as sys_futex.
called() {
    nm -u "$BUILD/libfilch.a" | sed -n 's/^ *U //p' | grep -v '^fl_\|^filch_' |
        sed 's/^__\(.*\)_chk$/\1/' # where the compiler fortifies them
    grep -oh 'SYS_[a-z_0-9]*' src/*/*.[ch] | sed 's/SYS/sys/'
}

called | sort -u | comm -23 - <(sort "$tmp/harmless") >"$tmp/called"
sed 's/^sys_futex_.*/sys_futex/' "$tmp/listed" | sort -u >"$tmp/expected"

# none_is_left FILE: says what is.
none_is_left() {
    sed 's/^/left: /' "$1"
    [ ! -s "$1" ]
}

comm -23 "$tmp/called" "$tmp/expected" >"$tmp/unlisted"
comm -13 "$tmp/called" "$tmp/expected" >"$tmp/uncalled"
holds "the library calls some of the kernel" test "$(wc -l <"$tmp/called")" -gt 20
holds "each call that may enter the kernel is listed" none_is_left "$tmp/unlisted"
holds "each call that is listed is one of the library's" \
    none_is_left "$tmp/uncalled"

finish
