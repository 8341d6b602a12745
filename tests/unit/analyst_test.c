/* From records to findings: which account bytes belong to, and what becomes of them when a
 * connection's name changes, goes, or comes late. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/record_pack.h"
#include "detect/analyst.h"
#include "guard.h"
#include "services.h"

#define START (UINT64_C(1700000000) * NS_PER_S)
#define MB    UINT64_C(1000000)
#define FOUND 16

struct office {
	struct domain_set *set;
	struct analyst *analyst;
	uint64_t time;
	struct record_flow last; /* as it left the analyst */
	char last_name[1024];
	struct finding found[FOUND];
	char names[FOUND][1024]; /* the first name of each */
	unsigned count;
};

static struct office *o; /* the one of the test */

static void hear(void *context, const struct record *r)
{
	(void)context;
	if (r->kind != RECORD_FLOW && r->kind != RECORD_CONN)
		return;
	o->last = r->flow;
	memcpy(o->last_name, r->flow.name.p ? r->flow.name.p : "", r->flow.name.n);
	o->last_name[r->flow.name.n] = '\0';
}

static void collect(void *context, const struct finding *f)
{
	(void)context;
	cr_assert_lt(o->count, FOUND);
	if (f->name_count) {
		memcpy(o->names[o->count], f->names[0].name.p, f->names[0].name.n);
		o->names[o->count][f->names[0].name.n] = '\0';
	}
	o->found[o->count++] = *f;
}

static void office_open(void)
{

	o = calloc(1, sizeof *o);
	o->set = services_new();
	o->analyst = analyst_new(
		&(struct analyst_options){.set = o->set,
					  .threshold = {10 * MB, 100 * MB, 500 * MB, UINT64_MAX},
					  .next = {.take = hear}});
	o->time = START;
}

static void look(void)
{
	o->count = 0;
	analyst_findings(o->analyst, collect, NULL);
}

static void expect_one_finding(uint64_t up)
{
	look();
	cr_assert_eq(o->count, 1);
	cr_expect_eq(o->found[0].up, up);
}

static void office_close(void)
{
	analyst_free(o->analyst);
	domain_set_free(o->set);
	free(o);
}

TestSuite(analyst, .init = office_open, .fini = office_close);

static struct tuple ends(unsigned client, unsigned server)
{
	return (struct tuple){.src = addr_v4((uint8_t[]){10, 0, 0, (uint8_t)client}),
			      .dst = addr_v4((uint8_t[]){203, 0, 113, (uint8_t)server}),
			      .sport = 40000,
			      .dport = 443,
			      .proto = PROTO_TCP};
}

/* A connection as the sensor tells it. */
struct conn {
	uint64_t id;
	unsigned client, server;
	uint64_t start;
	uint32_t sequence;
	uint64_t up, told;
};

/* The connection of most tests. */
static struct conn conn = {.id = 1, .client = 1, .server = 5};

static void tell(struct conn *c, const char *name, enum name_source source, uint64_t up,
		 enum flow_end end)
{
	bool whole = c->sequence == 0 || end;
	struct record r = {.kind = whole ? RECORD_CONN : RECORD_FLOW,
			   .time = o->time += NS_PER_S,
			   .tuple = ends(c->client, c->server),
			   .flow_id = c->id};

	if (!c->start)
		c->start = o->time;
	r.start = c->start;
	c->up = up;
	r.flow.sequence = c->sequence++;
	r.flow.end = end;
	r.flow.name = str_of(name);
	r.flow.name_source = source;
	r.flow.app = APP_TLS;
	r.flow.up.bytes = up;
	r.flow.delta_up = up > c->told ? up - c->told : 0;
	c->told = up > c->told ? up : c->told;
	analyst_take(o->analyst, &r);
}

static void resolve(unsigned client, unsigned server, const char *name, bool asked)
{
	struct dns_answer a = {.name = str_of(name),
			       .type = 1,
			       .class = 1,
			       .ttl = 300,
			       .section = DNS_ANSWER,
			       .has_address = true,
			       .address = ends(client, server).dst};
	struct record r = {.kind = RECORD_DNS,
			   .time = o->time += NS_PER_S,
			   .start = o->time,
			   .tuple = ends(client, 53)};

	r.dns = (struct record_dns){.question = str_of(name),
				    .qtype = 1,
				    .qclass = 1,
				    .asked = asked,
				    .answered = true,
				    .answers = &a,
				    .answers_kept = 1};
	analyst_take(o->analyst, &r);
}

Test(analyst, thresholds_go_by_tier)
{
	static const struct {
		const char *name;
		uint64_t below, enough;
	} tier[] = {{"drop.example", 10 * MB - 1, 10 * MB},
		    {"up.shelf.example", 100 * MB - 1, 100 * MB},
		    {"works.example", 500 * MB - 1, 500 * MB},
		    {"mirror.example", 90000 * MB, 0},
		    {"cdn.shelf.example", 90000 * MB, 0}};

	for (unsigned i = 0; i < 5; i++) {
		struct conn c = {.id = 1, .client = 1, .server = 5};
		tell(&c, tier[i].name, NAME_SNI, 0, END_NOT);
		tell(&c, tier[i].name, NAME_SNI, tier[i].below, END_NOT);
		look();
		/* a name of tier A is a finding by itself */
		cr_expect_eq(o->count, i == 0, "%s", tier[i].name);
		if (i == 0)
			cr_expect_eq(o->found[0].kind, FINDING_NAME);
		if (tier[i].enough) {
			tell(&c, tier[i].name, NAME_SNI, tier[i].enough, END_CLOSED);
			look();
			cr_assert_eq(o->count, 1, "%s", tier[i].name);
			cr_expect_eq(o->found[0].kind, FINDING_UPLOAD);
			cr_expect_eq(o->found[0].up, tier[i].enough);
			cr_expect_eq(o->found[0].connections, 1);
			cr_expect_eq(o->found[0].tier, i);
		}
		office_close();
		office_open();
	}
}

Test(analyst, another_name_for_the_same_bytes_moves_them)
{
	resolve(1, 5, "drop.example", true);
	tell(&conn, NULL, NAME_NONE, 0, END_NOT);
	tell(&conn, NULL, NAME_NONE, 50 * MB, END_NOT);
	look();
	cr_expect_eq(o->found[0].up, 50 * MB);
	/* the connection says itself what it is */
	tell(&conn, "shelf.example", NAME_SNI, 120 * MB, END_NOT);
	tell(&conn, "shelf.example", NAME_SNI, 130 * MB, END_CLOSED);
	look();
	cr_assert_eq(o->count, 2);
	cr_expect_str_eq(o->found[0].service->name, "Shelf");
	cr_expect_eq(o->found[0].up, 130 * MB);
	cr_expect_eq(o->found[1].kind, FINDING_NAME);
	cr_expect_eq(o->found[1].up, 0);
	struct analyst_summary s = analyst_summary(o->analyst);
	cr_expect_eq(s.up, 130 * MB);
	cr_expect_eq(s.up_by_source[NAME_SNI], 130 * MB);
	cr_expect_eq(s.connections, 1);
}

/* A proxy's connection: each host gets what was sent under its name, and nothing twice. */
Test(analyst, hosts_in_turn_share_a_connections_bytes)
{
	tell(&conn, "news.example", NAME_HTTP, 0, END_NOT);
	tell(&conn, "news.example", NAME_HTTP, 40 * MB, END_NOT);
	tell(&conn, "drop.example", NAME_HTTP, 40 * MB, END_NOT);
	tell(&conn, "drop.example", NAME_HTTP, 60 * MB, END_NOT);
	tell(&conn, "news.example", NAME_HTTP, 60 * MB, END_NOT);
	tell(&conn, "news.example", NAME_HTTP, 90 * MB, END_NOT);
	tell(&conn, "shelf.example", NAME_HTTP, 90 * MB, END_NOT);
	tell(&conn, "shelf.example", NAME_HTTP, 290 * MB, END_NOT);
	tell(&conn, "drop.example", NAME_HTTP, 290 * MB, END_NOT);
	tell(&conn, "drop.example", NAME_HTTP, 295 * MB, END_CLOSED);
	look();
	cr_assert_eq(o->count, 2);
	cr_expect_str_eq(o->found[0].service->name, "Shelf");
	cr_expect_eq(o->found[0].up, 200 * MB);
	cr_expect_str_eq(o->found[1].service->name, "Drop");
	cr_expect_eq(o->found[1].up, 25 * MB);
}

Test(analyst, a_downloads_host_does_not_count_but_the_next_one_does)
{
	tell(&conn, "cdn.shelf.example", NAME_HTTP, 0, END_NOT);
	tell(&conn, "cdn.shelf.example", NAME_HTTP, 500 * MB, END_NOT);
	tell(&conn, "up.shelf.example", NAME_HTTP, 500 * MB, END_NOT);
	tell(&conn, "up.shelf.example", NAME_HTTP, 650 * MB, END_CLOSED);
	expect_one_finding(150 * MB);
}

/* What was learned from DNS is forgotten after a while; an upload that goes on keeps its account.
 */
Test(analyst, a_name_that_is_forgotten_takes_nothing_back)
{
	resolve(1, 5, "shelf.example", true);
	tell(&conn, NULL, NAME_NONE, 0, END_NOT);
	cr_expect_str_eq(o->last_name, "shelf.example");
	tell(&conn, NULL, NAME_NONE, 100 * MB, END_NOT);
	/* every name of the ring is overwritten meanwhile */
	char name[900];
	memset(name, 'x', sizeof name);
	for (unsigned i = 0; i < 80000; i++) {
		name[snprintf(name, sizeof name, "%u-", i)] = 'x';
		name[sizeof name - 1] = '\0';
		o->time = START;
		resolve(2 + i % 100, i & 127, name, false);
	}
	o->time = START + 100 * NS_PER_S;
	tell(&conn, NULL, NAME_NONE, 140 * MB, END_NOT);
	cr_expect_str_neq(o->last_name, "shelf.example");
	tell(&conn, NULL, NAME_NONE, 150 * MB, END_CLOSED);
	expect_one_finding(150 * MB);
}

Test(analyst, an_evicted_connection_that_goes_on_adds_up)
{
	tell(&conn, "shelf.example", NAME_SNI, 0, END_NOT);
	tell(&conn, "shelf.example", NAME_SNI, 80 * MB, END_EVICTED);
	tell(&conn, "shelf.example", NAME_SNI, 120 * MB, END_NOT);
	tell(&conn, "shelf.example", NAME_SNI, 125 * MB, END_EVICTED);
	tell(&conn, "shelf.example", NAME_SNI, 160 * MB, END_CLOSED);
	expect_one_finding(160 * MB);
	struct analyst_summary s = analyst_summary(o->analyst);
	cr_expect_eq(s.up, 160 * MB);
	cr_expect_eq(s.up_to_services, 160 * MB);
	cr_expect_eq(s.connections, 1);
}

/* Evicted ones are not waited for: more of them than connections can be open. */
Test(analyst, connections_beyond_the_bound_still_count)
{
	for (uint64_t i = 0; i < LIMIT_FLOWS; i++) {
		struct conn c = {.id = i + 1, .client = 1, .server = 5};
		tell(&c, "news.example", NAME_SNI, 1, END_NOT);
	}
	for (uint64_t i = 0; i < 10; i++) {
		struct conn c = {.id = LIMIT_FLOWS + i + 1, .client = 1, .server = 5};
		tell(&c, "shelf.example", NAME_SNI, 0, END_NOT);
		tell(&c, "shelf.example", NAME_SNI, 15 * MB, END_NOT);
		tell(&c, "shelf.example", NAME_SNI, 20 * MB, END_CLOSED);
	}
	expect_one_finding(200 * MB);
	cr_expect_eq(analyst_summary(o->analyst).flows_untracked, 30);
}

/* The count of a flow may turn out to be too high (count.h), after part of it went to another host.
 */
Test(analyst, bytes_taken_back_never_make_an_account_negative)
{
	tell(&conn, "drop.example", NAME_HTTP, 0, END_NOT);
	tell(&conn, "drop.example", NAME_HTTP, 900 * MB, END_NOT);
	tell(&conn, "shelf.example", NAME_HTTP, 901 * MB, END_NOT);
	tell(&conn, "shelf.example", NAME_HTTP, 20 * MB, END_NOT);
	tell(&conn, "shelf.example", NAME_SNI, 30 * MB, END_NOT);
	tell(&conn, "works.example", NAME_SNI, 30 * MB, END_CLOSED);
	look();
	for (unsigned i = 0; i < o->count; i++)
		cr_expect_lt(o->found[i].up, 1000 * MB);
}

Test(analyst, what_another_client_looked_up_is_no_finding_by_itself)
{
	resolve(2, 5, "drop.example", false);
	tell(&conn, NULL, NAME_NONE, 1000, END_CLOSED);
	cr_expect_str_eq(o->last_name, "drop.example");
	cr_expect_eq(o->last.name_source, NAME_DNS_ANY);
	look();
	cr_expect_eq(o->count, 0);
	/* but volume is, and an own look-up */
	resolve(1, 5, "drop.example", true);
	look();
	cr_expect_eq(o->count, 1);
}

Test(analyst, findings_come_in_order_with_stable_ids)
{
	char ids[3][FINDING_ID_MAX];

	for (int run = 0; run < 2; run++) {
		for (unsigned i = 0; i < 3; i++) {
			/* the order of arrival differs between the runs */
			unsigned client = run ? 3 - i : i + 1;
			struct conn c = {.id = i + 1, .client = client, .server = 5};
			tell(&c, "shelf.example", NAME_SNI, 0, END_NOT);
			tell(&c, "shelf.example", NAME_SNI, (100 + client) * MB, END_CLOSED);
		}
		resolve(9, 5, "drop.example", true);
		look();
		cr_assert_eq(o->count, 4);
		for (unsigned i = 0; i < 3; i++) {
			cr_expect_eq(o->found[i].up, (103 - i) * MB);
			if (run)
				cr_expect_str_eq(o->found[i].id, ids[i]);
			memcpy(ids[i], o->found[i].id, FINDING_ID_MAX);
			cr_expect_eq(strlen(ids[i]), 16);
		}
		cr_expect_eq(o->found[3].kind, FINDING_NAME);
		cr_expect_eq(o->found[3].queries, 1);
		cr_expect_str_neq(ids[0], ids[1]);
		office_close();
		office_open();
	}
}

Test(analyst, a_resolver_is_no_service_but_hides_names)
{
	tell(&conn, "doh.example", NAME_SNI, 5, END_NOT);
	cr_expect(o->last.hides & HIDES_DOH);
	look();
	cr_expect_eq(o->count, 0);
}

/* As a worker hands it over: in a block, behind which something else may lie, or nothing. */
Test(analyst, reads_a_packed_record_and_not_what_lies_behind)
{
	struct record r = {.kind = RECORD_CONN, .time = START, .start = START, .tuple = ends(1, 5)};

	r.flow.name = STR("0123456789.mega.example"); /* up to a block that is aligned at its end */
	r.flow.name.n = 16;
	r.flow.app = APP_TLS;
	r.flow.delta_up = r.flow.up.bytes = 7;
	size_t n = record_packed_size(&r);
	cr_assert_eq(n % 16, 0);
	char *block = calloc(1, n);
	record_pack(&r, block);
	uint8_t *alone = guard_copy(block, n);
	analyst_take(o->analyst, record_unpack(alone));
	cr_expect_str_eq(o->last_name, "0123456789.mega.");
	cr_expect_eq(o->last.up.bytes, 7);
	guard_free(alone);
	free(block);
}
