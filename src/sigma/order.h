/* Rules that hit one after the other (temporal_ordered).
 *
 * A chain is one match for each place of a term, distinct ones, none before the one of the place
 * ahead of it; matches of the same time can stand in any order. A term is the list of rules, or
 * where the correlation has a condition of its own one of the ways to fulfil it, its rules in the
 * order in which the correlation lists them.
 */
#ifndef EGRET_SIGMA_ORDER_H
#define EGRET_SIGMA_ORDER_H

#include "sigma/occur.h"
#include "sigma/rule.h"

struct order_term {
	uint8_t rule[CORRELATION_REFS_MAX]; /* place by place, the number of the rule (below) */
	unsigned count;
	uint64_t without; /* rules (bits) that must not hit in the window */
};

struct order {
	struct order_term *term;
	size_t count;
};

/* `canon[r]`: the number of the rule at place r of the correlation, its first place. A condition
 * with more than LOGIC_TERMS_MAX ways to fulfil it needs all rules. */
void order_init(struct order *o, const struct sigma_correlation *c, const uint8_t canon[]);
void order_fini(struct order *o);

/* Calls found() for the closest chains of each term that hold the match of `rule` at `time`, which
 * is in `occurs` already, and take less than `span`: they start with a match of `first` at `start`
 * and end at `end`. A term that needs no rule to hit ("not a") holds of every match. */
typedef void order_found(void *context, uint8_t first, uint64_t start, uint64_t end);
void order_look(const struct order *o, const struct occurs *occurs, uint32_t root, uint8_t rule,
		uint64_t time, uint64_t span, order_found *found, void *context);

/* Whether a chain of some term lies in (after, upto] and nothing speaks against the term. */
bool order_holds(const struct order *o, const struct occurs *occurs, uint32_t root, uint64_t after,
		 uint64_t upto);

#endif
