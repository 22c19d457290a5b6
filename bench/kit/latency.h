/* How long things took that were to be quick: their median and their tail. */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdint.h>

enum { LATENCIES_MAX = 1 << 20 };

void latencies_begin(void);

/* From any thread; those that are too many are lost. */
void latency_add(int64_t ns);

/* The figures p50, p99, p999 and worst, in ns. */
void latencies_end(void);

#endif
