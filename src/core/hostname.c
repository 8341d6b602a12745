#include "core/hostname.h"

#include <string.h>

#include "core/addr.h"

#define NAME_BYTES_MAX 255 /* RFC 1035 section 2.3.4 */

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
			return hostname_from_text((struct str){in.p + 1, (size_t)(close - in.p - 1)},
						  out);
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

	/* digits, dots and colons only: the cheap test first */
	for (size_t i = 0; i < name.n; i++)
		if (!strchr("0123456789abcdefABCDEF.:", name.p[i]))
			return false;
	if (name.n == 0 || name.n >= sizeof text)
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return addr_parse(text, &a);
}

size_t hostname_from_dns(struct cursor message, struct cursor *c, char out[HOSTNAME_MAX])
{
	const uint8_t *start = message.p;
	struct cursor at = *c; /* where labels are read */
	const uint8_t *lowest = c->p; /* pointers must lead below this */
	bool jumped = false;
	size_t bytes = 1; /* the root label */
	char *o = out;

	for (;;) {
		uint8_t length = cur_u8(&at);
		if (at.bad)
			break;
		if ((length & 0xc0) == 0xc0) {
			size_t target = (size_t)(length & 0x3f) << 8 | cur_u8(&at);
			if (at.bad || target >= (size_t)(lowest - start))
				break;
			if (!jumped)
				c->p = at.p;
			jumped = true;
			lowest = start + target;
			at = (struct cursor){.p = lowest, .end = message.end};
			continue;
		}
		if (length & 0xc0) /* reserved label types, RFC 6891 section 5 */
			break;
		if (length == 0) {
			if (!jumped)
				c->p = at.p;
			if (o == out)
				*o++ = '.';
			*o = '\0';
			return (size_t)(o - out);
		}
		const uint8_t *label = cur_take(&at, length);
		bytes += length + 1u;
		if (!label || bytes > NAME_BYTES_MAX)
			break;
		if (o != out)
			*o++ = '.';
		for (uint8_t i = 0; i < length; i++)
			o = label[i] == '.' ? put_escape(o, '.') : put(o, label[i]);
	}
	c->bad = true;
	c->p = c->end;
	out[0] = '\0';
	return 0;
}
