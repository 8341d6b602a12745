#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sample *sample_new(void)
{
	struct sample *s = calloc(1, sizeof *s);
	if (!s || !(s->bytes = malloc(SAMPLE_BYTES)))
		abort();
	return s;
}

void sample_free(struct sample *s)
{
	free(s->bytes);
	free(s);
}

static struct addr address(const char *text)
{
	struct addr a = {{0}};
	if (!addr_parse(text, &a))
		abort();
	return a;
}

void sample_minimal(struct sample *s, enum record_kind kind)
{
	memset(&s->r, 0, sizeof s->r);
	s->used = 0;
	s->r.kind = kind;
	s->r.tuple.src = address("0.0.0.0");
	s->r.tuple.dst = address("0.0.0.0");
}

static void full_dns(struct sample *s)
{
	struct dns_answer *a = s->answers;

	memset(a, 0, 6 * sizeof *a);
	a[0] = (struct dns_answer){.name = STR("content.dropboxapi.com"), .type = 5, .class = 1,
				   .ttl = 60, .text = STR("edge.dropboxapi.com")};
	a[1] = (struct dns_answer){.name = STR("edge.dropboxapi.com"), .type = 1, .class = 1,
				   .ttl = 30, .has_address = true,
				   .address = address("162.125.66.14")};
	a[2] = (struct dns_answer){.name = STR("edge.dropboxapi.com"), .type = 65, .class = 1,
				   .ttl = 0, .has_ech = true, .text = STR("."), .hints = 2,
				   .hint = {address("162.125.66.15"), address("2620:100:6022::a27d:420f")}};
	a[3] = (struct dns_answer){.name = STR("."), .type = 16, .class = 3, .ttl = 4294967295u,
				   .text = STR("\"v=spf1 \\\"q\\\" \\195\\164\"")};
	a[4] = (struct dns_answer){.name = STR("dropboxapi.com"), .type = 2, .class = 1, .ttl = 1,
				   .section = DNS_AUTHORITY, .text = STR("ns1.p07.dynect.net")};
	a[5] = (struct dns_answer){.name = STR("ns1.p07.dynect.net"), .type = 65280, .class = 1,
				   .ttl = 2, .section = DNS_ADDITIONAL, .has_ech = true,
				   .hints = 1, .hint = {address("::1")}};
	s->r.dns = (struct record_dns){
		.flavour = DNS_MDNS, .id = 4660, .question = STR("content.dropboxapi.com"),
		.qtype = 1, .qclass = 1, .asked = true, .answered = true, .opcode = 0, .rcode = 3,
		.flags = 0x85b3, .answer_count = 5, .answers = a, .answers_kept = 6,
		.rtt = 15295000, .query_bytes = 40, .answer_bytes = 231};
}

static void full_tls(struct sample *s)
{
	s->r.tls = (struct record_tls){
		.server_name = STR("gfs270n138.userstorage.mega.co.nz"),
		.alpn = {.item = {STR("h2"), STR("http/1.1")}, .count = 2, .more = true},
		.version_offered = 0x0304, .version_chosen = 0x0303, .cipher_chosen = 0xc02f,
		.alpn_chosen = STR("h2"), .ja4 = "t13d1516h2_8daaf6152771_b186095e22b6",
		.hides = HIDES_ECH | HIDES_DOH, .resumed_guess = true,
		.cert_subject = STR("*.userstorage.mega.co.nz"), .cert_issuer = STR("Some CA"),
		.cert_names = {.item = {STR("*.userstorage.mega.co.nz")}, .count = 1},
		.quic_version = s->r.kind == RECORD_QUIC ? 0x6b3343cf : 0,
		.starttls = s->r.kind == RECORD_TLS};
}

static void full_http(struct sample *s)
{
	s->r.http = (struct record_http){
		.method = STR("PUT"), .target = STR("/ul/x?c:\\a\"b\x1b[31m\x9b\xc3\xa4"),
		.host = STR("gfs1.userstorage.mega.co.nz"), .user_agent = STR("MEGAclient/4.2"),
		.content_type = STR("application/octet-stream"), .referrer = STR("https://mega.nz/"),
		.version = STR("1.1"), .body_bytes = 55000, .has_body_bytes = true, .chunked = true,
		.connect = true, .status = 200};
}

static void full_flow(struct sample *s)
{
	s->r.flow = (struct record_flow){
		.sequence = 7, .end = END_CLOSED, .opener = OPENER_SYN, .app = APP_TLS,
		.name = STR("api.pcloud.com"), .name_source = NAME_SNI, .name_missing = MISSING_GAP,
		.hides = HIDES_NO_SNI | HIDES_ESNI,
		.up = {.bytes = 1048576, .seen = 1048000, .missed = 576, .unacked = 17,
		       .packets = 750, .method = BYTES_ACK},
		.down = {.bytes = 2773, .seen = 2770, .missed = 3, .unacked = 1, .packets = 20,
			 .method = BYTES_SEQ},
		.delta_up = 65536, .delta_down = 100, .other_names = {.item = {STR("eapi.pcloud.com"), STR("pcloud.com")}, .count = 2, .more = true}, .one_sided = true};
}

void sample_full(struct sample *s, enum record_kind kind)
{
	sample_minimal(s, kind);
	s->r.time = UINT64_C(1795491154123456789);
	s->r.start = UINT64_C(1795491153987554321);
	s->r.end = UINT64_C(1795491154002849000);
	s->r.tuple = (struct tuple){.src = address("192.168.77.10"), .dst = address("10.8.0.53"),
				    .sport = 45107, .dport = 53, .proto = PROTO_UDP};
	s->r.flow_id = UINT64_C(0x0001000000002a17);
	s->r.encap = ENCAP_VLAN | ENCAP_TEREDO;
	s->r.vlan = 101;
	if (kind == RECORD_DNS)
		full_dns(s);
	else if (kind == RECORD_TLS || kind == RECORD_QUIC)
		full_tls(s);
	else if (kind == RECORD_HTTP)
		full_http(s);
	else
		full_flow(s);
}

/* splitmix64 */
static uint64_t next(struct sample *s)
{
	uint64_t z = s->seed += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static bool coin(struct sample *s)
{
	return next(s) & 1;
}

static uint64_t number(struct sample *s)
{
	return next(s) >> (next(s) & 63);
}

static struct str string(struct sample *s)
{
	size_t n = next(s) % 4 == 0 ? 0 : next(s) % 40;
	unsigned kind = next(s) % 3;
	static const char odd[] = "\\\"x0\xc3\xa4\xe2\x80\xae\n";

	if (n > SAMPLE_BYTES - s->used)
		n = 0;
	char *p = s->bytes + s->used;
	for (size_t i = 0; i < n; i++) {
		uint64_t v = next(s);
		if (kind == 0)
			p[i] = (char)v;
		else
			p[i] = kind == 1 ? (char)(0x20 + v % 0x5f) : odd[v % (sizeof odd - 1)];
	}
	s->used += n;
	return (struct str){p, n};
}

static struct str_list strings(struct sample *s)
{
	struct str_list l = {.count = (uint8_t)(next(s) % (RECORD_LIST_MAX + 1)), .more = coin(s)};
	for (unsigned i = 0; i < l.count; i++)
		l.item[i] = string(s);
	return l;
}

static struct addr random_addr(struct sample *s, bool v4)
{
	uint8_t b[16];
	for (int i = 0; i < 16; i++)
		b[i] = coin(s) ? 0 : (uint8_t)next(s);
	return v4 ? addr_v4(b) : addr_v6(b);
}

static struct byte_count count(struct sample *s)
{
	return (struct byte_count){.bytes = number(s) >> 1, .seen = number(s), .missed = number(s),
				   .unacked = coin(s) ? number(s) : 0, .packets = number(s) >> 1,
				   .method = next(s) % (BYTES_PAYLOAD + 1)};
}

static void random_dns(struct sample *s)
{
	struct record_dns *d = &s->r.dns;
	bool asked = coin(s);

	*d = (struct record_dns){
		.flavour = next(s) % 3, .id = (uint16_t)next(s), .question = string(s),
		.qtype = (uint16_t)number(s), .qclass = (uint16_t)number(s), .asked = asked,
		.answered = !asked || coin(s), .opcode = next(s) & 15, .rcode = next(s) & 15,
		.flags = (uint16_t)next(s), .answer_count = (uint16_t)number(s),
		.answers = s->answers, .answers_kept = (uint16_t)(next(s) % 9), .rtt = number(s),
		.query_bytes = (uint16_t)number(s), .answer_bytes = (uint16_t)number(s)};
	for (unsigned i = 0; i < d->answers_kept; i++) {
		struct dns_answer *a = &s->answers[i];
		*a = (struct dns_answer){.name = string(s), .type = (uint16_t)number(s),
					 .class = (uint16_t)number(s), .ttl = (uint32_t)number(s),
					 .section = next(s) % 3, .has_address = coin(s),
					 .has_ech = coin(s), .text = string(s), .hints = next(s) % 5};
		a->address = random_addr(s, coin(s));
		for (int k = 0; k < 4; k++)
			a->hint[k] = random_addr(s, coin(s));
	}
}

static void random_tls(struct sample *s)
{
	struct record_tls *t = &s->r.tls;

	*t = (struct record_tls){
		.server_name = string(s), .alpn = strings(s), .version_offered = (uint16_t)number(s),
		.version_chosen = (uint16_t)number(s), .cipher_chosen = (uint16_t)number(s),
		.alpn_chosen = string(s), .hides = next(s) & 63, .resumed_guess = coin(s),
		.cert_subject = string(s), .cert_issuer = string(s), .cert_names = strings(s),
		.quic_version = s->r.kind == RECORD_QUIC ? (uint32_t)number(s) : 0,
		.starttls = s->r.kind == RECORD_TLS ? coin(s) : 0};
	if (coin(s))
		snprintf(t->ja4, sizeof t->ja4, "t13d1516h2_8daaf6152771_b186095e22b6");
}

static void random_http(struct sample *s)
{
	s->r.http = (struct record_http){
		.method = string(s), .target = string(s), .host = string(s), .user_agent = string(s),
		.content_type = string(s), .referrer = string(s), .version = string(s),
		.body_bytes = number(s), .has_body_bytes = coin(s), .chunked = coin(s),
		.connect = coin(s), .status = coin(s) ? (uint16_t)(100 + next(s) % 500) : 0};
}

static void random_flow(struct sample *s)
{
	s->r.flow = (struct record_flow){
		.sequence = (uint32_t)number(s), .end = next(s) % (END_CAPTURE + 1),
		.opener = next(s) % (OPENER_FIRST + 1), .app = next(s) % (APP_SSH + 1),
		.name = string(s), .name_source = next(s) % (NAME_CERT + 1),
		.name_missing = next(s) % (MISSING_CUT + 1), .hides = next(s) & 63,
		.evades = next(s) & EVADES_ALL, .up = count(s),
		.down = count(s), .delta_up = number(s), .delta_down = number(s),
		.other_names = strings(s), .one_sided = coin(s)};
}

void sample_random(struct sample *s, enum record_kind kind, uint64_t seed)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMP6, PROTO_SCTP, 47};
	struct record *r = &s->r;

	sample_minimal(s, kind);
	s->seed = seed;
	bool v4 = coin(s);
	r->time = number(s);
	r->start = number(s);
	r->end = number(s);
	r->tuple = (struct tuple){random_addr(s, v4), random_addr(s, v4), (uint16_t)number(s),
				  (uint16_t)number(s), protos[next(s) % sizeof protos]};
	r->flow_id = number(s);
	r->encap = next(s) & 0x3ff;
	r->vlan = next(s) & 0xfff;
	if (kind == RECORD_DNS)
		random_dns(s);
	else if (kind == RECORD_TLS || kind == RECORD_QUIC)
		random_tls(s);
	else if (kind == RECORD_HTTP)
		random_http(s);
	else
		random_flow(s);
}

void sample_huge(struct sample *s, enum record_kind kind, uint8_t byte)
{
	struct str all = {s->bytes, SAMPLE_BYTES};

	sample_full(s, kind);
	memset(s->bytes, byte, SAMPLE_BYTES);
	memset(&s->r.tuple.src, 0xfd, 16);
	memset(&s->r.tuple.dst, 0xfe, 16);
	if (kind == RECORD_DNS) {
		for (unsigned i = 0; i < LIMIT_DNS_ANSWERS; i++) {
			struct dns_answer *a = &s->answers[i];
			*a = (struct dns_answer){.name = {s->bytes, HOSTNAME_BYTES},
						 .text = {s->bytes, HOSTNAME_BYTES}, .type = 65535,
						 .class = 65535, .ttl = UINT32_MAX, .has_ech = true,
						 .section = i % 4 == 3 ? DNS_ADDITIONAL : DNS_ANSWER,
						 .hints = 4};
			memset(a->hint, 0xfd, sizeof a->hint);
		}
		s->answers[60].text = all;
		s->r.dns.question = (struct str){s->bytes, HOSTNAME_BYTES};
		s->r.dns.answers_kept = LIMIT_DNS_ANSWERS;
	} else if (kind == RECORD_TLS || kind == RECORD_QUIC) {
		struct record_tls *t = &s->r.tls;
		t->server_name = t->alpn_chosen = t->cert_subject = t->cert_issuer = all;
		t->alpn.count = t->cert_names.count = RECORD_LIST_MAX;
		for (unsigned i = 0; i < RECORD_LIST_MAX; i++)
			t->alpn.item[i] = t->cert_names.item[i] = all;
	} else if (kind == RECORD_HTTP) {
		struct record_http *h = &s->r.http;
		h->method = h->target = h->host = h->user_agent = h->content_type = all;
		h->referrer = h->version = all;
	} else {
		s->r.flow.name = all;
		s->r.flow.other_names.count = RECORD_LIST_MAX;
		for (unsigned i = 0; i < RECORD_LIST_MAX; i++)
			s->r.flow.other_names.item[i] = all;
	}
}
