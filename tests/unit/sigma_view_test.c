/* Which rules are held against which events, what is told of them when fields are unknown, and how
 * that is explained. */
#include <criterion/criterion.h>

#include "sigma_try.h"

#define THREE(section, unknown, event, verdict)                                                    \
	cr_expect_str_eq(try_detection(section, unknown, event), verdict, "%s against %s",         \
			 section, event)

Test(sigma_view, three_values)
{
	static const char both[] = "  s:\n    Image|endswith: \\x.exe\n    QueryName: foo.com\n"
				   "  condition: s";
	static const char filter[] = "  s:\n    QueryName: foo.com\n  f:\n    Image: null\n"
				     "  condition: s and not f";
	static const char either[] = "  s:\n    QueryName: foo.com\n  t:\n    Image: x\n"
				     "  condition: s or t";
	static const char tautology[] =
		"  s:\n    QueryName: foo.com\n  t:\n    Image|exists: true\n"
		"  condition: s and (t or s)";

	THREE(both, "Image", "QueryName=foo.com", "possible");
	THREE(both, "Image", "QueryName=bar.com", "no");
	THREE(both, "", "QueryName=foo.com", "no");
	THREE(both, "", "QueryName=foo.com\nImage=c:\\x.exe", "yes");
	THREE(filter, "Image", "QueryName=foo.com", "possible");
	THREE(filter, "", "QueryName=foo.com", "no");
	THREE(either, "Image", "QueryName=foo.com", "yes");
	/* nothing telling was found */
	THREE(either, "Image", "QueryName=bar.com", "no");
	THREE(tautology, "Image", "QueryName=foo.com", "yes");
	/* whatever the kind */
	THREE("  s:\n    q: foo\n    u|fieldref: q\n  condition: s", "u", "q=foo", "possible");
	THREE("  s:\n    q: foo\n    q|fieldref: u\n  condition: s", "u", "q=foo", "possible");
	THREE("  s:\n    q: foo\n    u|gt: 5\n  condition: s", "u", "q=foo", "possible");
	THREE("  s:\n    q: foo\n    u|exists: false\n  condition: s", "u", "q=foo", "possible");
	THREE("  s:\n    q: foo\n    u|re: x\n  condition: s", "u", "q=foo", "possible");
	THREE("  s:\n    q: foo\n    u|cidr: 10.0.0.0/8\n  condition: s", "u", "q=foo", "possible");
	THREE("  s:\n    q: foo\n    u: ''\n  condition: s", "u", "q=foo", "possible");
}

/* A possible match needs something telling that was found. */
Test(sigma_view, telling)
{
	static const struct {
		const char *item, *event, *verdict;
	} rows[] = {
		{"DestinationHostname|contains: mega", "DestinationHostname=mega.nz", "possible"},
		{"DestinationPort: 443", "DestinationPort=#443", "no"},
		{"DestinationPort: 80", "DestinationPort=#80", "no"},
		{"DestinationPort: '53'", "DestinationPort=#53", "no"},
		{"DestinationPort: 3389", "DestinationPort=#3389", "possible"},
		{"DestinationPort: '3389'", "DestinationPort=#3389", "possible"},
		{"DestinationPort: [443, 3389]", "DestinationPort=#3389", "possible"},
		{"DestinationPort: [443, 3389]", "DestinationPort=#443", "no"},
		{"DestinationPort|gt: 1024", "DestinationPort=#3389", "no"},
		{"id.resp_p: 3389", "id.resp_p=#3389", "possible"},
		{"Initiated: 'true'", "Initiated=!true", "no"},
		{"Protocol: tcp", "Protocol=tcp", "no"},
		{"EventID: 3", "EventID=#3", "no"},
		{"EventID: '3008'", "EventID=3008", "no"},
		{"DestinationIsIpv6: 'false'", "DestinationIsIpv6=!false", "no"},
		{"DestinationIp|cidr: 192.0.2.0/24", "DestinationIp=192.0.2.1", "possible"},
		{"DestinationIp|cidr: 10.0.0.0/8", "DestinationIp=10.0.2.1", "no"},
		{"DestinationIp|cidr: 0.0.0.0/0", "DestinationIp=10.0.2.1", "no"},
		{"DestinationIp: 192.0.2.1", "DestinationIp=192.0.2.1", "possible"},
		{"DestinationHostname|contains: '.'", "DestinationHostname=a.b", "no"},
		{"DestinationHostname: '*'", "DestinationHostname=a.b", "no"},
		{"DestinationHostname|contains: ''", "DestinationHostname=a.b", "no"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char section[512];
		snprintf(section, sizeof section, "  s:\n    Image: x.exe\n    %s\n  condition: s",
			 rows[i].item);
		const char *is = try_detection(section, "Image", rows[i].event);
		cr_expect_str_eq(is, rows[i].verdict, "%s is %s", rows[i].item, is);
		/* what is certain is told whatever it is */
		snprintf(section, sizeof section, "  s:\n    %s\n  condition: s", rows[i].item);
		cr_expect_str_eq(try_detection(section, "Image", rows[i].event), "yes", "%s",
				 rows[i].item);
	}
}

Test(sigma_view, telling_is_what_was_found)
{
	/* what is negative tells nothing, nor what stands in something false */
	THREE("  s:\n    u: x\n  f:\n    q: foo\n  condition: s and not f", "u", "q=bar", "no");
	THREE("  s:\n    u: x\n  f:\n    - q: foo\n      r: bar\n    - t: baz\n"
	      "  condition: s and not (not f)",
	      "u", "t=baz", "no");
	THREE("  s:\n    u: x\n  f:\n    q: foo\n    r: bar\n  condition: s or f", "u", "q=foo",
	      "no");
	THREE("  s:\n    u: x\n  f:\n    q: foo\n  condition: s or (f and s)", "u", "q=foo",
	      "possible");
	THREE("  s:\n    - u: x\n      q: foo\n    - v: y\n  condition: s", "u v", "q=foo",
	      "possible");
	THREE("  s:\n    - u: x\n      q: foo\n    - v: y\n  condition: s", "u v", "q=bar", "no");
}

static const char many[] = "title: one\nlogsource: {category: dns_query, product: windows}\n"
			   "detection:\n  s:\n    QueryName|contains: [mega, drop]\n    Image: x\n"
			   "    User: y\n  condition: s\n"
			   "---\n"
			   "title: two\nlogsource: {category: dns_query}\n"
			   "detection:\n  s:\n    QueryName: mega.nz\n  f:\n    Image: null\n"
			   "  condition: s or (f and s)\n"
			   "---\n"
			   "title: three\nlogsource: {product: windows, service: dns-client}\n"
			   "detection:\n  s:\n    EventID: 3008\n    QueryName|endswith: nz\n"
			   "  condition: s\n"
			   "---\n"
			   "title: four\nlogsource: {product: linux, category: dns_query}\n"
			   "detection:\n  k: [mega]\n  condition: k\n"
			   "---\n"
			   "title: five\nlogsource: {product: windows}\n"
			   "detection:\n  s:\n    QueryName: mega.nz\n  condition: s\n";

Test(sigma_view, what_a_match_says)
{
	static const struct logsource dns = {"dns_query", NULL, NULL};
	struct trial *t = trial_new(many, NULL);

	trial_unknown(t, "Image");
	trial_unknown(t, "User");
	cr_expect_str_eq(t->problems, "");
	cr_expect_str_eq(trial_run(t, &dns, "QueryName=mega.nz"),
			 "one? (Image, User)\ntwo\nfour\n");
	cr_expect_str_eq(t->because,
			 "QueryName|contains: mega\nQueryName: mega.nz\nkeyword: mega\n");
	trial_free(t);
}

/* What stands under a "not" is no reason. */
Test(sigma_view, reasons_are_positive)
{
	static const struct logsource test = {.category = "test"};
	struct trial *t = trial_new("title: r\nlogsource: {category: test}\n"
				    "detection:\n  s:\n    q: foo\n  f:\n    t: bar\n    u: x\n"
				    "  condition: s or not f\n",
				    NULL);

	trial_unknown(t, "u");
	cr_expect_str_eq(trial_run(t, &test, "q=foo\nt=bar"), "r\n");
	cr_expect_str_eq(t->because, "q: foo\n");
	trial_free(t);
}

Test(sigma_view, log_sources)
{
	static const struct {
		struct logsource source;
		const char *found;
	} rows[] = {
		{{"dns_query", NULL, NULL}, "two\nfour\n"},
		{{"dns_query", "windows", NULL}, "two\nfive\n"},
		{{"dns_query", "windows", "sysmon"}, "two\nfive\n"},
		{{"dns_query", "linux", NULL}, "two\nfour\n"},
		{{NULL, "windows", "dns-client"}, "three\nfive\n"},
		{{NULL, NULL, "dns-client"}, "three\n"},
		{{NULL, "windows", NULL}, "three\nfive\n"},
		{{NULL, "linux", NULL}, "four\n"},
		{{NULL, "windows", "security"}, "five\n"},
		{{"dns", "windows", NULL}, "five\n"},
		{{"process_creation", NULL, NULL}, ""},
		{{"nobody", "has", "this"}, ""},
		{{NULL, NULL, NULL}, ""},
	};
	struct trial *t = trial_new(many, NULL);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *is = trial_run(t, &rows[i].source, "QueryName=mega.nz\nEventID=3008");
		cr_expect_str_eq(is, rows[i].found, "row %zu is %s", i, is);
		uint32_t view = sigma_engine_view(t->engine, &rows[i].source, t->unknown);
		/* the same text elsewhere is the same view */
		char category[32];
		struct logsource copy = rows[i].source;
		if (copy.category)
			copy.category = strcpy(category, copy.category);
		cr_expect_eq(sigma_engine_view(t->engine, &copy, t->unknown), view);
		cr_expect_eq(sigma_view_rules(t->engine, view) > 0, *is != '\0');
		cr_expect_eq(sigma_view_keywords(t->engine, view), strstr(is, "four") != NULL);
	}
	trial_free(t);
}

Test(sigma_view, views_have_a_bound)
{
	struct trial *t = trial_new(many, NULL);
	static const struct logsource source = {"dns_query", NULL, NULL};

	cr_expect_eq(sigma_engine_view(t->engine, &(struct logsource){0}, NULL), 0);
	for (uint64_t i = 1; i < SIGMA_VIEWS_MAX; i++) {
		t->unknown[0] = i;
		cr_assert_eq(sigma_engine_view(t->engine, &source, t->unknown), i);
	}
	t->unknown[0] = SIGMA_VIEWS_MAX;
	cr_expect_eq(sigma_engine_view(t->engine, &source, t->unknown), 0);
	t->unknown[0] = 7;
	cr_expect_eq(sigma_engine_view(t->engine, &source, t->unknown), 7);
	cr_expect_eq(sigma_view_rules(t->engine, 0), 0);
	trial_free(t);
}

Test(sigma_view, reach)
{
	static const struct logsource dns = {"dns_query", NULL, NULL};
	const char *unknown[MATCH_FIELDS_MAX];
	unsigned count;
	struct trial *t = trial_new(many, NULL);

	trial_unknown(t, "Image");
	trial_unknown(t, "User");
	uint32_t view = sigma_engine_view(t->engine, &dns, t->unknown);
	cr_expect_eq(sigma_engine_reach(t->engine, view, 0, unknown, &count), REACH_PART);
	cr_assert_eq(count, 2);
	cr_expect_str_eq(unknown[0], "Image");
	cr_expect_str_eq(unknown[1], "User");
	cr_expect_eq(sigma_engine_reach(t->engine, view, 1, unknown, &count), REACH_PART);
	cr_expect_eq(sigma_engine_reach(t->engine, view, 2, unknown, &count), REACH_NOT);
	cr_expect_eq(sigma_engine_reach(t->engine, view, 3, unknown, &count), REACH_FULL);
	cr_expect_eq(count, 0);
	/* nothing that could be told is known */
	trial_unknown(t, "QueryName");
	view = sigma_engine_view(t->engine, &dns, t->unknown);
	cr_expect_eq(sigma_engine_reach(t->engine, view, 0, unknown, &count), REACH_NOT);
	cr_expect(sigma_engine_applies(t->engine, view, 0));
	trial_free(t);
}

static char *explained(struct trial *t, size_t rule, const char *values)
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof text, "w");
	struct try_event e;

	memset(text, 0, sizeof text);
	trial_event(t, &e, values);
	sigma_engine_explain(t->engine, &e.event, rule, out);
	fclose(out);
	return text;
}

Test(sigma_view, explanations)
{
	struct trial *t = trial_new(many, NULL);

	trial_unknown(t, "Image");
	const char *text = explained(t, 0, "QueryName=x\x1b[31m.mega.nz\nUser");
	cr_expect_str_eq(text, "  false     s (and)\n"
			       "  true        QueryName|contains (or)\n"
			       "  true          QueryName|contains: mega  ('x\\x1b[31m.mega.nz')\n"
			       "  false         QueryName|contains: drop  ('x\\x1b[31m.mega.nz')\n"
			       "  possible    Image: x  (not known here)\n"
			       "  false       User: y  (null)\n");
	text = explained(t, 3, "a=x\nQueryName=some.mega.nz");
	cr_expect(strstr(text, "  (in 'some.mega.nz')\n"), "%s", text);
	text = explained(t, 1, "a=x");
	cr_expect(strstr(text, "QueryName: mega.nz  (absent)\n"), "%s", text);
	trial_free(t);
}
