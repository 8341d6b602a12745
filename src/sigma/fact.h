/* Where a correlation finds the values it groups by and counts: the fields of an event that a rule
 * matched, or the groups of a correlation that it names. */
#ifndef EGRET_SIGMA_FACT_H
#define EGRET_SIGMA_FACT_H

#include "base/hash.h"
#include "sigma/cells.h"
#include "sigma/measure.h"

/* Of one place of a correlation. */
struct fact_source {
	bool complete; /* all names are known: else nothing of it is in any group */
	uint32_t group[CORRELATION_GROUP_MAX]; /* fields, or numbers of the other's groups */
	uint32_t field[CORRELATION_FIELDS_MAX];
};

/* A match as the correlation sees it. */
struct fact {
	uint64_t time, line, token;
	uint64_t serial; /* of what it is about, so that it counts once; 0: its own */
	bool certain;	 /* counts among the certain ones, */
	bool any;	 /* among all: not when it was counted as possible and now is certain */
	unsigned place;	 /* of the rule, its first one */
	struct str group[CORRELATION_GROUP_MAX];
	uint64_t value[TRAIL_VALUES_MAX];
	unsigned value_count;
	double number;
};

void fact_source_rule(struct fact_source *s, const struct sigma_correlation *c, size_t place,
		      struct fields *fields);
void fact_source_chain(struct fact_source *s, const struct sigma_correlation *c, size_t place,
		       const struct sigma_correlation *named);

enum fact_read {
	FACT_NONE, /* without a group or a value */
	FACT_NO_NUMBER,
	FACT_READ,
};

/* Fills group, value and number. */
enum fact_read fact_read_event(const struct fact_source *s, const struct measure *m,
			       const struct hash_key *key, const struct event *e, struct fact *out);
enum fact_read fact_read_cell(const struct fact_source *s, const struct measure *m,
			      const struct hash_key *key, const struct cell *x, struct fact *out);

#endif
