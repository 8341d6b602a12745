/* Clients: their days, their hours, and what they fetch from inside. */
#include "volume/history.h"

#include <stdlib.h>
#include <string.h>

#include "volume/quantum.h"

static uint64_t client_hash(const struct history *h, const struct addr *a)
{
	return hash_step(&h->key, 0, 0, hash_load64(a->b), hash_load64(a->b + 8));
}

uint32_t history_print(const struct addr *a)
{
	uint64_t v = hash_fold(hash_load64(a->b) ^ 0x9e3779b97f4a7c15u,
			       hash_load64(a->b + 8) ^ 0xc2b2ae3d27d4eb4fu);

	return (uint32_t)(v ^ v >> 32) | 1;
}

static unsigned min_unsigned(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Enters a day's activity into what is learned of the client's hours. */
static void learn_hours(struct client *c)
{
	unsigned kind = clock_weekend(c->day);

	if (!c->active)
		return;
	if (c->active_days[kind] >= 2 * HISTORY_DAYS) { /* the older weighs less */
		c->active_days[kind] /= 2;
		for (unsigned i = 0; i < 24; i++)
			c->active_hours[kind][i] /= 2;
	}
	c->active_days[kind]++;
	for (unsigned i = 0; i < 24; i++)
		c->active_hours[kind][i] += c->active >> i & 1;
	c->active = 0;
}

static void client_today(const struct history *h, struct client *c)
{
	uint16_t day = h->clock.day;

	if (c->day == day)
		return;
	if (c->first_day > day)
		c->first_day = day;
	learn_hours(c);
	unsigned days = c->day < day ? min_unsigned(day - c->day, HISTORY_RECENT) : 0;
	for (unsigned i = 0; i < days; i++) {
		unsigned at = (c->day + i) % HISTORY_RECENT;
		c->days_in[at] = i ? 0 : quantum_of(c->day_in);
		/* (a few bytes to many, a day before, must not pass for a habit) */
		c->fan[at] = !i && c->day_up >= h->fan_floor ? c->services : 0;
	}
	c->day = day;
	c->day_up = c->unsaid = c->day_in = 0;
	c->services = 0;
}

uint32_t history_client(struct history *h, const struct addr *a, bool make)
{
	uint64_t hash = client_hash(h, a);

	for (struct hprobe q = hindex_probe(&h->client_index, hash);
	     hindex_next(&h->client_index, &q);) {
		struct client *c = history_client_at(h, q.ref);
		if (!addr_eq(&c->addr, a))
			continue;
		client_today(h, c);
		if (c->moved != h->clock.slot) {
			c->moved = h->clock.slot;
			lru_use(&h->client_lru, q.ref);
		}
		return q.ref;
	}
	if (!make)
		return HISTORY_NONE;
	if (pool_live(&h->clients) == h->clients.limit) {
		history_drop_client(h, h->client_lru.oldest);
		h->clients_evicted++;
	}
	uint32_t n = pool_get(&h->clients);
	struct client *c = history_client_at(h, n);
	c->addr = *a;
	c->accounts = HISTORY_NONE;
	c->first_day = c->day = h->clock.day;
	c->moved = h->clock.slot;
	hindex_add(&h->client_index, hash, n);
	lru_add(&h->client_lru, n);
	return n;
}

void history_drop_client(struct history *h, uint32_t n)
{
	struct client *c = history_client_at(h, n);

	while (c->accounts != HISTORY_NONE)
		history_drop_account(h, c->accounts);
	hindex_remove(&h->client_index, client_hash(h, &c->addr), n);
	lru_remove(&h->client_lru, n);
	pool_put(&h->clients, n);
}

/* Brings the ring of inbound hours to the current one. */
static void inbound_now(const struct history *h, struct client *c)
{
	uint32_t hour = h->clock.hour;
	unsigned steps = hour >= c->hour_in && hour - c->hour_in < HISTORY_HOURS ? hour - c->hour_in
										 : HISTORY_HOURS;

	for (unsigned i = 0; i < steps; i++)
		c->hours_in[(hour - i) % HISTORY_HOURS] = 0;
	c->hour_in = hour;
}

void history_inbound(struct history *h, struct client *c, uint64_t down)
{
	inbound_now(h, c);
	c->hours_in[h->clock.hour % HISTORY_HOURS] += (float)down;
	c->day_in += down;
}

double history_inbound_24h(const struct history *h, const struct client *c)
{
	struct client now = *c;
	double sum = 0;

	inbound_now(h, &now);
	for (unsigned i = 0; i < HISTORY_HOURS; i++)
		sum += (double)now.hours_in[i];
	return sum;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median_of(double *v, unsigned n)
{
	qsort(v, n, sizeof *v, by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

bool history_inbound_median(const struct history *h, const struct client *c, unsigned days,
			    double *median)
{
	unsigned past = min_unsigned((unsigned)(c->day - c->first_day), HISTORY_RECENT);
	double v[HISTORY_RECENT];

	(void)h;
	if (!past || past < min_unsigned(days, HISTORY_RECENT))
		return false;
	for (unsigned i = 0; i < past; i++)
		v[i] = quantum_bytes(c->days_in[(c->day - 1u - i) % HISTORY_RECENT]);
	*median = median_of(v, past);
	return true;
}
