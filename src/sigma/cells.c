#include "sigma/cells.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"
#include "sigma/heap.h"

void arrivals_init(struct arrivals *a)
{
	*a = (struct arrivals){.before = UINT64_MAX, .now = UINT64_MAX};
}

void arrivals_note(struct arrivals *a, uint64_t time)
{
	if (time < a->now)
		a->now = time;
	if (++a->count < ARRIVALS_BLOCK)
		return;
	*a = (struct arrivals){.before = a->now, .now = UINT64_MAX};
}

static uint64_t horizon(const struct arrivals *a)
{
	return a->before < a->now ? a->before : a->now;
}

#define SPARE (CELL_TRAILS * TRAIL_VALUES_MAX) /* occurrences of the match of most values */

void cells_init(struct cells *c, const struct measure *m, uint64_t span,
		const struct cells_bounds *b, const struct hash_key *key,
		const struct arrivals *arrivals)
{
	*c = (struct cells){.key = key,
			    .arrivals = arrivals,
			    .newest = POOL_NONE,
			    .oldest = POOL_NONE,
			    .bounds = *b,
			    .group_count = (unsigned)m->rule->group_count};
	/* The match of most values has room even if the bounds are tiny. */
	trails_init(&c->trails, m, b->items + CELL_TRAILS, SPARE, span, key->w);
	pool_init(&c->pool, sizeof(struct cell), b->groups);
	hindex_init(&c->index, 64);
}

size_t cells_memory(const struct measure *m, const struct cells_bounds *b)
{
	/* a text of each group, its bytes, and what the allocator adds; trails in the heap, which
	 * doubles */
	return trails_memory(m, b->items + CELL_TRAILS, SPARE) +
	       pool_memory(sizeof(struct cell), b->groups) + hindex_memory(b->groups) + b->text +
	       b->groups * (mem_memory(1) + 2 * CELL_TRAILS * sizeof(uint32_t));
}

void cells_fini(struct cells *c)
{
	for (uint32_t n = c->oldest; n != POOL_NONE; n = cell_at(c, n)->newer)
		free(cell_at(c, n)->text);
	trails_fini(&c->trails);
	pool_fini(&c->pool);
	hindex_fini(&c->index);
	free(c->heap);
}

static void unlink_cell(struct cells *c, struct cell *x)
{
	if (x->newer != POOL_NONE)
		cell_at(c, x->newer)->older = x->older;
	else
		c->newest = x->older;
	if (x->older != POOL_NONE)
		cell_at(c, x->older)->newer = x->newer;
	else
		c->oldest = x->newer;
}

static void link_newest(struct cells *c, uint32_t n)
{
	struct cell *x = cell_at(c, n);

	x->newer = POOL_NONE;
	x->older = c->newest;
	if (c->newest != POOL_NONE)
		cell_at(c, c->newest)->newer = n;
	else
		c->oldest = n;
	c->newest = n;
}

static void free_cell(struct cells *c, uint32_t n)
{
	struct cell *x = cell_at(c, n);

	unlink_cell(c, x);
	hindex_remove(&c->index, x->hash, n);
	c->text_bytes -= x->text_bytes;
	free(x->text);
	pool_put(&c->pool, n);
}

/* Whether no window that can still come has this time. */
static bool is_past(const struct cells *c, uint64_t time)
{
	return time + c->trails.span <= horizon(c->arrivals);
}

/* Forgets the first matches of a trail. */
static void drop_first(struct cells *c, uint32_t n, unsigned which)
{
	struct cell *x = cell_at(c, n);
	bool past = is_past(c, x->first[which]);
	uint64_t last = trail_forget(&c->trails, &x->trail[which]);

	c->evicted += past ? 0 : last;
	cells_changed(c, n, which);
}

static void drop_cell(struct cells *c, uint32_t n)
{
	for (unsigned which = 0; which < CELL_TRAILS; which++)
		while (cell_at(c, n)->trail[which].timeline != POOL_NONE)
			drop_first(c, n, which);
	free_cell(c, n);
}

/* What is to be free. Marks are no concern: two an item are always there. */
struct need {
	uint32_t items, occurs, cells;
	size_t text;
};

static bool pool_has(const struct pool *p, uint32_t n)
{
	return p->limit - pool_live(p) >= n;
}

static bool has_room(const struct cells *c, const struct need *n)
{
	return pool_has(&c->trails.timelines.items, n->items) &&
	       pool_has(&c->trails.occurs.tree.pool, n->occurs) && pool_has(&c->pool, n->cells) &&
	       c->text_bytes + n->text <= c->bounds.text;
}

/* Frees something; `keep` is a cell that stays, if empty. False when there is nothing left. */
static bool evict(struct cells *c, uint32_t keep)
{
	if (c->heap_count) {
		uint32_t n = c->heap[0] >> 1, which = c->heap[0] & 1;
		const struct cell *x = cell_at(c, n);
		if (is_past(c, x->first[which])) {
			drop_first(c, n, which);
			if (n != keep && x->trail[0].timeline == POOL_NONE &&
			    x->trail[1].timeline == POOL_NONE)
				free_cell(c, n);
			return true;
		}
	}
	if (c->oldest != POOL_NONE && c->oldest != keep) {
		drop_cell(c, c->oldest);
		return true;
	}
	if (keep == CELL_NONE || !c->heap_count)
		return false;
	drop_first(c, c->heap[0] >> 1, c->heap[0] & 1);
	return true;
}

static void make_room(struct cells *c, const struct need *n, uint32_t keep)
{
	while (!has_room(c, n) && evict(c, keep))
		;
}

static struct need need_of(unsigned values)
{
	return (struct need){.items = CELL_TRAILS, .occurs = CELL_TRAILS * values};
}

uint64_t cells_hash(const struct hash_key *key, struct str text, uint64_t state)
{
	char folded[256];

	state = hash_fold(state ^ key->w[4], text.n ^ key->w[5]);
	while (text.n) {
		size_t n = text.n < sizeof folded ? text.n : sizeof folded;
		for (size_t i = 0; i < n; i++)
			folded[i] = ascii_lower(text.p[i]);
		state = hash_fold(state ^ hash_bytes(key, folded, n), key->w[6]);
		text.p += n;
		text.n -= n;
	}
	return state;
}

static struct str cut(struct str s)
{
	if (s.n > LIMIT_CORRELATION_VALUE)
		s.n = LIMIT_CORRELATION_VALUE;
	return s;
}

struct str cell_group(const struct cell *x, unsigned group)
{
	const char *p = x->text;

	for (unsigned g = 0; g < group; g++)
		p += x->length[g];
	return (struct str){p, x->length[group]};
}

static bool is_group(const struct cells *c, const struct cell *x, uint64_t hash,
		     const struct str group[])
{
	if (x->hash != hash)
		return false;
	for (unsigned g = 0; g < c->group_count; g++)
		if (!str_ieq(cell_group(x, g), cut(group[g])))
			return false;
	return true;
}

static size_t text_of(const struct cells *c, const struct str group[])
{
	size_t bytes = 0;

	for (unsigned g = 0; g < c->group_count; g++)
		bytes += cut(group[g]).n;
	return bytes;
}

/* There must be room. */
static uint32_t put_cell(struct cells *c, uint64_t hash, const struct str group[])
{
	uint32_t n = pool_get(&c->pool);
	struct cell *x = cell_at(c, n);

	x->hash = hash;
	x->text = mem_alloc(text_of(c, group) + 1);
	for (unsigned g = 0; g < c->group_count; g++) {
		x->length[g] = (uint32_t)cut(group[g]).n;
		if (x->length[g])
			memcpy(x->text + x->text_bytes, group[g].p, x->length[g]);
		x->text_bytes += x->length[g];
	}
	c->text_bytes += x->text_bytes;
	for (unsigned i = 0; i < CELL_TRAILS; i++) {
		trail_init(&x->trail[i]);
		x->place[i] = CELL_NONE;
	}
	hindex_add(&c->index, hash, n);
	link_newest(c, n);
	return n;
}

static uint64_t hash_of(const struct cells *c, const struct str group[])
{
	uint64_t hash = 0;

	for (unsigned g = 0; g < c->group_count; g++)
		hash = cells_hash(c->key, group[g], hash);
	return hash;
}

static uint32_t find_cell(const struct cells *c, uint64_t hash, const struct str group[])
{
	for (struct hprobe q = hindex_probe(&c->index, hash); hindex_next(&c->index, &q);)
		if (is_group(c, cell_at(c, q.ref), hash, group))
			return q.ref;
	return CELL_NONE;
}

uint32_t cells_get(struct cells *c, const struct str group[], unsigned values)
{
	struct need need = need_of(values);
	uint64_t hash = hash_of(c, group);
	uint32_t n = find_cell(c, hash, group);

	if (n == CELL_NONE) {
		need.cells = 1;
		need.text = text_of(c, group);
		make_room(c, &need, CELL_NONE);
		return put_cell(c, hash, group);
	}
	if (c->newest != n) {
		unlink_cell(c, cell_at(c, n));
		link_newest(c, n);
	}
	make_room(c, &need, n);
	return n;
}

uint32_t cells_add(struct cells *c, const struct str group[])
{
	uint64_t hash = hash_of(c, group);

	return find_cell(c, hash, group) == CELL_NONE ? put_cell(c, hash, group) : CELL_NONE;
}

void cells_changed(struct cells *c, uint32_t n, unsigned which)
{
	struct cell *x = cell_at(c, n);
	const struct timelines *t = &c->trails.timelines;
	uint32_t first = timeline_first(t, x->trail[which].timeline);

	if (first == POOL_NONE) {
		if (x->place[which] != CELL_NONE)
			heap_remove(c, x->place[which]);
		return;
	}
	uint64_t time = timeline_mark_at(t, first)->time;
	if (x->place[which] == CELL_NONE) {
		x->first[which] = time;
		heap_add(c, n << 1 | which);
	} else if (time != x->first[which]) {
		x->first[which] = time;
		heap_moved(c, x->place[which]);
	}
}

static uint32_t count_nodes(const struct treap *t, uint32_t root)
{
	const struct treap_link *x = root == POOL_NONE ? NULL : treap_at(t, root);

	return x ? 1 + count_nodes(t, x->left) + count_nodes(t, x->right) : 0;
}

static struct need need_of_copy(const struct cells *c, const struct trail *l, unsigned values)
{
	struct need need = need_of(values);

	if (l->timeline == POOL_NONE)
		return need;
	need.items += timeline_mark_at(&c->trails.timelines, l->timeline)->count;
	need.occurs += count_nodes(&c->trails.occurs.tree, l->occurs);
	return need;
}

void cells_fork(struct cells *c, uint32_t n, unsigned values)
{
	struct cell *x = cell_at(c, n);

	/* What is dropped to make room may be its own, and then less is needed: counted anew each
	 * time that a part of it was dropped. */
	for (bool more = true; more;) {
		struct need need = need_of_copy(c, &x->trail[0], values);
		uint32_t part = need.items / 8 + 1;
		while (part-- > 0 && more)
			more = !has_room(c, &need) && evict(c, n);
	}
	x->forked = true;
	trail_copy(&c->trails, &x->trail[1], &x->trail[0]);
	cells_changed(c, n, 1);
}
