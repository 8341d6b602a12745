#include "sigma/rank.h"

struct ranked {
	struct treap_link link;
	uint32_t own, count; /* of this value, in the subtree */
	double value;
};

static struct ranked *at(const struct treap *t, uint32_t n)
{
	return treap_at(t, n);
}

static uint32_t count_of(const struct treap *t, uint32_t n)
{
	return n == POOL_NONE ? 0 : at(t, n)->count;
}

static void pull(const struct treap *t, void *node)
{
	struct ranked *x = node;

	x->count = x->own + count_of(t, x->link.left) + count_of(t, x->link.right);
}

static int by_value(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

void ranks_init(struct ranks *r, uint32_t limit, uint64_t seed)
{
	treap_init(&r->tree, sizeof(struct ranked), limit, by_value, seed);
	r->tree.pull = pull;
}

size_t ranks_memory(uint32_t limit)
{
	return pool_memory(sizeof(struct ranked), limit);
}

void ranks_fini(struct ranks *r)
{
	treap_fini(&r->tree);
}

/* The node of this value; all counts on the way there change by `by`. */
static uint32_t count_along(struct ranks *r, uint32_t n, double value, int by)
{
	while (n != POOL_NONE) {
		struct ranked *x = at(&r->tree, n);
		x->count += (uint32_t)by;
		if (x->value < value)
			n = x->link.right;
		else if (x->value > value)
			n = x->link.left;
		else
			break;
	}
	return n;
}

static void enter(struct ranks *r, struct rank *k, struct item *x)
{
	uint32_t n = count_along(r, k->root, x->number, 1);

	x->ranked = true;
	if (n != POOL_NONE) {
		at(&r->tree, n)->own++;
		return;
	}
	n = treap_get(&r->tree);
	at(&r->tree, n)->value = x->number;
	at(&r->tree, n)->own = 1;
	treap_insert(&r->tree, &k->root, n); /* recounts the way */
}

static void leave(struct ranks *r, struct rank *k, struct item *x)
{
	uint32_t n = count_along(r, k->root, x->number, -1);

	x->ranked = false;
	if (--at(&r->tree, n)->own)
		return;
	treap_remove(&r->tree, &k->root, n);
	pool_put(&r->tree.pool, n);
}

void rank_came(struct ranks *r, struct rank *k, uint64_t time, struct item *x)
{
	if (time > k->after && time <= k->upto)
		enter(r, k, x);
}

void rank_goes(struct ranks *r, struct rank *k, struct item *x)
{
	if (x->ranked)
		leave(r, k, x);
}

struct move {
	struct ranks *r;
	struct rank *k;
};

static bool take_in(void *context, struct item *x)
{
	struct move *m = context;

	if (!x->ranked)
		enter(m->r, m->k, x);
	return true;
}

static bool take_out(void *context, struct item *x)
{
	struct move *m = context;

	if (x->ranked)
		leave(m->r, m->k, x);
	return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t greatest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool rank_move(struct ranks *r, struct rank *k, const struct timelines *s, uint32_t timeline,
	       uint64_t after, uint64_t upto, bool must)
{
	/* what both windows have: (both, until] */
	uint64_t both = greatest(after, k->after), until = least(upto, k->upto);
	if (both >= until)
		both = until = 0; /* nothing */
	uint64_t kept = both < until ? timeline_count(s, timeline, both, until) : 0;
	uint64_t cost = rank_count(r, k) + timeline_count(s, timeline, after, upto) - 2 * kept;

	k->credit += RANK_CREDIT;
	if (!must && cost > k->credit)
		return false;
	k->credit -= least(cost, k->credit);
	struct move m = {r, k};
	if (both < until) {
		timeline_back(s, timeline, k->after, both, take_out, &m);
		timeline_back(s, timeline, until, k->upto, take_out, &m);
		timeline_back(s, timeline, after, both, take_in, &m);
		timeline_back(s, timeline, until, upto, take_in, &m);
	} else {
		timeline_back(s, timeline, k->after, k->upto, take_out, &m);
		timeline_back(s, timeline, after, upto, take_in, &m);
	}
	k->after = after;
	k->upto = upto;
	return true;
}

uint64_t rank_count(const struct ranks *r, const struct rank *k)
{
	return count_of(&r->tree, k->root);
}

double rank_value(const struct ranks *r, const struct rank *k, uint64_t place)
{
	uint32_t n = k->root;

	for (;;) {
		const struct ranked *x = at(&r->tree, n);
		uint64_t before = count_of(&r->tree, x->link.left);
		if (place <= before) {
			n = x->link.left;
		} else if (place <= before + x->own) {
			return x->value;
		} else {
			place -= before + x->own;
			n = x->link.right;
		}
	}
}
