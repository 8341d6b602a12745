#include "detect/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/ledger_account.h"

void ledger_init(struct ledger *l, struct intern *texts)
{
	*l = (struct ledger){.texts = texts};
	pool_init(&l->accounts, sizeof(struct account), LEDGER_MAX);
	hindex_init(&l->index, 256);
	hash_key_init(&l->key);
}

void ledger_fini(struct ledger *l)
{
	pool_fini(&l->accounts);
	hindex_fini(&l->index);
}

static struct account *at(const struct ledger *l, uint32_t number)
{
	return pool_at(&l->accounts, number);
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
		const struct account *a = at(l, q.ref);
		if (a->service == service && addr_eq(&a->client, client))
			return q.ref;
	}
	return LEDGER_NONE;
}

uint32_t ledger_account(struct ledger *l, const struct addr *client, const struct service *service,
			uint64_t time)
{
	uint64_t hash = ledger_hash(l, client, service);
	uint32_t n = find(l, client, service, hash);

	if (n != LEDGER_NONE)
		return n;
	n = pool_get(&l->accounts);
	if (n == POOL_NONE) {
		l->refused++;
		return LEDGER_NONE;
	}
	struct account *a = at(l, n);
	a->client = *client;
	a->service = service;
	a->first = a->last = time;
	a->tier = TIER_D;
	hindex_add(&l->index, hash, n);
	return n;
}

uint32_t ledger_touch(struct ledger *l, const struct addr *client, const struct ledger_use *use)
{
	uint32_t n = ledger_account(l, client, use->entry->service, use->time);

	if (n == LEDGER_NONE)
		return n;
	struct account *a = at(l, n);
	if (use->time > a->last)
		a->last = use->time;
	if (use->entry->tier < a->tier)
		a->tier = (uint8_t)use->entry->tier;
	note_name(l, a, use);
	return n;
}

void ledger_query(struct ledger *l, uint32_t account)
{
	at(l, account)->queries++;
}

void ledger_connection(struct ledger *l, uint32_t account, const struct tuple *t)
{
	struct account *a = at(l, account);

	a->connections++;
	if (!a->has_server)
		a->tuple = *t;
	a->has_server = true;
}

void ledger_note_server(struct ledger *l, uint32_t account, const struct tuple *t, uint64_t flow_up)
{
	struct account *a = at(l, account);

	if (flow_up < a->largest)
		return;
	a->largest = flow_up;
	a->tuple = *t;
	a->has_server = true;
}

/* Adds, but never below zero: what is taken away may have been added to another account. */
static void change(uint64_t *sum, int64_t by)
{
	if (by < 0 && 0 - (uint64_t)by > *sum)
		*sum = 0;
	else
		*sum += (uint64_t)by;
}

void ledger_add(struct ledger *l, uint32_t account, enum tier tier, int64_t up, int64_t down,
		int64_t missed)
{
	struct account *a = at(l, account);

	if (tier != TIER_D) {
		change(&a->up, up);
		change(&a->missed, missed);
	}
	change(&a->down, down);
}

/* Whether the client itself spoke the name or asked for it: that another one did is but a guess. */
static bool is_certain(const struct account *a)
{
	for (int i = 0; i < FINDING_NAMES_MAX && a->name[i]; i++)
		if (a->source[i] != NAME_DNS_ANY)
			return true;
	return a->queries != 0;
}

static bool make_finding(const struct ledger *l, const struct account *a,
			 const uint64_t threshold[4], struct finding *f)
{
	bool upload = a->up && a->up >= threshold[a->tier];

	if (!upload && (a->tier != TIER_A || !is_certain(a)))
		return false;
	enum finding_kind kind = upload ? FINDING_UPLOAD : FINDING_NAME;
	*f = (struct finding){
		.kind = kind,
		.rule = finding_builtin(kind),
		.level = finding_tier_level(kind, a->tier),
		.has_client = true,
		.client = a->client,
		.service = a->service,
		.tier = a->tier,
		.first = a->first,
		.last = a->last,
		.up = a->up,
		.down = a->down,
		.up_missed = a->missed,
		.threshold = upload ? threshold[a->tier] : 0,
		.connections = a->connections,
		.queries = a->queries,
		.has_server = a->has_server,
		.more_names = a->more_names,
		.tuple = a->tuple,
	};
	for (int i = 0; i < FINDING_NAMES_MAX && a->name[i]; i++) {
		f->names[i].name = intern_text(l->texts, a->name[i]);
		f->names[i].source = a->source[i];
		f->name_count++;
	}
	struct str texts[] = {str_of(f->rule->id), str_of(f->service->name)};
	finding_id(f->id, texts, 2, &f->client);
	return true;
}

/* Uploads before names, the largest first; then by time, client and service. */
static int order(const void *x, const void *y)
{
	const struct account *a = *(struct account *const *)x, *b = *(struct account *const *)y;

	if (a->up != b->up)
		return a->up < b->up ? 1 : -1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	int c = memcmp(a->client.b, b->client.b, 16);
	return c ? c : (int)a->service->number - (int)b->service->number;
}

bool ledger_totals(const struct ledger *l, const struct addr *client, const struct service *service,
		   struct finding *f)
{
	uint32_t n = find(l, client, service, ledger_hash(l, client, service));

	if (n == LEDGER_NONE)
		return false;
	const struct account *a = at(l, n);
	f->up = a->up;
	f->down = a->down;
	f->up_missed = a->missed;
	f->connections = a->connections;
	f->queries = a->queries;
	return true;
}

void ledger_findings(const struct ledger *l, const uint64_t threshold[4], finding_each *each,
		     void *context)
{
	uint32_t count = l->accounts.made;
	struct account **sorted = mem_array(count, sizeof *sorted);
	struct finding f;

	for (uint32_t i = 0; i < count; i++)
		sorted[i] = at(l, i);
	qsort(sorted, count, sizeof *sorted, order);
	for (int kind = FINDING_UPLOAD; kind <= FINDING_NAME; kind++)
		for (uint32_t i = 0; i < count; i++)
			if (make_finding(l, sorted[i], threshold, &f) && (int)f.kind == kind)
				each(context, &f);
	free(sorted);
}
