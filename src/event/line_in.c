#include "event/line_in.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"
#include "core/hostname.h"
#include "event/derive.h"
#include "event/gather.h"
#include "event/json_in.h"
#include "event/pairs.h"
#include "event/paths.h"
#include "event/record_in.h"
#include "event/when.h"
#include "event/wire.h"

struct line_in {
	struct json_in *json;
	struct paths *paths;
	struct gather *gather;
	struct record_in *record;
	const struct fields *fields;
	struct wire *wire; /* what it knows; made when the first event of ours is read */
	uint64_t *unknown;
	struct derive_fields derived;
	struct logsource as; /* own texts */
	bool has_as;
	uint64_t number;
	/* of the line at hand */
	struct json_items items;
	struct path *path[JSON_ITEMS_MAX];
	uint8_t part[JSON_ITEMS_MAX];
	char name[HOSTNAME_MAX];
};

static char *copy(const char *z)
{
	return z && *z ? mem_strndup(z, strlen(z)) : NULL;
}

struct line_in *line_in_new(const struct fields *fields, const struct logsource *as)
{
	struct line_in *l = mem_zalloc(sizeof *l);

	l->fields = fields;
	l->json = json_in_new();
	l->paths = paths_new(fields);
	l->gather = gather_new(fields_count(fields));
	l->record = record_in_new();
	derive_init(&l->derived, fields);
	if (as) {
		l->has_as = true;
		l->as = (struct logsource){copy(as->category), copy(as->product),
					   copy(as->service)};
	}
	return l;
}

size_t line_in_memory(void)
{
	return sizeof(struct line_in) + json_in_memory() + paths_memory() +
	       2 * (size_t)LIMIT_EVENT_LINE + /* texts of a record */
	       2 * ((size_t)LIMIT_EVENT_LINE + LIMIT_WINDOW);
}

void line_in_free(struct line_in *l)
{
	if (!l)
		return;
	json_in_free(l->json);
	paths_free(l->paths);
	gather_free(l->gather);
	record_in_free(l->record);
	wire_free(l->wire);
	free(l->unknown);
	free((char *)l->as.category);
	free((char *)l->as.product);
	free((char *)l->as.service);
	free(l);
}

/* Wrappers of search engines, in which the event stands as a whole. */
static void unwrap(struct json_items *items)
{
	static const struct {
		struct str inside;
		struct str around[4]; /* what the paths beside it begin with */
	} wrappers[] = {
		{{"_source.", 8}, {{"_", 1}, {"sort", 4}, {"fields.", 7}, {"highlight.", 10}}},
		{{"result.", 7}, {{"preview", 7}, {"offset", 6}, {"lastrow", 7}, {"lastRow", 7}}},
	};

	for (size_t w = 0; w < sizeof wrappers / sizeof *wrappers; w++) {
		struct str inside = wrappers[w].inside;
		unsigned in = 0, around = 0;
		for (unsigned i = 0; i < items->count; i++) {
			bool is_in = str_has_prefix(items->item[i].path, inside), is_around = false;
			for (unsigned k = 0; k < 4 && !is_in; k++)
				is_around |=
					str_has_prefix(items->item[i].path, wrappers[w].around[k]);
			in += is_in;
			around += is_around;
		}
		if (in == 0 || around == 0 || in + around != items->count)
			continue;
		for (unsigned i = 0; i < items->count; i++) {
			struct str *path = &items->item[i].path;
			if (str_has_prefix(*path, inside))
				*path = (struct str){path->p + inside.n, path->n - inside.n};
		}
		return;
	}
}

/* The path of each item from `first` on, and what the line shows by them. */
static void look(struct line_in *l, unsigned first, struct format_seen *seen)
{
	for (unsigned i = first; i < l->items.count; i++) {
		const struct json_item *item = &l->items.item[i];
		const struct path *p = l->path[i] = paths_get(l->paths, item->path);
		l->part[i] = p->record;
		for (unsigned h = 0; h < p->hints; h++)
			if (!seen->of[p->hint[h]] && item->kind != VALUE_NULL)
				seen->of[p->hint[h]] = item;
	}
}

static void recognise(struct line_in *l, struct format_found *found)
{
	struct format_seen seen = {.end = NULL};
	unsigned count = l->items.count;

	paths_begin(l->paths);
	look(l, 0, &seen);
	if (seen.of[HINT_PAIRS]) {
		pairs_unfold(l->json, &l->items);
		look(l, count, &seen);
	}
	seen.end = l->items.item + l->items.count;
	format_recognise(&seen, found);
	if (l->has_as && !found->sure)
		format_as(&l->as, found);
}

static void take_derived(void *context, uint32_t field, struct str text, bool more)
{
	struct line_in *l = context;
	struct json_items *items = &l->items;

	if (items->count == JSON_ITEMS_MAX) {
		items->lost++;
		return;
	}
	items->item[items->count] = (struct json_item){.kind = VALUE_TEXT, .text = text};
	/* several of one field are a list */
	enum alias_rank rank = more ? ALIAS_OWN : ALIAS_HUB;
	gather_add(l->gather, items->count++, UINT32_MAX, &(struct path_name){field, rank, more});
}

static void assign_roles(const struct path_meaning *m, const struct json_item *item,
			 struct derive_line *d, uint8_t best[ROLES])
{
	for (unsigned i = 0; i < m->roles; i++) {
		uint8_t r = m->role[i];
		if (item->kind == VALUE_NULL || (d->role[r] && best[r] <= m->precedence[i]))
			continue;
		d->role[r] = item;
		best[r] = m->precedence[i];
	}
}

static void read_values(struct line_in *l, const struct format_found *found, struct derive_line *d,
			struct line *out)
{
	uint8_t best[ROLES] = {0};

	gather_begin(l->gather);
	for (unsigned i = 0; i < l->items.count; i++) {
		const struct path_meaning *m = paths_meaning(l->paths, l->path[i], found->format);
		/* null in an event of ours is not a value but the lack of one */
		bool none = found->own && l->items.item[i].kind == VALUE_NULL;
		for (unsigned n = 0; n < m->names && !none; n++)
			gather_add(l->gather, i, l->path[i]->number, &m->name[n]);
		assign_roles(m, &l->items.item[i], d, best);
	}
	derive_values(d, take_derived, l);
	out->values_lost = l->items.lost;
	out->event.count = gather_end(l->gather, &l->items, &out->event.values, &out->values_lost);
}

/* Empty too where a tool writes "-" for nothing. */
static struct str text_of(const struct derive_line *d, enum role r)
{
	struct str s = d->role[r] ? d->role[r]->text : (struct str){NULL, 0};

	return str_eq(s, STR("-")) ? (struct str){NULL, 0} : s;
}

/* Of an event that egret wrote: what the wire cannot know, but for what was filled in since. */
static const uint64_t *unknown_of(struct line_in *l, const struct format_found *found,
				  const struct event *e)
{
	const char *category = found->source[0].category, *service = found->source[0].service;
	size_t words = fields_count(l->fields) / 64 + 1;
	enum wire_view view;

	if (category && strcmp(category, "dns_query") == 0)
		view = WIRE_DNS_QUERY;
	else if (category && strcmp(category, "network_connection") == 0)
		view = WIRE_CONNECTION;
	else if (service && strcmp(service, "dns-client") == 0)
		view = WIRE_DNS_CLIENT;
	else
		return NULL;
	if (!l->wire) {
		l->wire = wire_new(l->fields);
		l->unknown = mem_array(words, sizeof *l->unknown);
	}
	memcpy(l->unknown, wire_unknown(l->wire, view, false), words * sizeof *l->unknown);
	for (uint32_t i = 0; i < e->count; i++) {
		uint32_t field = e->values[i].field;
		if (field != FIELD_NONE)
			l->unknown[field / 64] &= ~(UINT64_C(1) << field % 64);
	}
	return l->unknown;
}

static bool port_of(struct str s, uint16_t *port)
{
	unsigned v = 0;

	if (s.n == 0 || s.n > 5)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*port = (uint16_t)v;
	return v <= UINT16_MAX;
}

static bool addr_of(struct str s, struct addr *out)
{
	char text[ADDR_TEXT_MAX];

	if (s.n == 0 || s.n >= sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return addr_parse(text, out);
}

static bool proto_of(struct str s, uint8_t *proto)
{
	static const struct {
		struct str name, number;
		uint8_t proto;
	} known[] = {{{"tcp", 3}, {"6", 1}, PROTO_TCP},
		     {{"udp", 3}, {"17", 2}, PROTO_UDP},
		     {{"sctp", 4}, {"132", 3}, PROTO_SCTP}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (str_ieq(known[i].name, s) || str_eq(known[i].number, s)) {
			*proto = known[i].proto;
			return true;
		}
	}
	return false;
}

/* The name that the event is about, in the form of core/hostname.h. */
static struct str subject(struct line_in *l, const struct derive_line *d)
{
	struct str dns = text_of(d, ROLE_DNS_NAME), name = dns.n ? dns : text_of(d, ROLE_NAME);
	uint16_t port;

	if (name.n == 0)
		return name;
	size_t n = dns.n ? hostname_from_text(name, l->name)
			 : hostname_from_authority(name, l->name, &port);
	struct str out = {l->name, n};
	return hostname_is_address(out) ? (struct str){NULL, 0} : out;
}

static void join(struct line_in *l, const struct format *format, const struct derive_line *d,
		 struct line *out)
{
	struct tuple *t = &out->tuple;

	out->has_tuple = addr_of(text_of(d, ROLE_SOURCE_IP), &t->src) &&
			 addr_of(text_of(d, ROLE_DESTINATION_IP), &t->dst) &&
			 port_of(text_of(d, ROLE_SOURCE_PORT), &t->sport) &&
			 port_of(text_of(d, ROLE_DESTINATION_PORT), &t->dport) &&
			 proto_of(text_of(d, ROLE_PROTOCOL), &t->proto);
	/* Suricata tells an answer from the server's side */
	if (format->names & NAMES_EVE && (str_eq(text_of(d, ROLE_EVE_DNS), STR("answer")) ||
					  str_eq(text_of(d, ROLE_EVE_DNS), STR("response"))))
		*t = tuple_swap(t);
	out->community_id = text_of(d, ROLE_COMMUNITY_ID);
	out->image = text_of(d, ROLE_IMAGE);
	out->user = text_of(d, ROLE_USER);
	out->host = text_of(d, ROLE_HOST);
	out->name = subject(l, d);
	if (!when_read(text_of(d, ROLE_TIME), &out->event.time))
		out->event.time = 0;
}

static struct line bad(const char *format)
{
	return (struct line){.kind = LINE_BAD, .format = format};
}

/* The object whose items were read. */
static struct line read_object(struct line_in *l, struct error *e)
{
	struct format_found found;
	struct line out = {.kind = LINE_EVENT};

	unwrap(&l->items);
	recognise(l, &found);
	out.format = found.format->name;
	if (found.record) {
		out.record = record_in_read(l->record, &l->items, l->part, e);
		if (!out.record)
			return bad(out.format);
		out.kind = LINE_RECORD;
		out.values_lost = l->items.lost;
		return out;
	}
	memcpy(out.source, found.source, sizeof out.source);
	out.sources = found.sources;
	struct derive_line d = {.items = &l->items, .json = l->json, .fields = &l->derived};
	read_values(l, &found, &d, &out);
	if (found.own)
		out.event.unknown = unknown_of(l, &found, &out.event);
	join(l, found.format, &d, &out);
	out.event.line = l->number;
	return out;
}

struct line line_in_read(struct line_in *l, struct str text, uint64_t number, struct error *e)
{
	size_t blank = 0;

	l->number = number;
	while (blank < text.n && memchr(" \t\r\n", text.p[blank], 4))
		blank++;
	if (blank == text.n)
		return (struct line){.kind = LINE_EMPTY};
	if (json_in_open(l->json, text, e) < 0 || !json_in_next(l->json, &l->items))
		return bad(NULL);
	return read_object(l, e);
}

bool line_in_next(struct line_in *l, struct line *out)
{
	struct error e;

	if (!json_in_next(l->json, &l->items))
		return false;
	*out = read_object(l, &e);
	return true;
}
