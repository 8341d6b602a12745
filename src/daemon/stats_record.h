/* What a daemon counted in a minute, as one line of JSON among the records (record.schema.json,
 * egret-records(7)). */
#ifndef EGRET_DAEMON_STATS_RECORD_H
#define EGRET_DAEMON_STATS_RECORD_H

#include <stddef.h>

#include "daemon/overview.h"

#define STATS_RECORD_MAX (64 * 1024)

/* Writes the line with its newline: what was counted between two overviews of one run, the earlier
 * one first (NULL: since the start). Counters that did not change are left out. Returns the length;
 * room must be STATS_RECORD_MAX or more. */
size_t stats_record(const struct overview *before, const struct overview *o, char *out,
		    size_t room);

#endif
