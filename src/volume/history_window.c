/* The last hour and the last day of an account, by five minutes and by hours. */
#include "volume/history.h"

void history_window_fold(struct window *w)
{
	w->up[w->slot % SLOTS_HOUR] = w->slot_up;
	w->down[w->slot % SLOTS_HOUR] = w->slot_down;
	w->hours[w->hour % HISTORY_HOURS] = w->hour_up;
}

void history_window_unfold(struct window *w)
{
	uint64_t *up = &w->up[w->slot % SLOTS_HOUR], *down = &w->down[w->slot % SLOTS_HOUR];
	uint64_t *hour = &w->hours[w->hour % HISTORY_HOURS];

	w->slot_up = *up;
	w->slot_down = *down;
	w->hour_up = *hour;
	*up = *down = *hour = 0;
}

/* Brings a window to now: what lies too far back, or ahead (the clock was set back), is forgotten.
 */
static void window_now(const struct history *h, struct window *w)
{
	uint32_t slot = h->clock.slot, hour = h->clock.hour;

	if (w->slot == slot)
		return;
	history_window_fold(w);
	unsigned steps =
		slot > w->slot && slot - w->slot < SLOTS_HOUR ? slot - w->slot : SLOTS_HOUR;
	for (unsigned i = 0; i < steps; i++)
		w->up[(slot - i) % SLOTS_HOUR] = w->down[(slot - i) % SLOTS_HOUR] = 0;
	w->slot = slot;
	steps = hour == w->hour					   ? 0
		: hour > w->hour && hour - w->hour < HISTORY_HOURS ? hour - w->hour
								   : HISTORY_HOURS;
	for (unsigned i = 0; i < steps; i++)
		w->hours[(hour - i) % HISTORY_HOURS] = 0;
	w->hour = hour;
	history_window_unfold(w);
}

void history_drop_window(struct history *h, struct account *a)
{
	if (a->window == HISTORY_NONE)
		return;
	lru_remove(&h->window_lru, a->window);
	pool_put(&h->windows, a->window);
	a->window = HISTORY_NONE;
}

static void new_window(struct history *h, uint32_t account)
{
	struct account *a = history_account_at(h, account);

	if (pool_live(&h->windows) == h->windows.limit) {
		const struct window *old = pool_at(&h->windows, h->window_lru.oldest);
		history_drop_window(h, history_account_at(h, old->account));
		h->windows_evicted++;
	}
	a->window = pool_get(&h->windows);
	struct window *w = pool_at(&h->windows, a->window);
	w->account = account;
	w->slot = w->moved = h->clock.slot;
	w->hour = h->clock.hour;
	lru_add(&h->window_lru, a->window);
}

struct window *history_window(struct history *h, uint32_t account)
{
	const struct account *a = history_account_at(h, account);

	if (a->window == HISTORY_NONE)
		new_window(h, account);
	struct window *w = pool_at(&h->windows, a->window);
	if (w->moved != h->clock.slot) {
		w->moved = h->clock.slot;
		lru_use(&h->window_lru, a->window);
	}
	window_now(h, w);
	return w;
}

static void add(uint64_t *sum, uint64_t n)
{
	*sum = n > UINT64_MAX - *sum ? UINT64_MAX : *sum + n;
}

/* Returns what was not there. */
static uint64_t take(uint64_t *sum, uint64_t n)
{
	uint64_t some = n < *sum ? n : *sum;

	*sum -= some;
	return n - some;
}

void history_add(struct history *h, uint32_t n, uint64_t up, uint64_t down)
{
	struct account *a = history_account_at(h, n);
	struct client *c = history_client_at(h, a->client);
	struct window *w = history_window(h, n);

	add(&w->slot_up, up);
	add(&w->slot_down, down);
	add(&w->hour_up, up);
	add(&a->day_up, up);
	add(&a->total, up);
	add(&c->day_up, up);
	add(&c->unsaid, up);
	if (c->hour != h->clock.hour) {
		c->hour = h->clock.hour;
		c->hour_up = 0;
	}
	add(&c->hour_up, up);
}

void history_take(struct history *h, uint32_t n, uint64_t up, uint64_t down)
{
	struct account *a = history_account_at(h, n);
	struct client *c = history_client_at(h, a->client);
	struct window *w = history_window(h, n);
	uint64_t left = take(&w->slot_up, up), left_down = take(&w->slot_down, down);
	uint64_t left_hour = take(&w->hour_up, up);

	for (unsigned i = 1; i < SLOTS_HOUR; i++) {
		unsigned at = (w->slot - i) % SLOTS_HOUR;
		left = take(&w->up[at], left);
		left_down = take(&w->down[at], left_down);
	}
	for (unsigned i = 1; i < HISTORY_HOURS; i++)
		left_hour = take(&w->hours[(w->hour - i) % HISTORY_HOURS], left_hour);
	take(&a->day_up, up);
	take(&a->total, up);
	take(&c->day_up, up);
	take(&c->unsaid, up);
	take(&c->hour_up, up);
}

static uint64_t sum_of(uint64_t first, const uint64_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add(&first, v[i]);
	return first;
}

void history_hour(const struct history *h, const struct account *a, double *up, double *down)
{
	*up = *down = 0;
	if (a->window == HISTORY_NONE)
		return;
	struct window now = *(const struct window *)pool_at(&h->windows, a->window);
	window_now(h, &now);
	*up = (double)sum_of(now.slot_up, now.up, SLOTS_HOUR);
	*down = (double)sum_of(now.slot_down, now.down, SLOTS_HOUR);
}

double history_24h(const struct history *h, const struct account *a)
{
	if (a->window == HISTORY_NONE)
		return 0;
	struct window now = *(const struct window *)pool_at(&h->windows, a->window);
	window_now(h, &now);
	return (double)sum_of(now.hour_up, now.hours, HISTORY_HOURS);
}
