/* One group's matches at work: putting one in and forgetting the first ones, so that levels always
 * say what the matches that are held make of the windows. */
#ifndef EGRET_SIGMA_TRAIL_H
#define EGRET_SIGMA_TRAIL_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "sigma/measure.h"
#include "sigma/occur.h"
#include "sigma/rank.h"
#include "sigma/timeline.h"

/* Times and spans are kept below, so that sums of two cannot overflow. */
#define TRAIL_TIME_MOST (UINT64_MAX / 4)

#define TRAIL_VALUES_MAX 64u /* values of one match that are counted */

/* What the trails of a correlation share. */
struct trails {
	struct timelines timelines;
	struct occurs occurs;
	struct ranks ranks;
	const struct measure *measure;
	uint64_t span;
};

struct trail {
	uint32_t timeline; /* roots */
	uint32_t occurs;
	struct rank rank;
};

/* A match for a trail. */
struct trail_match {
	uint64_t time, line, token;
	double number;
	const uint64_t *value; /* that are counted; of temporal correlations the rule's number */
	unsigned value_count;
};

/* Room for so many matches, and as many occurrences on top. */
void trails_init(struct trails *s, const struct measure *m, uint32_t items, uint32_t spare,
		 uint64_t span, const uint64_t seeds[3]);
void trails_fini(struct trails *s);
/* The most memory that they take. */
size_t trails_memory(const struct measure *m, uint32_t items, uint32_t spare);

void trail_init(struct trail *l);
/* The item's number. The pools must have room. */
uint32_t trail_put(struct trails *s, struct trail *l, const struct trail_match *m);
/* Forgets the matches of the first mark; the trail is not empty. Returns how many were the last
 * copies of their match. */
uint64_t trail_forget(struct trails *s, struct trail *l);
/* Makes `to` a copy of `from`, item by item a twin of the other's. */
void trail_copy(struct trails *s, struct trail *to, const struct trail *from);

/* The start of the window that ends at this time: it is not in it. */
static inline uint64_t trails_after(const struct trails *s, uint64_t upto)
{
	return upto > s->span ? upto - s->span : 0;
}

/* Whether the window that ends at the mark, which measure_may() holds of, fulfils the condition,
 * and its value. The window of the rank moves. */
bool trail_judge(struct trails *s, struct trail *l, const struct mark *m, double *value);

/* Saving and loading, in sigma/trail_state.c: what is held of one group. Input lines come back
 * as LINE_PAST. Levels are worked out again from the matches. */

/* Which items of a cell's first trail stand where, for the twins of its second. */
struct trail_order {
	uint32_t *place; /* by item; for saving */
	uint32_t *item;	 /* by place; for loading */
	uint32_t room, count;
	uint32_t *list;		/* items or occurrences of one mark */
	uint64_t items, occurs; /* that were saved, or loaded */
};
/* How many numbers there may be of each. */
void trail_order_init(struct trail_order *o, uint32_t items, uint32_t occurs);
void trail_order_fini(struct trail_order *o);

void trail_save(const struct trails *s, const struct trail *l, struct trail_order *o, bool second,
		struct bytes *out);
/* Into an empty trail. False when the bytes are damaged; the trail can be forgotten then. */
bool trail_load(struct trails *s, struct trail *l, struct trail_order *o, bool second,
		struct cursor *in);
/* Puts back an occurrence at the time of a match; all before it are there. */
void trail_occurred(struct trails *s, struct trail *l, const struct occurrence *o);

#endif
