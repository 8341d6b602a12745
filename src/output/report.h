/* The summary of a replay as text for a person. */
#ifndef EGRET_OUTPUT_REPORT_H
#define EGRET_OUTPUT_REPORT_H

#include <stdio.h>

#include "core/stats.h"
#include "decode/decode.h"
#include "detect/analyst.h"

struct report_run {
	const struct stats *stats;
	struct analyst_summary analyst;
	uint64_t first, last;		  /* packet times, ns; 0: no packet */
	uint64_t cpu, wall;		  /* ns that the run took */
	uint64_t memory;		  /* peak resident bytes */
	const struct unknown_link *links; /* link types that could not be read */
	unsigned link_count;
};

struct report_lines {
	uint64_t records, events, unsourced, bad, values_lost;
};

/* The same for a run over lines. */
void report_lines(const struct report_lines *l, const struct analyst_summary *a, FILE *out);

/* What was read, what is known, and every loss and oddity that is not zero. */
void report_summary(const struct report_run *run, FILE *out);

#endif
