#include "detect/telling.h"

#include "core/limits.h"

void told_save(const struct told *t, struct bytes *out)
{
	bytes_u64le(out, t->time);
	bytes_u64le(out, t->last);
	bytes_u64le(out, t->up);
	bytes_u64le(out, t->matches);
	bytes_u32le(out, t->times);
	bytes_u8(out, t->kind);
}

bool told_load(struct told *t, struct cursor *in)
{
	t->time = cur_u64le(in);
	t->last = cur_u64le(in);
	t->up = cur_u64le(in);
	t->matches = cur_u64le(in);
	t->times = cur_u32le(in);
	t->kind = cur_u8(in);
	return !in->bad && t->kind <= FINDING_DETECTOR;
}

static struct told *told_at(const struct telling *t, uint32_t member)
{
	return (struct told *)(void *)((uint8_t *)pool_at(t->pool, member) + t->offset);
}

void telling_init(struct telling *t, struct pool *pool, size_t offset)
{
	t->pool = pool;
	t->offset = offset;
	lru_init(&t->touched, pool, offset + offsetof(struct told, order));
	wheel_init(&t->due, pool, offset + offsetof(struct told, wait));
}

void telling_add(struct telling *t, uint32_t member)
{
	struct told *x = told_at(t, member);

	x->touched = false;
	x->wait.slot = WHEEL_IDLE;
}

void telling_remove(struct telling *t, uint32_t member)
{
	struct told *x = told_at(t, member);

	if (x->touched)
		lru_remove(&t->touched, member);
	x->touched = false;
	wheel_disarm(&t->due, member);
}

void telling_touch(struct telling *t, uint32_t member)
{
	struct told *x = told_at(t, member);

	if (x->touched)
		return;
	x->touched = true;
	lru_add(&t->touched, member);
}

static void touch_again(void *owner, uint32_t member)
{
	telling_touch(owner, member);
}

/* Those whose interval is over, or all that wait. */
static void touch_due(struct telling *t, uint64_t tick, bool all)
{
	if (tick + WHEEL_SLOTS < t->due.now) /* the clock was set back */
		wheel_start(&t->due, tick);
	wheel_advance(&t->due, tick, touch_again, t);
	for (unsigned slot = 0; all && slot < WHEEL_SLOTS; slot++)
		while (t->due.head[slot] != POOL_NONE) {
			uint32_t member = t->due.head[slot];
			wheel_disarm(&t->due, member);
			telling_touch(t, member);
		}
}

void telling_look(struct telling *t, const struct telling_to *to,
		  void (*look)(void *owner, uint32_t member, const struct telling_to *to),
		  void *owner)
{
	touch_due(t, to->now / NS_PER_S, to->when->interval == 0);
	while (t->touched.oldest != POOL_NONE) {
		uint32_t member = t->touched.oldest;
		lru_remove(&t->touched, member);
		told_at(t, member)->touched = false;
		look(owner, member, to);
	}
}

static bool has_grown(uint64_t to, uint64_t from, uint64_t least, double times)
{
	return to > from && (double)to >= times * (double)(from > least ? from : least);
}

bool telling_tell(struct telling *t, uint32_t member, struct finding *f, bool once,
		  const struct telling_to *to)
{
	struct told *x = told_at(t, member);

	if (x->kind != f->kind) /* a name that was seen has become an upload */
		x->times = 0;
	f->told = x->times;
	to->complete(to->context, f);
	if (x->times && x->last == f->last && x->up == f->up && x->matches == f->matches)
		return false;
	/* (the difference is huge when the clock was set back: then it is told) */
	bool over = !once && to->now - x->time >= to->when->interval;
	bool due = !x->times || over ||
		   (f->up ? has_grown(f->up, x->up, TELLING_UP, to->when->growth)
			  : has_grown(f->matches, x->matches, TELLING_MATCHES, to->when->growth));
	if (!to->tell(to->context, f, due)) {
		/* one that somebody does not want to hear waits for the next touch */
		if (!due && !once && x->wait.slot == WHEEL_IDLE)
			wheel_arm(&t->due, member,
				  (x->time + to->when->interval + NS_PER_S - 1) / NS_PER_S);
		return false;
	}
	wheel_disarm(&t->due, member);
	x->kind = (uint8_t)f->kind;
	x->time = to->now;
	x->last = f->last;
	x->up = f->up;
	x->matches = f->matches;
	x->times++;
	return true;
}
