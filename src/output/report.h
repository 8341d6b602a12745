/* Findings and the summary of a replay as text for a person. */
#ifndef EGRET_OUTPUT_REPORT_H
#define EGRET_OUTPUT_REPORT_H

#include <stdio.h>

#include "core/stats.h"
#include "decode/decode.h"
#include "detect/analyst.h"

/* The findings as an aligned table, or a line that says there are none. */
void report_findings(const struct analyst *a, FILE *out);

struct report_run {
	const struct stats *stats;
	struct analyst_summary analyst;
	uint64_t first, last; /* packet times, ns; 0: no packet */
	uint64_t cpu, wall;   /* ns that the run took */
	uint64_t memory;      /* peak resident bytes */
	const struct unknown_link *links; /* link types that could not be read */
	unsigned link_count;
};

/* What was read, what is known, and every loss and oddity that is not zero. */
void report_summary(const struct report_run *run, FILE *out);

#endif
