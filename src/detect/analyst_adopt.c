/* A new generation of lists, rules and settings takes over what the old one learned and holds. The
 * records wait meanwhile, so what is large moves as a whole, and only what points into the old
 * lists and rules is gone through. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/analyst_inner.h"
#include "services/domain_set.h"

/* What the old lists say is, in terms of the new ones. */
struct lists {
	const struct domain_set *old, *now;
	const struct service **service;	   /* by number of the old one */
	const struct domain_entry **entry; /* by place in the old lists, as far as asked for */
	bool *asked;
};

static void lists_init(struct lists *l, const struct domain_set *now, const struct domain_set *old)
{
	*l = (struct lists){.old = old, .now = now};
	l->service = mem_array(domain_set_services(old) + 1, sizeof *l->service);
	l->entry = mem_array(domain_set_entries(old) + 1, sizeof *l->entry);
	l->asked = mem_array(domain_set_entries(old) + 1, sizeof *l->asked);
	for (unsigned i = 0; i < domain_set_services(old); i++)
		l->service[i] =
			domain_set_service_called(now, str_of(domain_set_service(old, i)->name));
}

static void lists_fini(struct lists *l)
{
	free(l->service);
	free(l->entry);
	free(l->asked);
}

/* The entry of the same pattern; where the service lists it no more, another of that service, so
 * that what was counted there can be taken back; NULL when there is no such service. */
static const struct domain_entry *find_entry(const struct lists *l, const struct domain_entry *e)
{
	const struct service *s = l->service[e->service->number];
	const struct domain_entry *same = domain_set_entry_of(l->now, e->pattern), *other = NULL;

	if (!s || (same && same->service == s))
		return s ? same : NULL;
	for (size_t i = 0; i < domain_set_entries(l->now); i++) {
		const struct domain_entry *x = domain_set_entry(l->now, i);
		if (x->service == s && (!other || (x->tier == e->tier && other->tier != e->tier)))
			other = x;
	}
	return other;
}

static const struct domain_entry *now_entry(struct lists *l, const struct domain_entry *e)
{
	size_t place = (size_t)(e - domain_set_entry(l->old, 0));

	if (!l->asked[place])
		l->entry[place] = find_entry(l, e);
	l->asked[place] = true;
	return l->entry[place];
}

/* What is no connection any more has no entry and no account. The bytes of those whose service went
 * are on no account until a record says whose they are now. */
static void adopt_flows(struct analyst *a, struct analyst *old, struct lists *l)
{
	analyst_flows_adopt(a, old);
	for (uint32_t n = 0; n < a->flows.made; n++) {
		struct open_flow *o = pool_at(&a->flows, n);
		if (a->window != old->window) /* accounts are others: what they held is on them */
			o->account_up = o->account_down = o->account_missed = 0;
		if (!o->entry)
			continue;
		o->entry = now_entry(l, o->entry);
		if (!o->entry)
			o->account = LEDGER_NONE;
	}
}

static void adopt_findings(struct analyst *a, struct analyst *old)
{
	struct known k;

	analyst_known(a, &k);
	findings_adopt(a->findings, old->findings, &k);
	known_fini(&k);
}

void analyst_adopt(struct analyst *a, struct analyst *old)
{
	struct lists l;

	lists_init(&l, a->set, old->set);
	a->generation = old->generation + 1;
	a->sum = old->sum;
	a->now = old->now;
	SWAP(a->names, old->names);
	SWAP(a->texts, old->texts);
	ledger_adopt(&a->ledger, &old->ledger, l.service);
	adopt_flows(a, old, &l);
	adopt_findings(a, old);
	if (a->watch && old->watch)
		watch_adopt(a->watch, old->watch);
	if (a->hunt && old->hunt)
		hunt_adopt(a->hunt, old->hunt);
	SWAP(a->triage, old->triage);
	SWAP(a->loss, old->loss);
	lists_fini(&l);
}
