#include "core/hostname.h"

#include <string.h>

#include "core/addr.h"

#define NAME_BYTES_MAX 255 /* RFC 1035 section 2.3.4 */
#define LABEL_MAX 63
/* A name has at most 127 labels, each of which may be reached through a pointer, and so may its
 * end. More hops than that bring nothing; without the bound a message of pointers that lead to
 * pointers would cost the square of its size. */
#define POINTERS_MAX 128

static char *put_escape(char *o, uint8_t c)
{
	*o++ = '\\';
	*o++ = (char)('0' + c / 100);
	*o++ = (char)('0' + c / 10 % 10);
	*o++ = (char)('0' + c % 10);
	return o;
}

/* Appends one byte in canonical form; the buffer has room for four. */
static char *put(char *o, uint8_t c)
{
	if (c <= 0x20 || c >= 0x7f || c == '\\')
		return put_escape(o, c);
	*o++ = ascii_lower((char)c);
	return o;
}

size_t hostname_from_text(struct str in, char out[HOSTNAME_MAX])
{
	char *o = out;

	if (in.n > NAME_BYTES_MAX)
		in.n = NAME_BYTES_MAX;
	if (in.n > 1 && in.p[in.n - 1] == '.')
		in.n--;
	for (size_t i = 0; i < in.n; i++)
		o = put(o, (uint8_t)in.p[i]);
	*o = '\0';
	return (size_t)(o - out);
}

static uint16_t port_of(struct str s)
{
	uint32_t v = 0;

	if (s.n == 0 || s.n > 5)
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		v = v * 10 + (uint32_t)(s.p[i] - '0');
	}
	return v <= UINT16_MAX ? (uint16_t)v : 0;
}

size_t hostname_from_authority(struct str in, char out[HOSTNAME_MAX], uint16_t *port)
{
	*port = 0;
	in = str_trim(in);
	const char *at = in.n ? memrchr(in.p, '@', in.n) : NULL;
	if (at) {
		in.n -= (size_t)(at + 1 - in.p);
		in.p = at + 1;
	}
	if (in.n && in.p[0] == '[') {
		const char *close = memchr(in.p, ']', in.n);
		if (close) {
			struct str rest = {close + 1, in.n - (size_t)(close + 1 - in.p)};
			if (rest.n && rest.p[0] == ':')
				*port = port_of((struct str){rest.p + 1, rest.n - 1});
			in = (struct str){in.p + 1, (size_t)(close - in.p - 1)};
			return hostname_from_text(in, out);
		}
	}
	const char *colon = in.n ? memchr(in.p, ':', in.n) : NULL;
	/* more than one colon without brackets: a bare IPv6 literal */
	if (colon && !memchr(colon + 1, ':', in.n - (size_t)(colon + 1 - in.p))) {
		*port = port_of((struct str){colon + 1, in.n - (size_t)(colon + 1 - in.p)});
		in.n = (size_t)(colon - in.p);
	}
	return hostname_from_text(in, out);
}

bool hostname_is_address(struct str name)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (name.n == 0 || name.n >= sizeof text)
		return false;
	/* digits, dots and colons only: the cheap test first */
	for (size_t i = 0; i < name.n; i++)
		if (!memchr("0123456789abcdefABCDEF.:", name.p[i], 24))
			return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return addr_parse(text, &a);
}

/* Sixteen bytes at a time, in whatever vector registers the machine has. */
typedef uint8_t block __attribute__((vector_size(16)));

/* A load at `16 - n` gives a block whose first n bytes are set. */
static const uint8_t first_bytes[32] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

/* Folds the case of 16 bytes at p into o. True when the first n of them (n <= 16) stand for
 * themselves in a name. */
static inline bool fold_block(char *o, const uint8_t *p, size_t n)
{
	block b, wanted;
	uint64_t half[2];

	memcpy(&b, p, sizeof b);
	memcpy(&wanted, first_bytes + 16 - n, sizeof wanted);
	block upper = (block)((block)(b - 'A') < 26);
	block special = (block)((block)(b - 0x21) > 0x7e - 0x21) | (block)(b == '\\') |
			(block)(b == '.');
	b |= upper & 0x20;
	special &= wanted;
	memcpy(o, &b, sizeof b);
	memcpy(half, &special, sizeof half);
	return (half[0] | half[1]) == 0;
}

static char *put_bytes(char *o, const uint8_t *label, size_t n)
{
	for (size_t i = 0; i < n; i++)
		o = label[i] == '.' ? put_escape(o, '.') : put(o, label[i]);
	return o;
}

/* A label longer than a block, or near the end of what may be looked at. */
static char *put_blocks(char *o, const uint8_t *label, size_t n, const uint8_t *readable)
{
	while (n && (size_t)(readable - label) >= sizeof(block)) {
		size_t step = n < sizeof(block) ? n : sizeof(block);
		if (!fold_block(o, label, step))
			break;
		o += step;
		label += step;
		n -= step;
	}
	return put_bytes(o, label, n);
}

/* Appends a label of 1 to 63 bytes. Bytes up to `readable` may be looked at beyond it, and `o` has
 * 16 bytes of room beyond what the label takes. */
static inline char *put_label(char *o, const uint8_t *label, size_t n, const uint8_t *readable)
{
	if (n > sizeof(block) || (size_t)(readable - label) < sizeof(block))
		return put_blocks(o, label, n, readable);
	return fold_block(o, label, n) ? o + n : put_bytes(o, label, n);
}

/* Every label was given a dot: takes the last one back. Returns the length. */
static inline size_t name_end(char *out, char *o)
{
	if (o == out) {
		memcpy(out, ".", 2);
		return 1;
	}
	*--o = '\0';
	return (size_t)(o - out);
}

/* The hot one: a few of these for every message, so it works on pointers of its own. `out` holds
 * at most 1003 bytes of name (four labels of escapes), which leaves put_label its room. */
size_t hostname_from_dns(struct cursor message, struct cursor *c, char out[HOSTNAME_MAX])
{
	const uint8_t *p = c->p, *end = c->end;
	const uint8_t *lowest = p;   /* pointers must lead below this */
	const uint8_t *after = NULL; /* where the name ends as it stands, once a pointer was met */
	unsigned bytes = 1, pointers = 0;
	char *o = out;

	while (p < end) {
		unsigned n = *p++;
		if (n == 0) {
			c->p = after ? after : p;
			return name_end(out, o);
		}
		if (n <= LABEL_MAX) {
			bytes += n + 1;
			if (n > (size_t)(end - p) || bytes > NAME_BYTES_MAX)
				break;
			o = put_label(o, p, n, message.end);
			*o++ = '.';
			p += n;
			continue;
		}
		if (n < 0xc0) /* reserved label types, RFC 6891 section 5 */
			break;
		if (p == end || ++pointers > POINTERS_MAX)
			break;
		size_t target = (n & 0x3f) << 8 | *p++;
		if (target >= (size_t)(lowest - message.p))
			break;
		if (!after)
			after = p;
		p = lowest = message.p + target;
		end = message.end;
	}
	c->bad = true;
	c->p = c->end;
	out[0] = '\0';
	return 0;
}
