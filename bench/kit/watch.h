/* The figures of the last run, as the line that the driver reads. */
#ifndef WATCH_H
#define WATCH_H

#ifdef __cplusplus
extern "C" {
#endif

double wall_time(void); /* ns */
void figures_print(void);

#ifdef __cplusplus
}
#endif

#endif
