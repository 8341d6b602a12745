#include "proto/tls.h"

#include "proto/part.h"
#include "proto/x509.h"

enum {
	MESSAGE_HELLO_REQUEST = 0,
	MESSAGE_SERVER_HELLO = 2,
	MESSAGE_RETRY_OF_DRAFT = 6, /* HelloRetryRequest up to draft 21 of TLS 1.3 */
	MESSAGE_CERTIFICATE = 11,
	MESSAGE_SUPPLEMENTAL = 23, /* RFC 4680: may come before the certificate */
	EXT_ALPN = 16,
	EXT_SUPPORTED_VERSIONS = 43,
};

/* RFC 8446 section 4.1.3: the random of a ServerHello that is a HelloRetryRequest. */
static const uint8_t retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static bool is_13(uint16_t version)
{
	return version >= 0x0304; /* drafts are 0x7f.. */
}

/* What a ServerHello says, kept apart until all of it was read. */
struct choice {
	uint16_t version, cipher;
	struct str alpn;
	bool retry;
};

static enum parse extension(struct choice *out, uint16_t type, struct part *ext)
{
	if (type == EXT_SUPPORTED_VERSIONS) {
		out->version = part_u16(ext);
		return ext->state;
	}
	if (type == EXT_ALPN) {
		struct part list = part_sub(ext, part_u16(ext));
		const size_t n = part_u8(&list);
		const uint8_t *p = part_take(&list, n);
		if (p)
			out->alpn = (struct str){(const char *)p, n};
		return list.state;
	}
	return PARSE_DONE;
}

static enum parse extensions(struct choice *out, struct part *body)
{
	struct part list = part_sub(body, part_u16(body)), ext;
	uint16_t type;
	while (part_item(&list, &type, &ext)) {
		const enum parse state = extension(out, type, &ext);
		if (state != PARSE_DONE)
			return state;
	}
	return list.state;
}

/* RFC 8446 section 4.1.3 and RFC 5246 section 7.4.1.3; drafts of 1.3 before the 22nd put their
 * version into the legacy field and had neither session id nor compression method. */
static enum parse server_hello(struct choice *out, struct part *body)
{
	out->version = part_u16(body);
	const uint8_t *random = part_take(body, 32);
	if (!random)
		return body->state;
	const bool draft = out->version >> 8 == 0x7f;
	if (out->version >> 8 != 3 && !draft)
		return PARSE_BAD;
	out->retry = memcmp(random, retry_random, sizeof retry_random) == 0;
	if (!draft) {
		const uint8_t id = part_u8(body);
		if (id > 32)
			return PARSE_BAD;
		part_take(body, id);
	}
	out->cipher = part_u16(body);
	if (!draft)
		part_u8(body); /* compression method */
	if (body->state != PARSE_DONE)
		return body->state;
	return part_left(body) ? extensions(out, body) : PARSE_DONE;
}

static enum parse take_hello(struct tls_server *out, struct part *body, bool *next)
{
	struct choice choice = {0};
	const bool whole = part_whole(body);
	const enum parse state = server_hello(&choice, body);
	if (state != PARSE_DONE)
		return state;
	if (!whole)
		return PARSE_MORE;
	*next = !out->retry && (choice.retry || !is_13(choice.version));
	out->hello = true;
	out->retry |= choice.retry;
	out->version_chosen = choice.version;
	out->cipher_chosen = choice.cipher;
	out->alpn_chosen = choice.alpn;
	return PARSE_DONE;
}

/* RFC 5246 section 7.4.2. The leaf comes first and is all that is wanted, so the chain behind it
 * need not be there. One that is no X.509 certificate (RFC 7250) has no names. */
static enum parse certificate(struct tls_server *out, struct part *body)
{
	struct part list = part_sub(body, part_u24(body));
	if (part_left(&list)) {
		struct part leaf = part_sub(&list, part_u24(&list));
		if (list.state != PARSE_DONE)
			return list.state;
		if (!part_whole(&leaf))
			return PARSE_MORE;
		struct x509_names names;
		if (x509_names_of(leaf.c, &names) == PARSE_DONE) {
			out->cert_subject = names.subject;
			out->cert_issuer = names.issuer;
			out->cert_names = names.names;
		}
	}
	if (list.state != PARSE_DONE)
		return list.state;
	out->certificate = true;
	return PARSE_DONE;
}

/* One message; *next says whether the one after it is wanted. */
static enum parse message(struct tls_server *out, uint8_t type, struct part *body, bool *next)
{
	/* the hello that a HelloRetryRequest asked for is the one that counts */
	const bool waiting = !out->hello || out->retry;

	*next = false;
	switch (type) {
	case MESSAGE_SERVER_HELLO:
		return waiting ? take_hello(out, body, next) : PARSE_BAD;
	case MESSAGE_RETRY_OF_DRAFT:
		out->retry = *next = waiting;
		return PARSE_DONE;
	case MESSAGE_HELLO_REQUEST:
		*next = true;
		return PARSE_DONE;
	case MESSAGE_SUPPLEMENTAL:
		*next = !waiting;
		break;
	case MESSAGE_CERTIFICATE:
		if (!waiting)
			return certificate(out, body);
		break;
	default: /* the certificate's place is past */
		break;
	}
	return out->hello ? PARSE_DONE : PARSE_BAD;
}

enum parse tls_server_flight(struct cursor handshake, struct tls_server *out)
{
	*out = (struct tls_server){0};
	struct part all = {.c = handshake, .missing = SIZE_MAX / 2};

	for (;;) {
		const uint8_t type = part_u8(&all);
		const size_t length = part_u24(&all);
		struct part body = part_sub(&all, length);
		if (all.state != PARSE_DONE)
			return all.state;
		const bool whole = part_whole(&body);
		bool next;
		const enum parse state = message(out, type, &body, &next);
		if (state != PARSE_DONE || !next)
			return state;
		if (!whole)
			return PARSE_MORE;
	}
}
