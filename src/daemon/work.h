/* What every run needs, whatever feeds it: lists, rules, the analyst, and where its words go. */
#ifndef EGRET_DAEMON_WORK_H
#define EGRET_DAEMON_WORK_H

#include <stdio.h>

#include "base/error.h"
#include "daemon/generation.h"
#include "daemon/options.h"
#include "output/record_json.h"
#include "output/sink.h"
#include "output/sysmon.h"

struct work {
	const struct options *o;
	struct generation now;
	struct sink *records; /* NULL: not wanted */
	struct record_json json;
	struct sysmon_out *sysmon;
	struct sink *findings; /* as JSON; NULL: a person reads them */
	FILE *out;	       /* what a person reads */
	uint64_t damage;       /* lines that are no JSON, state that is refused, … */
	uint64_t start;	       /* monotonic clock, ns */
};

/* -1 and an error when nothing can be done; call work_close all the same. `events`: lines of hosts
 * will come, so rules that the wire has nothing for are wanted too. */
int work_open(struct work *w, const struct options *o, bool events, struct error *e);
/* Prints the findings, unless they were told one by one. */
void work_tell(struct work *w);
/* Frees all, and gives the exit status. */
int work_close(struct work *w, int status);

/* Only configuration, lists and rules, for looking at them. */
int work_load(struct work *w, const struct options *o, bool events, struct error *e);

/* Prints an error and gives the status for it. */
int work_fail(const struct error *e);

#endif
