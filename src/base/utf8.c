#include "base/utf8.h"

size_t utf8_read(const char *p, size_t n, uint32_t *c)
{
	if (n == 0)
		return 0;
	uint8_t b = (uint8_t)p[0];
	if (b < 0x80) {
		*c = b;
		return 1;
	}
	size_t length = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
	if (b < 0xc2 || b > 0xf4 || length > n)
		return 0;
	uint32_t v = b & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		uint8_t more = (uint8_t)p[i];
		if ((more & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (more & 0x3f);
	}
	if ((length == 3 && v < 0x800) || (length == 4 && v < 0x10000) || v > 0x10ffff ||
	    (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*c = v;
	return length;
}

size_t utf8_write(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = length; i-- > 1; c >>= 6)
		p[i] = (char)(0x80 | (c & 0x3f));
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	p[0] = (char)(lead[length] | c);
	return length;
}

bool utf8_valid(struct str s)
{
	uint32_t c;

	for (size_t i = 0, n; i < s.n; i += n)
		if ((n = utf8_read(s.p + i, s.n - i, &c)) == 0)
			return false;
	return true;
}

size_t utf8_cut(struct str s, size_t n)
{
	if (n >= s.n)
		return s.n;
	while (n > 0 && ((uint8_t)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}
