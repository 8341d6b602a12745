/* The matches of one group by time, and a step function over time that says how much each window
 * holds.
 *
 * The window that ends at time t is (t - span, t], so a match at time s adds to the windows that
 * end in [s, s + span). What a window holds (a count, a sum) is kept as a function of its end:
 * `level`. Adding to it over a range, asking for it and finding the ends where it is
 * high enough all cost O(log n), whatever the order in which matches come.
 *
 * A mark is a time at which the level may change: there is one for each time of a match and one for
 * each end of an addition. Items are the matches themselves, listed at the mark of their time, the
 * one that came last first. A mark is open while the owner has yet to hear of one of its items.
 *
 * Levels are whole numbers, or sums of what was added: taking something out leaves what floating
 * point leaves.
 */
#ifndef EGRET_SIGMA_TIMELINE_H
#define EGRET_SIGMA_TIMELINE_H

#include <stdbool.h>

#include "base/treap.h"

/* A bit of item.line: of an input that is over. It tells matches apart, and is told to nobody. */
#define LINE_PAST (UINT64_C(1) << 63)

struct item {
	uint32_t next; /* at the same mark; POOL_NONE */
	uint32_t twin; /* the same match in the other timeline of its group; POOL_NONE */
	uint64_t line, token;
	double number; /* the value that is summed, averaged or ranked */
	bool told;     /* the owner heard of it, by this timeline or the other */
	bool settled;  /* it and all behind it in the list were told by this timeline */
	bool ranked;   /* in the window of rank.h */
};

struct mark {
	struct treap_link link;
	uint32_t items; /* the list; POOL_NONE */
	uint64_t time;
	double level;	   /* less what waits above it */
	double wait;	   /* to be added to both subtrees */
	double most;	   /* the highest of the open marks in the subtree, if it has any */
	uint32_t own : 31; /* items in the list */
	uint32_t open : 1;
	uint32_t count;	     /* items in the subtree */
	uint32_t open_count; /* open marks in the subtree */
	uint32_t ends;	     /* for the owner: what ends here (occur.h); POOL_NONE */
};

#define TIMELINE_SPARE 4 /* marks beyond those that items need */

struct timelines {
	struct treap marks;
	struct pool items;
	bool lines; /* some item has one */
};

void timelines_init(struct timelines *s, uint32_t items_limit, uint64_t seed);
void timelines_fini(struct timelines *s);
/* The most memory that so many items take. */
size_t timelines_memory(uint32_t items_limit);

static inline struct mark *timeline_mark_at(const struct timelines *s, uint32_t mark)
{
	return treap_at(&s->marks, mark);
}

static inline struct item *timeline_item(const struct timelines *s, uint32_t item)
{
	return pool_at(&s->items, item);
}

/* The mark of this time, made when there is none. `*root` is the timeline. The pools must have
 * room, here and below. */
uint32_t timeline_mark(struct timelines *s, uint32_t *root, uint64_t time);
/* Lists a copy of the item at this time, and opens the mark (unless the item is settled: those
 * that are put back). */
uint32_t timeline_put(struct timelines *s, uint32_t *root, uint64_t time, const struct item *x);
/* Adds to the level over [from, to). */
void timeline_add(struct timelines *s, uint32_t *root, uint64_t from, uint64_t to, double by);

/* Goes through the open marks in [from, to), in order of time, whose level may() holds of; it must
 * hold of the highest of several levels when it holds of one. take() returns whether to close the
 * mark; mark->level is exact during the call, and the timeline must not be changed. */
typedef bool timeline_may(void *context, double level);
typedef bool timeline_take(void *context, struct mark *m);
void timeline_search(struct timelines *s, uint32_t root, uint64_t from, uint64_t to,
		     timeline_may *may, timeline_take *take, void *context);

/* How many items are in (after, upto]. */
uint64_t timeline_count(const struct timelines *s, uint32_t root, uint64_t after, uint64_t upto);
/* The time of the first item after this time; UINT64_MAX when there is none. */
uint64_t timeline_next(const struct timelines *s, uint32_t root, uint64_t after);
/* Calls each() for the items in (after, upto], the latest first, until it returns false. */
typedef bool timeline_each(void *context, struct item *x);
void timeline_back(const struct timelines *s, uint32_t root, uint64_t after, uint64_t upto,
		   timeline_each *each, void *context);

/* The mark of this time; POOL_NONE when there is none. */
uint32_t timeline_find(const struct timelines *s, uint32_t root, uint64_t time);
/* The first mark; POOL_NONE when there is none. */
uint32_t timeline_first(const struct timelines *s, uint32_t root);
/* Takes a mark out; it and its items go back to the pools. The level must not change at it. */
void timeline_drop(struct timelines *s, uint32_t *root, uint32_t mark);

#endif
