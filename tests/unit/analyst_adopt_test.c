/* What a reload of lists, rules and settings does to what is known and under way; and what a
 * restart keeps of it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/limits.h"
#include "detect/analyst.h"
#include "fixture.h"

#define START (UINT64_C(1772409600) * NS_PER_S) /* a Monday, 0:00 */
#define MB    UINT64_C(1000000)
#define FOUND 32

#define DROP  "[Drop]\ncategory file-sharing\ntier A\nupload-api drop.example\n"
#define SHELF "[Shelf]\ncategory cloud-storage\ntier B\nweb shelf.example\nstorage rack.example\n"
#define AAA   "[Aaa]\ncategory cloud-storage\ntier B\nweb aaa.example\n"

#define RULE(name, service)                                                                        \
	"title: " name "\nid: rule-" name "\nname: " name "\nlevel: medium\nlogsource:\n"          \
	"    category: firewall\ndetection:\n    a:\n"                           \
	"        egret.service: " service "\n    condition: a\n---\n"
#define COUNT(name, rule, least)                                                                   \
	"title: " name "\nid: count-" name "\nlevel: high\ncorrelation:\n    type: event_count\n"  \
	"    generate: true\n    rules:\n        - " rule "\n    group-by:\n        - source.ip\n"  \
	"    timespan: 1d\n    condition:\n        gte: " #least "\n---\n"

struct world {
	struct domain_set *set;
	struct ruleset *rules;
	struct analyst *analyst;
};

static struct world now;
static struct detector_settings settings;
static uint64_t window;
static uint64_t time_now;
static struct finding found[FOUND];
static char names[FOUND][64];
static unsigned count;

static struct world world_new(const char *lists, const char *rules)
{
	char *folder = fixture_folder(), path[4096], rule_path[4096];
	const char *paths[] = {path}, *rule_paths[] = {rule_path};
	struct world w = {0};
	struct error e = {""};

	snprintf(path, sizeof path, "%s/services.list", folder);
	snprintf(rule_path, sizeof rule_path, "%s/rules.yml", folder);
	fixture_write(folder, "services.list", lists);
	fixture_write(folder, "rules.yml", rules);
	w.set = domain_set_load(&(struct domain_set_options){.paths = paths, .path_count = 1}, &e);
	cr_assert(w.set, "%s", e.text);
	w.rules = ruleset_new(&(struct ruleset_options){.paths = rule_paths,
							.path_count = 1,
							.services = w.set},
			      &e);
	cr_assert(w.rules, "%s", e.text);
	cr_assert_eq(w.rules->refused, 0);
	fixture_remove(folder);
	w.analyst = analyst_new(&(struct analyst_options){
		.set = w.set,
		.rules = w.rules,
		.detectors = &settings,
		.window = window,
		.threshold = {10 * MB, 100 * MB, 500 * MB, UINT64_MAX}});
	return w;
}

static void world_free(struct world *w)
{
	analyst_free(w->analyst);
	ruleset_free(w->rules);
	domain_set_free(w->set);
}

static void begin(void)
{
	settings_default(&settings);
	time_now = START;
	window = 0;
}

static void end(void)
{
	world_free(&now);
}

TestSuite(adopt, .init = begin, .fini = end);

static void reload(const char *lists, const char *rules)
{
	struct world next = world_new(lists, rules);

	analyst_adopt(next.analyst, now.analyst);
	world_free(&now);
	now = next;
}

static void restart(const char *lists, const char *rules)
{
	struct world next = world_new(lists, rules);
	struct state_section s[ANALYST_SECTIONS];
	struct bytes file;
	struct error e = {""};

	cr_assert_eq(state_encode(s, analyst_sections(now.analyst, ANALYST_ALL, s), &file, &e), 0);
	cr_assert_eq(state_decode(s, analyst_sections(next.analyst, ANALYST_ALL, s), file.p, file.n,
				  &e),
		     0, "%s", e.text);
	bytes_fini(&file);
	world_free(&now);
	now = next;
}

static void collect(void *context, const struct finding *f)
{
	(void)context;
	cr_assert_lt(count, FOUND);
	snprintf(names[count], sizeof names[count], "%s %s", f->rule->title,
		 f->service ? f->service->name : "-");
	found[count++] = *f;
}

static const struct finding *look(const char *name)
{
	count = 0;
	analyst_findings(now.analyst, collect, NULL);
	for (unsigned i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return &found[i];
	return NULL;
}

struct conn {
	uint64_t id, start, told;
	unsigned client, server;
	uint32_t sequence;
};

static void tell_as(struct conn *c, const char *name, enum name_source source, uint64_t up,
		    bool last)
{
	struct record r = {.kind = c->sequence == 0 || last ? RECORD_CONN : RECORD_FLOW,
			   .time = time_now += NS_PER_S,
			   .flow_id = c->id,
			   .tuple = {.src = addr_v4((uint8_t[]){10, 0, (uint8_t)(c->client >> 8), (uint8_t)c->client}),
				     .dst = addr_v4((uint8_t[]){203, 0, 113, (uint8_t)c->server}),
				     .sport = 40000,
				     .dport = 443,
				     .proto = PROTO_TCP}};

	if (!c->start)
		c->start = time_now;
	r.start = c->start;
	r.flow.sequence = c->sequence++;
	r.flow.end = last ? END_CLOSED : END_NOT;
	r.flow.name = str_of(name);
	r.flow.name_source = source;
	r.flow.app = APP_TLS;
	r.flow.up.bytes = up;
	r.flow.delta_up = up - c->told;
	c->told = up;
	analyst_take(now.analyst, &r);
}

static void tell(struct conn *c, const char *name, uint64_t up)
{
	tell_as(c, name, NAME_SNI, up, false);
}

static void finish(struct conn *c, const char *name, uint64_t up)
{
	tell_as(c, name, NAME_SNI, up, true);
}

#define UPLOAD "Upload to a cloud storage service"

static struct conn conn(uint64_t id)
{
	return (struct conn){.id = id, .client = 1, .server = 5};
}

Test(adopt, an_upload_goes_on)
{
	struct conn c = conn(1);

	now = world_new(DROP SHELF, RULE("drop", "Drop"));
	tell(&c, "drop.example", 0);
	tell(&c, "drop.example", 8 * MB);
	/* numbers of services change */
	reload(AAA SHELF DROP, RULE("drop", "Drop"));
	cr_assert(look("drop Drop"));
	cr_expect_eq(found[count - 1].matches, 1);
	tell(&c, "drop.example", 9 * MB);
	reload(DROP, RULE("drop", "Drop"));
	finish(&c, "drop.example", 12 * MB);
	const struct finding *f = look(UPLOAD " Drop");
	cr_assert(f);
	cr_expect_eq(f->up, 12 * MB);
	cr_expect_eq(f->connections, 1);
	cr_expect_eq(look("drop Drop")->up, 12 * MB);
	struct analyst_summary s = analyst_summary(now.analyst);
	cr_expect_eq(s.up, 12 * MB);
	cr_expect_eq(s.connections, 1);
}

Test(adopt, findings_of_what_is_no_more_go)
{
	for (int how = 0; how < 2; how++) {
		void (*again)(const char *, const char *) = how ? restart : reload;
		struct conn a = conn(1), b = conn(2);
		now = world_new(DROP SHELF, RULE("drop", "Drop") RULE("shelf", "Shelf"));
		finish(&a, "drop.example", 20 * MB);
		finish(&b, "shelf.example", 120 * MB);
		cr_expect(look("drop Drop") && look("shelf Shelf") && look(UPLOAD " Drop"));
		unsigned all = count;
		char id[FINDING_ID_MAX];
		memcpy(id, look("shelf Shelf")->id, sizeof id);
		again(DROP SHELF, RULE("shelf", "Shelf") RULE("other", "Drop"));
		cr_expect_not(look("drop Drop"));
		cr_expect_eq(count, all - 1);
		cr_expect_str_eq(look("shelf Shelf")->id, id);
		b = conn(3);
		finish(&b, "shelf.example", 1);
		cr_expect_eq(look("shelf Shelf")->matches, 2);
		cr_expect_eq(look("shelf Shelf")->up, 120 * MB + 1);
		a = conn(4);
		finish(&a, "drop.example", 1);
		cr_expect(look("other Drop"), "a new rule starts");
		/* a service is no more */
		again(DROP, RULE("shelf", "Shelf") RULE("other", "Drop"));
		cr_expect(look("other Drop") && look(UPLOAD " Drop"));
		for (unsigned i = 0; i < count; i++)
			cr_expect_not(strstr(names[i], "Shelf"), "%s", names[i]);
		/* and comes back: from nothing */
		again(DROP SHELF, RULE("shelf", "Shelf") RULE("other", "Drop"));
		cr_expect_not(look(UPLOAD " Shelf"));
		a = conn(5);
		finish(&a, "shelf.example", 130 * MB);
		cr_expect_eq(look(UPLOAD " Shelf")->up, 130 * MB);
		if (!how)
			world_free(&now);
	}
}

Test(adopt, a_rule_says_again_how_bad_it_is)
{
	for (int how = 0; how < 2; how++) {
		struct conn a = conn(1);
		now = world_new(DROP, RULE("drop", "Drop") COUNT("many", "drop", 1));
		finish(&a, "drop.example", 1);
		cr_expect_eq(look("drop Drop")->level, LEVEL_MEDIUM);
		(how ? restart : reload)(DROP,
					 "title: drop\nid: rule-drop\nlevel: critical\nlogsource:\n"
					 "    category: firewall\ndetection:\n"
					 "    a:\n        egret.service: Nobody\n    condition: a\n");
		cr_assert(look("drop Drop"));
		cr_expect_eq(look("drop Drop")->level, LEVEL_CRITICAL);
		cr_expect_not(look("many -"));
		if (!how)
			world_free(&now);
	}
}

Test(adopt, a_correlation_goes_on)
{
	for (int how = 0; how < 2; how++) {
		void (*again)(const char *, const char *) = how ? restart : reload;
		now = world_new(DROP, RULE("drop", "Drop") COUNT("three", "drop", 3));
		for (unsigned i = 1; i <= 2; i++) {
			struct conn c = conn(i);
			tell(&c, "drop.example", 1);
			again(AAA DROP, COUNT("two", "drop", 2) RULE("drop", "Drop")
						COUNT("three", "drop", 3));
		}
		cr_expect_not(look("three Drop"));
		cr_expect_not(look("two Drop"), "one before it was there");
		struct conn c = conn(3);
		tell(&c, "drop.example", 1);
		cr_assert(look("three Drop"));
		cr_expect_eq(look("three Drop")->matches, 3);
		cr_expect_str_eq(look("three Drop")->evidence[0].name, "events");
		cr_expect_float_eq(look("three Drop")->evidence[0].value, 3, 0);
		cr_expect(look("two Drop"));
		again(DROP, COUNT("two", "drop", 2) RULE("drop", "Drop"));
		cr_expect_not(look("three Drop"));
		cr_expect(look("two Drop"));
		cr_expect_str_eq(look("two Drop")->evidence[0].name, "events");
		if (!how)
			world_free(&now);
	}
}

/* The lists learn of a service while something is sent there. */
Test(adopt, a_new_service_has_what_is_under_way)
{
	struct conn c = conn(1), d = conn(2);

	now = world_new(SHELF, RULE("drop", "Drop"));
	tell(&c, "drop.example", 0);
	tell(&c, "drop.example", 30 * MB);
	tell(&d, "drop.example", 5 * MB);
	reload(DROP SHELF, RULE("drop", "Drop"));
	tell(&c, "drop.example", 31 * MB);
	cr_assert(look(UPLOAD " Drop"));
	cr_expect_eq(look(UPLOAD " Drop")->up, 31 * MB);
	finish(&c, "drop.example", 32 * MB);
	finish(&d, "drop.example", 6 * MB);
	cr_expect_eq(look(UPLOAD " Drop")->up, 38 * MB);
	cr_expect_eq(look(UPLOAD " Drop")->connections, 2);
}

/* A connection's next host takes nothing from the one before, reload or not. */
Test(adopt, the_next_host_is_no_other_list)
{
	struct conn c = conn(1);

	now = world_new(SHELF DROP, RULE("drop", "Drop"));
	tell_as(&c, "news.example", NAME_HTTP, 0, false);
	tell_as(&c, "news.example", NAME_HTTP, 300 * MB, false);
	reload(DROP SHELF, RULE("drop", "Drop"));
	tell_as(&c, "drop.example", NAME_HTTP, 300 * MB, false);
	tell_as(&c, "drop.example", NAME_HTTP, 320 * MB, false);
	reload(SHELF DROP, RULE("drop", "Drop"));
	tell_as(&c, "shelf.example", NAME_HTTP, 320 * MB, false);
	tell_as(&c, "shelf.example", NAME_HTTP, 470 * MB, true);
	cr_expect_eq(look(UPLOAD " Drop")->up, 20 * MB);
	cr_expect_eq(look(UPLOAD " Shelf")->up, 150 * MB);
}

/* A service gets another name, gives a name to another service, loses it, or changes its tier. */
Test(adopt, lists_that_say_otherwise)
{
	struct conn c[4] = {conn(1), conn(2), conn(3), conn(4)};

	now = world_new("[Old]\ncategory paste\ntier A\nweb old.example\n"
			"[One]\ncategory paste\ntier A\nweb one.example\nweb moves.example\n"
			"[Two]\ncategory paste\ntier A\nweb two.example\n"
			"[Cdn]\ncategory paste\ntier A\nweb cdn.example\n",
			RULE("drop", "Drop"));
	static const char *const name[] = {"old.example", "moves.example", "two.example",
					   "cdn.example"};
	for (int i = 0; i < 4; i++) {
		tell(&c[i], name[i], 0);
		tell(&c[i], name[i], 20 * MB);
	}
	cr_expect(look(UPLOAD " Old") && look(UPLOAD " One") && look(UPLOAD " Two"));
	reload("[Another]\ncategory paste\ntier A\nweb old.example\n"
	       "[One]\ncategory paste\ntier A\nweb one.example\n"
	       "[Two]\ncategory paste\ntier A\nweb two.example\nweb moves.example\n"
	       "[Cdn]\ncategory paste\ntier D\nweb cdn.example\n",
	       RULE("drop", "Drop"));
	for (int i = 0; i < 4; i++)
		finish(&c[i], name[i], 21 * MB);
	cr_expect_eq(look(UPLOAD " Another")->up, 21 * MB);
	cr_expect_not(look(UPLOAD " One"), "it took what was sent to its name away");
	cr_expect_eq(look(UPLOAD " Two")->up, 42 * MB);
	cr_expect_not(look(UPLOAD " Cdn"), "downloads");
}

/* The detectors' past goes on, under other settings. */
Test(adopt, detectors_go_on)
{
	for (int how = 0; how < 2; how++) {
		struct conn c = conn(1);
		settings_default(&settings);
		now = world_new(DROP SHELF, RULE("drop", "Drop"));
		tell(&c, "shelf.example", 0);
		tell(&c, "shelf.example", 60 * MB);
		cr_expect_not(look("Large upload within an hour Shelf"));
		if (how) {
			settings.burst_b = 60 * MB;
			reload(AAA SHELF, RULE("drop", "Drop"));
			tell(&c, "shelf.example", 61 * MB);
		} else {
			reload(AAA SHELF, RULE("drop", "Drop"));
			tell(&c, "shelf.example", 110 * MB);
		}
		cr_assert(look("Large upload within an hour Shelf"));
		cr_expect_float_eq(look("Large upload within an hour Shelf")->evidence[0].value,
				   how ? 61e6 : 110e6, 1);
		reload(SHELF, RULE("drop", "Drop"));
		cr_assert(look("Large upload within an hour Shelf"), "the finding as well");
		reload(DROP, RULE("drop", "Drop"));
		cr_assert_not(look("Large upload within an hour Shelf"));
		if (!how)
			world_free(&now);
	}
}

Test(adopt, allow_lists_are_the_new_ones)
{
	struct conn c = conn(1);
	struct error e;

	now = world_new(SHELF, RULE("drop", "Drop"));
	cr_assert_eq(detectors_allow(analyst_detectors(now.analyst), ALLOW_CLIENT,
				     STR("10.0.0.0/8"), &e),
		     0);
	tell(&c, "shelf.example", 0);
	tell(&c, "shelf.example", 200 * MB);
	cr_expect_not(look("Large upload within an hour Shelf"));
	reload(SHELF, RULE("drop", "Drop"));
	tell(&c, "shelf.example", 400 * MB);
	cr_expect(look("Large upload within an hour Shelf"));
	struct world next = world_new(SHELF, RULE("drop", "Drop"));
	cr_assert_eq(detectors_allow(analyst_detectors(next.analyst), ALLOW_SERVICE, STR("Shelf"),
				     &e),
		     0);
	double before = look("Large upload within an hour Shelf")->evidence[0].value;
	analyst_adopt(next.analyst, now.analyst);
	world_free(&now);
	now = next;
	tell(&c, "shelf.example", 900 * MB);
	cr_expect_float_eq(look("Large upload within an hour Shelf")->evidence[0].value, before, 0,
			   "it grows no more");
}

static void largest(void *context, const struct finding *f)
{
	uint64_t *most = context;

	if (f->kind == FINDING_UPLOAD && f->up > *most)
		*most = f->up;
}

/* Another window: what stood on accounts goes on, on new ones where they are over; nothing counts
 * twice. */
Test(adopt, another_window)
{
	static const uint64_t hours[] = {0, 1, 24};
	enum { CONNS = 3000 };
	static struct conn c[CONNS];

	for (int from = 0; from < 3; from++)
		for (int to = 0; to < 3; to++) {
			uint64_t most = 0;
			window = hours[from] * 3600 * NS_PER_S;
			now = world_new(DROP, RULE("shelf", "Shelf"));
			for (unsigned i = 0; i < CONNS; i++) {
				c[i] = (struct conn){.id = i + 1, .client = i, .server = 5};
				tell(&c[i], "drop.example", 15 * MB);
			}
			time_now += 3 * 3600 * NS_PER_S;
			analyst_tick(now.analyst, time_now);
			window = hours[to] * 3600 * NS_PER_S;
			reload(DROP, RULE("shelf", "Shelf"));
			for (unsigned i = 0; i < CONNS; i++)
				tell(&c[i], "drop.example", 30 * MB);
			analyst_findings(now.analyst, largest, &most);
			cr_expect_eq(most, (from == 1 || to == 1 ? 15 : 30) * MB, "%lu: %lu to %lu",
				     (unsigned long)most, (unsigned long)hours[from],
				     (unsigned long)hours[to]);
			world_free(&now);
		}
	now = world_new(DROP, RULE("shelf", "Shelf"));
}

/* Names that clients looked up are still theirs. */
Test(adopt, names_go_on)
{
	for (int how = 0; how < 2; how++) {
		struct conn c = conn(1);
		struct dns_answer answer = {.name = STR("drop.example"),
					    .type = 1,
					    .class = 1,
					    .ttl = 300,
					    .section = DNS_ANSWER,
					    .has_address = true,
					    .address = addr_v4((uint8_t[]){203, 0, 113, 5})};
		time_now += NS_PER_S;
		struct record r = {.kind = RECORD_DNS,
				   .time = time_now,
				   .start = time_now,
				   .tuple = {.src = addr_v4((uint8_t[]){10, 0, 0, 1}), .dport = 53}};
		now = world_new(DROP, RULE("drop", "Drop"));
		r.dns = (struct record_dns){.question = STR("drop.example"),
					    .qtype = 1,
					    .qclass = 1,
					    .asked = true,
					    .answered = true,
					    .answers = &answer,
					    .answers_kept = 1};
		analyst_take(now.analyst, &r);
		(how ? restart : reload)(AAA DROP, RULE("drop", "Drop"));
		tell_as(&c, NULL, NAME_NONE, 0, false);
		tell_as(&c, NULL, NAME_NONE, 20 * MB, true);
		cr_assert(look(UPLOAD " Drop"));
		cr_expect_eq(look(UPLOAD " Drop")->names[0].source, NAME_DNS_CLIENT);
		cr_expect_eq(look(UPLOAD " Drop")->queries, 1);
		if (!how)
			world_free(&now);
	}
}

/* Over many generations nothing is left of the old ones (the sanitizers look), and nothing grows. */
Test(adopt, many_generations)
{
	struct conn c = conn(1);

	now = world_new(DROP, RULE("drop", "Drop"));
	tell(&c, "drop.example", 0);
	for (unsigned i = 1; i <= 60; i++) {
		reload(i % 3 == 0   ? DROP SHELF
		       : i % 3 == 1 ? AAA DROP
				    : SHELF,
		       i % 2 ? RULE("drop", "Drop") COUNT("many", "drop", 1)
			     : RULE("drop", "Drop"));
		tell(&c, "drop.example", i * MB);
	}
	reload(DROP, RULE("drop", "Drop"));
	finish(&c, "drop.example", 61 * MB);
	cr_expect_eq(look(UPLOAD " Drop")->up, 61 * MB);
}

/* The state of a daemon is of use to a replay, and the other way round. */
Test(adopt, sections_by_need)
{
	struct state_section s[ANALYST_SECTIONS];
	struct conn c = conn(1);
	struct bytes file;
	struct error e = {""};

	now = world_new(DROP, RULE("drop", "Drop"));
	finish(&c, "drop.example", 1);
	cr_assert_eq(state_encode(s, analyst_sections(now.analyst, ANALYST_ALL, s), &file, &e), 0);
	world_free(&now);
	now = world_new(DROP, RULE("drop", "Drop"));
	size_t n = analyst_sections(now.analyst, ANALYST_LEARNED, s);
	cr_expect_eq(n, 4);
	cr_assert_eq(state_decode(s, n, file.p, file.n, &e), 0, "%s", e.text);
	cr_expect_not(look("drop Drop"));
	bytes_fini(&file);
	cr_assert_eq(state_encode(s, n, &file, &e), 0);
	n = analyst_sections(now.analyst, ANALYST_ALL, s);
	cr_expect_eq(n, ANALYST_SECTIONS);
	cr_assert_eq(state_decode(s, 0, file.p, file.n, &e), 0, "%s", e.text);
	bytes_fini(&file);
}
