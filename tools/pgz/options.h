/* What the user asked for. */
#ifndef PGZ_OPTIONS_H
#define PGZ_OPTIONS_H

#include <stdbool.h>

enum mode { MODE_PACK, MODE_UNPACK, MODE_TEST, MODE_LIST };

struct options {
    enum mode mode;
    bool to_stdout;
    bool force;
    bool keep;
    bool quiet;
    bool verbose;
    bool stats;
    bool synchronous;
    bool save_name;    /* -n turns it off */
    bool restore_name; /* -N turns it on */
    int level;
    unsigned workers; /* 0: one for each CPU */
    const char *suffix;
};

/*
 * Reads the options; moves the other arguments behind them, and returns the
 * index of the first. Ends the program after --help, --version and mistakes.
 */
int options_parse(struct options *options, int argc, char **argv);

#endif
