/* What memory a run may take at most: the sum of what each room says of its own tables, and of what
 * was measured of the rest. `egret --check` prints it, and the daemon says it when it starts. */
#ifndef EGRET_DAEMON_MEMORY_H
#define EGRET_DAEMON_MEMORY_H

#include <stdio.h>

#include "base/budget.h"
#include "daemon/generation.h"
#include "daemon/options.h"

/* How many of each a daemon has. */
struct memory_counts {
	unsigned workers, interfaces, outlets;
};
/* As configuration and options say. `workers` may be 0 in them: as many as the machine has CPUs,
 * less one. */
struct memory_counts memory_counts_of(const struct options *o, const struct config *c);

/* Bytes that this process has held at one time: its peak, of which the tables' part is small as
 * long as nothing was read. */
uint64_t memory_peak(void);
uint64_t memory_resident(void);

/* Of a replay of captures; of lines (`events`). `loaded`: the peak once lists and rules were
 * loaded. g->analyst was made. */
void memory_replay(const struct generation *g, bool events, uint64_t loaded, struct budget *b);
void memory_daemon(const struct generation *g, const struct memory_counts *n, uint64_t loaded,
		   struct budget *b);

/* Both as one table. */
void memory_print(const struct budget *replay, const struct budget *daemon,
		  const struct memory_counts *n, FILE *out);

#endif
