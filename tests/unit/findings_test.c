/* The findings of rules and detectors in a run without end: they end, make room, and keep what they
 * say through a restart. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "detect/findings.h"
#include "output/finding_json.h"
#include "services.h"

#define HOURS (3600 * NS_PER_S)
#define START (UINT64_C(1700006400) * NS_PER_S)
#define HEARD 32

static struct domain_set *set;
static struct known known;
static struct findings *findings;
static struct finding heard[HEARD];
static char tenant[HEARD][64], text[HEARD][64];
static unsigned count;
static uint64_t now;

static const struct rule_info rules[] = {
	{.id = "rule", .title = "A rule", .level = LEVEL_LOW},
	{.id = "link", .title = "A correlation", .level = LEVEL_HIGH},
};

static void open_findings(uint64_t window)
{
	findings = findings_new(&(struct findings_options){.window = window});
}

static void begin(void)
{
	set = services_new();
	known_init(&known, set, 2);
	known_add(&known, FINDING_RULE, &rules[0]);
	known_add(&known, FINDING_CORRELATION, &rules[1]);
	now = START;
	open_findings(24 * HOURS);
}

static void end(void)
{
	findings_free(findings);
	known_fini(&known);
	domain_set_free(set);
}

TestSuite(findings, .init = begin, .fini = end);

static void hit(unsigned rule, unsigned client, const char *name)
{
	struct addr a = addr_v4((const uint8_t[]){10, (uint8_t)(client >> 16),
						  (uint8_t)(client >> 8), (uint8_t)client});
	struct evidence evidence[] = {{.name = "count", .unit = "", .value = client},
				      {.name = "tool", .unit = "", .text = STR("rclone")}};

	findings_add(findings,
		     &(struct finding_hit){.kind = rule ? FINDING_CORRELATION : FINDING_RULE,
					   .rule = &rules[rule],
					   .level = rules[rule].level,
					   .client = &a,
					   .name = str_of(name),
					   .source = name ? NAME_SNI : NAME_NONE,
					   .time = now,
					   .matches = 1,
					   .evidence = evidence,
					   .evidence_count = 2});
}

static void hear(void *context, const struct finding *f)
{
	(void)context;
	if (count == HEARD)
		return;
	snprintf(tenant[count], sizeof *tenant, "%.*s", (int)f->tenant.n, f->tenant.p);
	snprintf(text[count], sizeof *text, "%.*s",
		 f->evidence_count > 1 ? (int)f->evidence[1].text.n : 0, f->evidence[1].text.p);
	heard[count++] = *f;
}

static unsigned list(void)
{
	count = 0;
	findings_list(findings, hear, NULL);
	return count;
}

static void leave(void *context, struct finding *f)
{
	(void)context;
	(void)f;
}

static bool take(void *context, const struct finding *f, bool due)
{
	if (due)
		hear(context, f);
	return due;
}

static unsigned tell(void)
{
	static const struct analyst_telling when = {.interval = HOURS, .growth = 2};
	struct telling_to to = {.now = now, .when = &when, .complete = leave, .tell = take};

	count = 0;
	findings_tell(findings, &to);
	return count;
}

static void restart(void)
{
	struct bytes all;
	struct error e = {""};

	bytes_init(&all, MIB);
	findings_save(findings, &all);
	findings_free(findings);
	open_findings(24 * HOURS);
	struct cursor in = cur_of(all.p, all.n);
	cr_assert_eq(findings_load(findings, &in, &known, &e), 0, "%s", e.text);
	bytes_fini(&all);
}

Test(findings, one_that_is_hit_again_within_the_window_is_the_same)
{
	char id[FINDING_ID_MAX];

	hit(0, 1, NULL);
	cr_assert_eq(tell(), 1);
	strcpy(id, heard[0].id);
	for (unsigned day = 0; day < 5; day++) {
		now += 23 * HOURS;
		findings_tick(findings, now);
		hit(0, 1, NULL);
		cr_assert_eq(tell(), 1);
		cr_expect_eq(heard[0].told, day + 1);
		cr_expect_str_eq(heard[0].id, id);
	}
	now += 25 * HOURS;
	hit(0, 1, NULL);
	cr_assert_eq(tell(), 1);
	cr_expect_eq(heard[0].told, 0);
	cr_expect_eq(heard[0].matches, 1);
	cr_expect_str_neq(heard[0].id, id);
	cr_expect_eq(memcmp(heard[0].id, id, FINDING_SERIES), 0);
	cr_expect_eq(list(), 2);
	now += 49 * HOURS;
	findings_tick(findings, now);
	cr_expect_eq(list(), 0);
}

Test(findings, matches_are_told_as_they_multiply)
{
	unsigned told = 0;

	for (unsigned i = 0; i < 100000; i++) {
		hit(0, 1, NULL);
		told += tell();
	}
	cr_expect_geq(told, 13);
	cr_expect_leq(told, 15); /* 1, 16, 32, … 65536 */
}

Test(findings, without_a_window_none_ends)
{
	findings_free(findings);
	open_findings(0);
	hit(0, 1, NULL);
	now += 1000 * 24 * HOURS;
	findings_tick(findings, now);
	hit(0, 1, NULL);
	cr_assert_eq(list(), 1);
	cr_expect_eq(heard[0].matches, 2);
	cr_expect_eq(heard[0].window, 0);
}

Test(findings, the_longest_quiet_one_makes_room)
{
	for (unsigned i = 0; i < LIMIT_FINDINGS + 1000; i++) {
		hit(0, i, "shelf.example");
		if (i % 100 == 0)
			hit(0, 0, "shelf.example"); /* this one is not quiet */
		now += NS_PER_S / 100;
	}
	cr_expect_eq(findings_refused(findings), 0);
	cr_expect_eq(findings_evicted(findings), 1000);
	bool first = false, second = false;
	list();
	for (unsigned i = 0; i < count; i++) {
		first |= heard[i].client.b[13] + heard[i].client.b[14] + heard[i].client.b[15] == 0;
		second |= heard[i].client.b[13] + heard[i].client.b[14] == 0 &&
			  heard[i].client.b[15] == 1;
	}
	cr_expect(first);
	cr_expect_not(second);
}

Test(findings, all_of_it_outlives_a_restart)
{
	hit(0, 1, "contoso.sharepoint.com");
	hit(0, 2, "contoso.sharepoint.com");
	hit(0, 2, "evil.sharepoint.com");
	hit(1, 3, "contoso.sharepoint.com");
	now += 30 * HOURS;
	hit(0, 1, "contoso.sharepoint.com");
	cr_assert_eq(tell(), 4);
	cr_assert_eq(list(), 4);
	char ids[4][FINDING_ID_MAX];
	for (unsigned i = 0; i < 4; i++)
		strcpy(ids[i], heard[i].id);
	restart();
	cr_expect_eq(tell(), 0);
	cr_assert_eq(list(), 4);
	for (unsigned i = 0; i < 4; i++) {
		cr_expect_str_eq(heard[i].id, ids[i]);
		cr_expect_eq(heard[i].told, 1);
		cr_expect_str_eq(text[i], "rclone");
		/* of one tenant are those whose every use was */
		cr_expect_str_eq(tenant[i], heard[i].client.b[15] == 1 ? "sharepoint:contoso" : "");
	}
	hit(0, 1, "contoso.sharepoint.com"); /* goes on, as the later one of two */
	cr_expect_eq(list(), 4);
	now += 19 * HOURS;
	findings_tick(findings, now);
	cr_expect_eq(list(), 1);
}

/* output */

static const char *json(const struct finding *f)
{
	static char line[FINDING_JSON_MAX];

	line[finding_json(f, line, sizeof line)] = '\0';
	return line;
}

Test(findings, json_tells_what_is_of_a_run_without_end)
{
	hit(0, 1, "contoso.sharepoint.com");
	list();
	struct finding f = heard[0];
	cr_expect(strstr(json(&f), "\"evidence\":[{\"name\":\"count\",\"value\":1},"
				   "{\"name\":\"tool\",\"text\":\"rclone\"}]"));
	cr_expect(strstr(json(&f), "\"window\":\"2023-11-15T00:00:00.000000000Z\""));
	cr_expect(strstr(json(&f), "\"tenant\":\"sharepoint:contoso\""));
	cr_expect_not(strstr(json(&f), "\"update\""));
	f.told = 3;
	f.triage = TRIAGE_REOPENED;
	f.lost = 0.0213;
	cr_expect(strstr(json(&f), "\"update\":3,\"triage\":\"reopened\",\"loss\":0.0213"));
	/* of a replay nothing of it is there */
	f.told = 0;
	f.triage = TRIAGE_NONE;
	f.lost = 0;
	f.window = 0;
	for (const char *const *w =
		     (const char *const[]){"update", "triage", "loss", "window", "tenant", NULL};
	     *w; w++)
		cr_expect_not(strstr(json(&f), *w), "%s", *w);
}
