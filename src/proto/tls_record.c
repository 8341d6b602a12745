#include "proto/tls.h"

#include "core/limits.h"

enum {
	CONTENT_CHANGE_CIPHER_SPEC = 20,
	CONTENT_ALERT = 21,
	CONTENT_HANDSHAKE = 22,
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_SERVER_HELLO = 2,
	/* RFC 8446 section 5.1: 2^14; some senders go a little beyond, as ciphertext may */
	RECORD_MAX = 16 * 1024 + 256,
	CLIENT_HELLO_MIN = 2 + 32 + 1 + 2 + 2 + 1 + 1, /* one cipher, one compression method */
	SERVER_HELLO_MIN = 2 + 32 + 2, /* drafts of TLS 1.3 had no session id */
	MESSAGE_HEAD = 4 + 2, /* type, length and version of a hello */
};

struct tls_record {
	uint8_t type;
	uint16_t length; /* declared */
	struct cursor body; /* what is there of it */
};

/* As many bytes of a record header as there are: a version and a believable length. Receivers have to
 * ignore the version (RFC 8446 section 5.1), and some take any of a small number. */
static bool header_fits(const struct cursor *c)
{
	const size_t n = cur_left(c);
	return (n < 2 || c->p[1] < 0x10) &&
	       (n < 4 || c->p[3] <= RECORD_MAX >> 8) &&
	       (n < 5 || load_be16(c->p + 3) <= RECORD_MAX);
}

/* The next record, of which the end may be missing. MORE when its header is not all there. */
static enum parse next_record(struct cursor *c, struct tls_record *out)
{
	if (!header_fits(c))
		return PARSE_BAD;
	if (cur_left(c) < TLS_RECORD_HEADER)
		return PARSE_MORE;
	out->type = cur_u8(c);
	cur_skip(c, 2);
	out->length = cur_u16(c);
	const size_t left = cur_left(c);
	out->body = cur_sub(c, out->length < left ? out->length : left);
	return PARSE_DONE;
}

/* The first bytes of a hello message, as many as there are (up to MESSAGE_HEAD). */
static bool message_fits(const uint8_t *p, size_t n, uint8_t type)
{
	const size_t least = type == MESSAGE_CLIENT_HELLO ? CLIENT_HELLO_MIN : SERVER_HELLO_MIN;
	if (n >= 1 && p[0] != type)
		return false;
	if (n >= 2 && p[1] != 0)
		return false;
	if (n >= 3 && p[2] > (LIMIT_HELLO - 4) >> 8)
		return false;
	if (n >= 4) {
		const size_t length = load_be16(p + 2);
		if (length < least || length > LIMIT_HELLO - 4)
			return false;
	}
	/* servers of TLS 1.3 drafts put 0x7f.. there */
	return n < 5 || p[4] == 3 || (type == MESSAGE_SERVER_HELLO && p[4] == 0x7f);
}

/* A hello's head may be spread over records of a few bytes each: gather it. */
static enum parse hello_start(struct cursor c, uint8_t type)
{
	uint8_t head[MESSAGE_HEAD];
	size_t n = 0;

	while (n < sizeof head && cur_left(&c)) {
		struct tls_record r;
		if (c.p[0] != CONTENT_HANDSHAKE)
			return PARSE_BAD;
		const enum parse state = next_record(&c, &r);
		if (state == PARSE_BAD)
			return PARSE_BAD;
		if (state == PARSE_MORE)
			break;
		while (n < sizeof head && cur_left(&r.body))
			head[n++] = cur_u8(&r.body);
	}
	if (!message_fits(head, n, type))
		return PARSE_BAD;
	return n ? PARSE_DONE : PARSE_MORE;
}

enum parse tls_is_client_start(struct cursor c)
{
	return hello_start(c, MESSAGE_CLIENT_HELLO);
}

enum parse tls_is_change_cipher(struct cursor c)
{
	struct tls_record r;

	if (cur_left(&c) && c.p[0] != CONTENT_CHANGE_CIPHER_SPEC)
		return PARSE_BAD;
	const enum parse state = next_record(&c, &r);
	if (state != PARSE_DONE)
		return state;
	if (r.length != 1)
		return PARSE_BAD;
	return cur_left(&r.body) ? PARSE_DONE : PARSE_MORE;
}

size_t tls_records_of(struct cursor stream, size_t n)
{
	const uint8_t *start = stream.p;
	struct tls_record r;

	while (n && next_record(&stream, &r) == PARSE_DONE) {
		const size_t here = cur_left(&r.body);
		if (r.type == CONTENT_HANDSHAKE)
			n -= here < n ? here : n;
	}
	return (size_t)(stream.p - start);
}

/* A cleartext alert is two bytes: level (warning or fatal) and description (RFC 8446 section 6). */
static enum parse alert_start(struct cursor c)
{
	struct tls_record r;
	const enum parse state = next_record(&c, &r);
	if (state != PARSE_DONE)
		return state;
	if (r.length != 2)
		return PARSE_BAD;
	if (!cur_left(&r.body))
		return PARSE_MORE;
	const uint8_t level = cur_u8(&r.body);
	return level == 1 || level == 2 ? PARSE_DONE : PARSE_BAD;
}

enum parse tls_is_server_start(struct cursor c)
{
	if (cur_left(&c) && c.p[0] == CONTENT_ALERT)
		return alert_start(c);
	return hello_start(c, MESSAGE_SERVER_HELLO);
}

/* Handshake bytes being joined: in place as long as they are of one record. */
struct join {
	uint8_t *scratch;
	size_t room;
	struct cursor sum;
	bool copied, full;
};

static void join_add(struct join *j, struct cursor body)
{
	if (!cur_left(&body))
		return;
	if (!cur_left(&j->sum)) {
		j->sum = body;
		return;
	}
	size_t have = cur_left(&j->sum);
	if (!j->copied) {
		if (have > j->room)
			have = j->room;
		memcpy(j->scratch, j->sum.p, have);
		j->copied = true;
	}
	size_t n = cur_left(&body);
	if (n > j->room - have) {
		n = j->room - have;
		j->full = true;
	}
	memcpy(j->scratch + have, body.p, n);
	j->sum = cur_of(j->scratch, have + n);
}

/* After a change_cipher_spec a handshake record is ciphertext, except that TLS 1.3 peers send one
 * for show between two hellos (RFC 8446 appendix D.4). Ciphertext starts like a hello by a chance
 * of one in 2^40. */
static enum parse is_hello_again(const struct tls_record *r)
{
	const size_t n = cur_left(&r->body);
	const uint8_t *p = r->body.p;
	if (r->length < MESSAGE_HEAD || (n && p[0] != MESSAGE_CLIENT_HELLO &&
					 p[0] != MESSAGE_SERVER_HELLO))
		return PARSE_BAD;
	if (!message_fits(p, n < MESSAGE_HEAD ? n : MESSAGE_HEAD, n ? p[0] : MESSAGE_CLIENT_HELLO))
		return PARSE_BAD;
	return n < MESSAGE_HEAD ? PARSE_MORE : PARSE_DONE;
}

/* Takes one record. DONE: go on; MORE: its end is missing; BAD: it ends the cleartext handshake. */
static enum parse take_record(struct join *j, const struct tls_record *r, bool *changed)
{
	switch (r->type) {
	case CONTENT_CHANGE_CIPHER_SPEC:
		if (r->length != 1)
			return PARSE_BAD;
		*changed = true;
		break;
	case CONTENT_ALERT:
		if (r->length != 2)
			return PARSE_BAD;
		break;
	case CONTENT_HANDSHAKE:
		if (*changed) {
			const enum parse again = is_hello_again(r);
			if (again != PARSE_DONE)
				return again;
			*changed = false;
		}
		join_add(j, r->body);
		if (j->full)
			return PARSE_BAD;
		break;
	default:
		return PARSE_BAD;
	}
	return cur_left(&r->body) < r->length ? PARSE_MORE : PARSE_DONE;
}

enum parse tls_deframe(struct cursor stream, uint8_t *scratch, size_t room,
		       struct cursor *handshake)
{
	struct join j = {.scratch = scratch, .room = room, .sum = cur_of(stream.p, 0)};
	bool first = true, changed = false;
	enum parse state = PARSE_MORE;

	*handshake = j.sum;
	while (cur_left(&stream)) {
		struct tls_record r;
		if (first && stream.p[0] != CONTENT_HANDSHAKE && stream.p[0] != CONTENT_ALERT)
			return PARSE_BAD;
		state = next_record(&stream, &r);
		if (state == PARSE_DONE)
			state = take_record(&j, &r, &changed);
		if (state == PARSE_BAD && first)
			return PARSE_BAD;
		if (state != PARSE_DONE)
			break;
		first = false;
	}
	*handshake = j.sum;
	return state == PARSE_BAD ? PARSE_DONE : PARSE_MORE;
}
