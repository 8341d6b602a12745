#include <criterion/criterion.h>
#include <stdlib.h>

#include "output/record_json.h"
#include "samples.h"

static struct record_json state;
static char line[RECORD_JSON_MAX], other[RECORD_JSON_MAX];

/* A strict reader of what we write: no blanks, no \u. Past the value, or NULL. */
static const char *skip_value(const char *p, const char *end, int depth);

static const char *skip_string(const char *p, const char *end)
{
	if (p == end || *p++ != '"')
		return NULL;
	for (; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return NULL;
		if (*p == '\\' && (++p == end || (*p != '\\' && *p != '"')))
			return NULL;
	}
	return p < end ? p + 1 : NULL;
}

static const char *skip_items(const char *p, const char *end, int depth)
{
	char close = *p == '{' ? '}' : ']';

	if (++p < end && *p == close)
		return p + 1;
	while (p && p < end) {
		if (close == '}') {
			p = skip_string(p, end);
			if (!p || p == end || *p++ != ':')
				return NULL;
		}
		p = skip_value(p, end, depth + 1);
		if (!p || p == end)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
	return NULL;
}

static const char *skip_value(const char *p, const char *end, int depth)
{
	static const char *const words[] = {"true", "false"};

	if (p == end || depth > 10)
		return NULL;
	if (*p == '{' || *p == '[')
		return skip_items(p, end, depth);
	if (*p == '"')
		return skip_string(p, end);
	for (int i = 0; i < 2; i++) {
		size_t n = strlen(words[i]);
		if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0)
			return p + n;
	}
	const char *digits = p;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p > digits && (p - digits == 1 || *digits != '0') ? p : NULL;
}

static size_t write_well_formed(struct sample *s)
{
	size_t n = record_json(&state, &s->r, line, sizeof line);

	cr_assert_gt(n, 0);
	cr_assert_eq(line[n - 1], '\n');
	cr_assert_eq(skip_value(line, line + n - 1, 0), line + n - 1);
	return n;
}

static bool has(size_t n, const char *what)
{
	return memmem(line, n, what, strlen(what)) != NULL;
}

static void expect_line(struct sample *s, const char *want)
{
	size_t n = write_well_formed(s);
	cr_expect(n == strlen(want) && memcmp(line, want, n) == 0, "%.*s", (int)n, line);
}

Test(record_json, a_query_alone)
{
	struct sample *s = sample_new();

	sample_minimal(s, RECORD_DNS);
	s->r.time = s->r.start = s->r.end = UINT64_C(1795491153987554321);
	s->r.tuple.src = (struct addr){{0x20, 1, 0xd, 0xb8, [15] = 7}};
	s->r.tuple.dst = (struct addr){{0x20, 1, 0xd, 0xb8, [15] = 0x53}};
	s->r.tuple.sport = 45107;
	s->r.tuple.dport = 53;
	s->r.tuple.proto = PROTO_UDP;
	s->r.dns = (struct record_dns){.id = 7, .question = STR("a\\046b.example"), .qtype = 28,
				       .qclass = 1, .asked = true, .flags = 0x0100};
	expect_line(s,
		    "{\"@timestamp\":\"2026-11-24T03:32:33.987554321Z\",\"ecs\":{\"version\":\"9.0.0\"},"
		    "\"event\":{\"kind\":\"event\",\"category\":[\"network\"],\"dataset\":\"egret.dns\","
		    "\"type\":[\"protocol\"],\"start\":\"2026-11-24T03:32:33.987554321Z\","
		    "\"end\":\"2026-11-24T03:32:33.987554321Z\",\"duration\":0},"
		    "\"source\":{\"ip\":\"2001:db8::7\",\"port\":45107},"
		    "\"destination\":{\"ip\":\"2001:db8::53\",\"port\":53},"
		    "\"network\":{\"type\":\"ipv6\",\"transport\":\"udp\",\"protocol\":\"dns\","
		    "\"community_id\":\"1:/hdRwstiWlv+i54bLES6xSXAtTo=\"},"
		    "\"dns\":{\"type\":\"query\",\"id\":\"7\",\"op_code\":\"QUERY\","
		    "\"header_flags\":[\"RD\"],\"question\":{\"name\":\"a\\\\046b.example\","
		    "\"type\":\"AAAA\",\"class\":\"IN\"}},"
		    "\"egret\":{\"flow_id\":\"0000000000000000\",\"dns\":{\"flavour\":\"dns\","
		    "\"asked\":true,\"answered\":false,\"flags\":256}}}\n");
	sample_free(s);
}

Test(record_json, a_connection_ends)
{
	struct sample *s = sample_new();

	sample_minimal(s, RECORD_CONN);
	s->r.time = s->r.end = 61 * NS_PER_S;
	s->r.start = NS_PER_S;
	s->r.tuple.proto = 47;
	s->r.flow_id = 0xabc;
	s->r.flow = (struct record_flow){.sequence = 2, .end = END_RESET, .app = APP_TLS,
					 .name = STR("mega.nz"), .name_source = NAME_SNI,
					 .up = {.bytes = 5, .seen = 5, .packets = 1, .method = BYTES_ACK},
					 .delta_up = 3};
	expect_line(s,
		    "{\"@timestamp\":\"1970-01-01T00:01:01.000000000Z\",\"ecs\":{\"version\":\"9.0.0\"},"
		    "\"event\":{\"kind\":\"event\",\"category\":[\"network\"],\"dataset\":\"egret.conn\","
		    "\"type\":[\"connection\",\"end\"],\"start\":\"1970-01-01T00:00:01.000000000Z\","
		    "\"end\":\"1970-01-01T00:01:01.000000000Z\",\"duration\":60000000000},"
		    "\"source\":{\"ip\":\"0.0.0.0\",\"bytes\":5,\"packets\":1},"
		    "\"destination\":{\"ip\":\"0.0.0.0\",\"domain\":\"mega.nz\",\"bytes\":0,\"packets\":0},"
		    "\"network\":{\"type\":\"ipv4\",\"iana_number\":\"47\",\"protocol\":\"tls\","
		    "\"community_id\":\"1:y8Yi03w0LBfVdMLE1UG7vvaUt5w=\",\"bytes\":5,\"packets\":1},"
		    "\"egret\":{\"flow_id\":\"0000000000000abc\",\"sequence\":2,\"end\":\"reset\","
		    "\"opener\":\"syn\",\"name_source\":\"sni\","
		    "\"method\":{\"up\":\"ack\",\"down\":\"none\"},\"delta\":{\"up\":3,\"down\":0},"
		    "\"seen\":{\"up\":5,\"down\":0}}}\n");
	sample_free(s);
}

/* No field is lost: a record that differs in one field gives another line. */
#define CHANGES(kind, change)                                                                      \
	do {                                                                                       \
		sample_full(s, kind);                                                              \
		size_t n = write_well_formed(s);                                                   \
		memcpy(other, line, n);                                                            \
		change;                                                                            \
		size_t m = write_well_formed(s);                                                   \
		cr_expect(m != n || memcmp(other, line, n) != 0, "lost: %s", #change);             \
	} while (0)

#define CHANGES_STR(kind, field) CHANGES(kind, s->r.field = STR("other"))

Test(record_json, every_field_of_the_head_is_told)
{
	struct sample *s = sample_new();

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		CHANGES(k, s->r.time++);
		CHANGES(k, s->r.start++);
		CHANGES(k, s->r.end++);
		CHANGES(k, s->r.tuple.src.b[15]++);
		CHANGES(k, s->r.tuple.dst.b[15]++);
		CHANGES(k, s->r.tuple.sport++);
		CHANGES(k, s->r.tuple.dport++);
		CHANGES(k, s->r.tuple.proto = PROTO_TCP);
		CHANGES(k, s->r.tuple.proto = 132);
		CHANGES(k, s->r.flow_id++);
		for (int bit = 0; bit < 10; bit++)
			CHANGES(k, s->r.encap ^= UINT32_C(1) << bit);
		CHANGES(k, s->r.vlan = 0);
		CHANGES(k, s->r.vlan++);
	}
	sample_free(s);
}

Test(record_json, every_field_of_dns_is_told)
{
	struct sample *s = sample_new();

	CHANGES(RECORD_DNS, s->r.dns.flavour = DNS_LLMNR);
	CHANGES(RECORD_DNS, s->r.dns.id++);
	CHANGES_STR(RECORD_DNS, dns.question);
	CHANGES(RECORD_DNS, s->r.dns.qtype++);
	CHANGES(RECORD_DNS, s->r.dns.qclass = 3);
	CHANGES(RECORD_DNS, s->r.dns.asked = false);
	CHANGES(RECORD_DNS, s->r.dns.answered = false);
	for (uint8_t i = 1; i < 16; i++)
		CHANGES(RECORD_DNS, s->r.dns.opcode = i);
	CHANGES(RECORD_DNS, s->r.dns.rcode = 0);
	for (int bit = 0; bit < 16; bit++)
		CHANGES(RECORD_DNS, s->r.dns.flags ^= (uint16_t)(1 << bit));
	CHANGES(RECORD_DNS, s->r.dns.answer_count++);
	CHANGES(RECORD_DNS, s->r.dns.answers_kept--);
	CHANGES(RECORD_DNS, s->r.dns.rtt++);
	CHANGES(RECORD_DNS, s->r.dns.query_bytes++);
	CHANGES(RECORD_DNS, s->r.dns.answer_bytes++);
	for (int i = 0; i < 6; i++) {
		CHANGES(RECORD_DNS, s->answers[i].name = STR("other"));
		CHANGES(RECORD_DNS, s->answers[i].type++);
		CHANGES(RECORD_DNS, s->answers[i].class++);
		CHANGES(RECORD_DNS, s->answers[i].ttl--);
		CHANGES(RECORD_DNS, s->answers[i].section ^= 1);
		CHANGES(RECORD_DNS, s->answers[i].has_ech ^= true);
		CHANGES(RECORD_DNS, s->answers[i].hints++);
		if (s->answers[i].has_address)
			CHANGES(RECORD_DNS, s->answers[i].address.b[3]++);
		else
			CHANGES(RECORD_DNS, s->answers[i].text = STR("other"));
	}
	CHANGES(RECORD_DNS, s->answers[2].hint[1].b[0]++);
	sample_free(s);
}

Test(record_json, every_field_of_tls_is_told)
{
	struct sample *s = sample_new();

	for (enum record_kind k = RECORD_TLS; k <= RECORD_QUIC; k++) {
		CHANGES_STR(k, tls.server_name);
		CHANGES(k, s->r.tls.alpn.count--);
		CHANGES(k, s->r.tls.alpn.more = false);
		CHANGES(k, s->r.tls.alpn.item[1] = STR("spdy"));
		for (uint16_t v = 0x02fe; v <= 0x0306; v++) {
			if (v != 0x0304)
				CHANGES(k, s->r.tls.version_offered = v);
			if (v != 0x0303)
				CHANGES(k, s->r.tls.version_chosen = v);
		}
		CHANGES(k, s->r.tls.cipher_chosen++);
		CHANGES(k, s->r.tls.cipher_chosen = 0xfefe);
		CHANGES_STR(k, tls.alpn_chosen);
		CHANGES(k, s->r.tls.ja4[0] = 'q');
		for (int bit = 0; bit < 6; bit++)
			CHANGES(k, s->r.tls.hides ^= (uint8_t)(1 << bit));
		CHANGES(k, s->r.tls.resumed_guess = false);
		CHANGES_STR(k, tls.cert_subject);
		CHANGES_STR(k, tls.cert_issuer);
		CHANGES(k, s->r.tls.cert_names.count = 0);
		CHANGES(k, s->r.tls.cert_names.more = true);
		CHANGES(k, s->r.tls.cert_names.item[0] = STR("other"));
	}
	CHANGES(RECORD_QUIC, s->r.tls.quic_version++);
	CHANGES(RECORD_TLS, s->r.tls.starttls = 0);
	sample_free(s);
}

Test(record_json, every_field_of_http_is_told)
{
	struct sample *s = sample_new();

	CHANGES_STR(RECORD_HTTP, http.method);
	CHANGES_STR(RECORD_HTTP, http.target);
	CHANGES_STR(RECORD_HTTP, http.host);
	CHANGES(RECORD_HTTP, s->r.http.host = STR("10.0.0.1"));
	CHANGES_STR(RECORD_HTTP, http.user_agent);
	CHANGES_STR(RECORD_HTTP, http.content_type);
	CHANGES_STR(RECORD_HTTP, http.referrer);
	CHANGES_STR(RECORD_HTTP, http.version);
	CHANGES(RECORD_HTTP, s->r.http.body_bytes++);
	CHANGES(RECORD_HTTP, s->r.http.has_body_bytes = false);
	CHANGES(RECORD_HTTP, s->r.http.chunked = false);
	CHANGES(RECORD_HTTP, s->r.http.connect = false);
	CHANGES(RECORD_HTTP, s->r.http.status++);
	sample_free(s);
}

static void change_count(struct sample *s, enum record_kind k, struct byte_count *c)
{
	CHANGES(k, c->bytes++);
	CHANGES(k, c->seen++);
	CHANGES(k, c->missed++);
	CHANGES(k, c->unacked++);
	CHANGES(k, c->packets++);
	CHANGES(k, c->method = BYTES_PAYLOAD);
	CHANGES(k, c->method = BYTES_NONE);
}

Test(record_json, every_field_of_flows_is_told)
{
	struct sample *s = sample_new();

	for (enum record_kind k = RECORD_CONN; k <= RECORD_FLOW; k++) {
		CHANGES(k, s->r.flow.sequence++);
		CHANGES(k, s->r.flow.end = END_NOT);
		CHANGES(k, s->r.flow.end = END_CAPTURE);
		CHANGES(k, s->r.flow.opener = OPENER_FIRST);
		CHANGES(k, s->r.flow.app = APP_UNKNOWN);
		CHANGES(k, s->r.flow.app = APP_SSH);
		CHANGES_STR(k, flow.name);
		CHANGES(k, s->r.flow.name_source = NAME_CERT);
		CHANGES(k, s->r.flow.name_missing = MISSING_CUT);
		for (int bit = 0; bit < 6; bit++)
			CHANGES(k, s->r.flow.hides ^= (uint8_t)(1 << bit));
		for (int bit = 0; bit < EVADES_BITS; bit++)
			CHANGES(k, s->r.flow.evades ^= (uint8_t)(1 << bit));
		change_count(s, k, &s->r.flow.up);
		change_count(s, k, &s->r.flow.down);
		CHANGES(k, s->r.flow.delta_up++);
		CHANGES(k, s->r.flow.delta_down++);
		CHANGES(k, s->r.flow.other_names.count--);
		CHANGES(k, s->r.flow.other_names.more = false);
		CHANGES(k, s->r.flow.one_sided = false);
	}
	sample_free(s);
}

Test(record_json, random_records_are_well_formed)
{
	struct sample *s = sample_new();

	for (uint64_t seed = 0; seed < 30000; seed++) {
		sample_random(s, (enum record_kind)(seed % RECORD_KINDS), seed);
		write_well_formed(s);
	}
	sample_free(s);
}

Test(record_json, what_is_too_long_is_cut_and_told)
{
	struct sample *s = sample_new();

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		for (int byte = 0; byte < 256; byte++) {
			sample_huge(s, k, (uint8_t)byte);
			size_t n = write_well_formed(s);
			cr_assert(has(n, "\"cut\":["), "%s of %d", record_kind_name(k), byte);
			cr_assert(has(n, "\"flow_id\":\"0001000000002a17\""));
		}
	}
	sample_free(s);
}

/* One UDP datagram holds names of 64 KiB at the most: with every byte an escape it still fits. */
Test(record_json, the_greatest_answer_is_not_cut)
{
	struct sample *s = sample_new();
	enum { SHARE = 64 * 1024 / (2 * LIMIT_DNS_ANSWERS) / 4 };

	for (size_t i = 0; i + 4 <= SAMPLE_BYTES; i += 4)
		memcpy(s->bytes + i, "\\000", 4);
	sample_full(s, RECORD_DNS);
	memset(&s->r.tuple, 0xfd, sizeof s->r.tuple);
	for (unsigned i = 0; i < LIMIT_DNS_ANSWERS; i++)
		s->answers[i] = (struct dns_answer){
			.name = {s->bytes, 4 * SHARE}, .text = {s->bytes, 4 * SHARE},
			.type = 65535, .class = 65535, .ttl = UINT32_MAX, .has_ech = true,
			.hints = 4};
	s->r.dns.answers_kept = LIMIT_DNS_ANSWERS;
	size_t n = write_well_formed(s);
	cr_expect(!has(n, "\"cut\""), "%zu", n);
	/* one record may have all of the text */
	for (unsigned i = 1; i < LIMIT_DNS_ANSWERS; i++)
		s->answers[i].name = s->answers[i].text = STR("a");
	s->answers[0].text = (struct str){s->bytes, 64 * 1024};
	n = write_well_formed(s);
	cr_expect(!has(n, "\"cut\""), "%zu", n);
	sample_free(s);
}
