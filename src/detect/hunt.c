#include "detect/hunt.h"

#include <stdlib.h>

#include "base/mem.h"
#include "detect/host_view.h"
#include "event/wire.h"
#include "sigma/correlate.h"

#define VIEW_SOURCES_MAX 4

/* What the event that is looked at is about. */
struct subject {
	const struct addr *client;
	struct str host, user, image;
	const struct domain_entry *entry;
	struct str name;
	enum name_source source;
	const struct tuple *tuple;
	uint64_t line;
};

struct hunt {
	struct ruleset *set;
	struct findings *findings;
	struct correlator *correlator;
	struct wire *wire;
	bool strict;
	uint32_t wanted; /* views of the wire that have rules, one bit each */
	bool all_values; /* some of them have keywords */
	struct {
		uint32_t view[VIEW_SOURCES_MAX];
		unsigned count;
	} view[WIRE_VIEWS][2]; /* plain, encrypted */
	uint64_t serial;       /* of the record or line */
	uint64_t *seen;	       /* by rule: the last serial that it matched */
	struct subject now;
	struct host_view *hosts; /* NULL: nothing of them is known */
	FILE *explain;		 /* not NULL: tell why instead of running */
};

static void found_correlation(void *context, const struct correlation_hit *c);
static wire_ask ask_view;

struct leading {
	struct wire *wire;
	enum wire_view view;
	bool encrypted;
};

static void lead(void *context, uint32_t field)
{
	const struct leading *l = context;

	wire_lead(l->wire, l->view, l->encrypted, field);
}

static void bind_view(struct hunt *h, enum wire_view v, bool encrypted)
{
	struct leading leading = {h->wire, v, encrypted};
	size_t count;
	const struct logsource *source = wire_logsources(v, &count);
	const uint64_t *unknown = wire_unknown(h->wire, v, encrypted);

	for (size_t i = 0; i < count && i < VIEW_SOURCES_MAX; i++) {
		uint32_t view = sigma_engine_view(h->set->engine, &source[i], unknown);
		if (!sigma_view_rules(h->set->engine, view))
			continue;
		h->view[v][encrypted].view[h->view[v][encrypted].count++] = view;
		h->wanted |= 1u << v;
		h->all_values |= sigma_view_keywords(h->set->engine, view);
		sigma_view_leads(h->set->engine, view, lead, &leading);
	}
}

struct hunt *hunt_new(const struct hunt_options *o)
{
	struct hunt *h = mem_zalloc(sizeof *h);

	h->set = o->rules;
	h->findings = o->findings;
	h->strict = o->strict;
	h->wire = wire_new(h->set->fields);
	if (o->hosts)
		h->hosts = host_view_new(h->set->fields, h->findings);
	h->seen = mem_array(h->set->rules->rule_count + 1, sizeof *h->seen);
	wire_set_ask(h->wire, ask_view);
	h->correlator = correlator_new(h->set->rules, h->set->fields, found_correlation, h);
	for (int v = 0; v < WIRE_VIEWS; v++)
		for (int encrypted = 0; encrypted < 2; encrypted++)
			bind_view(h, (enum wire_view)v, encrypted);
	return h;
}

void hunt_free(struct hunt *h)
{
	if (!h)
		return;
	correlator_free(h->correlator);
	wire_free(h->wire);
	host_view_free(h->hosts);
	free(h->seen);
	free(h);
}

void hunt_memory(const struct hunt *h, struct budget *b)
{
	correlator_memory(h->correlator, b);
	if (h->hosts)
		budget_add(b, "events of hosts", "fixed", join_memory());
}

/* What every hit says of its subject. */
static struct finding_hit hit_of(const struct hunt *h, const struct rule_info *rule)
{
	const struct subject *s = &h->now;

	return (struct finding_hit){
		.rule = rule,
		.level = rule->level,
		.client = s->client,
		.host = s->host,
		.user = s->user,
		.image = s->image,
		.service = s->entry ? s->entry->service : NULL,
		.tier = s->entry ? s->entry->tier : TIER_D,
		.name = s->name,
		.source = s->source,
		.tuple = s->tuple,
	};
}

static void add(struct hunt *h, const struct finding_hit *hit)
{
	uint32_t finding = findings_add(h->findings, hit);

	if (h->hosts)
		host_view_note(h->hosts, h->serial, finding);
}

static void found_rule(void *context, const struct event *e, const struct sigma_match *m)
{
	struct hunt *h = context;
	const struct sigma_rule *rule = h->set->rules->rule[m->rule];

	if ((m->possible && h->strict) || h->seen[m->rule] == h->serial)
		return; /* one fact, told under two log sources */
	h->seen[m->rule] = h->serial;
	if (!rule->silent) {
		struct finding_hit hit = hit_of(h, &rule->info);
		hit.kind = FINDING_RULE;
		hit.time = e->time;
		hit.possible = m->possible;
		hit.hangs_on = m->hangs_on;
		hit.hangs_on_count = m->hangs_on_count;
		hit.because = m->because;
		hit.because_count = m->because_count;
		hit.lines = &h->now.line;
		hit.line_count = h->now.line != 0;
		add(h, &hit);
	}
	correlator_take(h->correlator, e, m, 0);
}

static const char *measure(enum correlation_type t)
{
	static const char *const name[] = {
		[CORRELATE_EVENT_COUNT] = "events",
		[CORRELATE_VALUE_COUNT] = "distinct values",
		[CORRELATE_VALUE_SUM] = "sum",
		[CORRELATE_VALUE_AVG] = "average",
		[CORRELATE_VALUE_PERCENTILE] = "percentile",
		[CORRELATE_VALUE_MEDIAN] = "median",
		[CORRELATE_TEMPORAL] = "rules",
		[CORRELATE_TEMPORAL_ORDERED] = "rules in order",
	};

	return name[t];
}

static void found_correlation(void *context, const struct correlation_hit *c)
{
	struct hunt *h = context;
	const struct sigma_correlation *rule = h->set->rules->correlation[c->correlation];

	if (rule->silent || (c->possible && h->strict))
		return;
	struct evidence evidence = {.name = measure(rule->type), .unit = "", .value = c->value};
	if (rule->bound_count)
		evidence.threshold = rule->bound[0].value;
	struct finding_hit hit = hit_of(h, &rule->info);
	hit.kind = FINDING_CORRELATION;
	hit.first = c->first;
	hit.time = c->last;
	hit.matches = c->matches;
	hit.possible = c->possible;
	hit.group = c->group;
	hit.group_count = (unsigned)rule->group_count;
	hit.evidence = &evidence;
	hit.evidence_count = 1;
	hit.lines = c->line;
	hit.line_count = c->line_count;
	add(h, &hit);
}

/* Every rule of the event's view, one after the other. */
static void explain(struct hunt *h, const struct event *e)
{
	for (size_t i = 0; i < h->set->rules->rule_count; i++) {
		const char *unknown[MATCH_FIELDS_MAX];
		unsigned n;
		if (!sigma_engine_applies(h->set->engine, e->view, i))
			continue;
		fprintf(h->explain, "%s\n", h->set->rules->rule[i]->info.title);
		sigma_engine_explain(h->set->engine, e, i, h->explain);
		if (sigma_engine_reach(h->set->engine, e->view, i, unknown, &n) == REACH_NOT)
			fputs("  (nothing telling in it is visible here: it is for events of "
			      "hosts)\n",
			      h->explain);
	}
}

static void run(struct hunt *h, const struct event *e)
{
	if (h->explain)
		explain(h, e);
	else
		sigma_engine_run(h->set->engine, e, found_rule, h);
}

/* With what its host told of it, rules are those of a view of its own: more is known there. */
static void run_filled(struct hunt *h, enum wire_view v, const struct event *e)
{
	struct event filled = host_view_fill(h->hosts, e);
	size_t count;
	const struct logsource *source = wire_logsources(v, &count);

	for (size_t i = 0; i < count; i++) {
		filled.view = sigma_engine_view(h->set->engine, &source[i], filled.unknown);
		run(h, &filled);
	}
}

static void take_view(void *context, enum wire_view v, bool encrypted, struct event *e)
{
	struct hunt *h = context;

	e->line = h->now.line;
	if (h->hosts && h->hosts->joined) {
		run_filled(h, v, e);
		return;
	}
	for (unsigned i = 0; i < h->view[v][encrypted].count; i++) {
		e->view = h->view[v][encrypted].view[i];
		run(h, e);
	}
}

static bool ask_view(void *context, enum wire_view v, bool encrypted, struct event *e)
{
	struct hunt *h = context;

	if (h->explain || (h->hosts && h->hosts->joined))
		return true;
	for (unsigned i = 0; i < h->view[v][encrypted].count; i++) {
		e->view = h->view[v][encrypted].view[i];
		if (sigma_engine_touches(h->set->engine, e))
			return true;
	}
	return false;
}

static void ask_host(struct hunt *h, const struct record *r)
{
	struct join_key key = {.time = r->start, .tuple = &r->tuple};

	if (r->kind == RECORD_DNS)
		key = (struct join_key){
			.time = r->start, .name = r->dns.question, .client = &r->tuple.src};
	host_view_record(h->hosts, &key, h->serial);
	if (!h->hosts->joined)
		return;
	h->now.host = h->hosts->host.host;
	h->now.user = h->hosts->host.user;
	h->now.image = h->hosts->host.image;
}

static void tell_host(struct hunt *h, const struct line *line)
{
	struct join_key key = {.time = line->event.time,
			       .tuple = line->has_tuple ? &line->tuple : NULL,
			       .community_id = line->community_id,
			       .name = line->name};
	struct join_host host = {.image = line->image,
				 .user = line->user,
				 .host = line->host,
				 .line = line->event.line};

	host_view_event(h->hosts, &line->event, &key, &host);
}

/* A fact of its own: however many rules it matches, it counts once for each correlation. */
static void begin(struct hunt *h)
{
	h->serial++;
	correlator_begin(h->correlator);
}

void hunt_record(struct hunt *h, const struct record *r, const struct hunt_subject *s)
{
	static const char tier_letter[] = "ABCD";
	struct wire_service service = {0};

	if (!h->wanted)
		return;
	if (s->entry)
		service = (struct wire_service){.service = s->entry->service->name,
						.category = s->entry->service->category,
						.role = role_name(s->entry->role),
						.tier = tier_letter[s->entry->tier]};
	service.name = s->name;
	service.quiet = s->quiet;
	begin(h);
	h->now = (struct subject){.client = &r->tuple.src,
				  .entry = s->entry,
				  .name = s->name,
				  .source = s->source,
				  .tuple = &r->tuple,
				  .line = s->line};
	if (h->hosts)
		ask_host(h, r);
	wire_events(h->wire, r, &service, h->wanted, h->all_values, take_view, h);
}

/* Events of ours name the host by its address. */
static bool client_of(struct str host, struct addr *out)
{
	char text[ADDR_TEXT_MAX];

	if (!host.n || host.n >= sizeof text)
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return addr_parse(text, out);
}

void hunt_line(struct hunt *h, const struct line *line, const struct domain_entry *entry)
{
	struct event e = line->event;
	struct addr client = line->tuple.src;
	bool any = false, known = line->has_tuple || client_of(line->host, &client);

	begin(h);
	h->now = (struct subject){.client = known ? &client : NULL,
				  .host = line->host,
				  .user = line->user,
				  .image = line->image,
				  .entry = entry,
				  .name = line->name,
				  .tuple = line->has_tuple ? &line->tuple : NULL,
				  .line = e.line};
	if (h->hosts)
		tell_host(h, line);
	for (unsigned i = 0; i < line->sources; i++) {
		e.view = sigma_engine_view(h->set->engine, &line->source[i], e.unknown);
		if (!sigma_view_rules(h->set->engine, e.view))
			continue;
		any = true;
		run(h, &e);
	}
	if (h->explain && !any)
		fprintf(h->explain, "No rule is for this log source (%s).\n",
			line->format ? line->format : "unknown");
}

void hunt_explain_record(struct hunt *h, const struct record *r, const struct hunt_subject *s,
			 FILE *out)
{
	h->explain = out;
	hunt_record(h, r, s);
	h->explain = NULL;
}

void hunt_explain_line(struct hunt *h, const struct line *line, FILE *out)
{
	h->explain = out;
	hunt_line(h, line, NULL);
	h->explain = NULL;
}

struct correlator *hunt_correlator(const struct hunt *h)
{
	return h->correlator;
}

void hunt_adopt(struct hunt *h, struct hunt *old)
{
	h->serial = old->serial;
	correlator_adopt(h->correlator, old->correlator);
	if (h->hosts && old->hosts)
		host_view_adopt(h->hosts, old->hosts);
}

bool hunt_wants_dns_text(const struct hunt *h)
{
	return wire_wants_dns_text(h->wire);
}

enum sigma_reach hunt_reach(const struct hunt *h, size_t rule,
			    const char *unknown[MATCH_FIELDS_MAX], unsigned *count)
{
	enum sigma_reach best = REACH_NOT;

	*count = 0;
	for (int v = 0; v < WIRE_VIEWS; v++)
		for (unsigned k = 0; k < h->view[v][0].count; k++) {
			const char *fields[MATCH_FIELDS_MAX];
			unsigned n;
			enum sigma_reach reach = sigma_engine_reach(
				h->set->engine, h->view[v][0].view[k], rule, fields, &n);
			if (reach <= best)
				continue;
			best = reach;
			*count = n;
			memcpy(unknown, fields, n * sizeof *fields);
		}
	return best;
}

struct hunt_stats hunt_stats(const struct hunt *h)
{
	struct correlator_stats c = correlator_stats(h->correlator);

	return (struct hunt_stats){.engine = sigma_engine_stats(h->set->engine),
				   .correlation_items = c.items,
				   .correlation_evicted = c.evicted};
}
