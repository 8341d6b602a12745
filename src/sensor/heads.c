#include "sensor/heads.h"

#include "sensor/inner.h"
#include "sensor/tcp_inspect.h"
#include "sensor/udp_inspect.h"

/* Bytes that a new head finds free: for some of the largest, and for others that grow meanwhile. */
#define BYTES_FREE (LIMIT_STREAMS_BYTES / 16)
#define LARGEST	   (32 * KIB)

void heads_init(struct heads *h, size_t object_size, uint32_t limit)
{
	*h = (struct heads){.oldest = POOL_NONE, .newest = POOL_NONE};
	pool_init(&h->pool, object_size, limit);
}

void heads_fini(struct heads *h)
{
	pool_fini(&h->pool);
}

static struct head *head_at(const struct heads *h, uint32_t n)
{
	return pool_at(&h->pool, n);
}

static bool has_room(const struct sensor *s, const struct heads *h)
{
	return pool_live(&h->pool) < h->pool.limit &&
	       s->slab.used + BYTES_FREE <= s->slab.budget && slab_has(&s->slab, LARGEST);
}

static void give_up(struct sensor *s, const struct heads *h)
{
	s->stats->streams_budget++;
	if (h == &s->streams)
		tcp_inspect_give_up(s, head_at(h, h->oldest)->flow);
	else
		udp_inspect_give_up(s, head_at(h, h->oldest)->flow);
}

/* If it is the pool that is full, one of its own goes; else whichever is the oldest. */
static void make_room(struct sensor *s, const struct heads *h)
{
	const struct heads *a = &s->streams, *b = &s->quics;

	while (!has_room(s, h)) {
		if (pool_live(&h->pool) == h->pool.limit)
			give_up(s, h);
		else if (a->oldest == POOL_NONE && b->oldest == POOL_NONE)
			return;
		else if (b->oldest == POOL_NONE ||
			 (a->oldest != POOL_NONE &&
			  head_at(a, a->oldest)->since <= head_at(b, b->oldest)->since))
			give_up(s, a);
		else
			give_up(s, b);
	}
}

void *heads_get(struct sensor *s, struct heads *h, struct flow *f)
{
	make_room(s, h);
	uint32_t n = pool_get(&h->pool);
	if (n == POOL_NONE)
		return NULL;
	struct head *x = head_at(h, n);
	*x = (struct head){.flow = f, .since = s->now, .older = h->newest, .newer = POOL_NONE};
	if (h->newest == POOL_NONE)
		h->oldest = n;
	else
		head_at(h, h->newest)->newer = n;
	h->newest = n;
	f->payload_state = n;
	return x;
}

void heads_put(struct heads *h, uint32_t number)
{
	const struct head *x = head_at(h, number);

	if (x->older == POOL_NONE)
		h->oldest = x->newer;
	else
		head_at(h, x->older)->newer = x->newer;
	if (x->newer == POOL_NONE)
		h->newest = x->older;
	else
		head_at(h, x->newer)->older = x->older;
	pool_put(&h->pool, number);
}
