#include "proto/tls.h"

#include "core/limits.h"
#include "proto/ja4.h"
#include "proto/part.h"

enum {
	MESSAGE_CLIENT_HELLO = 1,
	EXT_SERVER_NAME = 0,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_ALPN = 16,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_ECH_DRAFT_FIRST = 0xfe08, /* drafts 8 to 12 had numbers of their own */
	EXT_ECH = 0xfe0d,
	EXT_ESNI = 0xffce,
};

struct walk {
	struct tls_hello *out;
	struct ja4_input ja4;
	bool versions_seen;
};

/* RFC 8701: both bytes alike and their low nibbles A. */
static bool is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* Versions in the order of what they stand for: 1.3 and later, drafts of 1.3, older ones, then
 * private numbers. */
static uint32_t version_rank(uint16_t v)
{
	if (v >> 8 == 3)
		return v >= 0x0304 ? UINT32_C(0x30000) + v : UINT32_C(0x10000) + v;
	return v >> 8 == 0x7f ? UINT32_C(0x20000) + v : v;
}

/* Appends the 16-bit values of a vector, GREASE left out. */
static void add_values(struct part *v, uint16_t list[JA4_LIST_MAX], uint16_t *count)
{
	while (part_left(v)) {
		const uint16_t value = part_u16(v);
		if (v->state == PARSE_DONE && !is_grease(value) && *count < JA4_LIST_MAX)
			list[(*count)++] = value;
	}
}

static void list_add(struct str_list *list, const uint8_t *p, size_t n)
{
	if (list->count == RECORD_LIST_MAX) {
		list->more = true;
		return;
	}
	list->item[list->count++] = (struct str){(const char *)p, n};
}

/* Keeps the first name that is not `name`. */
static void other_name(struct tls_hello *out, struct str name, struct str other)
{
	if (!out->other_name.n && !str_ieq(name, other))
		out->other_name = other;
}

/* RFC 6066 section 3. Name types other than host_name have no defined form; those seen in the wild
 * carry a length as well. */
static enum parse server_name(struct walk *w, struct part *ext)
{
	struct str name = {NULL, 0};
	bool found = false;
	if (part_left(ext)) {
		struct part list = part_sub(ext, part_u16(ext));
		while (part_left(&list)) {
			const uint8_t type = part_u8(&list);
			const size_t n = part_u16(&list);
			const uint8_t *p = part_take(&list, n);
			if (!p || type != 0)
				continue;
			struct str entry = {(const char *)p, n};
			if (!found)
				name = entry;
			else
				other_name(w->out, name, entry);
			found = true;
		}
		if (list.state != PARSE_DONE)
			return list.state;
	}
	if (ext->state != PARSE_DONE)
		return ext->state;
	if (w->out->has_sni) /* a second extension of the type: the first one stands */
		other_name(w->out, w->out->server_name, name);
	else
		w->out->server_name = name;
	w->out->has_sni = true;
	return PARSE_DONE;
}

/* RFC 7858 and RFC 9250 section 4.1.1, whose drafts said "doq-i00" and so on. */
static uint8_t hides_of_alpn(struct str s)
{
	if (str_eq(s, STR("dot")))
		return HIDES_DOT;
	if (str_eq(s, STR("doq")) || str_has_prefix(s, STR("doq-")))
		return HIDES_DOQ;
	return 0;
}

static enum parse alpn(struct walk *w, struct part *ext)
{
	if (w->out->alpn.count)
		return PARSE_DONE;
	struct part list = part_sub(ext, part_u16(ext));
	while (part_left(&list)) {
		const size_t n = part_u8(&list);
		const uint8_t *p = part_take(&list, n);
		if (!p)
			break;
		list_add(&w->out->alpn, p, n);
		w->out->hides |= hides_of_alpn((struct str){(const char *)p, n});
	}
	return list.state;
}

/* RFC 8446 section 4.2.1. JA4 takes the largest number, as its reference does; the record the
 * version that it stands for. */
static enum parse supported_versions(struct walk *w, struct part *ext)
{
	struct part list = part_sub(ext, part_u8(ext));
	while (part_left(&list)) {
		const uint16_t v = part_u16(&list);
		if (list.state != PARSE_DONE || is_grease(v))
			continue;
		if (!w->versions_seen || version_rank(v) > version_rank(w->out->version_offered))
			w->out->version_offered = v;
		if (!w->versions_seen || v > w->ja4.version)
			w->ja4.version = v;
		w->versions_seen = true;
	}
	return list.state;
}

static enum parse signature_algorithms(struct walk *w, struct part *ext)
{
	if (w->ja4.algorithm_count)
		return PARSE_DONE;
	struct part list = part_sub(ext, part_u16(ext));
	add_values(&list, w->ja4.algorithms, &w->ja4.algorithm_count);
	return list.state;
}

static enum parse extension(struct walk *w, uint16_t type, struct part *ext)
{
	if (type >= EXT_ECH_DRAFT_FIRST && type <= EXT_ECH)
		w->out->hides |= HIDES_ECH;
	else if (type == EXT_ESNI)
		w->out->hides |= HIDES_ESNI;
	if (!part_whole(ext)) /* only whole extensions are told of */
		return PARSE_DONE;
	switch (type) {
	case EXT_SERVER_NAME:
		w->ja4.sni = true;
		return server_name(w, ext);
	case EXT_ALPN:
		return alpn(w, ext);
	case EXT_SUPPORTED_VERSIONS:
		return supported_versions(w, ext);
	case EXT_SIGNATURE_ALGORITHMS:
		return signature_algorithms(w, ext);
	default:
		return PARSE_DONE;
	}
}

static enum parse extensions(struct walk *w, struct part *body)
{
	struct part list = part_sub(body, part_u16(body)), ext;
	uint16_t type;
	while (part_item(&list, &type, &ext)) {
		if (!is_grease(type) && w->ja4.extension_count < JA4_LIST_MAX)
			w->ja4.extensions[w->ja4.extension_count++] = type;
		const enum parse state = extension(w, type, &ext);
		if (state != PARSE_DONE)
			return state;
	}
	return list.state;
}

/* The body up to its end, or to where what we hold ends. */
static enum parse hello_body(struct walk *w, struct part *body)
{
	const uint16_t legacy = part_u16(body);
	if (body->state == PARSE_DONE) {
		if (legacy >> 8 != 3)
			return PARSE_BAD;
		w->out->version_offered = w->ja4.version = legacy;
	}
	part_take(body, 32); /* random */
	const uint8_t id = part_u8(body);
	if (id > 32)
		return PARSE_BAD;
	part_take(body, id);
	struct part ciphers = part_sub(body, part_u16(body));
	if (part_left(&ciphers) % 2)
		return PARSE_BAD;
	add_values(&ciphers, w->ja4.ciphers, &w->ja4.cipher_count);
	part_sub(body, part_u8(body)); /* compression methods */
	if (body->state != PARSE_DONE)
		return body->state;
	return part_left(body) ? extensions(w, body) : PARSE_DONE;
}

enum parse tls_client_hello(struct cursor *c, bool quic, struct tls_hello *out)
{
	*out = (struct tls_hello){0};
	struct part all = {.c = *c, .missing = SIZE_MAX / 2};
	const uint8_t type = part_u8(&all);
	if (all.state == PARSE_DONE && type != MESSAGE_CLIENT_HELLO)
		return PARSE_BAD;
	const uint32_t length = part_u24(&all);
	if (all.state != PARSE_DONE)
		return all.state;
	if (length > LIMIT_HELLO - 4)
		return PARSE_BAD;

	struct part body = part_sub(&all, length);
	const bool whole = part_whole(&body);
	struct walk w = {.out = out, .ja4 = {.quic = quic}};
	const enum parse state = hello_body(&w, &body);
	if (state == PARSE_BAD)
		return PARSE_BAD;
	if (!whole)
		return PARSE_MORE;
	if (!out->server_name.n)
		out->hides |= HIDES_NO_SNI;
	if (out->alpn.count)
		w.ja4.alpn = out->alpn.item[0];
	ja4_write(&w.ja4, out->ja4);
	*c = all.c;
	return PARSE_DONE;
}
