/* Boolean conditions of temporal correlations, over which of its rules hit (one bit each). */
#ifndef EGRET_SIGMA_LOGIC_H
#define EGRET_SIGMA_LOGIC_H

#include "sigma/rule.h"

/* `bit[r]`: the bit of the rule at place r; places of the same rule share one. */
bool logic_holds(const struct sigma_logic *l, const uint64_t bit[], uint64_t hit);

/* One way to fulfil a condition: all places of `with` hit, none of `without`. */
struct logic_term {
	uint64_t with, without;
};
#define LOGIC_TERMS_MAX 128
struct logic_terms {
	struct logic_term term[LOGIC_TERMS_MAX];
	size_t count;
	bool more; /* than fit */
};
void logic_split(const struct sigma_logic *l, struct logic_terms *out);

#endif
