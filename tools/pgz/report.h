/* What pgz tells about a file that went well. */
#ifndef PGZ_REPORT_H
#define PGZ_REPORT_H

#include <stdint.h>

/* "NAME: 61.1% -- TEXT", or with `text` alone "NAME: TEXT"; as gzip's -v. */
void report_ratio(const char *name, uint64_t raw, uint64_t packed,
                  const char *text);
void report_text(const char *name, const char *text);

/* A line of -l, under a head line before the first. */
void report_list(const char *name, uint64_t raw, uint64_t packed);

/* The sum of these lines, if there were several. */
void report_list_totals(void);

#endif
