#include "sigma/trigger.h"

#include <stdlib.h>

#include "base/mem.h"

/* What a node has to be. */
enum goal {
	GOAL_TRUE,
	GOAL_FALSE,
	GOAL_NOT_FALSE, /* true or possible */
	GOAL_NOT_TRUE,
};

/* Leaves without one of which a goal is out of reach. Bounded and none: it never is within. They
 * stand at the end of the finder's list. */
struct need {
	bool bounded;
	uint64_t cost;
};

static const struct need unbounded = {false, UINT64_MAX};

void trigger_init(struct trigger_finder *f, const struct plan *p, const uint64_t *unknown)
{
	*f = (struct trigger_finder){.plan = p, .unknown = unknown};
}

void trigger_fini(struct trigger_finder *f)
{
	free(f->leaf);
}

static void put(struct trigger_finder *f, uint32_t leaf)
{
	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 64;
		f->leaf = mem_resize(f->leaf, f->room * sizeof *f->leaf);
	}
	f->leaf[f->count++] = leaf;
}

static struct need need(struct trigger_finder *f, uint32_t at, enum goal g);

static struct need need_leaf(struct trigger_finder *f, uint32_t leaf, enum goal g)
{
	const struct plan_leaf *l = &f->plan->leaf[leaf];

	if (plan_unknown(l, f->unknown))
		return g == GOAL_TRUE || g == GOAL_FALSE ? (struct need){true, 0} : unbounded;
	if (!l->scanned || g == GOAL_FALSE || g == GOAL_NOT_TRUE)
		return unbounded;
	put(f, leaf);
	return (struct need){true, l->cost};
}

/* All children have to get there: the one that is rarest will do. */
static struct need need_all(struct trigger_finder *f, uint32_t at, enum goal g)
{
	const struct plan_node *node = f->rule->node;
	struct need best = unbounded;
	size_t start = f->count;

	for (uint32_t i = at + 1; i < node[at].end; i = node[i].end) {
		size_t mark = f->count;
		struct need x = need(f, i, g);
		if (!x.bounded || (best.bounded && x.cost >= best.cost)) {
			f->count = mark;
			continue;
		}
		best = x;
		if (mark > start)
			memmove(f->leaf + start, f->leaf + mark,
				(f->count - mark) * sizeof *f->leaf);
		f->count = start + (f->count - mark);
	}
	return best;
}

/* One child has to get there: no matter which. */
static struct need need_one(struct trigger_finder *f, uint32_t at, enum goal g)
{
	const struct plan_node *node = f->rule->node;
	struct need sum = {true, 0};
	size_t start = f->count;

	for (uint32_t i = at + 1; i < node[at].end; i = node[i].end) {
		struct need x = need(f, i, g);
		if (!x.bounded) {
			f->count = start;
			return unbounded;
		}
		sum.cost += x.cost;
	}
	return sum;
}

static struct need need(struct trigger_finder *f, uint32_t at, enum goal g)
{
	static const enum goal opposite[] = {[GOAL_TRUE] = GOAL_FALSE,
					     [GOAL_FALSE] = GOAL_TRUE,
					     [GOAL_NOT_FALSE] = GOAL_NOT_TRUE,
					     [GOAL_NOT_TRUE] = GOAL_NOT_FALSE};
	const struct plan_node *n = &f->rule->node[at];
	bool upward = g == GOAL_TRUE || g == GOAL_NOT_FALSE;

	switch (n->kind) {
	case NODE_LEAF:
		return need_leaf(f, n->leaf, g);
	case NODE_NOT:
		return need(f, at + 1, opposite[g]);
	case NODE_AND:
		return upward ? need_all(f, at, g) : need_one(f, at, g);
	default:
		return upward ? need_one(f, at, g) : need_all(f, at, g);
	}
}

/* Appends what is worth telling, outside of negations. */
static uint64_t need_telling(struct trigger_finder *f)
{
	const struct plan_node *node = f->rule->node;
	uint64_t cost = 0;

	for (uint32_t i = 0; i < f->rule->count; i++) {
		const struct plan_leaf *l = &f->plan->leaf[node[i].leaf];
		if (node[i].kind == NODE_NOT) {
			i = node[i].end - 1;
		} else if (node[i].kind == NODE_LEAF && l->telling &&
			   !plan_unknown(l, f->unknown)) {
			put(f, node[i].leaf);
			cost += l->cost;
		}
	}
	return cost;
}

/* Told is a rule that is true, or that is possible while something telling was found. So what leads
 * to it is either what it needs to be not false, or what it needs to be true together with all that
 * is telling: whichever is rarer. */
struct trigger trigger_find(struct trigger_finder *f, const struct plan_rule *r)
{
	f->rule = r;
	f->count = 0;
	struct need either = need(f, 0, GOAL_NOT_FALSE);
	size_t split = f->count;

	if (!f->unknown)
		return (struct trigger){.never = either.bounded && split == 0,
					.always = !either.bounded,
					.leaf = f->leaf,
					.count = split};
	struct need sure = need(f, 0, GOAL_TRUE);
	sure.cost = sure.bounded ? sure.cost + need_telling(f) : sure.cost;
	if (sure.bounded && f->count == split)
		return (struct trigger){.never = true};
	if (either.bounded && either.cost <= sure.cost)
		return (struct trigger){.never = split == 0, .leaf = f->leaf, .count = split};
	if (sure.bounded)
		return (struct trigger){.leaf = f->leaf + split, .count = f->count - split};
	return (struct trigger){.always = true};
}
