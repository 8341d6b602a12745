#include "base/writer.h"

void wr_text(struct writer *w, const char *z)
{
	wr_bytes(w, z, strlen(z));
}

void wr_u64_pad(struct writer *w, uint64_t v, int width)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char digits[24];
	int n = sizeof digits;

	while (v >= 100) {
		n -= 2;
		memcpy(digits + n, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		n -= 2;
		memcpy(digits + n, pairs + v * 2, 2);
	} else {
		digits[--n] = (char)('0' + v);
	}
	while ((int)sizeof digits - n < width && n > 0)
		digits[--n] = '0';
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
	if (w->full || digits > w->end - w->p) {
		w->full = true;
		return;
	}
	char *p = w->p;
	while (digits-- > 0)
		*p++ = "0123456789abcdef"[v >> 4 * digits & 15];
	w->p = p;
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
