#include "detect/analyst.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/limits.h"
#include "detect/analyst_inner.h"

#define TYPE_CNAME 5
#define CATEGORY_RESOLVER "encrypted-dns"

/* names and tenants of accounts: most are of several */
#define TEXTS_MAX (2 * LEDGER_MAX)

void analyst_ledger_init(struct analyst *a)
{
	struct ledger_options o = {.window = a->window};

	memcpy(o.threshold, a->threshold, sizeof o.threshold);
	ledger_init(&a->ledger, &a->texts, &o);
}

struct analyst *analyst_new(const struct analyst_options *o)
{
	struct analyst *a = mem_zalloc(sizeof *a);

	a->set = o->set;
	a->next = o->next;
	memcpy(a->threshold, o->threshold, sizeof a->threshold);
	intern_init(&a->texts, TEXTS_MAX);
	names_init(&a->names, LIMIT_NAMES);
	verdict_cache_init(&a->verdicts, o->set);
	a->window = o->window;
	analyst_ledger_init(a);
	hash_key_init(&a->key);
	analyst_flows_init(a);
	a->triage = triage_new();
	a->findings = findings_new(&(struct findings_options){
		.each = o->each, .context = o->each_context, .window = o->window});
	a->each = o->each != NULL;
	a->rules = o->rules;
	if (o->detectors)
		a->watch = watch_new(&(struct watch_options){
			.settings = o->detectors, .findings = a->findings, .home = o->home});
	if (o->rules)
		a->hunt = hunt_new(&(struct hunt_options){.rules = o->rules,
							  .findings = a->findings,
							  .strict = o->strict,
							  .hosts = o->hosts});
	return a;
}

void analyst_free(struct analyst *a)
{
	if (!a)
		return;
	hunt_free(a->hunt);
	watch_free(a->watch);
	findings_free(a->findings);
	triage_free(a->triage);
	free(a->loss);
	analyst_flows_fini(a);
	ledger_fini(&a->ledger);
	verdict_cache_fini(&a->verdicts);
	names_fini(&a->names);
	intern_fini(&a->texts);
	free(a);
}

void analyst_memory(const struct analyst *a, bool window, struct budget *b)
{
	budget_add(b, "names of addresses", "fixed", names_memory(LIMIT_NAMES));
	budget_add(b, "services of names", "fixed", verdict_cache_memory());
	budget_add(b, "connections", "fixed", analyst_flows_memory());
	budget_add(b, "ledger", "fixed", ledger_memory(window) + intern_memory(TEXTS_MAX));
	budget_add(b, "findings", "fixed", findings_memory());
	budget_add(b, "triage and the rest", "fixed",
		   triage_memory() + mem_memory(sizeof *a->loss) + mem_memory(sizeof *a));
	if (a->hunt)
		hunt_memory(a->hunt, b);
	if (a->watch)
		watch_memory(a->watch, b);
}

void analyst_hunt(struct analyst *a, const struct record *r, const struct domain_entry *e,
		  struct str name, uint64_t key, enum name_source source)
{
	struct hunt_subject subject = {.entry = e, .name = name, .source = source, .line = a->line};

	if (!a->hunt)
		return;
	subject.quiet = verdict_quiet(&a->verdicts, key);
	hunt_record(a->hunt, r, &subject);
}

bool analyst_is_service(const struct domain_entry *e)
{
	return e && strcmp(e->service->category, CATEGORY_RESOLVER) != 0;
}

const struct domain_entry *analyst_service_of(struct analyst *a, struct str name, struct str via)
{
	const struct domain_entry *e = verdict_of(&a->verdicts, name);

	if (!e && via.n)
		e = verdict_of(&a->verdicts, via);
	return analyst_is_service(e) ? e : NULL;
}

static const struct domain_entry *service_by_key(struct analyst *a, struct str name, uint64_t key)
{
	const struct domain_entry *e = verdict_by_key(&a->verdicts, name, key);

	return analyst_is_service(e) ? e : NULL;
}

/* Of a CNAME chain, the first name that belongs to a service. */
static struct str telling_alias(struct analyst *a, const struct record_dns *d)
{
	unsigned alias = 0;

	for (unsigned i = 0; i < d->answers_kept; i++)
		if (d->answers[i].type == TYPE_CNAME &&
		    service_by_key(a, d->answers[i].text, a->alias_key[alias++]))
			return d->answers[i].text;
	return (struct str){0};
}

/* Whether a record speaks of the question or of what it is an alias for: others no resolver takes. */
static bool is_of_question(const struct record_dns *d, const struct dns_answer *x)
{
	if (str_eq(x->name, d->question))
		return true;
	for (unsigned i = 0; i < d->answers_kept; i++)
		if (&d->answers[i] != x && d->answers[i].section == DNS_ANSWER &&
		    str_eq(d->answers[i].text, x->name))
			return true;
	return false;
}

/* The addresses that an answer gives, as far as they are its own. */
static void prepare_lesson(struct analyst *a, const struct record *r, uint64_t key)
{
	const struct record_dns *d = &r->dns;
	struct name_lesson *l = &a->lesson;
	unsigned aliases = 0;

	l->count = 0;
	for (unsigned i = 0; i < d->answers_kept; i++) {
		const struct dns_answer *x = &d->answers[i];
		unsigned addresses = x->has_address ? 1 : x->hints;
		if (x->type == TYPE_CNAME) {
			uint64_t alias = verdict_key(&a->verdicts, x->text);
			verdict_prepare(&a->verdicts, alias);
			a->alias_key[aliases++] = alias;
		}
		if (x->section != DNS_ANSWER || !addresses || !is_of_question(d, x))
			continue;
		for (unsigned h = 0; h < addresses && l->count < NAMES_BATCH; h++) {
			l->item[l->count].address = x->has_address ? x->address : x->hint[h];
			l->item[l->count++].ttl = x->ttl;
		}
	}
	/* an answer that this client was not seen to ask for may be forged: a hint like any other
	 * client's */
	l->client = d->asked ? r->tuple.src : (struct addr){0};
	l->name = d->question;
	l->hash = key;
	l->time = r->time;
	if (l->count)
		names_prepare(&a->names, l);
}

static void take_dns(struct analyst *a, const struct record *r)
{
	const struct record_dns *d = &r->dns;

	if (d->flavour != DNS_UNICAST)
		return;
	uint64_t key = verdict_key(&a->verdicts, d->question);
	verdict_prepare(&a->verdicts, key);
	prepare_lesson(a, r, key);
	const struct domain_entry *e = service_by_key(a, d->question, key);
	if (a->lesson.count) {
		a->lesson.via = e ? (struct str){0} : telling_alias(a, d);
		names_learn(&a->names, &a->lesson);
	}
	if (e && d->asked) {
		struct ledger_use use = {.entry = e, .name = d->question, .time = r->start};
		uint32_t account = ledger_touch(&a->ledger, &r->tuple.src, &use);
		if (account != LEDGER_NONE)
			ledger_query(&a->ledger, account);
		if (a->watch)
			watch_name(a->watch, r, e, d->question, NAME_NONE);
	}
	analyst_hunt(a, r, e, d->question, key, NAME_NONE);
}

/* A name spoken on a connection of its own counts even before, or without, a conn record. */
static void take_name(struct analyst *a, const struct record *r, struct str name,
		      enum name_source source)
{
	uint64_t key = verdict_key(&a->verdicts, name);
	const struct domain_entry *e = service_by_key(a, name, key);

	if (e) {
		struct ledger_use use = {
			.entry = e, .name = name, .source = source, .time = r->start};
		ledger_touch(&a->ledger, &r->tuple.src, &use);
		if (a->watch)
			watch_name(a->watch, r, e, name, source);
	}
	analyst_hunt(a, r, e, name, key, source);
}

void analyst_expect(struct analyst *a, struct str name)
{
	verdict_prepare(&a->verdicts, verdict_key(&a->verdicts, name));
}

void analyst_take(struct analyst *a, const struct record *given)
{
	struct record r;

	if (given->time > a->now)
		a->now = given->time;
	if (a->watch)
		watch_tick(a->watch, given->time);
	switch (given->kind) {
	case RECORD_DNS:
		take_dns(a, given);
		break;
	case RECORD_TLS:
	case RECORD_QUIC:
		if (a->watch)
			watch_tool(a->watch, given);
		take_name(a, given, given->tls.server_name, NAME_SNI);
		break;
	case RECORD_HTTP:
		if (a->watch)
			watch_tool(a->watch, given);
		take_name(a, given, given->http.host, given->http.connect ? NAME_PROXY : NAME_HTTP);
		break;
	default:
		memcpy(&r, given, RECORD_UP_TO(flow));
		analyst_take_flow(a, &r);
		given = &r;
	}
	if (a->next.take)
		a->next.take(a->next.context, given);
}

void analyst_take_line(struct analyst *a, const struct line *line)
{
	if (line->kind == LINE_RECORD) {
		a->line = line->event.line;
		analyst_take(a, line->record);
		a->line = 0;
	} else if (a->hunt) {
		hunt_line(a->hunt, line,
			  line->name.n ? analyst_service_of(a, line->name, (struct str){0}) : NULL);
	}
}

bool analyst_wants_dns_text(const struct analyst *a)
{
	return a->hunt && hunt_wants_dns_text(a->hunt);
}

struct detectors *analyst_detectors(struct analyst *a)
{
	return a->watch ? watch_detectors(a->watch) : NULL;
}

struct analyst_summary analyst_summary(const struct analyst *a)
{
	struct analyst_summary s = a->sum;

	s.names_evicted = names_evicted(&a->names);
	s.accounts_refused = a->ledger.refused;
	s.accounts_evicted = a->ledger.evicted;
	s.findings_evicted = a->ledger.evicted_findings + findings_evicted(a->findings);
	s.rule_findings = findings_count(a->findings);
	s.findings_refused = findings_refused(a->findings);
	s.texts_refused = a->texts.refused + a->flow_names.refused +
			  findings_texts_refused(a->findings);
	if (a->watch) {
		struct detectors_stats d = detectors_stats(watch_detectors(a->watch));
		s.pasts_evicted = d.clients_evicted + d.accounts_evicted + d.windows_evicted +
				  d.tenants_evicted + d.refused;
	}
	if (a->hunt) {
		struct hunt_stats h = hunt_stats(a->hunt);
		s.rules = a->rules->rules->rule_count + a->rules->rules->correlation_count;
		s.correlation_evicted = h.correlation_evicted;
		s.regex_limit = h.engine.regex_limit;
	}
	return s;
}
