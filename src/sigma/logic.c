#include "sigma/logic.h"

#include <stdlib.h>

#include "base/mem.h"

bool logic_holds(const struct sigma_logic *l, const uint64_t bit[], uint64_t hit)
{
	switch (l->kind) {
	case NODE_LEAF:
		return hit & bit[l->ref];
	case NODE_NOT:
		return !logic_holds(l->child[0], bit, hit);
	default:
		break;
	}
	for (size_t i = 0; i < l->count; i++)
		if (logic_holds(l->child[i], bit, hit) == (l->kind == NODE_OR))
			return l->kind == NODE_OR;
	return l->kind == NODE_AND;
}

static void put(struct logic_terms *out, struct logic_term x)
{
	if (x.with & x.without)
		return;
	for (size_t i = 0; i < out->count; i++)
		if (out->term[i].with == x.with && out->term[i].without == x.without)
			return;
	if (out->count == LOGIC_TERMS_MAX)
		out->more = true;
	else
		out->term[out->count++] = x;
}

static void split(const struct sigma_logic *l, bool not, struct logic_terms *out);

/* All pairs of a term of `out` and one of the child. */
static void multiply(struct logic_terms *out, const struct sigma_logic *l, bool not )
{
	struct logic_terms *left = mem_alloc(2 * sizeof *left), *right = left + 1;

	*left = *out;
	split(l, not, right);
	out->count = 0;
	out->more |= right->more;
	for (size_t i = 0; i < left->count; i++)
		for (size_t k = 0; k < right->count; k++)
			put(out,
			    (struct logic_term){left->term[i].with | right->term[k].with,
						left->term[i].without | right->term[k].without});
	free(left);
}

static void add(struct logic_terms *out, const struct sigma_logic *l, bool not )
{
	struct logic_terms *more = mem_alloc(sizeof *more);

	split(l, not, more);
	out->more |= more->more;
	for (size_t i = 0; i < more->count; i++)
		put(out, more->term[i]);
	free(more);
}

static void split(const struct sigma_logic *l, bool not, struct logic_terms *out)
{
	out->count = 0;
	out->more = false;
	if (l->kind == NODE_LEAF) {
		uint64_t bit = UINT64_C(1) << l->ref;
		put(out,
		    not ? (struct logic_term){.without = bit} : (struct logic_term){.with = bit});
		return;
	}
	if (l->kind == NODE_NOT) {
		split(l->child[0], !not, out);
		return;
	}
	/* "not (a or b)" is "not a and not b" */
	bool all = (l->kind == NODE_AND) != not ;
	if (all)
		put(out, (struct logic_term){0});
	for (size_t i = 0; i < l->count; i++)
		if (all)
			multiply(out, l->child[i], not );
		else
			add(out, l->child[i], not );
}

void logic_split(const struct sigma_logic *l, struct logic_terms *out)
{
	split(l, false, out);
}
