#include "core/addr.h"

#include <arpa/inet.h>

#include "base/cursor.h"

bool addr_is_private(const struct addr *a)
{
	const uint8_t *b = a->b;

	if (addr_is_v4(a)) {
		b += 12;
		return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
		       (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254) ||
		       (b[0] == 100 && (b[1] & 0xc0) == 64) || b[0] == 127;
	}
	static const uint8_t loopback[16] = {[15] = 1};
	return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
	       memcmp(b, loopback, 16) == 0;
}

bool addr_is_multicast(const struct addr *a)
{
	if (addr_is_v4(a))
		return (a->b[12] & 0xf0) == 0xe0 || memcmp(a->b + 12, "\xff\xff\xff\xff", 4) == 0;
	return a->b[0] == 0xff;
}

const char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	bool four = addr_is_v4(a);

	inet_ntop(four ? AF_INET : AF_INET6, four ? a->b + 12 : a->b, out, ADDR_TEXT_MAX);
	return out;
}

/* RFC 5952: lower case, no leading zeros, the first of the longest runs of two or more zero groups
 * as "::". By hand, since inet_ntop formats with sprintf and this runs for every record. */
static void write_v6(struct writer *w, const uint8_t *b)
{
	static const char hex[] = "0123456789abcdef";
	char out[ADDR_TEXT_MAX], *o = out;
	int start = 8, longest = 1;

	for (int i = 0; i < 8; i++) {
		int n = 0;
		while (i + n < 8 && b[2 * (i + n)] == 0 && b[2 * (i + n) + 1] == 0)
			n++;
		if (n > longest) {
			start = i;
			longest = n;
		}
		i += n;
	}
	for (int i = 0; i < 8; i++) {
		unsigned v = load_be16(b + 2 * i);
		if (i == start) {
			*o++ = ':';
			*o++ = ':';
			i += longest - 1;
			continue;
		}
		if (i > 0 && i != start + longest)
			*o++ = ':';
		for (int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0; shift >= 0; shift -= 4)
			*o++ = hex[v >> shift & 15];
	}
	wr_bytes(w, out, (size_t)(o - out));
}

void addr_write(struct writer *w, const struct addr *a)
{
	if (!addr_is_v4(a)) {
		write_v6(w, a->b);
		return;
	}
	char out[ADDR_TEXT_MAX], *o = out;
	for (int i = 12; i < 16; i++) {
		uint8_t v = a->b[i];
		if (v >= 100)
			*o++ = (char)('0' + v / 100);
		if (v >= 10)
			*o++ = (char)('0' + v / 10 % 10);
		*o++ = (char)('0' + v % 10);
		*o++ = '.';
	}
	wr_bytes(w, out, (size_t)(o - out) - 1);
}

bool addr_parse(const char *text, struct addr *out)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1) {
		*out = addr_v4(b);
		return true;
	}
	if (inet_pton(AF_INET6, text, b) == 1) {
		*out = addr_v6(b);
		return true;
	}
	return false;
}
