/* The ordered tree, against a list. */
#include <criterion/criterion.h>

#include "base/treap.h"

struct node {
	struct treap_link link;
	uint32_t key, count; /* of the subtree */
};

static int by_key(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static uint32_t count_of(const struct treap *t, uint32_t n)
{
	return n == POOL_NONE ? 0 : ((const struct node *)treap_at(t, n))->count;
}

static void recount(const struct treap *t, void *node)
{
	struct node *x = node;

	x->count = 1 + count_of(t, x->link.left) + count_of(t, x->link.right);
}

static unsigned depth(const struct treap *t, uint32_t n)
{
	if (n == POOL_NONE)
		return 0;
	const struct treap_link *x = treap_at(t, n);
	unsigned left = depth(t, x->left), right = depth(t, x->right);
	return 1 + (left > right ? left : right);
}

/* Keys in order, counts right. */
static void walk(const struct treap *t, uint32_t n, int64_t *last, unsigned *nodes)
{
	if (n == POOL_NONE)
		return;
	const struct node *x = treap_at(t, n);
	walk(t, x->link.left, last, nodes);
	cr_assert_gt((int64_t)x->key, *last);
	*last = x->key;
	++*nodes;
	walk(t, x->link.right, last, nodes);
	cr_assert_eq(x->count, 1 + count_of(t, x->link.left) + count_of(t, x->link.right));
}

static void add(struct treap *t, uint32_t *root, uint32_t key, uint32_t *number)
{
	*number = treap_get(t);
	((struct node *)treap_at(t, *number))->key = key;
	treap_insert(t, root, *number);
}

Test(treap, agrees_with_a_list)
{
	enum { KEYS = 300 };
	uint32_t number[KEYS], root = POOL_NONE, random = 1;
	unsigned there = 0;
	struct treap t;

	treap_init(&t, sizeof(struct node), KEYS, by_key, 1);
	t.pull = recount;
	memset(number, 0xff, sizeof number);
	for (unsigned step = 0; step < 20000; step++) {
		random = random * 1664525 + 1013904223;
		uint32_t key = (random >> 8) % KEYS;
		if (number[key] == POOL_NONE) {
			add(&t, &root, key, &number[key]);
			there++;
		} else if (random >> 31) {
			treap_remove(&t, &root, number[key]);
			pool_put(&t.pool, number[key]);
			number[key] = POOL_NONE;
			there--;
		} else {
			uint32_t first = treap_first(&t, root);
			uint32_t k = ((const struct node *)treap_at(&t, first))->key;
			cr_assert_eq(number[k], first);
			for (uint32_t i = 0; i < k; i++)
				cr_assert_eq(number[i], POOL_NONE);
			treap_remove(&t, &root, first);
			pool_put(&t.pool, first);
			number[k] = POOL_NONE;
			there--;
		}
		if (step % 16)
			continue;
		int64_t last = -1;
		unsigned nodes = 0;
		walk(&t, root, &last, &nodes);
		cr_assert_eq(nodes, there);
	}
	treap_fini(&t);
}

Test(treap, stays_shallow_whatever_the_order)
{
	enum { N = 100000 };
	struct treap t;

	for (int back = 0; back < 2; back++) {
		uint32_t root = POOL_NONE, number;
		treap_init(&t, sizeof(struct node), N, by_key, 7);
		t.pull = recount;
		for (uint32_t i = 0; i < N; i++)
			add(&t, &root, back ? N - i : i, &number);
		cr_expect_eq(treap_get(&t), POOL_NONE, "the limit");
		cr_expect_lt(depth(&t, root), 70);
		treap_fini(&t);
	}
}
