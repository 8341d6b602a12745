#include <criterion/criterion.h>
#include <stdlib.h>

#include "event/win_text.h"
#include "fixture.h"
#include "output/sysmon.h"
#include "samples.h"

static struct sample *s;
static struct sysmon_out *out;
static char line[SYSMON_JSON_MAX + 1];

static void setup(void)
{
	char *folder = fixture_folder(), path[4200];

	fixture_write(folder, "services", "https 443/tcp\nhttps 443/udp\nftp 21/tcp\n");
	snprintf(path, sizeof path, "%s/services", folder);
	out = sysmon_new(path);
	fixture_remove(folder);
	s = sample_new();
}

static void teardown(void)
{
	sample_free(s);
	sysmon_free(out);
}

TestSuite(sysmon, .init = setup, .fini = teardown);

static const char *lines(void)
{
	size_t n = sysmon_json(out, &s->r, line, SYSMON_JSON_MAX);

	line[n] = '\0';
	return line;
}

#define SYSTEM(name, guid, event, version, task, number, computer)                                 \
	"{\"Event\":{\"#attributes\":{\"xmlns\":"                                                  \
	"\"http://schemas.microsoft.com/win/2004/08/events/event\"},"                              \
	"\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Microsoft-Windows-" name            \
	"\",\"Guid\":\"" guid "\",\"EventSourceName\":\"egret\"}},"                                \
	"\"EventID\":" #event ",\"Version\":" #version ",\"Level\":4,\"Task\":" #task              \
	",\"Opcode\":0,\"Keywords\":\"0x8000000000000000\","                                       \
	"\"TimeCreated\":{\"#attributes\":{\"SystemTime\":\"2026-11-24T03:32:34.123456Z\"}},"      \
	"\"EventRecordID\":" #number ",\"Correlation\":null,"                                      \
	"\"Execution\":{\"#attributes\":{\"ProcessID\":null,\"ThreadID\":null}},"                  \
	"\"Channel\":\"Microsoft-Windows-" name "/Operational\",\"Computer\":\"" computer "\","   \
	"\"Security\":{\"#attributes\":{\"UserID\":null}}},\"EventData\":"
#define SYSMON_OF(event, number, computer)                                                         \
	SYSTEM("Sysmon", "5770385F-C22A-43E0-BF4C-06F5698FFBD9", event, 5, event, number, computer)
#define CLIENT_ADDRESS "192.168.77.10"
#define SYSMON(event, number) SYSMON_OF(event, number, CLIENT_ADDRESS)
#define CLIENT(number)                                                                             \
	SYSTEM("DNS-Client", "1C95126E-7EEA-49A9-A3FE-A378B03DDB4D", 3008, 0, 0, number, CLIENT_ADDRESS)
#define HEAD "\"RuleName\":\"-\",\"UtcTime\":\"2026-11-24 03:32:34.123\",\"ProcessGuid\":null,\"ProcessId\":null,"

static void open_connection(void)
{
	sample_full(s, RECORD_CONN);
	s->r.flow.sequence = 0;
	s->r.flow.end = END_NOT;
	s->r.tuple.proto = PROTO_TCP;
	s->r.tuple.dport = 443;
}

Test(sysmon, event_3)
{
	open_connection();
	cr_expect_str_eq(
		lines(),
		SYSMON(3, 1) "{" HEAD
		"\"Image\":null,\"User\":null,\"Protocol\":\"tcp\",\"Initiated\":true,"
		"\"SourceIsIpv6\":false,\"SourceIp\":\"192.168.77.10\",\"SourceHostname\":null,"
		"\"SourcePort\":45107,\"SourcePortName\":\"-\",\"DestinationIsIpv6\":false,"
		"\"DestinationIp\":\"10.8.0.53\",\"DestinationHostname\":\"api.pcloud.com\","
		"\"DestinationPort\":443,\"DestinationPortName\":\"https\"}}}\n");

	s->r.flow.name = (struct str){0};
	s->r.tuple.proto = PROTO_UDP;
	s->r.tuple.dport = 21;
	addr_parse("fe80::1", &s->r.tuple.src);
	addr_parse("2001:db8:0:1::2", &s->r.tuple.dst);
	cr_expect_str_eq(
		lines(),
		SYSMON_OF(3, 2, "fe80::1") "{" HEAD
		"\"Image\":null,\"User\":null,\"Protocol\":\"udp\",\"Initiated\":true,"
		"\"SourceIsIpv6\":true,\"SourceIp\":\"fe80::1\",\"SourceHostname\":null,"
		"\"SourcePort\":45107,\"SourcePortName\":\"-\",\"DestinationIsIpv6\":true,"
		"\"DestinationIp\":\"2001:db8:0:1::2\",\"DestinationHostname\":\"-\","
		"\"DestinationPort\":21,\"DestinationPortName\":\"-\"}}}\n");
}

Test(sysmon, events_22_and_3008)
{
	sample_full(s, RECORD_DNS);
	s->r.dns.rcode = 0;
	s->r.dns.answers_kept = s->r.dns.answer_count = 2;
	cr_expect_str_eq(
		lines(),
		SYSMON(22, 1) "{" HEAD
		"\"QueryName\":\"content.dropboxapi.com\",\"QueryStatus\":\"0\","
		"\"QueryResults\":\"type:  5 edge.dropboxapi.com;162.125.66.14;\","
		"\"Image\":null,\"User\":null}}}\n" CLIENT(2)
		"{\"QueryName\":\"content.dropboxapi.com\",\"QueryType\":1,\"QueryOptions\":null,"
		"\"QueryStatus\":0,\"QueryResults\":\"type:  5 edge.dropboxapi.com;162.125.66.14;\"}}}\n");

	s->r.dns.qtype = 28;
	s->answers[1].type = 28;
	cr_expect(strstr(lines(), "\"QueryResults\":\"type:  5 edge.dropboxapi.com;"
				  "::ffff:162.125.66.14;\""));
}

Test(sysmon, failures)
{
	sample_full(s, RECORD_DNS);
	s->r.dns.rcode = 3;
	cr_expect_str_eq(lines(), SYSMON(22, 1) "{" HEAD
			 "\"QueryName\":\"content.dropboxapi.com\",\"QueryStatus\":\"9003\","
			 "\"QueryResults\":\"-\",\"Image\":null,\"User\":null}}}\n" CLIENT(2)
			 "{\"QueryName\":\"content.dropboxapi.com\",\"QueryType\":1,"
			 "\"QueryOptions\":null,\"QueryStatus\":9003,\"QueryResults\":\"\"}}}\n");
	s->r.dns.answered = false;
	cr_expect(strstr(lines(), "\"QueryStatus\":\"1460\",\"QueryResults\":\"-\""));
	cr_expect(strstr(line, "\"QueryStatus\":1460,\"QueryResults\":\"\""));
}

Test(sysmon, other_records_are_no_events)
{
	static const enum record_kind kinds[] = {RECORD_TLS, RECORD_QUIC, RECORD_HTTP, RECORD_FLOW,
						 RECORD_CONN};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		sample_full(s, kinds[i]); /* the connection is one that ends */
		s->r.tuple.proto = PROTO_TCP;
		cr_expect_str_eq(lines(), "");
	}
	sample_full(s, RECORD_DNS);
	s->r.dns.asked = false;
	cr_expect_str_eq(lines(), "");
	sample_full(s, RECORD_DNS);
	s->r.dns.opcode = 5;
	cr_expect_str_eq(lines(), "");
	open_connection();
	s->r.tuple.proto = PROTO_ICMP;
	cr_expect_str_eq(lines(), "");
	s->r.tuple.proto = PROTO_TCP;
	cr_expect(strstr(lines(), "\"EventRecordID\":1,"), "only events have a number");
}

Test(sysmon, hostile_names_are_escaped)
{
	sample_full(s, RECORD_DNS);
	s->r.dns.question = STR("a\"b\\032\\\"\x1b[31m\x80\xff\n");
	s->r.dns.rcode = 2;
	cr_expect(strstr(lines(), "\"QueryName\":\"a\\\"b\\\\032\\\\\\\"\\\\027[31m\\\\128\\\\255\\\\010\""));
}

/* Everything at its longest fits; what is in less room than asked for is left out whole. */
Test(sysmon, any_record_is_whole_lines)
{
	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			sample_huge(s, k, (uint8_t)byte);
			s->r.dns.rcode = k == RECORD_DNS ? 0 : s->r.dns.rcode;
			if (k == RECORD_DNS)
				s->r.dns.qtype = 65535;
			else if (k == RECORD_CONN)
				s->r.flow.end = END_NOT;
			size_t n = sysmon_json(out, &s->r, line, SYSMON_JSON_MAX);
			size_t newlines = 0;
			for (size_t i = 0; i < n; i++)
				newlines += line[i] == '\n';
			cr_expect_eq(newlines, k == RECORD_DNS ? 2 : k == RECORD_CONN ? 1 : 0);
			cr_expect(n == 0 || line[n - 1] == '\n');
		}
	}
	sample_full(s, RECORD_DNS);
	size_t all = sysmon_json(out, &s->r, line, SYSMON_JSON_MAX);
	size_t first = (size_t)(strchr(line, '\n') - line) + 1, second = all - first;
	for (size_t room = 0; room < all; room++) {
		size_t n = sysmon_json(out, &s->r, line, room);
		cr_assert_leq(n, room);
		cr_assert(room >= second || n == 0);
		cr_assert(n == 0 || memchr(line, '\n', n) == line + n - 1);
	}
}
