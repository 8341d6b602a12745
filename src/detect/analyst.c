#include "detect/analyst.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/limits.h"
#include "detect/analyst_inner.h"
#include "names/names.h"
#include "names/resolvers.h"
#include "services/verdict.h"

#define CATEGORY_RESOLVER "encrypted-dns"
#define PORT_HTTPS	  443

struct analyst *analyst_new(const struct analyst_options *o)
{
	struct analyst *a = mem_zalloc(sizeof *a);

	a->set = o->set;
	a->next = o->next;
	memcpy(a->threshold, o->threshold, sizeof a->threshold);
	intern_init(&a->texts, FINDING_NAMES_MAX * LEDGER_MAX);
	names_init(&a->names, LIMIT_NAMES);
	verdict_cache_init(&a->verdicts, o->set);
	ledger_init(&a->ledger, &a->texts);
	pool_init(&a->flows, sizeof(struct open_flow), LIMIT_FLOWS);
	hindex_init(&a->flow_index, 1024);
	hash_key_init(&a->key);
	a->findings = findings_new(o->each, o->each_context);
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
	hindex_fini(&a->flow_index);
	pool_fini(&a->flows);
	ledger_fini(&a->ledger);
	verdict_cache_fini(&a->verdicts);
	names_fini(&a->names);
	intern_fini(&a->texts);
	free(a);
}

/* Holds the rules against a record whose subject is known now. */
static void hunt_for(struct analyst *a, const struct record *r, const struct domain_entry *e,
		     struct str name, enum name_source source)
{
	struct hunt_subject subject = {.entry = e, .name = name, .source = source, .line = a->line};

	if (a->hunt)
		hunt_record(a->hunt, r, &subject);
}

static bool is_service(const struct domain_entry *e)
{
	return e && strcmp(e->service->category, CATEGORY_RESOLVER) != 0;
}

/* The service that a name, or else what it is an alias of, belongs to. */
static const struct domain_entry *service_of(struct analyst *a, struct str name, struct str via)
{
	const struct domain_entry *e = verdict_of(&a->verdicts, name);

	if (!e && via.n)
		e = verdict_of(&a->verdicts, via);
	return is_service(e) ? e : NULL;
}

/* Of a CNAME chain, the first name that belongs to a service. */
static struct str telling_alias(struct analyst *a, const struct record_dns *d)
{
	for (unsigned i = 0; i < d->answers_kept; i++)
		if (d->answers[i].type == 5 &&
		    is_service(verdict_of(&a->verdicts, d->answers[i].text)))
			return d->answers[i].text;
	return (struct str){0};
}

/* The addresses that an answer gives, as far as they are its own. */
static void prepare_lesson(struct analyst *a, const struct record *r)
{
	const struct record_dns *d = &r->dns;
	struct name_lesson *l = &a->lesson;

	l->count = 0;
	for (unsigned i = 0; i < d->answers_kept; i++) {
		const struct dns_answer *x = &d->answers[i];
		unsigned addresses = x->has_address ? 1 : x->hints;
		if (x->section != DNS_ANSWER)
			continue;
		for (unsigned h = 0; h < addresses && l->count < NAMES_BATCH; h++) {
			l->item[l->count].address = x->has_address ? x->address : x->hint[h];
			l->item[l->count++].ttl = x->ttl;
		}
	}
	l->client = r->tuple.src;
	l->name = d->question;
	l->time = r->time;
	if (l->count)
		names_prepare(&a->names, l);
}

static void take_dns(struct analyst *a, const struct record *r)
{
	const struct record_dns *d = &r->dns;

	if (d->flavour != DNS_UNICAST)
		return;
	verdict_prepare(&a->verdicts, d->question);
	prepare_lesson(a, r);
	const struct domain_entry *e = service_of(a, d->question, (struct str){0});
	if (a->lesson.count) {
		a->lesson.via = e ? (struct str){0} : telling_alias(a, d);
		names_learn(&a->names, &a->lesson);
	}
	if (e && d->asked) {
		struct ledger_use use = {.entry = e, .name = d->question, .time = r->start};
		uint32_t account = ledger_touch(&a->ledger, &r->tuple.src, &use);
		if (account != LEDGER_NONE)
			ledger_query(&a->ledger, account);
	}
	hunt_for(a, r, e, d->question, NAME_NONE);
}

/* A name spoken on a connection of its own counts even before, or without, a conn record. */
static void take_name(struct analyst *a, const struct record *r, struct str name,
		      enum name_source source)
{
	const struct domain_entry *e = service_of(a, name, (struct str){0});

	if (e) {
		struct ledger_use use = {
			.entry = e, .name = name, .source = source, .time = r->start};
		ledger_touch(&a->ledger, &r->tuple.src, &use);
	}
	hunt_for(a, r, e, name, source);
}

/* Its first records came before it was evicted: what they told is on its account already. */
static void resume(struct open_flow *o, const struct record_flow *x)
{
	o->resumed = true;
	o->up = o->before = x->up.bytes - x->delta_up;
	o->down = x->down.bytes - x->delta_down;
	o->missed = x->up.missed > x->delta_up ? x->up.missed - x->delta_up : 0;
}

static struct open_flow *open_flow_of(struct analyst *a, const struct record *r, uint64_t *hash,
				      uint32_t *number)
{
	*hash = hash_fold(r->flow_id ^ a->key.w[0], a->key.w[1]);
	for (struct hprobe q = hindex_probe(&a->flow_index, *hash);
	     hindex_next(&a->flow_index, &q);) {
		struct open_flow *o = pool_at(&a->flows, q.ref);
		if (o->id == r->flow_id) {
			*number = q.ref;
			return o;
		}
	}
	*number = pool_get(&a->flows);
	if (*number == POOL_NONE) {
		a->sum.flows_untracked++;
		return NULL;
	}
	struct open_flow *o = pool_at(&a->flows, *number);
	o->id = r->flow_id;
	o->account = LEDGER_NONE;
	o->generation = a->generation;
	if (r->flow.sequence)
		resume(o, &r->flow);
	hindex_add(&a->flow_index, *hash, *number);
	return o;
}

/* Fills in the best name of a connection; `via` gets its telling alias. */
static void attribute(struct analyst *a, struct record *r, struct str *via,
		      struct name_answer *found)
{
	struct record_flow *x = &r->flow;
	bool own = x->name_source != NAME_NONE && x->name_source < NAME_DNS_CLIENT;

	*via = (struct str){0};
	*found = (struct name_answer){0};
	if (own && r->kind == RECORD_FLOW)
		return; /* the other names were told with the conn record */
	*found = names_find(&a->names, &r->tuple.src, &r->tuple.dst, r->start);
	if (!own && found->source && (!x->name_source || found->source < x->name_source)) {
		struct str cert = x->name;
		x->name = found->name;
		x->name_source = found->source;
		*via = found->via;
		if (cert.n && x->other_names.count < RECORD_LIST_MAX)
			x->other_names.item[x->other_names.count++] = cert;
	} else if (found->source == NAME_DNS_CLIENT && !str_eq(found->name, x->name)) {
		x->other_names.item[x->other_names.count++] = found->name;
	}
	if (found->source != NAME_DNS_CLIENT && found->source != x->name_source)
		return;
	for (unsigned i = 0; i < found->others && x->other_names.count < RECORD_LIST_MAX; i++)
		if (!str_eq(found->other[i], x->name))
			x->other_names.item[x->other_names.count++] = found->other[i];
}

static void mark_hiding(struct analyst *a, struct record *r)
{
	struct record_flow *x = &r->flow;

	if (r->tuple.dport != PORT_HTTPS || (x->app != APP_TLS && x->app != APP_QUIC))
		return;
	const struct domain_entry *e = verdict_of(&a->verdicts, x->name);
	if ((e && !is_service(e)) || resolvers_has(&r->tuple.dst))
		x->hides |= HIDES_DOH;
}

/* Whether one source may give a connection several names in turn, each for what is sent under it.
 */
static bool is_own(unsigned source)
{
	return source == NAME_SNI || source == NAME_HTTP || source == NAME_PROXY;
}

/* The detectors hear of bytes beside the ledger. Names of tier D serve downloads. */
static void watch(struct analyst *a, const struct record *r, const struct domain_entry *e,
		  struct str name, int64_t up, int64_t down)
{
	struct watch_use use = {.r = r,
				.service = e ? e->service : NULL,
				.tier = e ? e->tier : TIER_C,
				.name = name,
				.source = name.n ? r->flow.name_source : NAME_NONE,
				.up = up,
				.down = down};

	if (a->watch && (!e || e->tier != TIER_D))
		watch_flow(a->watch, &use);
}

static uint32_t name_print(const struct analyst *a, struct str name)
{
	return name.n ? (uint32_t)hash_bytes(&a->key, name.p, name.n) : 0;
}

static void move_account(struct analyst *a, const struct record *r, struct open_flow *o,
			 const struct domain_entry *e, uint32_t account)
{
	enum name_source source = r->flow.name_source;
	/* the lists say something else of the same name: so they do of all that was sent under it */
	bool relisted = o->generation != a->generation && o->name == name_print(a, r->flow.name);
	/* another request's host on the same connection takes nothing from the one before */
	bool next_host = !relisted && source == o->source && is_own(source);

	if (!next_host && o->entry != e && o->account_up + o->account_down) {
		watch(a, r, o->entry,
		      relisted && !o->entry ? r->flow.name : (struct str){0},
		      -(int64_t)o->account_up, -(int64_t)o->account_down);
		watch(a, r, e, r->flow.name, (int64_t)o->account_up, (int64_t)o->account_down);
	}

	if (o->account != LEDGER_NONE && !next_host)
		ledger_add(&a->ledger, o->account, o->tier, -(int64_t)o->account_up,
			   -(int64_t)o->account_down, -(int64_t)o->account_missed);
	if (next_host) {
		o->account_up = o->account_down = o->account_missed = 0;
	} else if (account != LEDGER_NONE) {
		ledger_add(&a->ledger, account, e->tier, (int64_t)o->account_up,
			   (int64_t)o->account_down, (int64_t)o->account_missed);
	}
	o->account = account;
	o->entry = e;
	o->tier = e ? (uint8_t)e->tier : TIER_D;
}

static void count(struct analyst *a, const struct record *r, struct open_flow *o)
{
	const struct record_flow *x = &r->flow;
	int64_t up = (int64_t)(x->up.bytes - o->up), down = (int64_t)(x->down.bytes - o->down);
	int64_t missed = (int64_t)(x->up.missed - o->missed);

	o->up = x->up.bytes;
	o->down = x->down.bytes;
	o->missed = x->up.missed;
	o->account_up += (uint64_t)up;
	o->account_down += (uint64_t)down;
	o->account_missed += (uint64_t)missed;
	watch(a, r, o->entry, r->flow.name, up, down);
	if (o->account == LEDGER_NONE)
		return;
	ledger_add(&a->ledger, o->account, o->tier, up, down, missed);
	ledger_note_server(&a->ledger, o->account, &r->tuple, x->up.bytes);
}

static void summarise(struct analyst *a, const struct record_flow *x, const struct open_flow *o,
		      bool service)
{
	uint64_t up = x->up.bytes - (o && o->before < x->up.bytes ? o->before : 0);

	if (!o || !o->resumed) {
		a->sum.connections++;
		a->sum.named += x->name.n != 0;
	}
	a->sum.up += up;
	a->sum.up_by_source[x->name_source] += up;
	if (service)
		a->sum.up_to_services += up;
}

/* The account of a record's name, LEDGER_NONE when it is no service's. */
static uint32_t account_of(struct analyst *a, const struct record *r, const struct domain_entry *e)
{
	if (!e)
		return LEDGER_NONE;
	struct ledger_use use = {
		.entry = e, .name = r->flow.name, .source = r->flow.name_source, .time = r->time};
	return ledger_touch(&a->ledger, &r->tuple.src, &use);
}

static void take_flow(struct analyst *a, struct record *r)
{
	struct record_flow *x = &r->flow;
	struct name_answer found;
	struct str via;
	uint32_t number;
	uint64_t hash;

	attribute(a, r, &via, &found);
	mark_hiding(a, r);
	const struct domain_entry *e = service_of(a, x->name, via);
	struct open_flow *o = open_flow_of(a, r, &hash, &number);
	bool ends = r->kind == RECORD_CONN && x->end;
	if (!o) {
		uint32_t account = account_of(a, r, e);
		if (account != LEDGER_NONE)
			ledger_add(&a->ledger, account, e->tier, (int64_t)x->delta_up,
				   (int64_t)x->delta_down, 0);
		watch(a, r, e, x->name, (int64_t)x->delta_up, (int64_t)x->delta_down);
	} else if (o->source == NAME_NONE || (x->name_source && x->name_source <= o->source)) {
		/* (what was learned of addresses may have been forgotten since: that takes nothing
		 * back) */
		uint32_t account = account_of(a, r, e);
		if (account != LEDGER_NONE &&
		    ((r->kind == RECORD_CONN && !ends) || account != o->account))
			ledger_connection(&a->ledger, account, &r->tuple);
		if (account != o->account || x->name_source != o->source ||
		    (e && e->tier != o->tier))
			move_account(a, r, o, e, account);
		o->source = (uint8_t)x->name_source;
		o->name = name_print(a, x->name);
		o->generation = a->generation;
		count(a, r, o);
	} else {
		count(a, r, o);
	}
	hunt_for(a, r, e, x->name, x->name_source);
	if (!ends)
		return;
	summarise(a, x, o, e || (o && o->account != LEDGER_NONE));
	if (o) { /* an evicted one may go on: what was told is in its totals then */
		hindex_remove(&a->flow_index, hash, number);
		*o = (struct open_flow){.account = LEDGER_NONE}; /* (analyst_adopt goes through all) */
		pool_put(&a->flows, number);
	}
}

void analyst_take(struct analyst *a, const struct record *given)
{
	struct record r;

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
		r = *given;
		take_flow(a, &r);
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
			  line->name.n ? service_of(a, line->name, (struct str){0}) : NULL);
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

struct listing {
	const struct analyst *a;
	finding_each *each;
	void *context;
};

/* What a rule found about a client and a service comes with what their use sums up to. */
static void with_totals(void *context, const struct finding *given)
{
	struct listing *l = context;
	struct finding f = *given;

	if (f.has_client && f.service)
		ledger_totals(&l->a->ledger, &f.client, f.service, &f);
	l->each(l->context, &f);
}

void analyst_findings(const struct analyst *a, finding_each *each, void *context)
{
	struct listing l = {a, each, context};

	if (a->each)
		return;
	ledger_findings(&a->ledger, a->threshold, each, context);
	findings_list(a->findings, with_totals, &l);
}

struct analyst_summary analyst_summary(const struct analyst *a)
{
	struct analyst_summary s = a->sum;

	s.names_evicted = a->names.evicted;
	s.accounts_refused = a->ledger.refused;
	s.rule_findings = findings_count(a->findings);
	s.findings_refused = findings_refused(a->findings);
	if (a->hunt) {
		struct hunt_stats h = hunt_stats(a->hunt);
		s.rules = a->rules->rules->rule_count + a->rules->rules->correlation_count;
		s.correlation_evicted = h.correlation_evicted;
		s.regex_limit = h.engine.regex_limit;
	}
	return s;
}
