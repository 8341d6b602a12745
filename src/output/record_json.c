#include "output/record_json.h"

#include "core/hostname.h"
#include "output/json.h"
#include "output/line.h"
#include "output/record_dns.h"
#include "proto/cipher.h"

static void put_hides(struct json *j, uint8_t bits)
{
	static const char *const words[] = {"ech", "doh", "dot", "doq", "no_sni", "esni"};
	line_bits(j, "hides", bits, words, sizeof words / sizeof *words);
}

static void put_evasion(struct json *j, uint8_t bits)
{
	line_bits(j, "evasion", bits, evades_words, EVADES_BITS);
}

static void put_encapsulation(struct json *j, uint32_t bits)
{
	static const char *const words[] = {"vlan",  "mpls",   "pppoe", "gre",	"erspan",
					    "vxlan", "geneve", "gtp",	"ipip", "teredo"};
	line_bits(j, "encapsulation", bits, words, sizeof words / sizeof *words);
}

static bool is_flow(const struct record *r)
{
	return r->kind == RECORD_CONN || r->kind == RECORD_FLOW;
}

static void event_type(struct json *j, const struct record *r)
{
	json_open(j, "type", '[');
	if (!is_flow(r)) {
		json_word(j, NULL, "protocol");
	} else {
		json_word(j, NULL, "connection");
		if (r->kind == RECORD_FLOW)
			json_word(j, NULL, "info");
		else if (r->flow.sequence == 0)
			json_word(j, NULL, "start");
		if (r->flow.end != END_NOT)
			json_word(j, NULL, "end");
	}
	json_close(j, ']');
}

static void head(struct json *j, const struct record *r)
{
	json_time(j, "@timestamp", r->time);
	json_key(j, "ecs");
	wr_lit(&j->w, "{\"version\":\"9.0.0\"},"
		      "\"event\":{\"kind\":\"event\",\"category\":[\"network\"],\"dataset\":\"egret.");
	wr_text(&j->w, record_kind_name(r->kind));
	wr_char(&j->w, '"');
	event_type(j, r);
	json_time(j, "start", r->start);
	json_time(j, "end", r->end);
	if (r->end >= r->start)
		json_u64(j, "duration", r->end - r->start);
	json_close(j, '}');
}

/* A name that is an address is told where the protocol told it, but is no domain. */
static struct str domain_of(const struct record *r)
{
	struct str name = {NULL, 0};

	switch (r->kind) {
	case RECORD_TLS:
	case RECORD_QUIC:
		name = r->tls.server_name;
		break;
	case RECORD_HTTP:
		name = r->http.host;
		break;
	case RECORD_CONN:
	case RECORD_FLOW:
		return r->flow.name;
	default:
		break;
	}
	return hostname_is_address(name) ? (struct str){NULL, 0} : name;
}

static void endpoints(struct json_line *l, const struct record *r)
{
	struct json *j = &l->j;
	const struct tuple *t = &r->tuple;

	json_open(j, "source", '{');
	line_addr(j, "ip", &t->src);
	line_if(j, "port", t->sport);
	if (is_flow(r)) {
		json_u64(j, "bytes", r->flow.up.bytes);
		json_u64(j, "packets", r->flow.up.packets);
	}
	json_close(j, '}');
	json_open(j, "destination", '{');
	line_addr(j, "ip", &t->dst);
	line_if(j, "port", t->dport);
	line_name(l, "domain", "destination.domain", domain_of(r), LINE_NAME);
	if (is_flow(r)) {
		json_u64(j, "bytes", r->flow.down.bytes);
		json_u64(j, "packets", r->flow.down.packets);
	}
	json_close(j, '}');
}

static void transport(struct json *j, uint8_t proto)
{
	const char *name = NULL;

	switch (proto) {
	case PROTO_TCP:
		name = "tcp";
		break;
	case PROTO_UDP:
		name = "udp";
		break;
	case PROTO_ICMP:
		name = "icmp";
		break;
	case PROTO_ICMP6:
		name = "ipv6-icmp";
		break;
	case PROTO_SCTP:
		name = "sctp";
		break;
	default:
		line_keyword(j, "iana_number", proto);
		return;
	}
	json_word(j, "transport", name);
}

static void network(struct json *j, const struct record *r)
{
	char community_id[COMMUNITY_ID_MAX];

	json_open(j, "network", '{');
	json_word(j, "type", addr_is_v4(&r->tuple.src) ? "ipv4" : "ipv6");
	transport(j, r->tuple.proto);
	if (!is_flow(r))
		json_word(j, "protocol", record_kind_name(r->kind));
	else if (r->flow.app != APP_UNKNOWN)
		json_word(j, "protocol", app_protocol_name(r->flow.app));
	tuple_community_id(&r->tuple, community_id);
	json_word(j, "community_id", community_id);
	if (r->vlan) {
		json_open(j, "vlan", '{');
		line_keyword(j, "id", r->vlan);
		json_close(j, '}');
	}
	if (is_flow(r)) {
		json_u64(j, "bytes", r->flow.up.bytes + r->flow.down.bytes);
		json_u64(j, "packets", r->flow.up.packets + r->flow.down.packets);
	}
	json_close(j, '}');
}

/* tls, quic */

/* "1.3", or the number in hex where it has no such name (drafts, private versions). */
static void put_version(struct json *j, const char *key, uint16_t v)
{
	if (v == 0x0200 || v == 0x0300)
		json_word(j, key, v == 0x0200 ? "2.0" : "3.0");
	else if (v >= 0x0301 && v <= 0x0304)
		json_word(j, key, v == 0x0301 ? "1.0" : v == 0x0302 ? "1.1" : v == 0x0303 ? "1.2" : "1.3");
	else
		line_hex(j, key, v, 4);
}

static void certificate(struct json_line *l, const struct record_tls *t)
{
	struct json *j = &l->j;
	bool x509 = t->cert_subject.n || t->cert_names.count;

	if (!x509 && t->cert_issuer.n == 0)
		return;
	json_open(j, "server", '{');
	line_str(l, "issuer", "tls.server.issuer", t->cert_issuer, LINE_NAME);
	if (x509) {
		json_open(j, "x509", '{');
		if (t->cert_subject.n) {
			json_open(j, "subject", '{');
			json_open(j, "common_name", '[');
			line_str(l, NULL, "tls.server.x509.subject.common_name", t->cert_subject, LINE_NAME);
			json_close(j, ']');
			json_close(j, '}');
		}
		line_list(l, "alternative_names", "tls.server.x509.alternative_names", &t->cert_names);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void tls(struct json_line *l, const struct record_tls *t)
{
	struct json *j = &l->j;
	char text[CIPHER_TEXT_MAX];

	json_open(j, "tls", '{');
	if (t->version_chosen) {
		put_version(j, "version", t->version_chosen);
		json_word(j, "version_protocol", t->version_chosen <= 0x0300 ? "ssl" : "tls");
		/* 0 is TLS_NULL_WITH_NULL_NULL: told only beside a version */
		json_word(j, "cipher", cipher_name(t->cipher_chosen, text));
	}
	line_str(l, "next_protocol", "tls.next_protocol", t->alpn_chosen, LINE_NAME);
	if (t->server_name.n) {
		json_open(j, "client", '{');
		line_name(l, "server_name", "tls.client.server_name", t->server_name, LINE_NAME);
		json_close(j, '}');
	}
	certificate(l, t);
	json_close(j, '}');
}

static void egret_tls(struct json_line *l, const struct record_tls *t)
{
	struct json *j = &l->j;

	line_str(l, "ja4", "egret.ja4", str_of(t->ja4), LINE_NAME);
	put_hides(j, t->hides);
	json_open(j, "tls", '{');
	if (t->version_offered)
		put_version(j, "version_offered", t->version_offered);
	line_list(l, "alpn", "egret.tls.alpn", &t->alpn);
	line_flag(j, "resumed_guess", t->resumed_guess);
	line_if(j, "starttls", t->starttls);
	json_close(j, '}');
	if (t->quic_version) {
		json_open(j, "quic", '{');
		line_hex(j, "version", t->quic_version, 8);
		json_close(j, '}');
	}
}

/* http */

static void http_request(struct json_line *l, const struct record_http *h)
{
	struct json *j = &l->j;

	json_open(j, "request", '{');
	line_str(l, "method", "http.request.method", h->method, LINE_NAME);
	line_str(l, "mime_type", "http.request.mime_type", h->content_type, LINE_TEXT);
	line_str(l, "referrer", "http.request.referrer", h->referrer, LINE_TEXT);
	if (h->has_body_bytes) {
		json_open(j, "body", '{');
		json_u64(j, "bytes", h->body_bytes);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void http(struct json_line *l, const struct record_http *h)
{
	struct json *j = &l->j;

	json_open(j, "http", '{');
	line_str(l, "version", "http.version", h->version, LINE_NAME);
	http_request(l, h);
	if (h->status) {
		json_open(j, "response", '{');
		json_u64(j, "status_code", h->status);
		json_close(j, '}');
	}
	json_close(j, '}');
	if (h->target.n || h->host.n) {
		json_open(j, "url", '{');
		line_str(l, "original", "url.original", h->target, LINE_TEXT);
		line_name(l, "domain", "url.domain", h->host, LINE_NAME);
		json_close(j, '}');
	}
	if (h->user_agent.n) {
		json_open(j, "user_agent", '{');
		line_str(l, "original", "user_agent.original", h->user_agent, LINE_TEXT);
		json_close(j, '}');
	}
}

static void egret_http(struct json *j, const struct record_http *h)
{
	if (!h->connect && !h->chunked)
		return;
	json_open(j, "http", '{');
	line_flag(j, "connect", h->connect);
	line_flag(j, "chunked", h->chunked);
	json_close(j, '}');
}

/* conn, flow */

static void both(struct json *j, const char *key, uint64_t up, uint64_t down)
{
	json_open(j, key, '{');
	json_u64(j, "up", up);
	json_u64(j, "down", down);
	json_close(j, '}');
}

static void egret_flow(struct json_line *l, const struct record_flow *f)
{
	struct json *j = &l->j;

	json_u64(j, "sequence", f->sequence);
	if (f->end != END_NOT)
		json_word(j, "end", flow_end_name(f->end));
	json_word(j, "opener", opener_name(f->opener));
	if (f->name_source != NAME_NONE)
		json_word(j, "name_source", name_source_name(f->name_source));
	if (f->name_missing != MISSING_NOT)
		json_word(j, "name_missing", name_missing_name(f->name_missing));
	line_names(l, "other_names", "egret.other_names", &f->other_names);
	put_hides(j, f->hides);
	put_evasion(j, f->evades);
	json_open(j, "method", '{');
	json_word(j, "up", byte_method_name(f->up.method));
	json_word(j, "down", byte_method_name(f->down.method));
	json_close(j, '}');
	both(j, "delta", f->delta_up, f->delta_down);
	both(j, "seen", f->up.seen, f->down.seen);
	if (f->up.missed || f->down.missed)
		both(j, "missed", f->up.missed, f->down.missed);
	if (f->up.unacked || f->down.unacked)
		both(j, "unacked", f->up.unacked, f->down.unacked);
	line_flag(j, "one_sided", f->one_sided);
}

static void egret(struct json_line *l, const struct record *r)
{
	struct json *j = &l->j;

	json_open(j, "egret", '{');
	json_key(j, "flow_id");
	wr_char(&j->w, '"');
	wr_hex(&j->w, r->flow_id, 16);
	wr_char(&j->w, '"');
	put_encapsulation(j, r->encap);
	if (r->kind == RECORD_DNS)
		record_dns_egret(l, &r->dns);
	else if (r->kind == RECORD_TLS || r->kind == RECORD_QUIC)
		egret_tls(l, &r->tls);
	else if (r->kind == RECORD_HTTP)
		egret_http(j, &r->http);
	else
		egret_flow(l, &r->flow);
	if (l->cuts) {
		json_open(j, "cut", '[');
		for (unsigned i = 0; i < l->cuts; i++)
			json_word(j, NULL, l->cut[i]);
		json_close(j, ']');
	}
	json_close(j, '}');
}

size_t record_json(struct record_json *s, const struct record *r, char *out, size_t room)
{
	struct json_line l = {.j = json_of(out, room)};

	l.j.dates = &s->dates;
	json_open(&l.j, NULL, '{');
	head(&l.j, r);
	endpoints(&l, r);
	network(&l.j, r);
	if (r->kind == RECORD_DNS)
		record_dns_ecs(&l, &r->dns);
	else if (r->kind == RECORD_TLS || r->kind == RECORD_QUIC)
		tls(&l, &r->tls);
	else if (r->kind == RECORD_HTTP)
		http(&l, &r->http);
	egret(&l, r);
	json_close(&l.j, '}');
	wr_char(&l.j.w, '\n');
	return wr_length(&l.j.w);
}
