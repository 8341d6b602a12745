/* What was learned goes on under other settings and lists. */
#include "base/swap.h"
#include "volume/evidence.h"

/* The limits stay where they are, unless more is held. */
static void swap_pools(struct pool *a, struct pool *b)
{
	uint32_t a_limit = a->limit, b_limit = b->limit;

	SWAP(*a, *b);
	a->limit = a->made > a_limit ? a->made : a_limit;
	b->limit = b->made > b_limit ? b->made : b_limit;
}

/* Their pools stand where they stood. */
static void swap_orders(struct lru *a, struct lru *b)
{
	SWAP(a->newest, b->newest);
	SWAP(a->oldest, b->oldest);
}

static void swap_texts(struct intern *a, struct intern *b)
{
	for (int i = 0; i < INTERN_CLASSES; i++)
		swap_pools(&a->pool[i], &b->pool[i]);
	SWAP(a->index, b->index);
	SWAP(a->key, b->key);
}

void history_look_again(struct history *h)
{
	for (uint32_t n = 0; n < h->accounts.made; n++)
		history_account_at(h, n)->look = 0;
}

void history_swap(struct history *a, struct history *b)
{
	SWAP(a->clock, b->clock);
	SWAP(a->first_day, b->first_day);
	swap_pools(&a->clients, &b->clients);
	swap_pools(&a->accounts, &b->accounts);
	swap_pools(&a->windows, &b->windows);
	swap_pools(&a->labels, &b->labels);
	swap_orders(&a->client_lru, &b->client_lru);
	swap_orders(&a->account_lru, &b->account_lru);
	swap_orders(&a->window_lru, &b->window_lru);
	SWAP(a->client_index, b->client_index);
	SWAP(a->account_index, b->account_index);
	swap_texts(&a->texts, &b->texts);
	SWAP(a->key, b->key);
	SWAP(a->by_service, b->by_service);
	SWAP(a->service_room, b->service_room);
	SWAP(a->clients_evicted, b->clients_evicted);
	SWAP(a->accounts_evicted, b->accounts_evicted);
	SWAP(a->windows_evicted, b->windows_evicted);
}

void tenants_adopt(struct tenants *t, struct tenants *old)
{
	swap_pools(&t->uses, &old->uses);
	swap_orders(&t->lru, &old->lru);
	SWAP(t->index, old->index);
	swap_texts(&t->texts, &old->texts);
	SWAP(t->key, old->key);
	t->evicted += old->evicted;
	/* what was judged by the old lists is judged again */
	t->generation += old->generation;
}

void detectors_adopt(struct detectors *d, struct detectors *old)
{
	bool same = settings_same(&d->set, &old->set);

	history_swap(&d->history, &old->history);
	tenants_adopt(&d->tenants, &old->tenants);
	SWAP(d->population, old->population);
	SWAP(d->sketch, old->sketch);
	SWAP(d->sketch_key, old->sketch_key);
	swap_pools(&d->alerts, &old->alerts);
	swap_orders(&d->alert_lru, &old->alert_lru);
	d->loss_time = old->loss_time;
	d->loss_share = old->loss_share;
	d->loss_gap_s = old->loss_gap_s;
	d->stats = old->stats;
	d->generation += old->generation;
	detectors_services_changed(d);
	if (!same)
		history_look_again(&d->history);
	struct detector_settings set = d->set;
	detectors_configure(d, &set); /* the clock goes by its offset */
}
