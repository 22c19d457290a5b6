/* The figures as a file of comma-separated values. */
#ifndef CSV_H
#define CSV_H

#include "result.h"

/* Makes bench.csv in the folder, and that too. Ends the program if it cannot
 * be had. */
void csv_open(const char *folder);

void csv_write(const struct result *result);

/* Whether all could be written. */
bool csv_close(void);

#endif
