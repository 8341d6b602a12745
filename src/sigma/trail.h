/* One group's matches at work: putting one in and forgetting the first ones, so that levels always
 * say what the matches that are held make of the windows. */
#ifndef EGRET_SIGMA_TRAIL_H
#define EGRET_SIGMA_TRAIL_H

#include "sigma/measure.h"
#include "sigma/occur.h"
#include "sigma/rank.h"
#include "sigma/timeline.h"

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

#endif
