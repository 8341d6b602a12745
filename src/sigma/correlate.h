/* Correlations (Sigma specification 2.1.0, correlation rules): matches of rules counted over
 * sliding windows of record time, by group.
 *
 * The window of a match at time t is (t - timespan, t]. A correlation is true when the window of
 * some match fulfils the condition; so nothing hangs on the borders of clocks, and matches may come
 * in any order: one that comes late counts in every window it belongs to, and none counts twice.
 * Each match is told once, when its window first fulfils the condition. So the same matches make
 * the same hits in whatever order they come, as long as more matches cannot undo the condition.
 * Conditions that more matches can undo (lt, lte, eq, neq, averages, percentiles, "not") are looked
 * at for the windows that a match falls into when it comes.
 *
 * Groups: the first value of a field that has several. Upper and lower case are the same here and
 * where values are counted, as they are everywhere in Sigma. An event without one of the group's
 * fields (absent, null or unknown) is in no group and does not count.
 *
 * value_count counts each value of a field that has several (the first CORRELATION_VALUES_MAX); of
 * several fields, the tuple of their first values. An event without a value does not count. Values
 * are told apart by a keyed hash of 64 bits.
 *
 * value_sum, value_avg, value_percentile and value_median take the first value that is a number or
 * a text that reads as one; an event without does not count, and is counted as such (stats).
 * Percentiles are by nearest rank: of n values in order, the one at place ceil(percentile/100 n).
 * The median of an even number of values is the mean of the two in the middle.
 *
 * temporal, without bounds or condition: all of its rules. A bound is on how many different rules
 * hit. temporal_ordered: matches of the rules in the order in which the correlation lists them, of
 * a rule that is listed twice two matches; those of the same time in any order. With bounds, as
 * many rules as they ask for; with a condition, the rules of one way to fulfil it.
 *
 * Matches that are only possible count, and make the hit possible that needs them. A hit that was
 * told as possible is told again if it becomes certain. What is only possible does not undo what is
 * certain.
 *
 * A correlation that names another: each hit is a match, of the time of its latest match, and the
 * values of its groups are its fields by the names that it groups by.
 *
 * Memory is bounded: for all correlations together (LIMIT_CORRELATION_SHARE, …), in equal parts;
 * and matches are forgotten only when there is no room. What is too old for any window
 * that can still come (by the times of the last arrivals: sigma/cells.h) goes first and is no loss;
 * else the group that was not heard of for longest goes, or, of the one group that fills it all,
 * the first matches; and that is counted.
 *
 * Cost: O(log n) a match in whatever order they come, and O(log n) a hit. Exceptions, all of which
 * can cost a look at each window that a late match falls into: eq, neq and several bounds at once,
 * conditions with "not", medians of which exactly half of the values are on either side of the
 * bound.
 */
#ifndef EGRET_SIGMA_CORRELATE_H
#define EGRET_SIGMA_CORRELATE_H

#include "base/budget.h"
#include "base/bytes.h"
#include "base/cursor.h"
#include "sigma/engine.h"

struct correlator;

#define CORRELATION_VALUES_MAX 64

/* One match that a correlation rests on, or what it found. */
#define CORRELATION_LINES_MAX 64
struct correlation_hit {
	size_t correlation; /* place in sigma_rules.correlation; silent ones are told as well */
	bool possible;	    /* needs a match that was only possible */
	/* The count, sum, …; of temporal ones, how many of the rules hit. A percentile or median
	 * that would be costly to find (windows far apart in turn) is told as the bound that it
	 * fulfils. */
	double value;
	uint64_t first, last;			 /* times of the window's matches, ns */
	uint64_t matches;			 /* in the window, less what was forgotten */
	struct str group[CORRELATION_GROUP_MAX]; /* the group's values, in the order of group-by */
	/* Input lines of the window's matches, the latest ones, in order of time. Of a correlation
	 * that it rests on, that of its latest match. */
	uint64_t line[CORRELATION_LINES_MAX];
	unsigned line_count;
	uint64_t token; /* the caller's, of the latest match (correlator_take) */
};

typedef void correlation_found(void *context, const struct correlation_hit *h);

/* Rules and fields outlive it; fields are added to, so before events run. */
struct correlator *correlator_new(const struct sigma_rules *rules, struct fields *fields,
				  correlation_found *found, void *context);
void correlator_free(struct correlator *c);
/* Adds the most memory that it takes. */
void correlator_memory(const struct correlator *c, struct budget *b);

/* Other bounds than those of core/limits.h, for each correlation. Before the first match. */
void correlator_bound(struct correlator *c, uint32_t items, uint32_t groups, size_t text);

/* What is taken from here on to the next call is about one fact, told under several log sources
 * perhaps: however many rules match it, it counts once in each correlation that counts events or
 * values. Without it each match is a fact of its own. */
void correlator_begin(struct correlator *c);

/* A match of a rule. Calls found() for every hit that this makes, in order of time, chains
 * included: whoever hears it merges. `token` comes back in the hit. Events without a time (0) count
 * as of the time of the last one before them. Texts of the hit are valid during the call. */
void correlator_take(struct correlator *c, const struct event *e, const struct sigma_match *m,
		     uint64_t token);

/* What its windows hold, as a section of the state folder (core/state.h), and back into a new one:
 * what comes then finds what it would have found without the break. A correlation is known again by
 * its id (else its title) and a digest of what makes its windows: type, rules that it names (by id,
 * else title; not what they detect, for lists that they stand for change every day), groups,
 * fields, bounds or condition, and timespan. One that changed starts anew. Input lines are
 * not told any more: they are of an input that is over. */
#define CORRELATOR_STATE_VERSION 1
void correlator_save(const struct correlator *c, struct bytes *out);
/* 0, or -1 and an error; correlator_forget makes it new again then. */
int correlator_load(struct correlator *c, struct cursor *in, struct error *e);
void correlator_forget(struct correlator *c);
/* The same without bytes between, lines included: `c` is new, `old` is fit for correlator_free
 * only. Takes no time to speak of, whatever the windows hold. */
void correlator_adopt(struct correlator *c, struct correlator *old);

struct correlator_stats {
	uint64_t groups, items; /* held */
	uint64_t evicted;	/* items that a window still wanted */
	uint64_t no_number;	/* matches whose value to be summed, … is no number */
};
struct correlator_stats correlator_stats(const struct correlator *c);

#endif
