#include "event/port_names.h"
#include "samples.h"
#include "views.h"

static struct sample *s;

static void setup(void)
{
	s = sample_new();
}

static void teardown(void)
{
	sample_free(s);
}

TestSuite(wire, .init = setup, .fini = teardown);

#define V(view) (1u << WIRE_##view)
#define VIEWS(mask) cr_expect_eq(seen, (mask), "views %x instead of %x", seen, (unsigned)(mask))

static const struct wire_service dropbox = {
	.service = "Dropbox", .category = "cloud-storage", .role = "upload-api", .tier = 'B'};

/* An A question with a chain and an address, answered. */
static struct record *dns(void)
{
	sample_full(s, RECORD_DNS);
	struct record_dns *d = &s->r.dns;
	d->flavour = DNS_UNICAST;
	d->rcode = 0;
	d->flags = 0x8180;
	d->answer_count = d->answers_kept = 2;
	return &s->r;
}

static struct record *conn(uint32_t sequence, enum flow_end end)
{
	sample_full(s, RECORD_CONN);
	s->r.flow.sequence = sequence;
	s->r.flow.end = end;
	s->r.tuple.proto = PROTO_TCP;
	s->r.tuple.dport = 443;
	return &s->r;
}

Test(wire, a_dns_exchange_is_an_event_of_five_logs)
{
	uint32_t seen = VIEW_CHECK(
		dns(), &dropbox, {WIRE_DNS_QUERY, "EventID", "22"},
		{WIRE_DNS_QUERY, "Channel", "Microsoft-Windows-Sysmon/Operational"},
		{WIRE_DNS_QUERY, "Provider_Name", "Microsoft-Windows-Sysmon"},
		{WIRE_DNS_QUERY, "RuleName", "-"},
		{WIRE_DNS_QUERY, "UtcTime", "2026-11-24 03:32:34.123"},
		{WIRE_DNS_QUERY, "QueryName", "content.dropboxapi.com"},
		{WIRE_DNS_QUERY, "QueryStatus", "0"},
		{WIRE_DNS_QUERY, "QueryResults", "type:  5 edge.dropboxapi.com;162.125.66.14;"},
		{WIRE_DNS_QUERY, "QueryType", "(absent)"}, {WIRE_DNS_QUERY, "Image", "(unknown)"},
		{WIRE_DNS_QUERY, "User", "(unknown)"}, {WIRE_DNS_QUERY, "ProcessGuid", "(unknown)"},
		{WIRE_DNS_QUERY, "query", "(absent)"},
		{WIRE_DNS_CLIENT, "EventID", "3008"},
		{WIRE_DNS_CLIENT, "Channel", "Microsoft-Windows-DNS-Client/Operational"},
		{WIRE_DNS_CLIENT, "Provider_Name", "Microsoft-Windows-DNS-Client"},
		{WIRE_DNS_CLIENT, "QueryName", "content.dropboxapi.com"},
		{WIRE_DNS_CLIENT, "QueryType", "1"}, {WIRE_DNS_CLIENT, "QueryOptions", "(unknown)"},
		{WIRE_DNS_CLIENT, "QueryStatus", "0"},
		{WIRE_DNS_CLIENT, "QueryResults", "type:  5 edge.dropboxapi.com;162.125.66.14;"},
		{WIRE_DNS_CLIENT, "RuleName", "(absent)"}, {WIRE_DNS_CLIENT, "Computer", "192.168.77.10"},
		{WIRE_DNS_CLIENT, "Hostname", "(unknown)"},
		{WIRE_DNS, "query", "content.dropboxapi.com"},
		{WIRE_DNS, "parent_domain", "dropboxapi.com"}, {WIRE_DNS, "question_length", "22"},
		{WIRE_DNS, "record_type", "A"}, {WIRE_DNS, "response_code", "NOERROR"},
		{WIRE_DNS, "answer", "edge.dropboxapi.com|162.125.66.14"},
		{WIRE_DNS, "src_ip", "192.168.77.10"}, {WIRE_DNS, "dst_port", "53"},
		{WIRE_DNS, "Image", "(absent)"}, {WIRE_NET_DNS, "source.ip", "192.168.77.10"},
		{WIRE_NET_DNS, "source.port", "45107"}, {WIRE_NET_DNS, "destination.ip", "10.8.0.53"},
		{WIRE_NET_DNS, "dns.id", "4660"},
		{WIRE_NET_DNS, "dns.question.name", "content.dropboxapi.com"},
		{WIRE_NET_DNS, "dns.question.type", "A"}, {WIRE_NET_DNS, "dns.question.class", "IN"},
		{WIRE_NET_DNS, "dns.answers.name", "content.dropboxapi.com|edge.dropboxapi.com"},
		{WIRE_NET_DNS, "dns.answers.type", "CNAME|A"},
		{WIRE_NET_DNS, "dns.answers.class", "IN|IN"},
		{WIRE_NET_DNS, "dns.answers.data", "edge.dropboxapi.com|162.125.66.14"},
		{WIRE_NET_DNS, "dns.answers.ttl", "60|30"},
		{WIRE_NET_DNS, "dns.header.flags", "RD|RA"},
		{WIRE_NET_DNS, "dns.response.code", "NOERROR"},
		{WIRE_NET_DNS, "dns.resolved_ip", "162.125.66.14"},
		{WIRE_NET_DNS, "egret.service", "Dropbox"}, {WIRE_NET_DNS, "egret.tier", "B"},
		{WIRE_NET_DNS, "egret.category", "cloud-storage"},
		{WIRE_NET_DNS, "egret.role", "upload-api"},
		{WIRE_DNS_QUERY, "egret.client", "192.168.77.10"},
		{WIRE_DNS_QUERY, "egret.name", "content.dropboxapi.com"},
		{WIRE_DNS_QUERY, "destination.domain", "(absent)"},
		{WIRE_DNS_QUERY, "egret.upload", "(absent)"});

	VIEWS(V(DNS_QUERY) | V(DNS_CLIENT) | V(DNS) | V(NET_DNS) | V(ZEEK_DNS));
}

Test(wire, a_query_without_an_answer_times_out)
{
	struct record *r = dns();

	r->dns.answered = false;
	r->dns.answers_kept = r->dns.answer_count = 0;
	VIEW_CHECK(r, NULL, {WIRE_DNS_QUERY, "QueryStatus", "1460"},
		   {WIRE_DNS_QUERY, "QueryResults", "-"}, {WIRE_DNS_CLIENT, "QueryStatus", "1460"},
		   {WIRE_DNS_CLIENT, "QueryResults", ""}, {WIRE_DNS, "response_code", "(absent)"},
		   {WIRE_DNS, "answer", "(absent)"}, {WIRE_ZEEK_DNS, "rcode", "(absent)"},
		   {WIRE_ZEEK_DNS, "rtt", "(absent)"}, {WIRE_ZEEK_DNS, "rejected", "false"});
}

Test(wire, what_nobody_asked_for_is_no_event_of_a_host)
{
	struct record *r = dns();

	r->dns.asked = false;
	uint32_t seen = VIEW_CHECK(r, NULL, {WIRE_DNS, "query", "content.dropboxapi.com"});
	VIEWS(V(DNS) | V(NET_DNS) | V(ZEEK_DNS));
	r = dns();
	r->dns.opcode = 5; /* an update */
	seen = VIEW_CHECK(r, NULL, {WIRE_NET_DNS, "dns.op_code", "UPDATE"});
	VIEWS(V(DNS) | V(NET_DNS));
}

Test(wire, zeek_dns)
{
	struct record *r = dns();

	VIEW_CHECK(r, NULL, {WIRE_ZEEK_DNS, "query", "content.dropboxapi.com"},
		   {WIRE_ZEEK_DNS, "qtype", "1"}, {WIRE_ZEEK_DNS, "qtype_name", "A"},
		   {WIRE_ZEEK_DNS, "qclass", "1"}, {WIRE_ZEEK_DNS, "qclass_name", "C_INTERNET"},
		   {WIRE_ZEEK_DNS, "rcode", "0"}, {WIRE_ZEEK_DNS, "rcode_name", "NOERROR"},
		   {WIRE_ZEEK_DNS, "answers", "edge.dropboxapi.com|162.125.66.14"},
		   {WIRE_ZEEK_DNS, "TTLs", "60|30"}, {WIRE_ZEEK_DNS, "rejected", "false"},
		   {WIRE_ZEEK_DNS, "AA", "false"}, {WIRE_ZEEK_DNS, "TC", "false"},
		   {WIRE_ZEEK_DNS, "RD", "true"}, {WIRE_ZEEK_DNS, "RA", "true"},
		   {WIRE_ZEEK_DNS, "Z", "0"}, {WIRE_ZEEK_DNS, "proto", "udp"},
		   {WIRE_ZEEK_DNS, "id.orig_h", "192.168.77.10"}, {WIRE_ZEEK_DNS, "id.orig_p", "45107"},
		   {WIRE_ZEEK_DNS, "id.resp_h", "10.8.0.53"}, {WIRE_ZEEK_DNS, "id.resp_p", "53"},
		   {WIRE_ZEEK_DNS, "trans_id", "4660"}, {WIRE_ZEEK_DNS, "rtt", "0.015295"},
		   {WIRE_ZEEK_DNS, "ts", "1795491153.987554"},
		   {WIRE_ZEEK_DNS, "uid", "0001000000002a17"});

	/* refused without a word: no records at all */
	r->dns.rcode = 5;
	r->dns.answer_count = r->dns.answers_kept = 0;
	r->dns.qtype = 255;
	r->dns.qclass = 3;
	r->dns.flags = 0x84a5; /* the server's AD is no bit of the query */
	VIEW_CHECK(r, NULL, {WIRE_ZEEK_DNS, "rejected", "true"}, {WIRE_ZEEK_DNS, "qtype_name", "*"},
		   {WIRE_ZEEK_DNS, "qclass_name", "C_CHAOS"}, {WIRE_ZEEK_DNS, "rcode_name", "REFUSED"},
		   {WIRE_ZEEK_DNS, "Z", "0"}, {WIRE_ZEEK_DNS, "AA", "true"},
		   {WIRE_ZEEK_DNS, "RD", "false"}, {WIRE_ZEEK_DNS, "answers", "(absent)"});
	r->dns.answered = false;
	r->dns.flags = 0x0130;
	r->dns.qtype = 65280;
	r->dns.qclass = 9;
	VIEW_CHECK(r, NULL, {WIRE_ZEEK_DNS, "Z", "3"}, {WIRE_ZEEK_DNS, "qtype_name", "query-65280"},
		   {WIRE_ZEEK_DNS, "qclass_name", "qclass-9"}, {WIRE_ZEEK_DNS, "RA", "false"});
}

Test(wire, zeek_answers_have_zeeks_texts)
{
	struct record *r = dns();
	static const struct {
		uint16_t type;
		const char *text, *zeek;
	} row[] = {
		{16, "\"v=spf1\" \"q \\\"x\\\" \\\\ \\195\\164\"", "TXT 6 v=spf1 TXT 10 q \"x\" \\ \\xc3\\xa4"},
		{16, "\"\"", "TXT 0 "},
		{16, "", ""},
		{16, "\"unclosed\\", "TXT 9 unclosed\\"},
		{99, "\"-all\"", "SPF 4 -all"},
		{15, "10 mail.example", "mail.example"},
		{33, "0 5 5060 sip.example", "sip.example"},
		{6, "ns.example admin.example 1 7200 3600 1209600 300", "ns.example"},
		{5, "edge.example", "edge.example"},
		{65, ".", "."},
	};

	r->dns.answers_kept = 1;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		s->answers[0].type = row[i].type;
		s->answers[0].text = str_of(row[i].text);
		VIEW_CHECK(r, NULL, {WIRE_ZEEK_DNS, "answers", row[i].zeek},
			   {WIRE_DNS, "answer", row[i].text});
	}
}

Test(wire, names_without_a_parent)
{
	struct record *r = dns();

	r->dns.question = STR("localhost");
	VIEW_CHECK(r, NULL, {WIRE_DNS, "parent_domain", "(absent)"});
	r->dns.question = STR(".");
	VIEW_CHECK(r, NULL, {WIRE_DNS, "parent_domain", "(absent)"}, {WIRE_DNS, "query", "."});
	r->dns.question = (struct str){0};
	VIEW_CHECK(r, NULL, {WIRE_DNS, "parent_domain", "(absent)"}, {WIRE_DNS, "query", ""});
}

Test(wire, a_connection_that_opens)
{
	struct record *r = conn(0, END_NOT);

	r->flow.delta_up = r->flow.delta_down = 0;
	uint32_t seen = VIEW_CHECK(
		r, &dropbox, {WIRE_CONNECTION, "EventID", "3"},
		{WIRE_CONNECTION, "RuleName", "-"},
		{WIRE_CONNECTION, "UtcTime", "2026-11-24 03:32:34.123"},
		{WIRE_CONNECTION, "Protocol", "tcp"}, {WIRE_CONNECTION, "Initiated", "true"},
		{WIRE_CONNECTION, "SourceIsIpv6", "false"},
		{WIRE_CONNECTION, "SourceIp", "192.168.77.10"},
		{WIRE_CONNECTION, "SourcePort", "45107"},
		{WIRE_CONNECTION, "SourceHostname", "(unknown)"},
		{WIRE_CONNECTION, "DestinationIsIpv6", "false"},
		{WIRE_CONNECTION, "DestinationIp", "10.8.0.53"},
		{WIRE_CONNECTION, "DestinationHostname", "api.pcloud.com"},
		{WIRE_CONNECTION, "DestinationPort", "443"},
		{WIRE_CONNECTION, "Image", "(unknown)"},
		{WIRE_CONNECTION, "CommandLine", "(unknown)"},
		{WIRE_CONNECTION, "ParentImage", "(unknown)"},
		{WIRE_CONNECTION, "QueryName", "(absent)"},
		{WIRE_CONNECTION, "egret.service", "Dropbox"},
		{WIRE_CONNECTION, "egret.name_source", "sni"},
		{WIRE_CONNECTION, "egret.hides", "no_sni|esni"},
		{WIRE_FIREWALL, "src_ip", "192.168.77.10"}, {WIRE_FIREWALL, "dst_ip", "10.8.0.53"},
		{WIRE_FIREWALL, "src_port", "45107"}, {WIRE_FIREWALL, "dst_port", "443"},
		{WIRE_FIREWALL, "blocked", "false"}, {WIRE_FIREWALL, "username", "(unknown)"},
		{WIRE_FIREWALL, "action",
		 "allow|allowed|accept|accepted|forward|pass|permit|permitted|trust"});
	VIEWS(V(CONNECTION) | V(FIREWALL));

	r->flow.name = (struct str){0};
	addr_parse("2001:db8::1", &r->tuple.src);
	addr_parse("2001:db8::2", &r->tuple.dst);
	r->tuple.proto = PROTO_UDP;
	VIEW_CHECK(r, NULL, {WIRE_CONNECTION, "DestinationHostname", "-"},
		   {WIRE_CONNECTION, "SourceIsIpv6", "true"},
		   {WIRE_CONNECTION, "DestinationIsIpv6", "true"},
		   {WIRE_CONNECTION, "SourceIp", "2001:db8::1"},
		   {WIRE_CONNECTION, "DestinationIp", "2001:db8::2"},
		   {WIRE_CONNECTION, "Protocol", "udp"}, {WIRE_CONNECTION, "egret.name", "(absent)"},
		   {WIRE_CONNECTION, "egret.service", "(absent)"},
		   {WIRE_CONNECTION, "egret.tier", "(absent)"});

	r->tuple.proto = PROTO_SCTP; /* Sysmon knows TCP and UDP */
	seen = VIEW_CHECK(r, NULL, {WIRE_FIREWALL, "protocol", "sctp"});
	VIEWS(V(FIREWALL));
}

Test(wire, names_of_ports_come_from_the_services_file)
{
	struct port_names *p = port_names_new(PORT_NAMES_FILE);
	struct str https = port_names_find(p, PROTO_TCP, 443);
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)https.n, https.p);
	VIEW_CHECK(conn(0, END_NOT), NULL, {WIRE_CONNECTION, "SourcePortName", "-"},
		   {WIRE_CONNECTION, "DestinationPortName", name});
	port_names_free(p);
}

Test(wire, a_connection_that_ends)
{
	uint32_t seen = VIEW_CHECK(
		conn(7, END_CLOSED), NULL, {WIRE_NET_CONN, "source.ip", "192.168.77.10"},
		{WIRE_NET_CONN, "source.port", "45107"}, {WIRE_NET_CONN, "source.bytes", "1048576"},
		{WIRE_NET_CONN, "source.packets", "750"}, {WIRE_NET_CONN, "destination.bytes", "2773"},
		{WIRE_NET_CONN, "destination.packets", "20"}, {WIRE_NET_CONN, "network.type", "ipv4"},
		{WIRE_NET_CONN, "network.transport", "tcp"}, {WIRE_NET_CONN, "network.protocol", "tls"},
		{WIRE_NET_CONN, "network.state", "SF"}, {WIRE_NET_CONN, "network.history", "(unknown)"},
		{WIRE_NET_CONN, "event.duration", "0.015294"},
		{WIRE_NET_CONN, "destination.domain", "api.pcloud.com"},
		{WIRE_NET_CONN, "tls.client.server_name", "api.pcloud.com"},
		{WIRE_ZEEK_CONN, "proto", "tcp"}, {WIRE_ZEEK_CONN, "service", "ssl"},
		{WIRE_ZEEK_CONN, "orig_bytes", "1048576"}, {WIRE_ZEEK_CONN, "resp_bytes", "2773"},
		{WIRE_ZEEK_CONN, "orig_pkts", "750"}, {WIRE_ZEEK_CONN, "resp_pkts", "20"},
		{WIRE_ZEEK_CONN, "conn_state", "SF"}, {WIRE_ZEEK_CONN, "duration", "0.015294"},
		{WIRE_ZEEK_CONN, "missed_bytes", "579"}, {WIRE_ZEEK_CONN, "local_orig", "true"},
		{WIRE_ZEEK_CONN, "local_resp", "true"}, {WIRE_ZEEK_CONN, "vlan", "101"},
		{WIRE_ZEEK_CONN, "history", "(unknown)"}, {WIRE_NET_FLOW, "event.duration", "15294679"},
		{WIRE_NET_FLOW, "egret.end", "closed"});
	VIEWS(V(NET_CONN) | V(ZEEK_CONN) | V(NET_FLOW));
}

Test(wire, zeek_states)
{
	static const struct {
		enum flow_end end;
		enum opener opener;
		uint8_t proto;
		bool one_sided;
		const char *state;
	} row[] = {
		{END_CLOSED, OPENER_SYN, PROTO_TCP, false, "SF"},
		{END_RESET, OPENER_SYN, PROTO_TCP, false, "(absent)"},
		{END_IDLE, OPENER_SYN, PROTO_TCP, false, "S1"},
		{END_CAPTURE, OPENER_PORT, PROTO_TCP, false, "OTH"},
		{END_IDLE, OPENER_FIRST, PROTO_UDP, false, "SF"},
		{END_IDLE, OPENER_FIRST, PROTO_UDP, true, "S0"},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct record *r = conn(3, row[i].end);
		r->flow.opener = row[i].opener;
		r->flow.one_sided = row[i].one_sided;
		r->tuple.proto = row[i].proto;
		VIEW_CHECK(r, NULL, {WIRE_ZEEK_CONN, "conn_state", row[i].state});
	}
}

/* The sum of the deltas is the total, so no record with bytes may be missing from the flow view. */
Test(wire, bytes_are_told_once)
{
	sample_full(s, RECORD_FLOW);
	uint32_t seen = VIEW_CHECK(&s->r, &dropbox, {WIRE_NET_FLOW, "egret.upload", "1048576"},
				   {WIRE_NET_FLOW, "egret.download", "2773"},
				   {WIRE_NET_FLOW, "egret.delta.upload", "65536"},
				   {WIRE_NET_FLOW, "egret.delta.download", "100"},
				   {WIRE_NET_FLOW, "egret.delta.up", "65536"},
				   {WIRE_NET_FLOW, "source.bytes", "1048576"},
				   {WIRE_NET_FLOW, "egret.sequence", "7"},
				   {WIRE_NET_FLOW, "network.bytes", "1051349"},
				   {WIRE_NET_FLOW, "egret.other_names", "eapi.pcloud.com|pcloud.com"},
				   {WIRE_NET_FLOW, "egret.method.up", "ack"},
				   {WIRE_NET_FLOW, "egret.one_sided", "true"},
				   {WIRE_NET_FLOW, "egret.service", "Dropbox"});
	VIEWS(V(NET_FLOW));

	seen = VIEW_CHECK(conn(0, END_NOT), NULL, {WIRE_NET_FLOW, "egret.delta.upload", "65536"});
	VIEWS(V(NET_FLOW) | V(CONNECTION) | V(FIREWALL));
	struct record *r = conn(0, END_CLOSED);
	r->flow.delta_up = r->flow.delta_down = 0;
	seen = VIEW_CHECK(r, NULL, {WIRE_NET_FLOW, "egret.delta.upload", "0"});
	VIEWS(V(NET_FLOW) | V(NET_CONN) | V(ZEEK_CONN) | V(CONNECTION) | V(FIREWALL));
}

Test(wire, only_what_was_wanted_is_made)
{
	struct view_check c = {.fields = fields_new()};
	struct wire *w = wire_new(c.fields);

	wire_events(w, dns(), &dropbox, V(DNS) | V(PROXY), false, view_take, &c);
	cr_expect_eq(c.seen, V(DNS));
	wire_free(w);
	fields_free(c.fields);
	wire_free(NULL);
}
