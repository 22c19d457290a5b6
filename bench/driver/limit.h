/* What some figures are at most, whatever any peer's are. */
#ifndef LIMIT_H
#define LIMIT_H

#include "result.h"
#include "tally.h"

/* NAN: none. It is for filch's figure in each of the runs. */
double limit_of(const struct row *row, unsigned workers);

bool limit_met(const struct result *result, double limit);

/* All that were measured; the table names them. */
void limits_count(struct tally *tally);

#endif
