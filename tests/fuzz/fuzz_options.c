/* The options of pgz: a line of the input for each argument. */
#include "../../tools/pgz/names.h"
#include "../../tools/pgz/options.h"
#include "fuzz.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

enum { ARGUMENTS = 16, LENGTH = 100 };

static jmp_buf out;
static bool parsing;

/* The linker has every exit() come here; see fuzz.mk. */
_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);

_Noreturn void
__wrap_exit(int status)
{
    if (!parsing)
        __real_exit(status);
    MUST(status >= 0 && status <= 2);
    longjmp(out, 1);
}

static int
split(const uint8_t *data, size_t size, char text[][LENGTH], char **argv)
{
    int argc = 0;
    argv[argc++] = "pgz";
    while (argc < ARGUMENTS &&
           fuzz_piece(&data, &size, '\n', text[argc], LENGTH)) {
        argv[argc] = text[argc];
        ++argc;
    }
    argv[argc] = NULL;
    return argc;
}

static void
check(const struct options *options, int first, int argc, char **argv)
{
    MUST(first >= 1 && first <= argc);
    MUST(options->level >= 1 && options->level <= 12);
    MUST(options->workers <= 1024);
    MUST(*options->suffix && strlen(options->suffix) <= 30);
    MUST(!strchr(options->suffix, '/'));
    for (int i = first; i < argc; ++i)
        free(name_unpack(argv[i], options->suffix));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[ARGUMENTS][LENGTH], *argv[ARGUMENTS + 1];
    static struct options options;
    static int argc;
    argc = split(data, size, text, argv);
    optind = 0; /* as new */
    parsing = true;
    if (!setjmp(out)) {
        int first = options_parse(&options, argc, argv);
        parsing = false;
        check(&options, first, argc, argv);
    }
    parsing = false;
    return 0;
}
