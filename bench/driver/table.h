/* The tables on standard output, line by line as the rows are measured. */
#ifndef TABLE_H
#define TABLE_H

#include "options.h"
#include "result.h"

/* A row's lines, one for each number of workers. */
void table_rows(const struct options *options, const struct result *results,
                size_t count);

#endif
