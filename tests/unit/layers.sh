#!/bin/bash
# The layers of src hold, and tools/check-layers sees where they would not.
. "$(dirname "$0")/../harness/kit"
house=$tmp/house

holds "the files of src keep to their floors" tools/check-layers

mkdir -p "$house/tools" "$house/src/os" "$house/src/wait" "$house/src/fiber" \
    "$house/src/base" "$house/include/filch"
cp tools/check-layers "$house/tools"

one_breach() { # file
    "$house/tools/check-layers" >"$tmp/found"
    local status=$?
    cat "$tmp/found"
    [ $status = 1 ] && grep -q "^$1:[12]: " "$tmp/found" &&
        [ "$(wc -l <"$tmp/found")" = 1 ]
}

planted() { # name, file, line
    printf '/* a line */\n%s\n' "$3" >"$house/$2"
    holds "layers: $1 is found" one_breach "$2"
    rm "$house/$2"
}

planted "a floor above" src/os/a.c '#include "wait/waiter.h"'
planted "a header without its floor" src/os/a.c '#include "os.h"'
planted "a floor that is none" src/os/a.c '#include "misc/os.h"'
planted "Concurrency Kit past the door" src/wait/a.h '#include <ck_pr.h>'
planted "an atomic past the door" src/wait/a.c \
    'int f(int *p) { return __atomic_load_n(p, 0); }'
planted "a call to pthreads past src/os" src/wait/a.c \
    'void f(void) { pthread_mutex_lock(&m); }'
planted "a system call past src/os" src/fiber/a.c 'p = mmap (0, n);'
planted "a header of the system past src/os" src/wait/a.c \
    '#include <sys/mman.h>'
planted "a switch of stacks past src/fiber" src/wait/a.c 'swapcontext(a, b);'
planted "assembly past src/fiber" src/wait/a.S ' nop'
planted "a public header that includes a private one" include/filch/a.h \
    '#include "wait/waiter.h"'
planted "an atomic in a public header" include/filch/a.h '_Atomic int a;'

cat >"$house/src/wait/good.c" <<'END'
#include "wait/waiter.h"
#include "os/os.h"
#include <filch/task.h>
/* mmap() and
 * pthread_create() in a comment */
const char *text = "mmap(\" /* ";
void f(void) { fl_futex_wait(g->futex); /* syscall() */ }
pthread_t thread;
END
holds "layers: comments, strings and lower floors are no breach" \
    "$house/tools/check-layers"

finish
