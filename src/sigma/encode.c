#include "sigma/encode.h"

#include "base/utf8.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* With `=` as far as it is needed; `offset` blanks stand before the text. */
static char *base64(struct arena *a, struct sigma_text t, unsigned offset, size_t *n)
{
	size_t bytes = t.n + offset;
	char *out = arena_alloc(a, (bytes + 2) / 3 * 4 + 1), *o = out;

	for (size_t i = 0; i < bytes; i += 3) {
		uint32_t v = 0;
		for (size_t k = i; k < i + 3; k++) {
			uint8_t b = k < offset ? ' ' : k < bytes ? (uint8_t)t.text[k - offset] : 0;
			v = v << 8 | b;
		}
		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = i + 1 < bytes ? alphabet[v >> 6 & 63] : '=';
		*o++ = i + 2 < bytes ? alphabet[v & 63] : '=';
	}
	*n = (size_t)(o - out);
	return out;
}

struct sigma_text encode_base64(struct arena *a, struct sigma_text t)
{
	size_t n;
	char *out = base64(a, t, 0, &n);

	return sigma_text_literal(a, (struct str){out, n});
}

struct sigma_text encode_base64_offset(struct arena *a, struct sigma_text t, unsigned offset)
{
	static const uint8_t start[] = {0, 2, 3}; /* characters that hold bits of what is before */
	static const uint8_t cut[] = {0, 3, 2};	  /* and of what is behind, with the padding */
	size_t n, behind = cut[(t.n + offset) % 3];
	char *out = base64(a, t, offset, &n);
	size_t from = start[offset];

	if (n < from + behind)
		return sigma_text_literal(a, (struct str){NULL, 0});
	return sigma_text_literal(a, (struct str){out + from, n - from - behind});
}

/* Written as a text is, with wildcards. */
struct bytes {
	char *text;
	bool *wild;
	size_t n;
};

static void put_unit(struct bytes *b, uint32_t unit, enum utf16 kind)
{
	char low = (char)(unit & 0xff), high = (char)(unit >> 8);

	b->text[b->n++] = kind == UTF16_BIG ? high : low;
	b->text[b->n++] = kind == UTF16_BIG ? low : high;
}

bool encode_utf16(struct arena *a, struct sigma_text t, enum utf16 kind, struct sigma_text *out)
{
	size_t room = 2 * t.n + 3; /* at most two bytes for each of UTF-8 */
	struct bytes b = {arena_alloc(a, room), arena_alloc(a, room), 0};

	if (kind == UTF16_MARKED)
		put_unit(&b, 0xfeff, kind);
	for (size_t i = 0; i < t.n;) {
		uint32_t c;
		size_t n = utf8_read(t.text + i, t.n - i, &c);

		if (n == 0)
			return false;
		if (t.wild[i]) {
			b.wild[b.n] = true;
			b.text[b.n++] = t.text[i];
		} else if (c < 0x10000) {
			put_unit(&b, c, kind);
		} else {
			put_unit(&b, 0xd800 + ((c - 0x10000) >> 10), kind);
			put_unit(&b, 0xdc00 + ((c - 0x10000) & 0x3ff), kind);
		}
		i += n;
	}
	*out = (struct sigma_text){b.text, b.wild, b.n};
	return true;
}

#define EN_DASH	 0x2013u
#define EM_DASH	 0x2014u
#define LONG_BAR 0x2015u

static bool is_dash(uint32_t c)
{
	return c == '-' || c == '/' || (c >= EN_DASH && c <= LONG_BAR);
}

/* \w; of what is not ASCII all but the general punctuation, where the dashes are. */
static bool is_word(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       c == '_';
	return c < 0x2000 || c > 0x206f;
}

/* The length of the dash at `i`, 0 when no option begins there. `word`: of the character before. */
static size_t option_at(const struct sigma_text *t, size_t i, bool word)
{
	uint32_t c, next;
	size_t n = utf8_read(t->text + i, t->n - i, &c);

	if (n == 0 || t->wild[i] || !is_dash(c) || word || i + n >= t->n || t->wild[i + n])
		return 0;
	return utf8_read(t->text + i + n, t->n - i - n, &next) && is_word(next) ? n : 0;
}

/* Cuts the text at its options: parts[0], option, parts[1], option, … Returns the parts. */
static size_t cut_options(const struct sigma_text *t, struct sigma_text *parts, size_t max)
{
	size_t count = 1, from = 0;
	bool word = false;

	for (size_t i = 0, n; i < t->n; i += n) {
		uint32_t c = 0;
		size_t dash = option_at(t, i, word);

		n = utf8_read(t->text + i, t->n - i, &c);
		if (n == 0)
			n = 1;
		if (dash) {
			if (count == max)
				return 0;
			parts[count - 1] =
				(struct sigma_text){t->text + from, t->wild + from, i - from};
			from = i + dash;
			count++;
		}
		word = !t->wild[i] && is_word(c);
	}
	parts[count - 1] = (struct sigma_text){t->text + from, t->wild + from, t->n - from};
	return count;
}

#define OPTIONS_MAX 16
#define DASHES	    5

bool encode_windash(struct arena *a, struct sigma_text t, size_t limit,
		    void (*each)(void *context, struct sigma_text t), void *context)
{
	static const uint32_t dash[DASHES] = {'-', '/', EN_DASH, EM_DASH, LONG_BAR};
	struct sigma_text parts[OPTIONS_MAX + 1];
	size_t count = cut_options(&t, parts, OPTIONS_MAX + 1), all = 1;

	if (count == 0)
		return false;
	for (size_t i = 1; i < count; i++)
		all *= DASHES; /* at most 5^16 */
	if (all > limit)
		return false;
	for (size_t k = 0; k < all; k++) {
		struct sigma_text out = parts[0];
		size_t digits = k, place = all;

		for (size_t i = 1; i < count; i++) {
			char bytes[4];
			place /= DASHES;
			size_t n = utf8_write(bytes, dash[digits / place]);
			digits %= place;
			struct sigma_text d = sigma_text_literal(a, (struct str){bytes, n});
			out = sigma_text_join(a, sigma_text_join(a, out, d), parts[i]);
		}
		each(context, out);
	}
	return true;
}
