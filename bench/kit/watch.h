/* The figures of the last run, as the line that the driver reads. */
#ifndef WATCH_H
#define WATCH_H

void figures_print(void);

#endif
