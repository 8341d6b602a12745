/* What the analyst knows: top, findings, flows. The reply is filled in the analyst's thread. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/command_part.h"
#include "daemon/listing.h"
#include "daemon/question.h"
#include "output/finding_json.h"

#define NAME_WIDTH 48

#define TOP_USUAL      20
#define FINDINGS_USUAL 50
#define FLOWS_USUAL    50
#define ROWS_MOST      10000

static void each_use(void *context, const struct analyst_use *u)
{
	struct listing *l = context;

	listing_addr(l, &u->client);
	listing_text(l, str_of(u->service ? u->service->name : NULL), 32);
	listing_name(l, u->name, NAME_WIDTH);
	listing_size(l, u->up);
	listing_size(l, u->down);
	listing_count(l, u->connections);
	listing_time(l, u->first);
	listing_time(l, u->last);
}

static int answer_top(struct question *q, struct analyst *a, struct error *e)
{
	static const struct listing_column columns[] = {
		{"CLIENT", "client", false},	{"SERVICE", "service", false},
		{"NAME", "name", false},	{"UPLOADED", "up", true},
		{"DOWNLOADED", "down", true},	{"CONNS", "connections", true},
		{"FIRST SEEN", "first", false}, {"LAST SEEN", "last", false}};
	struct listing l;

	(void)e;
	listing_begin(&l, columns, 8, q->reply->request.json, &q->reply->text);
	analyst_top(a, q->rows, each_use, &l);
	listing_end(&l, "No uploads.");
	return 0;
}

void command_top(const struct command_call *c)
{
	struct question q = {.answer = answer_top};
	uint64_t n;

	if (!command_words_at_most(c, 1) || !command_number(c, 0, TOP_USUAL, ROWS_MOST, &n))
		return;
	q.rows = n;
	question_ask(c, &q);
}

static void each_flow(void *context, const struct analyst_flow *f)
{
	struct listing *l = context;
	char id[17];
	struct writer w = wr_of(id, sizeof id - 1);

	listing_addr(l, &f->tuple.src);
	listing_addr(l, &f->tuple.dst);
	listing_number(l, f->tuple.dport);
	listing_name(l, f->name, NAME_WIDTH);
	if (f->source)
		listing_word(l, name_source_name(f->source));
	else
		listing_none(l);
	listing_text(l, str_of(f->service ? f->service->name : NULL), 32);
	listing_size(l, f->up);
	listing_size(l, f->down);
	listing_time(l, f->start);
	listing_time(l, f->last);
	wr_hex(&w, f->id, 16);
	id[16] = '\0';
	listing_word(l, id);
}

static int answer_flows(struct question *q, struct analyst *a, struct error *e)
{
	static const struct listing_column columns[] = {
		{"CLIENT", "client", false},	{"SERVER", "server", false},
		{"PORT", "port", true},		{"NAME", "name", false},
		{"FROM", "name_source", false}, {"SERVICE", "service", false},
		{"UPLOADED", "up", true},	{"DOWNLOADED", "down", true},
		{"START", "start", false},	{"LAST SEEN", "last", false},
		{"FLOW", "flow_id", false}};
	struct listing l;

	(void)e;
	listing_begin(&l, columns, 11, q->reply->request.json, &q->reply->text);
	analyst_flows(a, q->everyone ? NULL : &q->client, q->rows, each_flow, &l);
	listing_end(&l, "No connections.");
	return 0;
}

static bool client_of(struct str word, struct question *q)
{
	char text[ADDR_TEXT_MAX];

	if (str_eq(word, STR("all"))) {
		q->everyone = true;
		return true;
	}
	if (word.n >= sizeof text)
		return false;
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	return addr_parse(text, &q->client);
}

void command_flows(const struct command_call *c)
{
	struct question q = {.answer = answer_flows};
	uint64_t n;

	if (!c->count || !client_of(c->word[0], &q)) {
		command_fail(c, "a client's address is wanted, or \"all\"");
		return;
	}
	if (!command_words_at_most(c, 2) || !command_number(c, 1, FLOWS_USUAL, ROWS_MOST, &n))
		return;
	q.rows = n;
	question_ask(c, &q);
}

/* Findings: some or one */

static const char *triage_word(enum triage_verdict v)
{
	switch (v) {
	case TRIAGE_NONE:
		break;
	case TRIAGE_ACKED:
		return "acked";
	case TRIAGE_MUTED:
		return "muted";
	case TRIAGE_SANCTIONED:
		return "sanctioned";
	case TRIAGE_REOPENED:
		return "reopened";
	}
	return "-";
}

struct some {
	struct question *q;
	struct listing l; /* text */
	uint64_t left, more;
	bool any;
};

static void finding_line(struct bytes *out, const struct finding *f)
{
	char *to = (char *)bytes_more(out, FINDING_JSON_MAX);
	size_t n = to ? finding_json(f, to, FINDING_JSON_MAX) : 0;

	if (to)
		out->n -= FINDING_JSON_MAX - n;
	if (n && to[n - 1] == '\n')
		out->n--;
}

static void finding_row(struct listing *l, const struct finding *f)
{
	bool rule = f->kind > FINDING_NAME;

	listing_word(l, f->id);
	listing_word(l, f->level ? sigma_level_name(f->level) : "-");
	if (f->has_client)
		listing_addr(l, &f->client);
	else
		listing_text(l, f->host, 40);
	if (rule)
		listing_text(l, str_of(f->rule->title), 60);
	else
		listing_text(l, str_of(f->service ? f->service->name : NULL), 32);
	if (f->up)
		listing_size(l, f->up);
	else
		listing_none(l);
	listing_count(l, rule ? f->matches : f->connections);
	listing_time(l, f->last);
	listing_word(l, triage_word(f->triage));
}

static void each_finding(void *context, const struct finding *f)
{
	struct some *s = context;

	if (!s->left) {
		s->more++;
		return;
	}
	s->left--;
	if (!s->q->reply->request.json) {
		finding_row(&s->l, f);
		return;
	}
	if (s->any)
		bytes_u8(&s->q->reply->text, ',');
	s->any = true;
	finding_line(&s->q->reply->text, f);
}

static int answer_findings(struct question *q, struct analyst *a, struct error *e)
{
	static const struct listing_column columns[] = {
		{"ID", NULL, false},	    {"LEVEL", NULL, false},
		{"CLIENT", NULL, false},    {"SERVICE, RULE", NULL, false},
		{"UPLOADED", NULL, true},   {"CONNS, MATCHES", NULL, true},
		{"LAST SEEN", NULL, false}, {"SAID OF IT", NULL, false}};
	struct bytes *out = &q->reply->text;
	struct some s = {.q = q, .left = q->rows};

	(void)e;
	if (q->reply->request.json) {
		bytes_u8(out, '[');
		analyst_findings(a, each_finding, &s);
		bytes_add(out, "]\n", 2);
		return 0;
	}
	listing_begin(&s.l, columns, 8, false, out);
	analyst_findings(a, each_finding, &s);
	listing_end(&s.l, "No findings.");
	if (s.more)
		bytes_print(out, "%llu more\n", (unsigned long long)s.more);
	return 0;
}

static void fact(struct bytes *out, const char *key, struct writer *w)
{
	bytes_print(out, "%-12s%.*s\n", key, (int)wr_length(w), w->start);
	w->p = w->start;
}

static void amounts(struct bytes *out, struct writer *w, const struct finding *f)
{
	text_bytes(w, f->up);
	if (f->up_missed) {
		wr_lit(w, ", of it not captured ");
		text_bytes(w, f->up_missed);
	}
	fact(out, "uploaded", w);
	text_bytes(w, f->down);
	fact(out, "downloaded", w);
	if (f->lost > 0) {
		wr_u64(w, (uint64_t)(f->lost * 100 + 0.5));
		wr_lit(w, " % of packets while it grew: the amounts are at least these");
		fact(out, "lost", w);
	}
	wr_u64(w, f->connections);
	wr_lit(w, ", queries ");
	wr_u64(w, f->queries);
	if (f->matches) {
		wr_lit(w, ", matches ");
		wr_u64(w, f->matches);
	}
	fact(out, "connections", w);
}

static void people(struct bytes *out, struct writer *w, const struct finding *f)
{
	struct {
		const char *key;
		struct str s;
	} said[] = {{"host", f->host}, {"user", f->user}, {"program", f->image}};

	if (f->has_client) {
		addr_write(w, &f->client);
		fact(out, "client", w);
	}
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		if (!said[i].s.n)
			continue;
		text_escaped(w, said[i].s, 200);
		fact(out, said[i].key, w);
	}
}

static void reasons(struct bytes *out, struct writer *w, const struct finding *f)
{
	for (unsigned i = 0; i < f->because_count; i++) {
		text_escaped(w, str_of(f->because[i]), 200);
		fact(out, "because", w);
	}
	for (unsigned i = 0; f->possible && i < f->hangs_on_count; i++) {
		text_escaped(w, str_of(f->hangs_on[i]), 200);
		fact(out, "hangs on", w);
	}
	for (unsigned i = 0; i < f->evidence_count; i++) {
		const struct evidence *v = &f->evidence[i];
		char text[96];
		if (v->text.n) {
			wr_text(w, v->name);
			wr_char(w, ' ');
			text_escaped(w, v->text, 200);
			fact(out, "evidence", w);
			continue;
		}
		snprintf(text, sizeof text,
			 v->threshold != 0 ? "%s %.6g %s, passed %.6g" : "%s %.6g %s", v->name,
			 v->value, v->unit, v->threshold);
		wr_text(w, text);
		fact(out, "evidence", w);
	}
}

static void finding_text(struct bytes *out, const struct finding *f)
{
	char text[2048];
	struct writer all = wr_of(text, sizeof text), *w = &all;

	wr_text(w, f->id);
	fact(out, "id", w);
	wr_text(w, finding_kind_name(f->kind));
	if (f->level) {
		wr_lit(w, ", level ");
		wr_text(w, sigma_level_name(f->level));
	}
	fact(out, "kind", w);
	text_escaped(w, str_of(f->rule->title), 200);
	fact(out, "rule", w);
	people(out, w, f);
	if (f->service) {
		text_escaped(w, str_of(f->service->name), 64);
		wr_lit(w, ", tier ");
		wr_text(w, tier_name(f->tier));
		fact(out, "service", w);
	}
	if (f->tenant.n) {
		text_escaped(w, f->tenant, 200);
		fact(out, "tenant", w);
	}
	for (unsigned i = 0; i < f->name_count; i++) {
		text_name(w, f->names[i].name, 255);
		wr_lit(w, " (");
		wr_text(w, f->names[i].source ? name_source_name(f->names[i].source) : "query");
		wr_char(w, ')');
		fact(out, "name", w);
	}
	amounts(out, w, f);
	text_time(w, f->first);
	wr_lit(w, " to ");
	text_time(w, f->last);
	fact(out, "seen", w);
	reasons(out, w, f);
	wr_text(w, triage_word(f->triage));
	fact(out, "said of it", w);
}

static void one_finding(void *context, const struct finding *f)
{
	struct control_reply *r = context;

	if (r->request.json) {
		finding_line(&r->text, f);
		bytes_u8(&r->text, '\n');
	} else {
		finding_text(&r->text, f);
	}
}

static int answer_finding(struct question *q, struct analyst *a, struct error *e)
{
	if (!analyst_finding(a, q->id, one_finding, q->reply))
		return error_set(e, "no finding %s", q->id);
	return 0;
}

void command_findings(const struct command_call *c)
{
	struct question q = {.answer = answer_findings};
	uint64_t n;

	if (!command_words_at_most(c, 1))
		return;
	if (c->count && question_id(c->word[0], q.id)) {
		q.answer = answer_finding;
		question_ask(c, &q);
		return;
	}
	if (!command_number(c, 0, FINDINGS_USUAL, ROWS_MOST, &n))
		return;
	q.rows = n;
	question_ask(c, &q);
}
