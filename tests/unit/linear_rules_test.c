/* What rules, lists, lines and states make the analyst do costs time in proportion to their length. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate_play.h"
#include "core/state.h"
#include "detect/triage.h"
#include "detect_feed.h"
#include "event/line_in.h"
#include "linear.h"
#include "match/regex.h"
#include "office.h"
#include "services/domain_list.h"
#include "sigma/load.h"
#include "sigma_try.h"

#undef MB /* (both kits have it) */

static const struct logsource proxy = {.category = "proxy"};

static void found(void *context, const struct event *e, const struct sigma_match *m)
{
	(void)e;
	(void)m;
	++*(unsigned *)context;
}

/* Texts that nearly fit wildcards with many ways to fit them. */
static void wildcards(unsigned n)
{
	struct trial *t = trial_new("title: t\nlogsource: {category: proxy}\ndetection:\n"
				    "  s1:\n    a: '*a*a*a*a*a*b'\n  s2:\n    b|contains: 'a*a?a*c'\n"
				    "  s3:\n    c|re: '(a+)+b$'\n  condition: 1 of s*\n",
				    NULL);
	char *text = malloc(n + 1);
	struct event_value v[3];
	struct event e = {.values = v, .count = 3, .time = 1};
	unsigned hits = 0;

	memset(text, 'a', n);
	for (unsigned i = 0; i < 3; i++)
		v[i] = (struct event_value){.field = fields_find(t->fields,
								  (struct str){&"abc"[i], 1}),
					    .kind = VALUE_TEXT,
					    .text = {text, n}};
	e.view = sigma_engine_view(t->engine, &proxy, t->unknown);
	for (int i = 0; i < 20; i++)
		sigma_engine_run(t->engine, &e, found, &hits);
	cr_expect_eq(hits, 0);
	text[n - 1] = 'b';
	sigma_engine_run(t->engine, &e, found, &hits);
	cr_expect_eq(hits, 1, "%s", t->problems);
	free(text);
	trial_free(t);
}

Test(linear_rules, wildcards)
{
	linear_check(wildcards, 200000);
}

/* One that goes back and forth (PCRE2's, for its look-ahead): given up at its limit. */
static void backtracking(unsigned n)
{
	struct error e;
	struct regex *r = regex_new("^(?=(a+)+$)(a|aa)+c", 0, &e);
	char *text = malloc(n + 1);

	cr_assert(r);
	memset(text, 'a', n);
	text[n - 1] = 'b';
	for (int i = 0; i < 4; i++)
		regex_search(r, (struct str){text, n});
	free(text);
	regex_free(r);
}

Test(linear_rules, backtracking)
{
	linear_check(backtracking, 20000);
}

static void load(const char *text, size_t n)
{
	struct sigma_load_options o = {0};

	sigma_rules_free(sigma_load_text(&o, "rules.yml", (struct str){text, n}));
}

/* Aliases of aliases of aliases: ten to the power of n values, if they were made. */
static void laughs(unsigned n)
{
	char *text = malloc((size_t)n * 120 + 400);
	size_t at = (size_t)sprintf(text, "title: t\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n");

	for (unsigned i = 1; i <= n; i++)
		at += (size_t)sprintf(text + at,
				      "x%u: &x%u [*x%u,*x%u,*x%u,*x%u,*x%u,*x%u,*x%u,*x%u,*x%u,*x%u]\n",
				      i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
				      i - 1, i - 1);
	at += (size_t)sprintf(text + at, "logsource: {category: dns}\ndetection:\n  s:\n    a: *x%u\n"
					 "  condition: s\n",
			      n);
	load(text, at);
	free(text);
}

Test(linear_rules, a_billion_laughs)
{
	linear_check(laughs, 10000);
}

/* Many anchors, each used many times. */
static void anchors(unsigned n)
{
	char *text = malloc((size_t)n * 40 + 400);
	size_t at = (size_t)sprintf(text, "title: t\nlogsource: {category: dns}\ndetection:\n  s:\n"
					  "    a:\n");

	for (unsigned i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, i % 10 ? "      - *x%u\n" : "      - &x%u v\n",
				      i % 10 ? i / 10 : i / 10);
	at += (size_t)sprintf(text + at, "  condition: s\n");
	load(text, at);
	free(text);
}

Test(linear_rules, anchors)
{
	linear_check(anchors, 100000);
}

/* A rule of many values, a condition of many terms, many keys of one map. */
static void large_rules(unsigned n)
{
	char *text = malloc((size_t)n * 60 + 400);
	size_t at = (size_t)sprintf(text, "title: t\nlogsource: {category: dns}\ndetection:\n");

	for (unsigned i = 0; i < n / 4 && i < 4000; i++)
		at += (size_t)sprintf(text + at, "  s%u:\n    a: v%u\n", i, i);
	at += (size_t)sprintf(text + at, "  s:\n    b:\n");
	for (unsigned i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "      - 'n%u*x%u'\n", i, i % 7);
	at += (size_t)sprintf(text + at, "  condition: 1 of s*\n");
	load(text, at);
	free(text);
}

Test(linear_rules, large_rules)
{
	linear_check(large_rules, 12000);
}

/* Lists: one long line, and many short ones. */
static void long_line(unsigned n)
{
	struct domain_list l;
	struct error e;
	char *text = malloc((size_t)n + 100);
	size_t at = (size_t)sprintf(text, "[A]\ncategory c\ntier A\nweb ");

	memset(text + at, 'a', n);
	domain_list_init(&l);
	domain_list_parse(&l, "a.list", (struct str){text, at + n}, &e);
	domain_list_fini(&l);
	free(text);
}

Test(linear_rules, a_list_of_one_line)
{
	linear_check(long_line, 3000000);
}

static void many_lines(unsigned n)
{
	struct domain_list l;
	struct error e;
	char *text = malloc((size_t)n * 32 + 100);
	size_t at = (size_t)sprintf(text, "[A]\ncategory file-sharing\ntier A\n");

	for (unsigned i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "web a%u.example\n", i);
	domain_list_init(&l);
	cr_assert_eq(domain_list_parse(&l, "a.list", (struct str){text, at}, &e), 0, "%s", e.text);
	domain_list_end(&l);
	domain_list_fini(&l);
	free(text);
}

Test(linear_rules, a_list_of_many_lines)
{
	linear_check(many_lines, 50000);
}

/* ---- lines of JSON ---- */

static void read_lines(const char *text, size_t n, int times)
{
	struct fields *fields = fields_new();
	struct line_in *in = line_in_new(fields, NULL);
	struct error e;

	for (int i = 0; i < times; i++)
		line_in_read(in, (struct str){text, n}, 1, &e);
	line_in_free(in);
	fields_free(fields);
}

static void nesting(unsigned n)
{
	char *text = malloc((size_t)n * 7 + 10);
	size_t at = 0;

	for (unsigned i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, i & 1 ? "[" : "{\"a\":");
	text[at++] = '1';
	for (unsigned i = n; i-- > 0;)
		text[at++] = i & 1 ? ']' : '}';
	read_lines(text, at, 20);
	free(text);
}

Test(linear_rules, nested_json)
{
	linear_check(nesting, 50000);
}

/* Distinct keys; then numbers, texts full of escapes, in one list. */
static void keys(unsigned n)
{
	char *text = malloc((size_t)n * 48 + 100);
	size_t at = (size_t)sprintf(text, "{\"EventID\":22");

	for (unsigned i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, ",\"key%u\":{\"%u\":[%u,\"\\u00e9\"]}", i, i, i);
	text[at++] = '}';
	read_lines(text, at, 3);
	free(text);
}

Test(linear_rules, keys_of_json)
{
	linear_check(keys, 15000);
}

/* The same key again and again: which one counts is not looked for one by one. */
static void same_keys(unsigned n)
{
	char *text = malloc((size_t)n * 16 + 100);
	size_t at = (size_t)sprintf(text, "{\"EventID\":22");

	for (unsigned i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, ",\"a\":%u", i);
	text[at++] = '}';
	read_lines(text, at, 3);
	free(text);
}

Test(linear_rules, one_key_of_json)
{
	linear_check(same_keys, 50000);
}

/* A list of events in one line. */
static void events_of_a_line(unsigned n)
{
	char *text = malloc((size_t)n * 64 + 100);
	size_t at = (size_t)sprintf(text, "{\"Records\":[");
	struct fields *fields = fields_new();
	struct line_in *in = line_in_new(fields, NULL);
	struct error e;

	for (unsigned i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "%s{\"eventName\":\"GetObject\",\"n\":%u}",
				      i ? "," : "", i);
	at += (size_t)sprintf(text + at, "]}");
	struct line line = line_in_read(in, (struct str){text, at}, 1, &e);
	cr_assert_neq(line.kind, LINE_BAD, "%s", e.text);
	unsigned count = 1;
	while (line_in_next(in, &line))
		count++;
	cr_assert_eq(count, n);
	line_in_free(in);
	fields_free(fields);
	free(text);
}

Test(linear_rules, events_of_a_line)
{
	linear_check(events_of_a_line, 10000);
}

/* ---- the analyst ---- */

/* A group each, all in one window; then one match a long time later, for which all have to go. */
static void groups(unsigned n)
{
	static struct stage s;
	char text[64];

	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 1e9);
	stage_start(&s);
	for (unsigned i = 0; i < n; i++) {
		sprintf(text, "host=h%u", i);
		stage_take(&s, 0, 1000 * S + i, text);
	}
	for (unsigned i = 0; i < 5000; i++) {
		sprintf(text, "host=x%u", i % 2000);
		stage_take(&s, 0, 100000 * S + i, text);
	}
	stage_end(&s);
}

Test(linear_rules, groups_that_expire_at_once)
{
	linear_check(groups, 60000);
}

/* One client, names of no list without end, enough to each for an account of its own. */
static void services_of_one_client(unsigned n)
{
	static struct feed x;
	char name[64];

	feed_open(&x);
	for (unsigned i = 0; i < n; i++) {
		sprintf(name, "site%u.example", i);
		x.use.name = str_of(name);
		feed_up(&x, 1, -1, AT(1, 10) + i, 2000000);
	}
	feed_close(&x);
}

Test(linear_rules, services_of_one_client)
{
	linear_check(services_of_one_client, 30000);
}

static void clients_of_one_service(unsigned n)
{
	static struct office o;

	office_open(&o, 24 * HOURS);
	for (uint32_t i = 0; i < n; i++) {
		office_upload(&o, i, "drop.example", 1000);
		o.time += NS_PER_MS;
		if (i % 1000 == 0) {
			office_tell(&o);
			analyst_tick(o.analyst, o.time);
		}
	}
	o.time += 50 * HOURS; /* all are over */
	analyst_tick(o.analyst, o.time);
	office_close(&o);
}

Test(linear_rules, clients_of_one_service)
{
	linear_check(clients_of_one_service, 50000);
}

/* Names for one connection, told with each record. */
static void names_of_one_connection(unsigned n)
{
	static struct office o;
	struct upload u = {.client = 1};
	char name[64];

	office_open(&o, 24 * HOURS);
	for (uint32_t i = 0; i < n; i++) {
		sprintf(name, "n%u.drop.example", i);
		u.name = name;
		office_send(&o, &u, 10, END_NOT);
	}
	office_close(&o);
}

Test(linear_rules, names_of_one_connection)
{
	linear_check(names_of_one_connection, 50000);
}

static void id_of(char id[FINDING_ID_MAX], uint64_t i)
{
	snprintf(id, FINDING_ID_MAX, "%016llx", (unsigned long long)(i * 0x9e3779b97f4a7c15u));
}

/* Acks beyond what is kept, most of what is kept being muted. */
static void triage(unsigned n)
{
	struct triage *t = triage_new();
	struct triage_who who = {.time = 1, .reason = STR("r")};
	char id[FINDING_ID_MAX];
	struct error e;

	for (unsigned i = 0; i < TRIAGE_MAX - 16; i++) {
		id_of(id, i);
		triage_mute(t, id, 1, 1, UINT64_MAX, &who, &e);
	}
	for (unsigned i = 0; i < n; i++) {
		id_of(id, TRIAGE_MAX + i);
		triage_ack(t, id, 1, 1, &who, &e);
	}
	triage_free(t);
}

Test(linear_rules, a_full_list_of_triage)
{
	linear_check(triage, 20000);
}

/* A state of many small sections that nobody asks for, and of one that claims much. */
static void sections(unsigned n)
{
	static struct office o;
	struct state_section s[ANALYST_SECTIONS];
	struct bytes file;
	struct error e;

	office_open(&o, 24 * HOURS);
	for (unsigned i = 0; i < n; i++)
		office_upload(&o, i, "drop.example", 1000);
	size_t count = analyst_sections(o.analyst, ANALYST_ALL, s);
	cr_assert_eq(state_encode(s, count, &file, &e), 0);
	analyst_free(o.analyst);
	office_start(&o);
	count = analyst_sections(o.analyst, ANALYST_ALL, s);
	cr_assert_eq(state_decode(s, count, file.p, file.n, &e), 0, "%s", e.text);
	bytes_fini(&file);
	office_close(&o);
}

Test(linear_rules, states)
{
	linear_check(sections, 30000);
}
