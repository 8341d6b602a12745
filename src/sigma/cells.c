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

void cells_init(struct cells *c, const struct sigma_correlation *rule, bool bits,
		const struct cells_bounds *b, const struct hash_key *key,
		const struct arrivals *arrivals)
{
	*c = (struct cells){.key = key,
			    .arrivals = arrivals,
			    .newest = POOL_NONE,
			    .oldest = POOL_NONE,
			    .span = rule->timespan,
			    .bounds = *b,
			    .group_count = (unsigned)rule->group_count};
	timelines_init(&c->timelines, bits, b->items + CELL_LANES, 2 * b->items + CELLS_SPARE,
		       key->w[0]);
	occurs_init(&c->occurs, 2 * b->items + CELLS_SPARE, key->w[1]);
	ranks_init(&c->ranks, b->items + CELL_LANES, key->w[2]);
	pool_init(&c->pool, sizeof(struct cell), b->groups);
	hindex_init(&c->index, 64);
}

void cells_fini(struct cells *c)
{
	for (uint32_t n = c->oldest; n != POOL_NONE; n = cell_at(c, n)->newer)
		free(cell_at(c, n)->text);
	timelines_fini(&c->timelines);
	occurs_fini(&c->occurs);
	ranks_fini(&c->ranks);
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
	return time + c->span <= horizon(c->arrivals);
}

/* Takes the first mark of a lane, with what ends at it. */
static void drop_mark(struct cells *c, uint32_t n, unsigned which)
{
	struct cell *x = cell_at(c, n);
	struct lane *l = &x->lane[which];
	uint32_t number;
	struct mark *m = timeline_drop(&c->timelines, &l->timeline, &number);
	bool past = is_past(c, m->time);

	for (uint32_t i = m->items; i != POOL_NONE;) {
		struct item *item = timeline_item(&c->timelines, i);
		i = item->next;
		rank_goes(&c->ranks, &l->rank, item);
		if (item->twin != POOL_NONE)
			timeline_item(&c->timelines, item->twin)->twin = POOL_NONE;
		else
			c->evicted += !past; /* with its last copy */
	}
	for (uint32_t i = m->ends; i != POOL_NONE;) {
		uint32_t next = occur_at(&c->occurs, i)->next;
		occur_drop(&c->occurs, &l->occurs, i);
		i = next;
	}
	timeline_free(&c->timelines, number);
	cells_changed(c, n, which);
}

static void drop_cell(struct cells *c, uint32_t n)
{
	for (unsigned which = 0; which < CELL_LANES; which++)
		while (cell_at(c, n)->lane[which].timeline != POOL_NONE)
			drop_mark(c, n, which);
	free_cell(c, n);
}

/* What is to be free. */
struct need {
	uint32_t items, marks, occurs, cells;
	size_t text;
};

static bool pool_has(const struct pool *p, uint32_t n)
{
	return p->limit - pool_live(p) >= n;
}

static bool has_room(const struct cells *c, const struct need *n)
{
	return pool_has(&c->timelines.items, n->items) &&
	       pool_has(&c->timelines.marks.pool, n->marks) &&
	       pool_has(&c->occurs.tree.pool, n->occurs) && pool_has(&c->pool, n->cells) &&
	       c->text_bytes + n->text <= c->bounds.text;
}

/* Frees something; `keep` is a cell that stays, if empty. False when there is nothing left. */
static bool evict(struct cells *c, uint32_t keep)
{
	if (c->heap_count) {
		uint32_t n = c->heap[0] >> 1, which = c->heap[0] & 1;
		const struct cell *x = cell_at(c, n);
		if (is_past(c, x->lane[which].first)) {
			drop_mark(c, n, which);
			if (n != keep && x->lane[0].timeline == POOL_NONE &&
			    x->lane[1].timeline == POOL_NONE)
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
	drop_mark(c, c->heap[0] >> 1, c->heap[0] & 1);
	return true;
}

static void make_room(struct cells *c, const struct need *n, uint32_t keep)
{
	while (!has_room(c, n) && evict(c, keep))
		;
}

/* A match has one item, and marks for itself and both ends of what each value adds. */
static struct need need_of(unsigned values)
{
	return (struct need){
		.items = CELL_LANES,
		.marks = CELL_LANES * (2 + 2 * values),
		.occurs = CELL_LANES * values,
	};
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

static uint32_t make_cell(struct cells *c, uint64_t hash, const struct str group[],
			  unsigned values)
{
	struct need need = need_of(values);

	need.cells = 1;
	for (unsigned g = 0; g < c->group_count; g++)
		need.text += cut(group[g]).n;
	make_room(c, &need, CELL_NONE);
	uint32_t n = pool_get(&c->pool);
	struct cell *x = cell_at(c, n);
	x->hash = hash;
	x->text = mem_alloc(need.text + 1);
	for (unsigned g = 0; g < c->group_count; g++) {
		x->length[g] = (uint32_t)cut(group[g]).n;
		if (x->length[g])
			memcpy(x->text + x->text_bytes, group[g].p, x->length[g]);
		x->text_bytes += x->length[g];
	}
	c->text_bytes += x->text_bytes;
	for (unsigned i = 0; i < CELL_LANES; i++)
		x->lane[i] = (struct lane){.timeline = POOL_NONE,
					   .occurs = POOL_NONE,
					   .rank.root = POOL_NONE,
					   .place = CELL_NONE};
	hindex_add(&c->index, hash, n);
	link_newest(c, n);
	return n;
}

uint32_t cells_get(struct cells *c, const struct str group[], unsigned values)
{
	uint64_t hash = 0;

	for (unsigned g = 0; g < c->group_count; g++)
		hash = cells_hash(c->key, group[g], hash);
	for (struct hprobe q = hindex_probe(&c->index, hash); hindex_next(&c->index, &q);) {
		if (!is_group(c, cell_at(c, q.ref), hash, group))
			continue;
		if (c->newest != q.ref) {
			unlink_cell(c, cell_at(c, q.ref));
			link_newest(c, q.ref);
		}
		struct need need = need_of(values);
		make_room(c, &need, q.ref);
		return q.ref;
	}
	return make_cell(c, hash, group, values);
}

void cells_changed(struct cells *c, uint32_t n, unsigned which)
{
	struct lane *l = &cell_at(c, n)->lane[which];
	uint32_t first = treap_first(&c->timelines.marks, l->timeline);

	if (first == POOL_NONE) {
		if (l->place != CELL_NONE)
			heap_remove(c, l->place);
		return;
	}
	uint64_t time = timeline_mark_at(&c->timelines, first)->time;
	if (l->place == CELL_NONE) {
		l->first = time;
		heap_add(c, n << 1 | which);
	} else if (time != l->first) {
		l->first = time;
		heap_moved(c, l->place);
	}
}

/* Copies of trees, node by node. Items of both are twins; the lists keep their order. */

static uint32_t copy_items(struct cells *c, uint32_t from)
{
	uint32_t head = POOL_NONE, last = POOL_NONE;

	for (; from != POOL_NONE; from = timeline_item(&c->timelines, from)->next) {
		uint32_t n = pool_get(&c->timelines.items);
		struct item *x = timeline_item(&c->timelines, n);
		*x = *timeline_item(&c->timelines, from);
		x->next = POOL_NONE;
		x->twin = from;
		x->ranked = false;
		timeline_item(&c->timelines, from)->twin = n;
		if (last == POOL_NONE)
			head = n;
		else
			timeline_item(&c->timelines, last)->next = n;
		last = n;
	}
	return head;
}

/* Calls made for each occurrence too, so that those that end at a mark stay on its list. */
static uint32_t copy_ends(struct cells *c, struct lane *to, uint32_t from)
{
	uint32_t head = POOL_NONE;

	for (; from != POOL_NONE; from = occur_at(&c->occurs, from)->next) {
		const struct occurrence *x = occur_at(&c->occurs, from);
		uint32_t n = occur_add(&c->occurs, &to->occurs, x->value, x->time);
		occur_at(&c->occurs, n)->times = x->times;
		occur_at(&c->occurs, n)->next = head;
		head = n;
	}
	return head;
}

static uint32_t copy_marks(struct cells *c, struct lane *to, uint32_t from)
{
	struct treap *t = &c->timelines.marks;

	if (from == POOL_NONE)
		return from;
	uint32_t n = treap_get(t);
	struct mark *m = treap_at(t, n);
	*m = *(const struct mark *)treap_at(t, from);
	m->items = copy_items(c, m->items);
	m->ends = copy_ends(c, to, m->ends);
	m->link.left = copy_marks(c, to, m->link.left);
	m->link.right = copy_marks(c, to, m->link.right);
	return n;
}

static uint32_t count_nodes(const struct treap *t, uint32_t root)
{
	const struct treap_link *x = root == POOL_NONE ? NULL : treap_at(t, root);

	return x ? 1 + count_nodes(t, x->left) + count_nodes(t, x->right) : 0;
}

static struct need need_of_copy(const struct cells *c, const struct lane *l, unsigned values)
{
	struct need need = need_of(values);

	if (l->timeline == POOL_NONE)
		return need;
	need.items += timeline_mark_at(&c->timelines, l->timeline)->count;
	need.marks += count_nodes(&c->timelines.marks, l->timeline);
	need.occurs += count_nodes(&c->occurs.tree, l->occurs);
	return need;
}

void cells_fork(struct cells *c, uint32_t n, unsigned values)
{
	struct cell *x = cell_at(c, n);

	/* What is dropped to make room may be its own, and then less is needed: counted anew each
	 * time that a part of it was dropped. */
	for (bool more = true; more;) {
		struct need need = need_of_copy(c, &x->lane[0], values);
		uint32_t part = need.marks / 8 + 1;
		while (part-- > 0 && more)
			more = !has_room(c, &need) && evict(c, n);
	}
	x->forked = true;
	x->lane[1].timeline = copy_marks(c, &x->lane[1], x->lane[0].timeline);
	cells_changed(c, n, 1);
}
