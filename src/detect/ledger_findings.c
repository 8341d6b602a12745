/* What in the ledger is worth a finding. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/ledger_account.h"

/* Whether the client itself spoke the name or asked for it: that another one did is but a guess. */
static bool is_certain(const struct account *a)
{
	for (int i = 0; i < FINDING_NAMES_MAX && a->name[i]; i++)
		if (a->source[i] != NAME_DNS_ANY)
			return true;
	return a->queries != 0;
}

bool ledger_is_upload(const struct ledger *l, const struct account *a)
{
	return a->up && a->up >= l->threshold[a->tier];
}

bool ledger_is_finding(const struct ledger *l, const struct account *a)
{
	return a->service && (ledger_is_upload(l, a) || (a->tier == TIER_A && is_certain(a)));
}

static void set_id(const struct ledger *l, const struct account *a, struct finding *f)
{
	struct str texts[] = {str_of(f->rule->id), str_of(f->service->name)};
	uint64_t slice = f->kind == FINDING_UPLOAD ? a->start : a->seen;

	finding_id(f->id, finding_key(texts, 2, &f->client), slice);
	f->window = slice * l->width;
}

bool ledger_finding(const struct ledger *l, const struct account *a, struct finding *f)
{
	if (!ledger_is_finding(l, a))
		return false;
	bool upload = ledger_is_upload(l, a);
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
		.threshold = upload ? l->threshold[a->tier] : 0,
		.connections = a->connections,
		.queries = a->queries,
		.has_server = a->has_server,
		.more_names = a->more_names,
		.tuple = a->tuple,
		.told = a->told.kind == kind ? a->told.times : 0,
	};
	for (int i = 0; i < FINDING_NAMES_MAX && a->name[i]; i++) {
		f->names[i].name = intern_text(l->texts, a->name[i]);
		f->names[i].source = a->source[i];
		f->name_count++;
	}
	if (a->tenant && a->other <= LEDGER_TENANT_SLACK)
		f->tenant = intern_text(l->texts, a->tenant);
	set_id(l, a, f);
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

void ledger_findings(const struct ledger *l, finding_each *each, void *context)
{
	uint32_t count = 0;
	struct account **sorted = mem_array(l->accounts.made + 1u, sizeof *sorted);
	struct finding f;

	for (uint32_t i = 0; i < l->accounts.made; i++)
		if (ledger_is_finding(l, ledger_at(l, i)))
			sorted[count++] = ledger_at(l, i);
	qsort(sorted, count, sizeof *sorted, order);
	for (int kind = FINDING_UPLOAD; kind <= FINDING_NAME; kind++)
		for (uint32_t i = 0; i < count; i++)
			if (ledger_finding(l, sorted[i], &f) && (int)f.kind == kind)
				each(context, &f);
	free(sorted);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool ledger_totals(const struct ledger *l, const struct addr *client, const struct service *service,
		   struct finding *f)
{
	uint32_t n = ledger_find(l, client, service);

	if (n == LEDGER_NONE)
		return false;
	const struct account *a = ledger_at(l, n);
	/* a tenant is the finding's only if all that the client sent is that one's */
	struct str tenant = a->tenant ? intern_text(l->texts, a->tenant) : (struct str){0};
	if ((a->up && (a->other > LEDGER_TENANT_SLACK || !str_eq(tenant, f->tenant))) ||
	    f->up > a->up + LEDGER_TENANT_SLACK)
		f->tenant = (struct str){0};
	f->up = larger(f->up, a->up);
	f->down = larger(f->down, a->down);
	f->up_missed = larger(f->up_missed, a->missed);
	f->connections = f->connections > a->connections ? f->connections : a->connections;
	f->queries = f->queries > a->queries ? f->queries : a->queries;
	return true;
}

static void look(void *owner, uint32_t account, const struct telling_to *to)
{
	struct ledger *l = owner;
	struct finding f;

	if (ledger_finding(l, ledger_at(l, account), &f))
		telling_tell(&l->telling, account, &f, f.kind == FINDING_NAME, to);
}

void ledger_tell(struct ledger *l, const struct telling_to *to)
{
	telling_look(&l->telling, to, look, l);
}
