#include "daemon/lineup.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"

void lineup_init(struct lineup *o, struct pipe **pipe, unsigned count)
{
	*o = (struct lineup){.pipe = pipe, .count = count, .from = UINT32_MAX};
	o->head = mem_array(count, sizeof *o->head);
}

void lineup_fini(struct lineup *o)
{
	free(o->head);
}

static bool before(const struct record *a, const struct record *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	if ((a->kind == RECORD_DNS) != (b->kind == RECORD_DNS))
		return a->kind == RECORD_DNS;
	return a->flow_id < b->flow_id;
}

/* The mark is read before the ring: what is not there then comes with a later time. */
static void look(struct lineup *o, unsigned i)
{
	struct lineup_head *h = &o->head[i];

	h->mark = atomic_load_explicit(&o->pipe[i]->mark, memory_order_acquire);
	h->m = pipe_peek(o->pipe[i]);
}

struct pipe_message lineup_next(struct lineup *o)
{
	unsigned best = UINT32_MAX;
	uint64_t limit = UINT64_MAX;

	if (o->from != UINT32_MAX) {
		pipe_pop(o->pipe[o->from]);
		o->head[o->from].m.kind = PIPE_NOTHING;
		o->from = UINT32_MAX;
	}
	for (unsigned i = 0; i < o->count; i++) {
		struct lineup_head *h = &o->head[i];
		if (h->m.kind == PIPE_NOTHING)
			look(o, i);
		if (h->m.kind == PIPE_LOSS) {
			o->from = i;
			return h->m;
		}
		if (h->m.kind == PIPE_NOTHING)
			limit = h->mark < limit ? h->mark : limit;
		else if (best == UINT32_MAX || before(h->m.record, o->head[best].m.record))
			best = i;
	}
	if (best == UINT32_MAX)
		return (struct pipe_message){.kind = PIPE_NOTHING};
	const struct record *r = o->head[best].m.record;
	/* what is far ahead of the marks is of before the clock was set back: it holds nothing up
	 */
	if (r->time >= limit && r->time - limit < LIMIT_CLOCK_BACK_LIVE)
		return (struct pipe_message){.kind = PIPE_NOTHING};
	o->from = best;
	if (r->time < o->last && o->last - r->time < LIMIT_CLOCK_BACK_LIVE)
		o->late++;
	else
		o->last = r->time;
	return o->head[best].m;
}

uint64_t lineup_mark(const struct lineup *o)
{
	uint64_t mark = UINT64_MAX;

	for (unsigned i = 0; i < o->count; i++) {
		uint64_t m = atomic_load_explicit(&o->pipe[i]->mark, memory_order_acquire);
		mark = m < mark ? m : mark;
	}
	return mark;
}
