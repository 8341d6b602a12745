/* What each kind of record has of its own, but for DNS. */
#include "event/record_in_part.h"
#include "proto/cipher.h"

static void add_to(struct str_list *list, struct str s)
{
	if (list->count < RECORD_LIST_MAX)
		list->item[list->count++] = s;
	else
		list->more = true;
}

/* The value of an enum by the word for it; 0 when there is none. */
#define ENUM_BY_NAME(function, type, last)                                                         \
	static type function##_by(struct str text)                                                 \
	{                                                                                          \
		for (unsigned i = 0; i <= (last); i++)                                             \
			if (str_eq(str_of(function((type)i)), text))                               \
				return (type)i;                                                    \
		return (type)0;                                                                    \
	}

ENUM_BY_NAME(opener_name, enum opener, OPENER_FIRST)
ENUM_BY_NAME(name_source_name, enum name_source, NAME_CERT)
ENUM_BY_NAME(name_missing_name, enum name_missing, MISSING_CUT)
ENUM_BY_NAME(byte_method_name, enum byte_method, BYTES_PAYLOAD)
ENUM_BY_NAME(app_protocol_name, enum app_protocol, APP_SSH)
ENUM_BY_NAME(flow_end_name, enum flow_end, END_CAPTURE)

static uint16_t version_of(struct str s)
{
	static const struct {
		const char *text;
		uint16_t number;
	} known[] = {{"1.3", 0x0304}, {"1.2", 0x0303}, {"1.1", 0x0302},
		     {"1.0", 0x0301}, {"3.0", 0x0300}, {"2.0", 0x0200}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(str_of(known[i].text), s))
			return known[i].number;
	return (uint16_t)record_in_hex(s, 4);
}

static uint8_t hides_of(struct str word)
{
	static const char *const words[] = {"ech", "doh", "dot", "doq", "no_sni", "esni"};
	return (uint8_t)record_in_bit(words, sizeof words / sizeof *words, word);
}

static uint8_t evades_of(struct str word)
{
	return (uint8_t)record_in_bit(evades_words, EVADES_BITS, word);
}

void record_in_tls(struct record_in *r, enum part part, const struct json_item *i)
{
	struct record_tls *t = &r->record.tls;
	struct str s;

	switch (part) {
	case PART_TLS_VERSION:
		t->version_chosen = version_of(i->text);
		break;
	case PART_TLS_CIPHER:
		cipher_number(i->text, &t->cipher_chosen);
		break;
	case PART_TLS_NEXT_PROTOCOL:
		t->alpn_chosen = record_in_wire(r, i);
		break;
	case PART_TLS_SERVER_NAME:
		t->server_name = record_in_name(r, i);
		break;
	case PART_TLS_ISSUER:
		t->cert_issuer = record_in_wire(r, i);
		break;
	case PART_TLS_SUBJECT:
		t->cert_subject = record_in_wire(r, i);
		break;
	case PART_TLS_CERT_NAMES:
		add_to(&t->cert_names, record_in_wire(r, i));
		break;
	case PART_TLS_JA4:
		s = record_in_wire(r, i);
		if (s.n < sizeof t->ja4 && !(s.n && memchr(s.p, '\0', s.n)))
			memcpy(t->ja4, s.n ? s.p : "", s.n);
		break;
	case PART_TLS_OFFERED:
		t->version_offered = version_of(i->text);
		break;
	case PART_TLS_ALPN:
		add_to(&t->alpn, record_in_wire(r, i));
		break;
	case PART_TLS_RESUMED:
		t->resumed_guess = record_in_true(i);
		break;
	case PART_TLS_STARTTLS:
		t->starttls = (uint8_t)record_in_number(i, UINT8_MAX);
		break;
	case PART_QUIC_VERSION:
		t->quic_version = (uint32_t)record_in_hex(i->text, 8);
		break;
	case PART_HIDES:
		t->hides |= hides_of(i->text);
		break;
	case PART_CUT:
		t->alpn.more |= str_eq(i->text, STR("egret.tls.alpn"));
		t->cert_names.more |= str_eq(i->text, STR("tls.server.x509.alternative_names"));
		break;
	default:
		break;
	}
}

void record_in_http(struct record_in *r, enum part part, const struct json_item *i)
{
	struct record_http *h = &r->record.http;

	switch (part) {
	case PART_HTTP_VERSION:
		h->version = record_in_wire(r, i);
		break;
	case PART_HTTP_METHOD:
		h->method = record_in_wire(r, i);
		break;
	case PART_HTTP_MIME_TYPE:
		h->content_type = record_in_wire(r, i);
		break;
	case PART_HTTP_REFERRER:
		h->referrer = record_in_wire(r, i);
		break;
	case PART_HTTP_BODY_BYTES:
		h->has_body_bytes = true;
		h->body_bytes = record_in_number(i, UINT64_MAX);
		break;
	case PART_HTTP_STATUS:
		h->status = (uint16_t)record_in_number(i, UINT16_MAX);
		break;
	case PART_HTTP_TARGET:
		h->target = record_in_wire(r, i);
		break;
	case PART_HTTP_HOST:
		h->host = record_in_name(r, i);
		break;
	case PART_HTTP_USER_AGENT:
		h->user_agent = record_in_wire(r, i);
		break;
	case PART_HTTP_CONNECT:
		h->connect = record_in_true(i);
		break;
	case PART_HTTP_CHUNKED:
		h->chunked = record_in_true(i);
		break;
	default:
		break;
	}
}

static bool read_bytes(struct record_flow *f, enum part part, const struct json_item *i)
{
	struct {
		enum part part;
		uint64_t *to;
	} const counts[] = {
		{PART_UP_BYTES, &f->up.bytes},		{PART_UP_PACKETS, &f->up.packets},
		{PART_DOWN_BYTES, &f->down.bytes},	{PART_DOWN_PACKETS, &f->down.packets},
		{PART_FLOW_DELTA_UP, &f->delta_up},	{PART_FLOW_DELTA_DOWN, &f->delta_down},
		{PART_FLOW_SEEN_UP, &f->up.seen},	{PART_FLOW_SEEN_DOWN, &f->down.seen},
		{PART_FLOW_MISSED_UP, &f->up.missed},	{PART_FLOW_MISSED_DOWN, &f->down.missed},
		{PART_FLOW_UNACKED_UP, &f->up.unacked}, {PART_FLOW_UNACKED_DOWN, &f->down.unacked},
	};

	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
		if (counts[k].part == part) {
			*counts[k].to = record_in_number(i, UINT64_MAX);
			return true;
		}
	}
	return false;
}

void record_in_flow(struct record_in *r, enum part part, const struct json_item *i)
{
	struct record_flow *f = &r->record.flow;

	if (read_bytes(f, part, i))
		return;
	switch (part) {
	case PART_FLOW_SEQUENCE:
		f->sequence = (uint32_t)record_in_number(i, UINT32_MAX);
		break;
	case PART_FLOW_END:
		f->end = flow_end_name_by(i->text);
		break;
	case PART_FLOW_OPENER:
		f->opener = opener_name_by(i->text);
		break;
	case PART_FLOW_NAME_SOURCE:
		f->name_source = name_source_name_by(i->text);
		break;
	case PART_FLOW_NAME_MISSING:
		f->name_missing = name_missing_name_by(i->text);
		break;
	case PART_FLOW_OTHER_NAMES:
		add_to(&f->other_names, record_in_name(r, i));
		break;
	case PART_FLOW_METHOD_UP:
		f->up.method = byte_method_name_by(i->text);
		break;
	case PART_FLOW_METHOD_DOWN:
		f->down.method = byte_method_name_by(i->text);
		break;
	case PART_FLOW_ONE_SIDED:
		f->one_sided = record_in_true(i);
		break;
	case PART_DESTINATION_DOMAIN:
		f->name = record_in_name(r, i);
		break;
	case PART_PROTOCOL:
		f->app = app_protocol_name_by(i->text);
		break;
	case PART_HIDES:
		f->hides |= hides_of(i->text);
		break;
	case PART_EVASION:
		f->evades |= evades_of(i->text);
		break;
	case PART_CUT:
		f->other_names.more |= str_eq(i->text, STR("egret.other_names"));
		break;
	default:
		break;
	}
}
