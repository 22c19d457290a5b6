#include "options.h"
#include "compress.h"
#include "message.h"
#include <errno.h>
#include <filch/version.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_LEVEL = 256, OPTION_STATS, OPTION_SYNCHRONOUS };
enum { WORKERS_MAX = 1024, SUFFIX_MAX = 30 };

static const char short_options[] = "123456789cdfhklnNp:qS:tvV";

static const struct option long_options[] = {
    {"stdout", no_argument, NULL, 'c'},
    {"to-stdout", no_argument, NULL, 'c'},
    {"decompress", no_argument, NULL, 'd'},
    {"uncompress", no_argument, NULL, 'd'},
    {"force", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {"keep", no_argument, NULL, 'k'},
    {"list", no_argument, NULL, 'l'},
    {"no-name", no_argument, NULL, 'n'},
    {"name", no_argument, NULL, 'N'},
    {"processes", required_argument, NULL, 'p'},
    {"workers", required_argument, NULL, 'p'},
    {"quiet", no_argument, NULL, 'q'},
    {"suffix", required_argument, NULL, 'S'},
    {"test", no_argument, NULL, 't'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"fast", no_argument, NULL, '1'},
    {"best", no_argument, NULL, '9'},
    {"level", required_argument, NULL, OPTION_LEVEL},
    {"stats", no_argument, NULL, OPTION_STATS},
    {"synchronous", no_argument, NULL, OPTION_SYNCHRONOUS},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: pgz [OPTION]... [FILE]...\n"
    "Compress FILEs in place, on all processors, in gzip's format.\n"
    "Without FILE, or where FILE is -, from standard input to output.\n"
    "\n"
    "  -c, --stdout       write to standard output, keep the files\n"
    "  -d, --decompress   decompress\n"
    "  -f, --force        overwrite files, follow links, use terminals\n"
    "  -h, --help         show this\n"
    "  -k, --keep         keep the files\n"
    "  -l, --list         show the sizes of compressed files\n"
    "  -n, --no-name      do not save or restore name and time\n"
    "  -N, --name         save or restore name and time\n"
    "  -p, --workers=N    use N worker threads, 1 to 1024\n"
    "  -q, --quiet        no warnings, no progress\n"
    "  -S, --suffix=SUF   end the names of compressed files in SUF\n"
    "  -t, --test         test compressed files\n"
    "  -v, --verbose      tell about each file\n"
    "  -V, --version      show the version\n"
    "  -1, --fast         compress fast ...\n"
    "  -9, --best         ... or well; the default is -6\n"
    "      --level=N      the same, 1 to 12\n"
    "      --stats        tell what each worker did\n"
    "      --synchronous  write to the disk itself before going on\n";

static _Noreturn void
misused(const char *what, const char *value)
{
    if (what)
        message_error(NULL, "invalid %s '%s'", what, value);
    fprintf(stderr, "Try 'pgz --help' for more information.\n");
    exit(STATUS_ERROR);
}

static int
number(const char *what, const char *text, long max)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 1 || value > max)
        misused(what, text);
    return (int)value;
}

static const char *
checked_suffix(const char *suffix)
{
    if (!*suffix || strlen(suffix) > SUFFIX_MAX || strchr(suffix, '/'))
        misused("suffix", suffix);
    return suffix;
}

static _Noreturn void
show(const char *text)
{
    fputs(text, stdout);
    if (fflush(stdout) != 0)
        message_error("stdout", "%s", strerror(errno));
    exit(message_status());
}

/* What the option turns on; NULL: it is another kind of option. */
static bool *
flag(struct options *options, int option)
{
    switch (option) {
    case 'c':
        return &options->to_stdout;
    case 'f':
        return &options->force;
    case 'k':
        return &options->keep;
    case 'q':
        return &options->quiet;
    case 'v':
        return &options->verbose;
    case OPTION_STATS:
        return &options->stats;
    case OPTION_SYNCHRONOUS:
        return &options->synchronous;
    default:
        return NULL;
    }
}

/* What only looks is not taken back by -d, which removes the file. */
static void
set_mode(struct options *options, enum mode mode)
{
    if (mode > options->mode)
        options->mode = mode;
}

static void
set(struct options *options, int option)
{
    switch (option) {
    case 'd':
        set_mode(options, MODE_UNPACK);
        break;
    case 't':
        set_mode(options, MODE_TEST);
        break;
    case 'l':
        set_mode(options, MODE_LIST);
        break;
    case 'n':
    case 'N':
        options->save_name = options->restore_name = option == 'N';
        break;
    case 'p':
        options->workers =
            (unsigned)number("number of workers", optarg, WORKERS_MAX);
        break;
    case 'S':
        options->suffix = checked_suffix(optarg);
        break;
    case OPTION_LEVEL:
        options->level = number("level", optarg, LEVEL_MAX);
        break;
    case 'h':
        show(help);
    case 'V':
        show("pgz (filch) " FILCH_VERSION "\n");
    case '?':
        misused(NULL, NULL);
    default:
        options->level = option - '0';
    }
}

int
options_parse(struct options *options, int argc, char **argv)
{
    int option;

    *options = (struct options){
        .save_name = true, .level = LEVEL_DEFAULT, .suffix = ".gz"};
    while ((option = getopt_long(argc, argv, short_options, long_options,
                                 NULL)) != -1) {
        if (flag(options, option))
            *flag(options, option) = true;
        else
            set(options, option);
    }
    return optind;
}
