/*
 * What pgz tells the user, and the exit status that follows from it, as
 * gzip's: 1 once there was an error, else 2 once there was a warning, else 0.
 */
#ifndef PGZ_MESSAGE_H
#define PGZ_MESSAGE_H

#include <stdbool.h>

enum { STATUS_ERROR = 1, STATUS_WARNING = 2 };

/* From now on warnings count, but are not shown. */
void message_quiet(void);

/* "pgz: NAME: TEXT"; without a name "pgz: TEXT". */
void message_error(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void message_warning(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As a warning, but it does not change the exit status. */
void message_note(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A question, without the end of a line; whether the answer begins with y. */
bool message_ask(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit status so far. */
int message_status(void);

#endif
