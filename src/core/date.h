/* Points in time as text: RFC 3339, UTC, with nine digits of fraction. */
#ifndef EGRET_CORE_DATE_H
#define EGRET_CORE_DATE_H

#include <stdint.h>

#include "base/writer.h"

#define DATE_LENGTH 30 /* 2026-11-24T08:39:37.123456789Z, without a terminator */

/* The calendar date of the day last written, since most times fall on the same one. Zeroed is
 * empty. */
struct date_cache {
	uint64_t day; /* days since 1970, plus one */
	char text[11]; /* "2026-11-24T" */
};

/* ns since 1970. */
void date_write(struct writer *w, struct date_cache *cache, uint64_t ns);

#endif
