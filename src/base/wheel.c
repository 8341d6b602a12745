#include "base/wheel.h"

static inline struct wheel_link *link_of(const struct wheel *w, uint32_t member)
{
	return (struct wheel_link *)(void *)((uint8_t *)pool_at(w->pool, member) + w->offset);
}

void wheel_init(struct wheel *w, const struct pool *pool, size_t offset)
{
	for (int i = 0; i < WHEEL_SLOTS; i++)
		w->head[i] = POOL_NONE;
	w->now = 0;
	w->pool = pool;
	w->offset = offset;
}

void wheel_start(struct wheel *w, uint64_t tick)
{
	w->now = tick;
}

void wheel_arm(struct wheel *w, uint32_t member, uint64_t tick)
{
	struct wheel_link *l = link_of(w, member);

	if (tick <= w->now)
		tick = w->now + 1;
	if (tick - w->now > WHEEL_SLOTS - 1)
		tick = w->now + WHEEL_SLOTS - 1;
	l->slot = tick % WHEEL_SLOTS;
	l->prev = POOL_NONE;
	l->next = w->head[l->slot];
	if (l->next != POOL_NONE)
		link_of(w, l->next)->prev = member;
	w->head[l->slot] = member;
}

void wheel_disarm(struct wheel *w, uint32_t member)
{
	struct wheel_link *l = link_of(w, member);

	if (l->slot == WHEEL_IDLE)
		return;
	if (l->prev != POOL_NONE)
		link_of(w, l->prev)->next = l->next;
	else
		w->head[l->slot] = l->next;
	if (l->next != POOL_NONE)
		link_of(w, l->next)->prev = l->prev;
	l->slot = WHEEL_IDLE;
}

void wheel_advance(struct wheel *w, uint64_t tick, void (*fire)(void *, uint32_t),
		   void *owner)
{
	/* After a gap longer than the wheel, each slot needs to come up once only. */
	if (tick > w->now && tick - w->now > WHEEL_SLOTS)
		w->now = tick - WHEEL_SLOTS;
	while (w->now < tick) {
		w->now++;
		uint32_t *head = &w->head[w->now % WHEEL_SLOTS];
		while (*head != POOL_NONE) {
			uint32_t member = *head;
			wheel_disarm(w, member);
			fire(owner, member);
		}
	}
}
