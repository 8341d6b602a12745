#include "sigma/timeline.h"

static struct mark *child(const struct treap *t, uint32_t n)
{
	return n == POOL_NONE ? NULL : treap_at(t, n);
}

/* Adds to all levels of a subtree. */
static void raise_tree(struct mark *m, double by)
{
	if (!m)
		return;
	m->level += by;
	m->wait += by;
	m->most += by;
}

static void push(const struct treap *t, void *node)
{
	struct mark *m = node;

	if (m->wait == 0)
		return;
	raise_tree(child(t, m->link.left), m->wait);
	raise_tree(child(t, m->link.right), m->wait);
	m->wait = 0;
}

static void pull_child(struct mark *m, const struct mark *c)
{
	if (!c)
		return;
	m->count += c->count;
	if (!c->open_count)
		return;
	if (!m->open_count || c->most > m->most)
		m->most = c->most;
	m->open_count += c->open_count;
}

/* Called with nothing waiting at the node. */
static void pull(const struct treap *t, void *node)
{
	struct mark *m = node;

	m->count = m->own;
	m->open_count = m->open;
	m->most = m->level;
	pull_child(m, child(t, m->link.left));
	pull_child(m, child(t, m->link.right));
}

static int by_time(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

/* At most two marks an item; a few more for what is loaded and turns out to be damaged. */
static uint32_t marks_limit(uint32_t items)
{
	return 2 * items + TIMELINE_SPARE;
}

size_t timelines_memory(uint32_t items_limit)
{
	return pool_memory(sizeof(struct mark), marks_limit(items_limit)) +
	       pool_memory(sizeof(struct item), items_limit);
}

void timelines_init(struct timelines *s, uint32_t items_limit, uint64_t seed)
{
	treap_init(&s->marks, sizeof(struct mark), marks_limit(items_limit), by_time, seed);
	s->marks.push = push;
	s->marks.pull = pull;
	pool_init(&s->items, sizeof(struct item), items_limit);
}

void timelines_fini(struct timelines *s)
{
	treap_fini(&s->marks);
	pool_fini(&s->items);
}

uint32_t timeline_mark(struct timelines *s, uint32_t *root, uint64_t time)
{
	double level = 0, wait = 0;

	for (uint32_t n = *root; n != POOL_NONE;) {
		const struct mark *m = timeline_mark_at(s, n);
		if (m->time == time)
			return n;
		if (m->time < time)
			level = m->level + wait;
		wait += m->wait;
		n = m->time < time ? m->link.right : m->link.left;
	}
	uint32_t made = treap_get(&s->marks);
	struct mark *m = timeline_mark_at(s, made);
	m->time = time;
	m->level = level; /* that of the mark before it */
	m->items = m->ends = POOL_NONE;
	treap_insert(&s->marks, root, made);
	return made;
}

/* Recomputes the sums of all above the mark of this time. */
static void refresh(struct timelines *s, uint32_t n, uint64_t time)
{
	struct mark *m = timeline_mark_at(s, n);

	push(&s->marks, m);
	if (m->time != time)
		refresh(s, m->time < time ? m->link.right : m->link.left, time);
	pull(&s->marks, m);
}

uint32_t timeline_put(struct timelines *s, uint32_t *root, uint64_t time, const struct item *x)
{
	struct mark *m = timeline_mark_at(s, timeline_mark(s, root, time));
	uint32_t number = pool_get(&s->items);
	struct item *i = timeline_item(s, number);

	s->lines |= x->line != 0;
	*i = *x;
	i->next = m->items;
	m->items = number;
	m->own++;
	m->open = !x->settled;
	refresh(s, *root, time);
	return number;
}

/* Adds over [from, to) of a subtree; `all_from` and `all_to` say that it has nothing before and
 * nothing behind. */
static void add(struct timelines *s, uint32_t n, uint64_t from, uint64_t to, bool all_from,
		bool all_to, double by)
{
	if (n == POOL_NONE)
		return;
	struct mark *m = timeline_mark_at(s, n);
	if (all_from && all_to) {
		raise_tree(m, by);
		return;
	}
	push(&s->marks, m);
	if (m->time < from) {
		add(s, m->link.right, from, to, false, all_to, by);
	} else if (m->time >= to) {
		add(s, m->link.left, from, to, all_from, false, by);
	} else {
		m->level += by;
		add(s, m->link.left, from, to, all_from, true, by);
		add(s, m->link.right, from, to, true, all_to, by);
	}
	pull(&s->marks, m);
}

void timeline_add(struct timelines *s, uint32_t *root, uint64_t from, uint64_t to, double by)
{
	timeline_mark(s, root, from);
	timeline_mark(s, root, to);
	add(s, *root, from, to, false, false, by);
}

struct search {
	struct timelines *s;
	uint64_t from, to;
	timeline_may *may;
	timeline_take *take;
	void *context;
};

static void look(const struct search *q, uint32_t n)
{
	if (n == POOL_NONE)
		return;
	struct mark *m = timeline_mark_at(q->s, n);
	if (!m->open_count || !q->may(q->context, m->most))
		return;
	push(&q->s->marks, m);
	if (m->time > q->from)
		look(q, m->link.left);
	if (m->open && m->time >= q->from && m->time < q->to && q->may(q->context, m->level) &&
	    q->take(q->context, m))
		m->open = 0;
	if (m->time < q->to)
		look(q, m->link.right);
	pull(&q->s->marks, m);
}

void timeline_search(struct timelines *s, uint32_t root, uint64_t from, uint64_t to,
		     timeline_may *may, timeline_take *take, void *context)
{
	look(&(struct search){s, from, to, may, take, context}, root);
}

/* Items up to and at this time. */
static uint64_t rank(const struct timelines *s, uint32_t n, uint64_t time)
{
	uint64_t count = 0;

	while (n != POOL_NONE) {
		const struct mark *m = timeline_mark_at(s, n);
		if (m->time > time) {
			n = m->link.left;
			continue;
		}
		const struct mark *left = child(&s->marks, m->link.left);
		count += m->own + (left ? left->count : 0);
		n = m->link.right;
	}
	return count;
}

uint64_t timeline_count(const struct timelines *s, uint32_t root, uint64_t after, uint64_t upto)
{
	return rank(s, root, upto) - rank(s, root, after);
}

/* Goes right only where nothing on the left is after `after`, so along one path and the side of
 * one more. */
static const struct mark *next_of(const struct timelines *s, uint32_t n, uint64_t after)
{
	while (n != POOL_NONE) {
		const struct mark *m = timeline_mark_at(s, n);
		if (!m->count)
			break;
		if (m->time <= after) {
			n = m->link.right;
			continue;
		}
		const struct mark *left = next_of(s, m->link.left, after);
		if (left)
			return left;
		if (m->own)
			return m;
		n = m->link.right;
	}
	return NULL;
}

uint64_t timeline_next(const struct timelines *s, uint32_t root, uint64_t after)
{
	const struct mark *m = next_of(s, root, after);

	return m ? m->time : UINT64_MAX;
}

struct walk {
	const struct timelines *s;
	uint64_t after, upto;
	timeline_each *each;
	void *context;
};

static bool walk_back(const struct walk *w, uint32_t n)
{
	if (n == POOL_NONE)
		return true;
	const struct mark *m = timeline_mark_at(w->s, n);
	if (!m->count)
		return true;
	if (m->time < w->upto && !walk_back(w, m->link.right))
		return false;
	if (m->time <= w->after)
		return true;
	if (m->time <= w->upto)
		for (uint32_t i = m->items; i != POOL_NONE;) {
			struct item *x = timeline_item(w->s, i);
			i = x->next;
			if (!w->each(w->context, x))
				return false;
		}
	return walk_back(w, m->link.left);
}

void timeline_back(const struct timelines *s, uint32_t root, uint64_t after, uint64_t upto,
		   timeline_each *each, void *context)
{
	walk_back(&(struct walk){s, after, upto, each, context}, root);
}

uint32_t timeline_find(const struct timelines *s, uint32_t root, uint64_t time)
{
	while (root != POOL_NONE) {
		const struct mark *m = timeline_mark_at(s, root);
		if (m->time == time)
			break;
		root = m->time < time ? m->link.right : m->link.left;
	}
	return root;
}

uint32_t timeline_first(const struct timelines *s, uint32_t root)
{
	return treap_first(&s->marks, root);
}

void timeline_drop(struct timelines *s, uint32_t *root, uint32_t mark)
{
	treap_remove(&s->marks, root, mark);
	for (uint32_t i = timeline_mark_at(s, mark)->items; i != POOL_NONE;) {
		uint32_t next = timeline_item(s, i)->next;
		pool_put(&s->items, i);
		i = next;
	}
	pool_put(&s->marks.pool, mark);
}
