#include "output/json.h"

#include "base/utf8.h"

enum {
	PLAIN,
	QUOTE,
	BACKSLASH,
	CONTROL,
	HIGH, /* 0x80 and above */
};

static const uint8_t class_of[256] = {
	[0 ... 0x1f] = CONTROL, ['"'] = QUOTE,		['\\'] = BACKSLASH,
	[0x7f] = CONTROL,	[0x80 ... 0xff] = HIGH,
};

/* Bytes of the well-formed UTF-8 character at p (Unicode table 3-7), or 0. */
static size_t utf8_length(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		low = p[0] == 0xe0 ? 0xa0 : 0x80;   /* overlong */
		high = p[0] == 0xed ? 0x9f : 0xbf; /* surrogates */
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		low = p[0] == 0xf0 ? 0x90 : 0x80;
		high = p[0] == 0xf4 ? 0x8f : 0xbf; /* past U+10FFFF */
	} else {
		return 0;
	}
	if (n > left || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* C1 controls, and characters that move or hide what stands around them. */
static bool utf8_is_unsafe(const uint8_t *p, size_t n)
{
	uint32_t c;

	if (n == 2) {
		c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
		return c <= 0x9f || c == 0xad || c == 0x61c;
	}
	if (n == 4) /* language tags, all of them invisible */
		return p[0] == 0xf3 && p[1] == 0xa0 && (p[2] & 0xfe) == 0x80;
	c = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb);
}

/* Room for what is left of a string whose first byte stands at `start`. */
static size_t room_of(const struct json *j, const char *start)
{
	size_t left = (size_t)(j->w.end - j->w.p);

	if (j->string_max) {
		size_t used = (size_t)(j->w.p - start);
		size_t may = used < j->string_max ? j->string_max - used : 0;
		if (may < left)
			return may;
	}
	return left;
}

/* Writes a piece that must not be torn. False: it does not fit; the string ends before it. */
static bool piece(struct json *j, const char *start, const char *p, size_t n)
{
	if (n <= room_of(j, start)) {
		wr_bytes(&j->w, p, n);
		return true;
	}
	if (j->string_max)
		j->cut = true;
	else
		j->w.full = true;
	return false;
}

/* A run of plain bytes, which may be cut anywhere. */
static bool run(struct json *j, const char *start, const char *p, size_t n)
{
	size_t room = room_of(j, start);

	if (n <= room) {
		wr_bytes(&j->w, p, n);
		return true;
	}
	if (j->string_max) {
		wr_bytes(&j->w, p, room);
		j->cut = true;
	} else {
		j->w.full = true;
	}
	return false;
}

static bool hex_escape(struct json *j, const char *start, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	char out[5] = {'\\', '\\', 'x', hex[c >> 4], hex[c & 15]};

	return piece(j, start, out, sizeof out);
}

static bool decimal_escape(struct json *j, const char *start, uint8_t c)
{
	char out[5] = {'\\', '\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10),
		       (char)('0' + c % 10)};

	return piece(j, start, out, sizeof out);
}

/* One character of a wire string that is not plain. Returns the bytes taken, 0 when full. */
static size_t wire_special(struct json *j, const char *start, const uint8_t *p, size_t left)
{
	switch (class_of[*p]) {
	case QUOTE:
		return piece(j, start, "\\\"", 2);
	case BACKSLASH:
		return piece(j, start, "\\\\\\\\", 4);
	case CONTROL:
		return hex_escape(j, start, *p);
	default:
		break;
	}
	size_t n = utf8_length(p, left);
	if (n && !utf8_is_unsafe(p, n))
		return piece(j, start, (const char *)p, n) ? n : 0;
	return hex_escape(j, start, *p);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* An escape of the name form is one piece: \DDD, or a backslash and the character it quotes. */
static size_t name_escape(struct json *j, const char *start, const uint8_t *p, size_t left)
{
	char out[5] = {'\\', '\\'};
	size_t n = 2;

	if (left >= 4 && is_digit(p[1]) && is_digit(p[2]) && is_digit(p[3])) {
		memcpy(out + n, p + 1, 3);
		return piece(j, start, out, 5) ? 4 : 0;
	}
	if (left < 2 || is_digit(p[1]) || class_of[p[1]] == CONTROL || class_of[p[1]] == HIGH)
		return decimal_escape(j, start, '\\'); /* no escape but a bare backslash */
	if (class_of[p[1]] != PLAIN)
		out[n++] = '\\';
	out[n++] = (char)p[1];
	return piece(j, start, out, n) ? 2 : 0;
}

static size_t name_special(struct json *j, const char *start, const uint8_t *p, size_t left)
{
	switch (class_of[*p]) {
	case QUOTE:
		return piece(j, start, "\\\"", 2);
	case BACKSLASH:
		return name_escape(j, start, p, left);
	default:
		return decimal_escape(j, start, *p);
	}
}

static bool unicode_escape(struct json *j, const char *start, uint32_t c)
{
	char out[8];
	struct writer w = wr_of(out, sizeof out);

	wr_lit(&w, "\\u");
	wr_hex(&w, c, 4);
	return piece(j, start, out, wr_length(&w));
}

static size_t plain_special(struct json *j, const char *start, const uint8_t *p, size_t left)
{
	uint32_t c;

	switch (class_of[*p]) {
	case QUOTE:
		return piece(j, start, "\\\"", 2);
	case BACKSLASH:
		return piece(j, start, "\\\\", 2);
	case CONTROL:
		return unicode_escape(j, start, *p);
	default:
		break;
	}
	size_t n = utf8_read((const char *)p, left, &c);
	if (n && !utf8_is_unsafe(p, n))
		return piece(j, start, (const char *)p, n) ? n : 0;
	if (!n || c > 0xffff)
		c = 0xfffd;
	return unicode_escape(j, start, c) ? (n ? n : 1) : 0;
}

static inline void string(struct json *j, struct str s,
			  size_t (*special)(struct json *, const char *, const uint8_t *, size_t))
{
	const uint8_t *p = (const uint8_t *)s.p, *end = s.n ? p + s.n : p;

	wr_char(&j->w, '"');
	const char *start = j->w.p;
	while (p < end) {
		const uint8_t *plain = p;
		while (p < end && class_of[*p] == PLAIN)
			p++;
		if (p > plain && !run(j, start, (const char *)plain, (size_t)(p - plain)))
			break;
		if (p == end)
			break;
		size_t n = special(j, start, p, (size_t)(end - p));
		if (n == 0)
			break;
		p += n;
	}
	wr_char(&j->w, '"');
}

void json_str(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	string(j, s, wire_special);
}

void json_plain(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	string(j, s, plain_special);
}

void json_name(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	string(j, s, name_special);
}

void json_time(struct json *j, const char *key, uint64_t ns)
{
	struct date_cache none = {0};

	json_key(j, key);
	wr_char(&j->w, '"');
	date_write(&j->w, j->dates ? j->dates : &none, ns);
	wr_char(&j->w, '"');
}
