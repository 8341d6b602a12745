/* What a run without end asks of the analyst: findings as they come and grow, and who does what. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/analyst_inner.h"
#include "detect/ledger_account.h"

struct listing {
	const struct analyst *a;
	finding_each *each;
	void *context;
};

static void sum_up(const struct analyst *a, struct finding *f)
{
	struct str tenant = f->tenant;

	if (f->kind > FINDING_NAME && f->has_client && f->service)
		ledger_totals(&a->ledger, &f->client, f->service, f);
	if (f->kind == FINDING_DETECTOR && strcmp(f->rule->id, "egret.tenant") == 0)
		f->tenant = tenant; /* what else goes to the service is not its subject */
	if (a->loss)
		f->lost = loss_share(a->loss, f->first, f->last);
}

void analyst_complete(const struct analyst *a, struct finding *f)
{
	sum_up(a, f);
	f->triage = triage_of(a->triage, f, a->now);
}

static void list(void *context, const struct finding *given)
{
	struct listing *l = context;
	struct finding f = *given;

	analyst_complete(l->a, &f);
	l->each(l->context, &f);
}

void analyst_findings(const struct analyst *a, finding_each *each, void *context)
{
	struct listing l = {a, each, context};

	if (a->each)
		return;
	ledger_findings(&a->ledger, list, &l);
	findings_list(a->findings, list, &l);
}

struct wanted {
	struct listing to;
	const char *id;
	bool found;
};

static void pick(void *context, const struct finding *f)
{
	struct wanted *w = context;

	if (w->found || strncmp(f->id, w->id, FINDING_ID_MAX) != 0)
		return;
	w->found = true;
	list(&w->to, f);
}

bool analyst_finding(const struct analyst *a, const char *id, finding_each *each, void *context)
{
	struct wanted w = {{a, each, context}, id, false};

	ledger_findings(&a->ledger, pick, &w);
	if (!w.found)
		findings_list(a->findings, pick, &w);
	return w.found;
}

struct triage *analyst_triage(struct analyst *a)
{
	return a->triage;
}

void analyst_tick(struct analyst *a, uint64_t now)
{
	if (now > a->now)
		a->now = now;
	/* Correlations have no timers: a window is looked at when a match falls into it, and what
	 * is too old goes when its room is wanted (sigma/correlate.h). */
	if (a->watch)
		watch_tick(a->watch, now);
	ledger_tick(&a->ledger, now);
	findings_tick(a->findings, now);
	analyst_flows_tick(a, now);
	triage_tick(a->triage, now);
}

void analyst_note_loss(struct analyst *a, const struct analyst_loss *l)
{
	uint64_t packets = l->packets > l->lost ? l->packets : l->lost;

	if (!packets)
		return;
	if (!a->loss)
		a->loss = mem_zalloc(sizeof *a->loss);
	loss_note(a->loss, l->start, l->end, packets, l->lost);
	if (a->watch && l->lost)
		watch_loss(a->watch, l->end, (double)l->lost / (double)packets,
			   l->lost == packets && l->end > l->start ? l->end - l->start : 0);
}

static void complete(void *context, struct finding *f)
{
	sum_up(((struct listing *)context)->a, f);
}

static bool tell(void *context, const struct finding *given, bool due)
{
	struct listing *l = context;
	struct finding f = *given;

	f.triage = triage_of(l->a->triage, &f, l->a->now);
	if (f.triage == TRIAGE_REOPENED)
		triage_reopen(l->a->triage, &f, l->a->now);
	else if (f.triage || !due)
		return false;
	l->each(l->context, &f);
	return true;
}

void analyst_tell(struct analyst *a, uint64_t now, const struct analyst_telling *t,
		  finding_each *each, void *context)
{
	struct listing l = {a, each, context};
	struct telling_to to = {
		.now = now, .when = t, .complete = complete, .tell = tell, .context = &l};

	if (now > a->now)
		a->now = now;
	if (a->each)
		return;
	ledger_tell(&a->ledger, &to);
	findings_tell(a->findings, &to);
}

/* The n most of many: a heap with the least of them at its top. */
struct best {
	struct entry {
		uint32_t number;
		uint64_t size;
	} * entry;
	size_t count, room;
};

/* From a place whose entry is free to where this one belongs, in a heap of `count`. */
static void best_sink(struct best *b, size_t at, struct entry x)
{
	for (size_t child; (child = 2 * at + 1) < b->count; at = child) {
		if (child + 1 < b->count && b->entry[child + 1].size < b->entry[child].size)
			child++;
		if (b->entry[child].size >= x.size)
			break;
		b->entry[at] = b->entry[child];
	}
	b->entry[at] = x;
}

static void best_add(struct best *b, uint32_t number, uint64_t size)
{
	struct entry x = {number, size};
	size_t at = b->count;

	if (b->count == b->room) {
		if (b->room && b->entry[0].size < size)
			best_sink(b, 0, x);
		return;
	}
	b->count++;
	for (; at && b->entry[(at - 1) / 2].size > size; at = (at - 1) / 2)
		b->entry[at] = b->entry[(at - 1) / 2];
	b->entry[at] = x;
}

/* No heap any more: the most first. */
static void best_sort(struct best *b)
{
	size_t all = b->count;

	while (b->count > 1) {
		struct entry least = b->entry[0], last = b->entry[--b->count];
		best_sink(b, 0, last);
		b->entry[b->count] = least;
	}
	b->count = all;
}

static struct best best_of(size_t n, uint32_t all)
{
	struct best b = {.room = n < all ? n : all};

	b.entry = mem_array(b.room + 1, sizeof *b.entry);
	return b;
}

void analyst_top(const struct analyst *a, size_t n, analyst_each_use *each, void *context)
{
	const struct ledger *l = &a->ledger;
	struct best best = best_of(n, l->accounts.made);

	for (uint32_t i = 0; i < l->accounts.made; i++) {
		const struct account *x = ledger_at(l, i);
		if (x->service && !x->ended)
			best_add(&best, i, ledger_sum(l, x, a->now).up);
	}
	best_sort(&best);
	for (size_t i = 0; i < best.count && best.entry[i].size; i++) {
		const struct account *x = ledger_at(l, best.entry[i].number);
		struct slice sum = ledger_sum(l, x, a->now);
		each(context, &(struct analyst_use){.client = x->client,
						    .service = x->service,
						    .name = intern_text(l->texts, x->name[0]),
						    .up = sum.up,
						    .down = sum.down,
						    .first = sum.first,
						    .last = x->last,
						    .connections = sum.connections});
	}
	free(best.entry);
}

void analyst_flows(const struct analyst *a, const struct addr *client, size_t n,
		   analyst_each_flow *each, void *context)
{
	struct best best = best_of(n, a->flows.made);

	for (uint32_t i = 0; i < a->flows.made; i++) {
		const struct open_flow *o = pool_at(&a->flows, i);
		if (o->in_use && (!client || addr_eq(client, &o->tuple.src)))
			best_add(&best, i, o->up);
	}
	best_sort(&best);
	for (size_t i = 0; i < best.count; i++) {
		const struct open_flow *o = pool_at(&a->flows, best.entry[i].number);
		each(context, &(struct analyst_flow){.tuple = o->tuple,
						     .name = intern_text(&a->flow_names, o->name),
						     .source = o->source,
						     .service = o->entry ? o->entry->service : NULL,
						     .id = o->id,
						     .start = o->start,
						     .last = o->last,
						     .up = o->up,
						     .down = o->down});
	}
	free(best.entry);
}
