/* One group's matches at work: putting one in and forgetting the first ones, so that levels always
 * say what the matches that are held make of the windows. */
#ifndef EGRET_SIGMA_LANE_H
#define EGRET_SIGMA_LANE_H

#include "sigma/measure.h"
#include "sigma/occur.h"
#include "sigma/rank.h"
#include "sigma/timeline.h"

#define LANE_VALUES_MAX 64u /* values of one match that are counted */

/* What the lanes of a correlation share. */
struct lanes {
	struct timelines timelines;
	struct occurs occurs;
	struct ranks ranks;
	const struct measure *measure;
	uint64_t span;
};

struct lane {
	uint32_t timeline; /* roots */
	uint32_t occurs;
	struct rank rank;
};

/* A match for a lane. */
struct lane_match {
	uint64_t time, line, token;
	double number;
	const uint64_t *value; /* that are counted; of temporal correlations the rule's number */
	unsigned value_count;
};

/* Room for so many matches, and as many occurrences on top. */
void lanes_init(struct lanes *s, const struct measure *m, uint32_t items, uint32_t spare,
		uint64_t span, const uint64_t seeds[3]);
void lanes_fini(struct lanes *s);

void lane_init(struct lane *l);
/* The item's number. The pools must have room. */
uint32_t lane_put(struct lanes *s, struct lane *l, const struct lane_match *m);
/* Forgets the matches of the first mark; the lane is not empty. Returns how many were the last
 * copies of their match. */
uint64_t lane_forget(struct lanes *s, struct lane *l);
/* Makes `to` a copy of `from`, item by item a twin of the other's. */
void lane_copy(struct lanes *s, struct lane *to, const struct lane *from);

/* The start of the window that ends at this time: it is not in it. */
static inline uint64_t lanes_after(const struct lanes *s, uint64_t upto)
{
	return upto > s->span ? upto - s->span : 0;
}

/* Whether the window that ends at the mark, which measure_may() holds of, fulfils the condition,
 * and its value. The window of the rank moves. */
bool lane_judge(struct lanes *s, struct lane *l, const struct mark *m, double *value);

#endif
