/* What people read of a finding in syslog and the journal. */
#include "expect.h"
#include "output/finding_note.h"

#define SECOND UINT64_C(1000000000)

static const struct service mega = {.name = "MEGA", .category = "cloud-storage"};

static struct finding upload(void)
{
	struct finding f = {
		.kind = FINDING_UPLOAD,
		.rule = finding_builtin(FINDING_UPLOAD),
		.level = LEVEL_HIGH,
		.id = "0123456789abcdef",
		.has_client = true,
		.service = &mega,
		.tier = TIER_A,
		.first = 1000 * SECOND,
		.last = 1725 * SECOND + 7,
		.up = 1234567890,
		.connections = 3,
		.names = {{.name = STR("g.api.mega.co.nz")}},
		.name_count = 1,
	};

	addr_parse("10.0.0.5", &f.client);
	return f;
}

static struct str field(const struct finding_note *n, const char *key)
{
	for (unsigned i = 0; i < n->note.field_count; i++)
		if (str_eq(str_of(n->note.field[i].key), str_of(key)))
			return n->note.field[i].value;
	return (struct str){0};
}

static void says(const struct finding *f, const char *sentence)
{
	struct finding_note n;

	finding_note(f, &n);
	cr_expect(str_eq(n.note.message, str_of(sentence)), "\"%.*s\"", (int)n.note.message.n,
		  n.note.message.p);
}

Test(finding_note, says_what_was_uploaded)
{
	struct finding f = upload();

	says(&f, "10.0.0.5 uploaded 1.23 GB to MEGA (g.api.mega.co.nz), 3 connections in 12 min "
		 "5 s");
	f.lost = 0.023;
	f.connections = 1;
	f.more_names = true;
	says(&f, "10.0.0.5 uploaded at least 1.23 GB to MEGA (g.api.mega.co.nz, ...), 1 connection "
		 "in 12 min 5 s; 2.3 % of packets were lost then");
	f = upload();
	f.service = NULL;
	f.last = f.first;
	says(&f, "10.0.0.5 uploaded 1.23 GB to g.api.mega.co.nz, 3 connections");
	f.name_count = f.connections = 0;
	says(&f, "10.0.0.5 uploaded 1.23 GB to an unknown host");
}

Test(finding_note, says_what_was_looked_up)
{
	struct finding f = upload();

	f.kind = FINDING_NAME;
	f.rule = finding_builtin(FINDING_NAME);
	f.up = f.connections = 0;
	says(&f, "10.0.0.5 looked up MEGA (g.api.mega.co.nz), tier A");
	f.connections = 2;
	f.up = 900;
	f.last = f.first;
	says(&f, "10.0.0.5 spoke to MEGA (g.api.mega.co.nz), tier A, 2 connections, 900 B up");
}

Test(finding_note, says_what_a_rule_found)
{
	struct rule_info rule = {.id = "a-b", .title = "Uploads \xe2\x86\x92 away\n"};
	struct finding f = upload();

	f.kind = FINDING_RULE;
	f.rule = &rule;
	f.up = 0;
	f.matches = 1234;
	says(&f, "10.0.0.5: Uploads \\xe2\\x86\\x92 away\\x0a, MEGA (g.api.mega.co.nz), 1,234 "
		 "matches");
	f.possible = true;
	f.hangs_on[f.hangs_on_count++] = "Image";
	f.hangs_on[f.hangs_on_count++] = "User";
	f.has_client = false;
	f.host = STR("PC-7");
	f.service = NULL;
	f.name_count = 0;
	f.matches = 1;
	rule.title = "Title";
	says(&f, "PC-7: Title (possible: hangs on Image, User)");
	f.kind = FINDING_DETECTOR;
	f.possible = false;
	f.evidence[f.evidence_count++] =
		(struct evidence){.name = "upload", .unit = "bytes", .value = 2e9};
	says(&f, "PC-7: Title, upload 2.00 GB");
	f.evidence[0] = (struct evidence){.name = "z", .unit = "", .value = 4.26};
	f.lost = 0.5;
	says(&f, "PC-7: Title, z 4.26; 50 % of packets were lost then");
}

Test(finding_note, fields_and_severity)
{
	struct finding f = upload();
	struct finding_note n;
	char id[COMMUNITY_ID_MAX];

	f.has_server = true;
	addr_parse("10.0.0.5", &f.tuple.src);
	addr_parse("198.51.100.7", &f.tuple.dst);
	f.tuple.sport = 40000, f.tuple.dport = 443, f.tuple.proto = 6;
	f.told = 2;
	f.host = STR("PC-7");
	f.tenant = STR("mega:x");
	finding_note(&f, &n);
	cr_expect_eq(n.note.severity, 3);
	expect_str(field(&n, "MESSAGE_ID"), FINDING_MESSAGE_ID);
	expect_str(field(&n, "EGRET_FINDING_ID"), "0123456789abcdef");
	expect_str(field(&n, "EGRET_KIND"), "upload");
	expect_str(field(&n, "EGRET_RULE_ID"), "egret.upload");
	expect_str(field(&n, "EGRET_RULE"), "Upload to a cloud storage service");
	expect_str(field(&n, "EGRET_LEVEL"), "high");
	expect_str(field(&n, "EGRET_CERTAINTY"), "match");
	expect_str(field(&n, "EGRET_CLIENT"), "10.0.0.5");
	expect_str(field(&n, "EGRET_HOST"), "PC-7");
	expect_str(field(&n, "EGRET_SERVICE"), "MEGA");
	expect_str(field(&n, "EGRET_TENANT"), "mega:x");
	expect_str(field(&n, "EGRET_NAME"), "g.api.mega.co.nz");
	expect_str(field(&n, "EGRET_UPLOAD"), "1234567890");
	expect_str(field(&n, "EGRET_SERVER"), "198.51.100.7");
	tuple_community_id(&f.tuple, id);
	cr_expect(str_eq(field(&n, "EGRET_COMMUNITY_ID"), str_of(id)));
	expect_str(field(&n, "EGRET_TOLD"), "2");
	cr_expect_eq(n.note.field_count, 16); /* as many as there can be */

	static const int severity[] = {
		[LEVEL_NONE] = 6, [LEVEL_INFORMATIONAL] = 6, [LEVEL_LOW] = 5,
		[LEVEL_MEDIUM] = 4, [LEVEL_HIGH] = 3, [LEVEL_CRITICAL] = 2,
	};
	for (int i = LEVEL_NONE; i <= LEVEL_CRITICAL; i++)
		cr_expect_eq(finding_severity((enum sigma_level)i), severity[i]);
}

/* The longest of everything, of bytes that need the longest escapes. */
Test(finding_note, has_room_for_the_longest)
{
	static char longest[5000], text[5001];
	struct rule_info rule = {.id = "x", .title = text};
	struct service service = {.name = text};
	struct finding f = upload();
	struct finding_note n;

	memset(longest, '\xff', sizeof longest);
	memset(text, '\xff', sizeof text - 1);
	f.kind = FINDING_RULE;
	f.rule = &rule;
	f.service = &service;
	f.possible = true;
	for (f.hangs_on_count = 0; f.hangs_on_count < FINDING_FIELDS_MAX;)
		f.hangs_on[f.hangs_on_count++] = text;
	f.names[0].name = (struct str){longest, 255};
	f.up = UINT64_MAX;
	f.lost = 1;
	f.has_client = true;
	addr_parse("2001:db8:1111:2222:3333:4444:5555:6666", &f.client);
	f.has_server = true;
	f.tuple.src = f.tuple.dst = f.client;
	f.matches = UINT64_MAX;
	finding_note(&f, &n);
	cr_expect(str_has_suffix(n.note.message, STR("100 % of packets were lost then")));
	cr_expect_eq(field(&n, "EGRET_NAME").n, 4 * 255);
	expect_str(field(&n, "EGRET_UPLOAD"), "18446744073709551615");
	expect_str(field(&n, "EGRET_TOLD"), "0");
	for (size_t i = 0; i < n.note.message.n; i++)
		cr_assert(n.note.message.p[i] >= 0x20 && n.note.message.p[i] < 0x7f);
}
