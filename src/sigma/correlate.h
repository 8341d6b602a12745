/* Correlations (Sigma specification 2.1.0, correlation rules): matches of rules counted over
 * sliding windows of record time, by group.
 *
 * The window of a match at time t is (t - timespan, t]. A correlation is true when the window of
 * some match fulfils the condition; so nothing hangs on the borders of clocks, and matches may come
 * in any order: one that comes late counts in every window it belongs to, and none counts twice.
 * Conditions that more matches can undo (lt, lte, eq, neq, averages, percentiles, "not") are looked
 * at for the windows that a match falls into when it comes.
 *
 * Memory is bounded per correlation (LIMIT_CORRELATION_ITEMS matches, LIMIT_CORRELATION_GROUPS
 * groups). What is too old for any window that can still come goes first and is no loss; else the
 * group that was not heard of for longest goes, and that is counted.
 */
#ifndef EGRET_SIGMA_CORRELATE_H
#define EGRET_SIGMA_CORRELATE_H

#include "sigma/engine.h"

struct correlator;

/* One match that a correlation rests on, or what it found. */
#define CORRELATION_LINES_MAX 64
struct correlation_hit {
	size_t correlation;   /* place in sigma_rules.correlation */
	bool possible;	      /* needs a match that was only possible */
	double value;	      /* the count, sum, …; of temporal ones, how many of the rules hit */
	uint64_t first, last; /* times of the window's matches, ns */
	uint64_t matches;     /* in the window */
	struct str group[CORRELATION_GROUP_MAX]; /* the group's values, in the order of group-by */
	uint64_t line[CORRELATION_LINES_MAX];	 /* input lines of the window's matches, the latest
						    ones */
	unsigned line_count;
	uint64_t token; /* the caller's, of the latest match (correlator_take) */
};

typedef void correlation_found(void *context, const struct correlation_hit *h);

/* Rules and fields outlive it. */
struct correlator *correlator_new(const struct sigma_rules *rules, struct fields *fields,
				  correlation_found *found, void *context);
void correlator_free(struct correlator *c);

/* A match of a rule. An event without one of the group's fields (absent, null or unknown) is in no
 * group and does not count. Calls found() for every correlation that this makes true, chains
 * included, each time: whoever hears it merges. `token` comes back in the hit. Events without a
 * time (0) count as of the latest time seen. */
void correlator_take(struct correlator *c, const struct event *e, const struct sigma_match *m,
		     uint64_t token);

struct correlator_stats {
	uint64_t groups, items; /* held */
	uint64_t evicted;	/* items that a window still wanted */
};
struct correlator_stats correlator_stats(const struct correlator *c);

#endif
