#include "base/writer.h"

void wr_text(struct writer *w, const char *z)
{
	wr_bytes(w, z, strlen(z));
}

void wr_u64_pad(struct writer *w, uint64_t v, int width)
{
	char digits[24];
	int n = sizeof digits;

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
		width--;
	} while (v || (width > 0 && n > 0));
	wr_bytes(w, digits + n, sizeof digits - (size_t)n);
}

void wr_u64(struct writer *w, uint64_t v)
{
	wr_u64_pad(w, v, 1);
}

void wr_i64(struct writer *w, int64_t v)
{
	if (v < 0)
		wr_char(w, '-');
	wr_u64(w, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void wr_hex(struct writer *w, uint64_t v, int digits)
{
	while (digits-- > 0)
		wr_char(w, "0123456789abcdef"[v >> 4 * digits & 15]);
}

void wr_escaped(struct writer *w, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '\\') {
			wr_lit(w, "\\\\");
		} else if (c >= 0x20 && c < 0x7f) {
			wr_char(w, (char)c);
		} else {
			wr_lit(w, "\\x");
			wr_hex(w, c, 2);
		}
	}
}
