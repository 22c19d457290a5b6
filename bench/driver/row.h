/*
 * The rows of the tables: which workload, with what value, and which of its
 * figures; the goals; and what was measured.
 */
#ifndef ROW_H
#define ROW_H

#include "program.h"
#include "sample.h"

enum { POINTS = 8 }; /* of a sweep, at most */

/* What the families are compared to differs. */
enum family { WAITING, FORK_JOIN, OWN, SWEEP, FAMILIES };

struct row {
    const char *name; /* short, for goals and filters and the CSV */
    const char *title;
    const char *operation; /* what one figure is for: "switch", "item" */
    const char *workload;
    size_t value; /* 0: the program's own */
    enum family family;
    const char *figure; /* NULL: wall */
    bool alone;         /* only with one worker */
    bool many;          /* many workers are to take about as long as two */
    bool lasts;         /* its value is seconds, which may be asked for */
    size_t mib;         /* takes so much memory: in one run */

    /* Of a sweep: what varies, values or numbers of workers. */
    size_t points;
    size_t values[POINTS];
    unsigned workers[POINTS];
};

extern const struct row rows[]; /* up to one without a name */

const struct row *row_find(const char *name);

/* ---- family.c ---- */

/* Which family's rows are run with which programs. */
bool family_has(enum family family, enum which program);

/* Whose figure the ratio is to. */
enum which family_reference(enum family family);
extern const char *const family_titles[FAMILIES];

#endif
