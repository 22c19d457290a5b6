/* Numbers in text that comes from outside: an environment, a file. */
#ifndef FL_NUMBER_H
#define FL_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Reads the decimal digits at *text, which is moved behind them. False where there
 * are none, or more than 64 bits of them. Keeps errno. */
bool fl_number_read(const char **text, uint64_t *number);

#endif
