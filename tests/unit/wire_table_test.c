/* The table of fields itself: fields.def. */
#include <stdio.h>

#include "fixture.h"
#include "samples.h"
#include "views.h"

static const struct row {
	const char *views, *name, *fact, *known;
} rows[] = {
#define FIELD(views, name, fact, known) {#views, name, #fact, #known},
#include "event/fields.def"
#undef FIELD
};

#define ROWS (sizeof rows / sizeof *rows)

Test(wire_table, a_name_stands_once_for_a_view)
{
	for (size_t i = 0; i < ROWS; i++) {
		bool hidden = strcmp(rows[i].known, "HIDDEN") == 0;
		cr_expect_eq(hidden, strcmp(rows[i].fact, "nothing") == 0, "%s", rows[i].name);
		for (size_t k = 0; k < i; k++)
			cr_expect(strcmp(rows[i].name, rows[k].name) || strcmp(rows[i].views, rows[k].views),
				  "%s twice for %s", rows[i].name, rows[i].views);
	}
}

struct names {
	char text[512];
	char *name[32];
	size_t count;
	struct fields *fields;
	bool seen;
};

static void split(struct names *n, const char *names)
{
	char *rest = n->text;

	snprintf(n->text, sizeof n->text, "%s", names);
	n->count = 0;
	n->fields = fields_new();
	for (char *name; (name = strsep(&rest, " "));) {
		n->name[n->count++] = name;
		fields_add(n->fields, str_of(name));
	}
}

static void take_known(void *context, enum wire_view v, bool encrypted, struct event *e)
{
	struct names *n = context;

	n->seen = true;
	for (size_t i = 0; i < n->count; i++) {
		uint32_t field = fields_find(n->fields, str_of(n->name[i]));
		bool known = event_unknown(e, field);
		for (uint32_t k = 0; k < e->count; k++)
			known |= e->values[k].field == field;
		cr_expect(known, "view %u%s: %s is absent", v, encrypted ? ", encrypted" : "",
			  n->name[i]);
	}
}

static struct record *full(struct sample *s, enum record_kind kind)
{
	sample_full(s, kind);
	if (kind == RECORD_CONN || kind == RECORD_HTTP || kind == RECORD_TLS)
		s->r.tuple.proto = PROTO_TCP;
	if (kind == RECORD_CONN)
		s->r.flow.sequence = 0;
	if (kind == RECORD_HTTP) {
		s->r.http.connect = false;
		s->r.http.target = STR("/a.b");
	}
	return &s->r;
}

/* What the public rules for these log sources ask for must be known or unknown: where a name is
 * missing, their filters lie. */
Test(wire_table, fields_of_public_rules_are_there)
{
	static const char proxy[] = "c-uri c-useragent cs-method cs-host cs-uri sc-status dst_ip "
				    "c-uri-extension cs-cookie c-uri-query cs-uri-stem";
	static const struct {
		enum record_kind kind;
		enum wire_view view;
		const char *names;
	} row[] = {
		{RECORD_DNS, WIRE_DNS, "query answer record_type"},
		{RECORD_DNS, WIRE_DNS_QUERY, "QueryName Image QueryStatus QueryResults"},
		{RECORD_DNS, WIRE_DNS_CLIENT, "EventID QueryName QueryStatus QueryResults"},
		{RECORD_CONN, WIRE_CONNECTION,
		 "Image Initiated DestinationHostname DestinationPort DestinationIp CommandLine Protocol "
		 "ParentImage SourcePort SourceIp User SourceHostname SourceIsIpv6 DestinationIsIpv6"},
		{RECORD_HTTP, WIRE_PROXY, proxy},
		{RECORD_TLS, WIRE_PROXY, proxy},
		{RECORD_QUIC, WIRE_PROXY, proxy},
		{RECORD_HTTP, WIRE_WEBSERVER,
		 "cs-uri-query cs-method sc-status cs-uri-stem cs-user-agent cs-referer cs-username "
		 "cs-host cs-content-type"},
		{RECORD_CONN, WIRE_FIREWALL, "action blocked dst_port dst_ip src_ip"},
		{RECORD_DNS, WIRE_ZEEK_DNS, "query answers rejected qtype_name Z id.resp_p"},
		{RECORD_HTTP, WIRE_ZEEK_HTTP,
		 "resp_mime_types uri user_agent method c-useragent c-uri host id.resp_h "
		 "request_body_len status_code client_header_names"},
		{RECORD_TLS, WIRE_ZEEK_X509, "certificate.serial"},
	};
	struct sample *s = sample_new();

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct names n = {0};
		split(&n, row[i].names);
		struct wire *w = wire_new(n.fields);
		wire_events(w, full(s, row[i].kind), &(struct wire_service){0},
			    1u << row[i].view, false, take_known, &n);
		cr_expect(n.seen, "row %zu: no such view", i);
		wire_free(w);
		fields_free(n.fields);
	}
	sample_free(s);
}

/* Rules may ask for every field of our records by its name there. */
Test(wire_table, names_of_our_records_hold_in_every_view)
{
	static const char *const not_worth_it[] = {"ecs.version", "event.category", "event.kind",
						   "event.type"};
	FILE *f = fopen(fixture_source("tests/ecs-fields.txt"), "r");
	char line[256];
	size_t count = 0;

	cr_assert(f);
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		bool found = line[0] == '#' || line[0] == '\0';
		for (size_t i = 0; i < sizeof not_worth_it / sizeof *not_worth_it; i++)
			found |= strcmp(line, not_worth_it[i]) == 0;
		for (size_t i = 0; i < ROWS && !found; i++)
			found = strcmp(rows[i].views, "EVERY") == 0 && strcmp(rows[i].name, line) == 0;
		cr_expect(found, "%s", line);
		count++;
	}
	fclose(f);
	cr_expect_gt(count, 50);
}

struct tally {
	uint32_t fields;
	size_t bytes;
	unsigned events;
	bool labels;
};

static void take_any(void *context, enum wire_view v, bool encrypted, struct event *e)
{
	struct tally *t = context;
	static uint8_t closed[ROWS];
	uint32_t last = FIELD_NONE;

	(void)v;
	(void)encrypted;
	t->events++;
	memset(closed, 0, sizeof closed);
	cr_assert_leq(e->count, EVENT_VALUES_MAX);
	for (uint32_t i = 0; i < e->count; i++) {
		const struct event_value *x = &e->values[i];
		for (size_t k = 0; k < x->text.n; k++)
			t->bytes += (unsigned char)x->text.p[k];
		t->labels |= x->field == FIELD_NONE && str_eq(x->text, STR("Label"));
		if (x->field == FIELD_NONE || x->field == last)
			continue;
		cr_assert_lt(x->field, t->fields);
		cr_assert(!closed[x->field], "the values of a field do not stand together");
		cr_assert(!event_unknown(e, x->field));
		closed[last = x->field] = 1;
	}
}

static struct fields *every_field(void)
{
	struct fields *f = fields_new();

	for (size_t i = 0; i < ROWS; i++)
		fields_add(f, str_of(rows[i].name));
	return f;
}

Test(wire_table, any_record_in_every_view)
{
	static const struct wire_service label = {
		.service = "Label", .category = "Label", .role = "Label", .tier = 'A'};
	struct sample *s = sample_new();
	struct fields *f = every_field();
	struct wire *w = wire_new(f);
	struct tally t = {.fields = fields_count(f)};

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		for (uint64_t seed = 0; seed < 3000; seed++) {
			sample_random(s, k, seed);
			wire_events(w, &s->r, &label, ~0u, seed & 1, take_any, &t);
		}
		for (unsigned byte = 0; byte < 256; byte += 17) {
			sample_huge(s, k, (uint8_t)byte);
			wire_events(w, &s->r, &label, ~0u, true, take_any, &t);
		}
		sample_minimal(s, k);
		wire_events(w, &s->r, &label, ~0u, true, take_any, &t);
	}
	cr_expect_gt(t.events, 18000);
	wire_free(w);
	fields_free(f);
	sample_free(s);
}

/* Keywords are looked for in what a log of that source would hold; our labels are in our logs. */
Test(wire_table, keywords_see_all_values)
{
	static const struct wire_service label = {.service = "Label"};
	struct sample *s = sample_new();
	struct fields *f = fields_new();
	struct wire *w = wire_new(f);
	struct tally none = {0}, proxy = {0}, flow = {0};

	wire_events(w, full(s, RECORD_HTTP), &label, 1u << WIRE_PROXY, false, take_any, &none);
	cr_expect_eq(none.bytes, 0);
	cr_expect_eq(none.events, 1);
	wire_events(w, &s->r, &label, 1u << WIRE_PROXY, true, take_any, &proxy);
	cr_expect_gt(proxy.bytes, 0);
	cr_expect(!proxy.labels);
	wire_events(w, full(s, RECORD_FLOW), &label, 1u << WIRE_NET_FLOW, true, take_any, &flow);
	cr_expect(flow.labels);
	wire_free(w);
	fields_free(f);
	sample_free(s);
}

Test(wire_table, wishes_of_rules)
{
	static const struct {
		const char *field;
		bool text;
	} row[] = {{"answer", true}, {"answers", true}, {"QueryResults", true},
		   {"dns.answers.data", true}, {"QueryName", false}, {"Image", false},
		   {"unheard of", false}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct fields *f = fields_new();
		fields_add(f, str_of(row[i].field));
		struct wire *w = wire_new(f);
		cr_expect_eq(wire_wants_dns_text(w), row[i].text, "%s", row[i].field);
		wire_free(w);
		fields_free(f);
	}
}

Test(wire_table, bits_of_many_fields)
{
	struct fields *f = fields_new();
	char name[16];

	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "field %u", i);
		fields_add(f, str_of(name));
	}
	uint32_t image = fields_add(f, STR("Image")), agent = fields_add(f, STR("c-useragent"));
	struct wire *w = wire_new(f);
	struct event plain = {.unknown = wire_unknown(w, WIRE_PROXY, false)};
	struct event hidden = {.unknown = wire_unknown(w, WIRE_PROXY, true)};
	struct event connection = {.unknown = wire_unknown(w, WIRE_CONNECTION, false)};

	for (uint32_t i = 0; i < 202; i++) {
		cr_expect(!event_unknown(&plain, i));
		cr_expect_eq(event_unknown(&hidden, i), i == agent);
		cr_expect_eq(event_unknown(&connection, i), i == image);
	}
	wire_free(w);
	fields_free(f);
}

Test(wire_table, log_sources)
{
	for (int v = 0; v < WIRE_VIEWS; v++) {
		size_t n;
		const struct logsource *l = wire_logsources((enum wire_view)v, &n);
		cr_expect_geq(n, 1);
		cr_expect(l->category || l->service, "view %d", v);
	}
}
