/* The inside of the correlator, for its own files. */
#ifndef EGRET_SIGMA_CORRELATE_PART_H
#define EGRET_SIGMA_CORRELATE_PART_H

#include "sigma/cells.h"
#include "sigma/correlate.h"
#include "sigma/fact.h"
#include "sigma/measure.h"

/* A correlation that a rule or another correlation feeds, and at which place it names it. */
struct feed {
	uint32_t state, place;
};

struct feeds {
	struct feed *feed;
	size_t count;
};

/* One correlation at work. */
struct state {
	const struct sigma_correlation *rule;
	struct measure measure;
	struct cells cells;
	struct fact_source *source; /* place by place */
	struct feeds feeds;
	unsigned depth; /* of the chain below it */
};

struct correlator {
	const struct sigma_rules *all;
	struct state *state;
	size_t count;
	struct feeds *feeds; /* by rule */
	size_t rules;
	correlation_found *found;
	void *context;
	struct hash_key key;
	struct cells_bounds bounds; /* of each correlation */
	struct arrivals arrivals;
	uint64_t latest; /* time of the last arrival */
	uint64_t serial; /* of the fact; 0: not told */
	uint64_t no_number;
};

#endif
