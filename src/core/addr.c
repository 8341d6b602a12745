#include "core/addr.h"

#include <arpa/inet.h>

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

void addr_write(struct writer *w, const struct addr *a)
{
	if (addr_is_v4(a)) {
		for (int i = 12; i < 16; i++) {
			if (i > 12)
				wr_char(w, '.');
			wr_u64(w, a->b[i]);
		}
		return;
	}
	char text[ADDR_TEXT_MAX];
	wr_text(w, addr_text(a, text));
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
