#include "base/treap.h"

static struct treap_link *link_of(const struct treap *t, uint32_t node)
{
	return treap_at(t, node);
}

static void push(const struct treap *t, uint32_t node)
{
	if (t->push)
		t->push(t, treap_at(t, node));
}

static void pull(const struct treap *t, uint32_t node)
{
	if (t->pull)
		t->pull(t, treap_at(t, node));
}

void treap_init(struct treap *t, size_t object_size, uint32_t limit,
		int (*compare)(const void *a, const void *b), uint64_t seed)
{
	*t = (struct treap){.compare = compare, .random = seed | 1};
	pool_init(&t->pool, object_size, limit);
}

void treap_fini(struct treap *t)
{
	pool_fini(&t->pool);
}

uint32_t treap_get(struct treap *t)
{
	uint32_t node = pool_get(&t->pool);

	if (node == POOL_NONE)
		return node;
	/* xorshift64*: the upper half is the good one */
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	*link_of(t, node) = (struct treap_link){
		POOL_NONE, POOL_NONE, (uint32_t)(t->random * UINT64_C(0x2545f4914f6cdd1d) >> 32)};
	return node;
}

/* What comes before `key` goes to *left, the rest to *right. */
static void split(const struct treap *t, uint32_t root, const void *key, uint32_t *left,
		  uint32_t *right)
{
	if (root == POOL_NONE) {
		*left = *right = POOL_NONE;
		return;
	}
	struct treap_link *x = link_of(t, root);
	push(t, root);
	if (t->compare(x, key) < 0) {
		split(t, x->right, key, &x->right, right);
		*left = root;
	} else {
		split(t, x->left, key, left, &x->left);
		*right = root;
	}
	pull(t, root);
}

/* All of `left` comes before all of `right`. */
static uint32_t merge(const struct treap *t, uint32_t left, uint32_t right)
{
	if (left == POOL_NONE)
		return right;
	if (right == POOL_NONE)
		return left;
	uint32_t top;
	if (link_of(t, left)->weight > link_of(t, right)->weight) {
		top = left;
		push(t, top);
		link_of(t, top)->right = merge(t, link_of(t, top)->right, right);
	} else {
		top = right;
		push(t, top);
		link_of(t, top)->left = merge(t, left, link_of(t, top)->left);
	}
	pull(t, top);
	return top;
}

static uint32_t insert(const struct treap *t, uint32_t root, uint32_t node)
{
	struct treap_link *n = link_of(t, node);

	if (root == POOL_NONE || n->weight > link_of(t, root)->weight) {
		split(t, root, n, &n->left, &n->right);
		pull(t, node);
		return node;
	}
	struct treap_link *x = link_of(t, root);
	push(t, root);
	if (t->compare(n, x) < 0)
		x->left = insert(t, x->left, node);
	else
		x->right = insert(t, x->right, node);
	pull(t, root);
	return root;
}

void treap_insert(struct treap *t, uint32_t *root, uint32_t node)
{
	*root = insert(t, *root, node);
}

static uint32_t take_out(const struct treap *t, uint32_t root, uint32_t node)
{
	struct treap_link *x = link_of(t, root);

	push(t, root);
	if (root == node)
		return merge(t, x->left, x->right);
	if (t->compare(link_of(t, node), x) < 0)
		x->left = take_out(t, x->left, node);
	else
		x->right = take_out(t, x->right, node);
	pull(t, root);
	return root;
}

void treap_remove(struct treap *t, uint32_t *root, uint32_t node)
{
	*root = take_out(t, *root, node);
}

uint32_t treap_first(const struct treap *t, uint32_t root)
{
	while (root != POOL_NONE && link_of(t, root)->left != POOL_NONE)
		root = link_of(t, root)->left;
	return root;
}
