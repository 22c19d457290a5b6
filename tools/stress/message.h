/* What it says to people: errors, and how far it has come. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>

/* One line on standard error. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and the end; the directory of the runs is removed. */
_Noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Whether all that was printed has been written; if not, says so, once. */
bool flushed(void);

/* No progress from now on; nor is there where standard error is no terminal. */
void progress_off(void);

/* Shows this line in place of the last one, at most ten times a second. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes the line away. */
void progress_erase(void);

#endif
