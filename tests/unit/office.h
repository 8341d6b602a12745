/* An analyst without end: clients that upload, and who listens to what is told. */
#ifndef EGRET_TESTS_OFFICE_H
#define EGRET_TESTS_OFFICE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "detect/analyst.h"
#include "detect/triage.h"
#include "services.h"

#define OFFICE_START (UINT64_C(1700006400) * NS_PER_S) /* midnight */
#define MB	     UINT64_C(1000000)
#define MINUTES	     (60 * NS_PER_S)
#define HOURS	     (3600 * NS_PER_S)

struct heard {
	char id[FINDING_ID_MAX], tenant[64], service[64], rule[64];
	enum finding_kind kind;
	enum triage_verdict triage;
	uint32_t told, client;
	uint64_t up, first, last, window, matches, time;
	double lost;
};

struct office {
	struct domain_set *set;
	struct analyst *analyst;
	struct analyst_options options;
	uint64_t time, next_flow;
	struct heard *heard;
	unsigned count, room;
};

static inline void office_start(struct office *o)
{
	o->options.set = o->set;
	o->analyst = analyst_new(&o->options);
}

static inline void office_open(struct office *o, uint64_t window)
{
	*o = (struct office){.time = OFFICE_START};
	o->set = services_new();
	o->options = (struct analyst_options){
		.threshold = {10 * MB, 100 * MB, 500 * MB, UINT64_MAX}, .window = window};
	office_start(o);
}

static inline void office_close(struct office *o)
{
	analyst_free(o->analyst);
	domain_set_free(o->set);
	free(o->heard);
}

static inline void office_hear(void *context, const struct finding *f)
{
	struct office *o = context;

	if (o->count == o->room) {
		o->room = o->room ? 2 * o->room : 64;
		o->heard = realloc(o->heard, o->room * sizeof *o->heard);
	}
	struct heard *h = &o->heard[o->count++];
	*h = (struct heard){.kind = f->kind,
			    .triage = f->triage,
			    .told = f->told,
			    .client = (uint32_t)f->client.b[13] << 16 |
				      (uint32_t)f->client.b[14] << 8 | f->client.b[15],
			    .up = f->up,
			    .first = f->first,
			    .last = f->last,
			    .window = f->window,
			    .matches = f->matches,
			    .time = o->time,
			    .lost = f->lost};
	memcpy(h->id, f->id, sizeof h->id);
	snprintf(h->tenant, sizeof h->tenant, "%.*s", (int)f->tenant.n, f->tenant.p);
	snprintf(h->service, sizeof h->service, "%s", f->service ? f->service->name : "");
	snprintf(h->rule, sizeof h->rule, "%s", f->rule->id);
}

static inline struct addr office_client(uint32_t n)
{
	return addr_v4((const uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static inline struct tuple office_tuple(uint32_t client)
{
	return (struct tuple){.src = office_client(client),
			      .dst = addr_v4((const uint8_t[]){203, 0, 113, 5}),
			      .sport = 40000,
			      .dport = 443,
			      .proto = PROTO_TCP};
}

/* A connection as the sensor tells it: opened with the first call. */
struct upload {
	uint64_t id;
	uint32_t client, sequence;
	const char *name;
	uint64_t start, up;
};

static inline void office_send(struct office *o, struct upload *u, uint64_t up, enum flow_end end)
{
	bool whole = u->sequence == 0 || end;
	struct record r = {.kind = whole ? RECORD_CONN : RECORD_FLOW,
			   .time = o->time,
			   .tuple = office_tuple(u->client)};

	if (!u->id) {
		u->id = ++o->next_flow;
		u->start = o->time;
	}
	u->up += up;
	r.flow_id = u->id;
	r.start = u->start;
	r.flow = (struct record_flow){.sequence = u->sequence++,
				      .end = end,
				      .name = str_of(u->name),
				      .name_source = u->name ? NAME_SNI : NAME_NONE,
				      .app = APP_TLS,
				      .up.bytes = u->up,
				      .delta_up = up};
	analyst_take(o->analyst, &r);
}

/* One whole connection. */
static inline void office_upload(struct office *o, uint32_t client, const char *name, uint64_t up)
{
	struct upload u = {.client = client, .name = name};

	office_send(o, &u, 0, END_NOT);
	office_send(o, &u, up, END_CLOSED);
}

static inline void office_query(struct office *o, uint32_t client, const char *name)
{
	struct record r = {.kind = RECORD_DNS,
			   .time = o->time,
			   .start = o->time,
			   .tuple = office_tuple(client)};

	r.dns = (struct record_dns){
		.question = str_of(name), .qtype = 1, .qclass = 1, .asked = true};
	analyst_take(o->analyst, &r);
}

/* What is told now; earlier tellings are forgotten. Returns how many. */
static inline unsigned office_tell_by(struct office *o, const struct analyst_telling *when)
{
	o->count = 0;
	analyst_tell(o->analyst, o->time, when, office_hear, o);
	return o->count;
}

static inline unsigned office_tell(struct office *o)
{
	return office_tell_by(o, &(struct analyst_telling){.interval = HOURS, .growth = 2});
}

static inline unsigned office_list(struct office *o)
{
	o->count = 0;
	analyst_findings(o->analyst, office_hear, o);
	return o->count;
}

/* A reload: a new analyst under the options as they are now takes over. */
static inline void office_reload(struct office *o)
{
	struct analyst *old = o->analyst;

	office_start(o);
	analyst_adopt(o->analyst, old);
	analyst_free(old);
}

/* To bytes and into a new analyst, under the same options. */
static inline void office_restart(struct office *o)
{
	struct state_section sections[ANALYST_SECTIONS];
	struct bytes all;
	struct error e = {""};

	cr_assert_eq(state_encode(sections, analyst_sections(o->analyst, ANALYST_ALL, sections),
				  &all, &e),
		     0, "%s", e.text);
	analyst_free(o->analyst);
	office_start(o);
	cr_assert_eq(state_decode(sections, analyst_sections(o->analyst, ANALYST_ALL, sections),
				  all.p, all.n, &e),
		     0, "%s", e.text);
	bytes_fini(&all);
}

#endif
