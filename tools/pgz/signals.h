/* What pgz does when it is told to end. */
#ifndef PGZ_SIGNALS_H
#define PGZ_SIGNALS_H

/*
 * From now on SIGINT, SIGTERM and SIGHUP remove what is half written and end
 * the program with status 1; a closed pipe and a file that gets too large are
 * errors of the write. Before any other thread is made. 0, or an errno.
 */
int signals_init(void);

#endif
