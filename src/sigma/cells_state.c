/* The groups of a correlation, to and from bytes, or from an older correlator. They go by order of
 * use, the oldest first, so that what does not fit is what would have been evicted. */
#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"
#include "sigma/cells.h"
#include "sigma/heap.h"

/* What a cell begins with: items, occurrences, bytes of its text and of all that follows. */
#define HEAD_NUMBERS 4

enum {
	CELL_FORKED = 1,
	CELL_CERTAIN = 2,
	CELL_FLAGS = 3,
};

/* saving */

static void put_u32(uint8_t *to, uint64_t v)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

static void save_cell(const struct cells *c, const struct cell *x, struct trail_order *o,
		      struct bytes *out)
{
	size_t head = out->n;

	for (int i = 0; i < HEAD_NUMBERS; i++)
		bytes_u32le(out, 0);
	size_t from = out->n;
	bytes_u8(out, (uint8_t)((x->forked ? CELL_FORKED : 0) |
				(x->fact_certain ? CELL_CERTAIN : 0)));
	bytes_var(out, x->fact);
	for (unsigned g = 0; g < c->group_count; g++)
		bytes_text(out, cell_group(x, g));
	o->count = 0;
	o->items = o->occurs = 0;
	for (unsigned which = 0; which < (x->forked ? CELL_TRAILS : 1); which++)
		trail_save(&c->trails, &x->trail[which], o, which == 1, out);
	if (out->full)
		return;
	put_u32(out->p + head, o->items);
	put_u32(out->p + head + 4, o->occurs);
	put_u32(out->p + head + 8, x->text_bytes);
	put_u32(out->p + head + 12, out->n - from);
}

void cells_save(const struct cells *c, struct bytes *out)
{
	uint32_t *place = mem_array(c->pool.made + 1u, sizeof *place), count = 0;
	struct trail_order o;

	trail_order_init(&o, c->trails.timelines.items.made, c->trails.occurs.tree.pool.made);
	bytes_u64le(out, c->evicted);
	bytes_u32le(out, pool_live(&c->pool));
	for (uint32_t n = c->oldest; n != POOL_NONE; n = cell_at(c, n)->newer) {
		place[n] = count++;
		save_cell(c, cell_at(c, n), &o, out);
	}
	/* equal times keep their order, in which they are evicted */
	bytes_u32le(out, c->heap_count);
	for (uint32_t i = 0; i < c->heap_count; i++)
		bytes_u32le(out, place[c->heap[i] >> 1] << 1 | (c->heap[i] & 1));
	trail_order_fini(&o);
	free(place);
}

/* loading */

struct head {
	uint64_t items, occurs, text, bytes;
};

static struct head load_head(struct cursor *in)
{
	struct head h = {.items = cur_u32le(in)};

	h.occurs = cur_u32le(in);
	h.text = cur_u32le(in);
	h.bytes = cur_u32le(in);
	return h;
}

/* What all cells need together. */
static bool add_up(struct cursor in, uint32_t count, struct head *sum)
{
	*sum = (struct head){0};
	for (uint32_t i = 0; i < count; i++) {
		struct head h = load_head(&in);
		sum->items += h.items;
		sum->occurs += h.occurs;
		sum->text += h.text;
		if (!cur_skip(&in, h.bytes))
			return false;
	}
	return true;
}

/* (one alone may have more text than the bound) */
static bool fits(const struct cells *c, const struct head *sum, uint32_t count)
{
	return sum->items <= c->trails.timelines.items.limit &&
	       sum->occurs <= c->trails.occurs.tree.pool.limit &&
	       (sum->text <= c->bounds.text || count == 1) && count <= c->pool.limit;
}

static bool load_groups(const struct cells *c, struct cursor *in, struct str group[])
{
	for (unsigned g = 0; g < c->group_count; g++) {
		size_t n = cur_u16le(in);
		const uint8_t *p = cur_take(in, n);
		if (!p || n > LIMIT_CORRELATION_VALUE)
			return false;
		group[g] = (struct str){(const char *)p, n};
	}
	return true;
}

static bool load_cell(struct cells *c, const struct head *h, struct trail_order *o,
		      struct cursor in, uint32_t *number)
{
	struct str group[CORRELATION_GROUP_MAX];
	uint8_t flags = cur_u8(&in);
	uint64_t fact = cur_var(&in);
	size_t text = 0;

	if (in.bad || flags > CELL_FLAGS || !load_groups(c, &in, group))
		return false;
	for (unsigned g = 0; g < c->group_count; g++)
		text += group[g].n;
	if (text != h->text || (*number = cells_add(c, group)) == CELL_NONE)
		return false;
	struct cell *x = cell_at(c, *number);
	x->fact = fact;
	x->fact_certain = flags & CELL_CERTAIN;
	x->forked = flags & CELL_FORKED;
	o->count = 0;
	o->items = o->occurs = 0;
	for (unsigned which = 0; which < (x->forked ? CELL_TRAILS : 1); which++)
		if (!trail_load(&c->trails, &x->trail[which], o, which == 1, &in))
			return false;
	return cur_left(&in) == 0 && o->items == h->items && o->occurs == h->occurs;
}

static bool load_heap(struct cells *c, const uint32_t *number, uint32_t count, struct cursor *in)
{
	uint32_t entries = cur_u32le(in);

	if (entries > cur_left(in) / 4)
		return false;
	for (uint32_t i = 0; i < entries; i++) {
		uint32_t entry = cur_u32le(in), place = entry >> 1, which = entry & 1;
		if (place >= count)
			return false;
		if (number[place] == CELL_NONE)
			continue; /* there was no room */
		const struct cell *x = cell_at(c, number[place]);
		if (x->place[which] != CELL_NONE || x->trail[which].timeline == POOL_NONE)
			return false;
		cells_changed(c, number[place], which);
	}
	for (uint32_t n = c->oldest; n != POOL_NONE; n = cell_at(c, n)->newer)
		for (unsigned which = 0; which < CELL_TRAILS; which++)
			if ((cell_at(c, n)->trail[which].timeline == POOL_NONE) !=
			    (cell_at(c, n)->place[which] == CELL_NONE))
				return false;
	return true;
}

bool cells_load(struct cells *c, struct cursor *in)
{
	uint64_t evicted = cur_u64le(in);
	uint32_t count = cur_u32le(in);
	struct head sum;
	struct trail_order o;
	bool good = true;

	if (in->bad || count > cur_left(in) / (4 * HEAD_NUMBERS) || !add_up(*in, count, &sum))
		return false;
	uint32_t *number = mem_array(count + 1u, sizeof *number);
	uint32_t most = c->trails.timelines.items.limit;
	trail_order_init(&o, sum.items < most ? (uint32_t)sum.items : most, 0);
	for (uint32_t i = 0; i < count && good; i++) {
		bool keep = fits(c, &sum, count - i);
		struct head h = load_head(in);
		struct cursor body = cur_sub(in, h.bytes);
		number[i] = CELL_NONE;
		if (keep) {
			good = load_cell(c, &h, &o, body, &number[i]);
			continue;
		}
		evicted += h.items;
		sum.items -= h.items;
		sum.occurs -= h.occurs;
		sum.text -= h.text;
	}
	good = good && load_heap(c, number, count, in);
	c->evicted = evicted;
	trail_order_fini(&o);
	free(number);
	return good;
}

/* adopting */

static void widen(struct pool *p, const struct pool *bounds)
{
	p->limit = p->made > bounds->limit ? p->made : bounds->limit;
}

void cells_adopt(struct cells *c, struct cells *old)
{
	struct cells empty = *c;

	*c = *old;
	*old = empty;
	c->key = empty.key;
	c->arrivals = empty.arrivals;
	c->bounds = empty.bounds;
	c->trails.measure = empty.trails.measure;
	widen(&c->pool, &empty.pool);
	widen(&c->trails.timelines.items, &empty.trails.timelines.items);
	widen(&c->trails.timelines.marks.pool, &empty.trails.timelines.marks.pool);
	widen(&c->trails.occurs.tree.pool, &empty.trails.occurs.tree.pool);
	widen(&c->trails.ranks.tree.pool, &empty.trails.ranks.tree.pool);
}
