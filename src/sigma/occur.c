#include "sigma/occur.h"

static int by_value_and_time(const void *a, const void *b)
{
	const struct occurrence *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x->time > y->time) - (x->time < y->time);
}

void occurs_init(struct occurs *o, uint32_t limit, uint64_t seed)
{
	treap_init(&o->tree, sizeof(struct occurrence), limit, by_value_and_time, seed);
}

size_t occurs_memory(uint32_t limit)
{
	return pool_memory(sizeof(struct occurrence), limit);
}

void occurs_fini(struct occurs *o)
{
	treap_fini(&o->tree);
}

uint32_t occur_add(struct occurs *o, uint32_t *root, uint64_t value, uint64_t time)
{
	uint32_t n = treap_get(&o->tree);
	struct occurrence *x = occur_at(o, n);

	x->value = value;
	x->time = time;
	x->times = 1;
	x->end = UINT64_MAX;
	treap_insert(&o->tree, root, n);
	return n;
}

void occur_drop(struct occurs *o, uint32_t *root, uint32_t n)
{
	treap_remove(&o->tree, root, n);
	pool_put(&o->tree.pool, n);
}

struct occurrence *occur_last(const struct occurs *o, uint32_t root, uint64_t value, uint64_t upto)
{
	struct occurrence *best = NULL;

	while (root != POOL_NONE) {
		struct occurrence *x = occur_at(o, root);
		if (x->value < value || (x->value == value && x->time <= upto)) {
			best = x;
			root = x->link.right;
		} else {
			root = x->link.left;
		}
	}
	return best && best->value == value ? best : NULL;
}

struct occurrence *occur_next(const struct occurs *o, uint32_t root, uint64_t value, uint64_t from)
{
	struct occurrence *best = NULL;

	while (root != POOL_NONE) {
		struct occurrence *x = occur_at(o, root);
		if (x->value > value || (x->value == value && x->time >= from)) {
			best = x;
			root = x->link.left;
		} else {
			root = x->link.right;
		}
	}
	return best && best->value == value ? best : NULL;
}
