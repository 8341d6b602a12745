#include "detect/ledger.h"

#include <stddef.h>
#include <string.h>

#include "detect/ledger_account.h"
#include "volume/tenant.h"

void ledger_init(struct ledger *l, struct intern *texts, const struct ledger_options *o)
{
	*l = (struct ledger){.texts = texts, .width = finding_slice(o->window)};
	memcpy(l->threshold, o->threshold, sizeof l->threshold);
	pool_init(&l->accounts, sizeof(struct account), LEDGER_MAX);
	pool_init(&l->slices, sizeof(struct slice), LEDGER_SLICES_MAX);
	hindex_init(&l->index, 256);
	hash_key_init(&l->key);
	lru_init(&l->live, &l->accounts, offsetof(struct account, order));
	lru_init(&l->ended, &l->accounts, offsetof(struct account, order));
	telling_init(&l->telling, &l->accounts, offsetof(struct account, told));
}

void ledger_fini(struct ledger *l)
{
	pool_fini(&l->accounts);
	pool_fini(&l->slices);
	hindex_fini(&l->index);
}

size_t ledger_memory(bool window)
{
	return pool_memory(sizeof(struct account), LEDGER_MAX) + hindex_memory(LEDGER_MAX) +
	       (window ? pool_memory(sizeof(struct slice), LEDGER_SLICES_MAX) : 0);
}

uint64_t ledger_hash(const struct ledger *l, const struct addr *client,
		     const struct service *service)
{
	return hash_step(&l->key, 0, service->number, hash_load64(client->b),
			 hash_load64(client->b + 8));
}

static uint32_t find(const struct ledger *l, const struct addr *client,
		     const struct service *service, uint64_t hash)
{
	for (struct hprobe q = hindex_probe(&l->index, hash); hindex_next(&l->index, &q);) {
		const struct account *a = ledger_at(l, q.ref);
		if (a->service == service && addr_eq(&a->client, client))
			return q.ref;
	}
	return LEDGER_NONE;
}

uint32_t ledger_find(const struct ledger *l, const struct addr *client,
		     const struct service *service)
{
	return find(l, client, service, ledger_hash(l, client, service));
}

uint32_t ledger_make(struct ledger *l)
{
	if (pool_live(&l->accounts) == l->accounts.limit)
		ledger_evict(l);
	uint32_t n = pool_get(&l->accounts);
	if (n == POOL_NONE) {
		l->refused++;
		return LEDGER_NONE;
	}
	struct account *a = ledger_at(l, n);
	a->serial = ++l->serial;
	a->tier = TIER_D;
	a->slices = POOL_NONE;
	telling_add(&l->telling, n);
	return n;
}

void ledger_put(struct ledger *l, uint32_t number)
{
	struct account *a = ledger_at(l, number);

	telling_remove(&l->telling, number);
	if (!a->ended)
		hindex_remove(&l->index, ledger_hash(l, &a->client, a->service), number);
	lru_remove(ledger_list(l, a), number);
	ledger_drop_slices(l, a);
	for (int i = 0; i < FINDING_NAMES_MAX && a->name[i]; i++)
		intern_put(l->texts, a->name[i]);
	if (a->tenant)
		intern_put(l->texts, a->tenant);
	a->service = NULL;
	a->serial = 0;
	pool_put(&l->accounts, number);
}

uint32_t ledger_account(struct ledger *l, const struct addr *client, const struct service *service,
			uint64_t time)
{
	uint64_t hash = ledger_hash(l, client, service);
	uint32_t n = find(l, client, service, hash);

	if (n != LEDGER_NONE && l->width && !ledger_slide(l, ledger_at(l, n), time)) {
		ledger_end(l, n);
		n = LEDGER_NONE;
	}
	if (n == LEDGER_NONE) {
		n = ledger_make(l);
		if (n == LEDGER_NONE)
			return n;
		struct account *a = ledger_at(l, n);
		a->client = *client;
		a->service = service;
		a->first = a->last = time;
		hindex_add(&l->index, hash, n);
		lru_add(&l->live, n);
	} else {
		lru_use(ledger_list(l, ledger_at(l, n)), n);
	}
	return n;
}

static void note_name(struct ledger *l, struct account *a, const struct ledger_use *use)
{
	uint32_t id = intern_get(l->texts, use->name);

	if (!id)
		return;
	for (int i = 0; i < FINDING_NAMES_MAX; i++) {
		if (a->name[i] == id) {
			intern_put(l->texts, id);
			if (use->source && (!a->source[i] || use->source < a->source[i]))
				a->source[i] = (uint8_t)use->source;
			return;
		}
		if (!a->name[i]) {
			a->name[i] = id;
			a->source[i] = (uint8_t)use->source;
			return;
		}
	}
	intern_put(l->texts, id);
	a->more_names = true;
}

/* After a change. */
static void touched(struct ledger *l, uint32_t account)
{
	telling_touch(&l->telling, account);
	if (l->width)
		ledger_settle(l, ledger_at(l, account));
}

uint32_t ledger_touch(struct ledger *l, const struct addr *client, const struct ledger_use *use)
{
	uint32_t n = ledger_account(l, client, use->entry->service, use->time);

	if (n == LEDGER_NONE)
		return n;
	struct account *a = ledger_at(l, n);
	if (use->time > a->last)
		a->last = use->time;
	if (use->time > l->now)
		l->now = use->time;
	if (use->entry->tier < a->tier)
		a->tier = (uint8_t)use->entry->tier;
	note_name(l, a, use);
	ledger_slice(l, n, use->time);
	touched(l, n);
	return n;
}

uint32_t ledger_serial(const struct ledger *l, uint32_t account)
{
	return account == LEDGER_NONE ? 0 : ledger_at(l, account)->serial;
}

bool ledger_gone(const struct ledger *l, uint32_t account, uint32_t serial)
{
	/* (after a reload under another window there may be fewer) */
	return account >= l->accounts.made || ledger_at(l, account)->serial != serial;
}

bool ledger_current(struct ledger *l, uint32_t account, uint32_t serial, uint64_t time)
{
	if (ledger_gone(l, account, serial))
		return false;
	struct account *a = ledger_at(l, account);
	if (a->ended)
		return false;
	if (l->width && !ledger_slide(l, a, time)) {
		ledger_end(l, account);
		return false;
	}
	lru_use(ledger_list(l, a), account);
	return true;
}

void ledger_query(struct ledger *l, uint32_t account)
{
	struct account *a = ledger_at(l, account);

	a->queries++;
	if (a->slices != POOL_NONE)
		ledger_slice_at(l, a->slices)->queries++;
	touched(l, account);
}

void ledger_connection(struct ledger *l, uint32_t account, const struct tuple *t)
{
	struct account *a = ledger_at(l, account);

	a->connections++;
	if (a->slices != POOL_NONE)
		ledger_slice_at(l, a->slices)->connections++;
	if (!a->has_server)
		a->tuple = *t;
	a->has_server = true;
}

void ledger_note_server(struct ledger *l, uint32_t account, const struct tuple *t, uint64_t flow_up)
{
	struct account *a = ledger_at(l, account);

	if (flow_up < a->largest)
		return;
	a->largest = flow_up;
	a->tuple = *t;
	a->has_server = true;
}

/* Adds, but never below zero: what is taken away may have been added to another account. Returns
 * what was not taken. */
static int64_t change(uint64_t *sum, int64_t by)
{
	if (by < 0 && 0 - (uint64_t)by > *sum) {
		by += (int64_t)*sum;
		*sum = 0;
		return by;
	}
	*sum += (uint64_t)by;
	return 0;
}

/* Whether the bytes are of the one tenant that the account is known to serve. */
static bool is_tenants(struct ledger *l, struct account *a, struct str name)
{
	struct tenant tenant = tenant_of(name);
	char text[TENANT_TEXT_MAX];

	if (!tenant.kind)
		return false;
	struct str whole = {text, tenant_text(&tenant, text)};
	if (!a->tenant)
		a->tenant = intern_get(l->texts, whole);
	return a->tenant && str_eq(intern_text(l->texts, a->tenant), whole);
}

/* What is taken away is taken from the newest slices first. */
static void change_slices(struct ledger *l, struct account *a, const struct ledger_bytes *b,
			  uint64_t other)
{
	int64_t up = b->tier == TIER_D ? 0 : b->up, missed = b->tier == TIER_D ? 0 : b->missed;
	int64_t down = b->down;

	for (uint32_t n = a->slices; n != POOL_NONE && (up || down || missed || other);) {
		struct slice *s = ledger_slice_at(l, n);
		up = change(&s->up, up);
		down = change(&s->down, down);
		missed = change(&s->missed, missed);
		s->other += other;
		other = 0;
		n = s->older;
	}
}

void ledger_add(struct ledger *l, uint32_t account, const struct ledger_bytes *b)
{
	struct account *a = ledger_at(l, account);
	uint64_t other = 0;

	ledger_slice(l, account, b->time);
	if (b->tier != TIER_D) {
		change(&a->up, b->up);
		change(&a->missed, b->missed);
		if (b->up > 0 && !is_tenants(l, a, b->name))
			other = (uint64_t)b->up;
		a->other += other;
	}
	change(&a->down, b->down);
	change_slices(l, a, b, other);
	touched(l, account);
}
