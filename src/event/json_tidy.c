#include "event/json_tidy.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"
#include "base/utf8.h"
#include "base/writer.h"

/* A raw control character takes six bytes; nothing grows more. */
#define GROWTH	  6
#define KEPT_ROOM (1024 * 1024) /* more is not kept for the next line */

static const char replacement[] = "\xef\xbf\xbd";

struct run {
	struct json_tidy *t; /* NULL: only to find `stop` */
	char *o, *start;
	const char *p, *end;
	uint32_t tickets, values;
};

void json_tidy_fini(struct json_tidy *t)
{
	free(t->out);
	free(t->number);
	*t = (struct json_tidy){0};
}

static void put(struct run *r, const char *p, size_t n)
{
	memcpy(r->o, p, n);
	r->o += n;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code unit of a \uXXXX at p, or -1. */
static int32_t unit_of(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int h = hex_of(p[i]);
		if (h < 0)
			return -1;
		v = v << 4 | h;
	}
	return v;
}

/* At a backslash. */
static void escape(struct run *r, bool *has_nul)
{
	int32_t v = unit_of(r->p, r->end);

	if (v < 0) { /* another escape, or none: the parser says */
		size_t n = r->end - r->p >= 2 ? 2 : 1;
		put(r, r->p, n);
		r->p += n;
		return;
	}
	size_t n = 6;
	bool lone = v >= 0xdc00 && v <= 0xdfff;
	if (v >= 0xd800 && v <= 0xdbff) {
		int32_t low = unit_of(r->p + 6, r->end);
		if (low >= 0xdc00 && low <= 0xdfff)
			n = 12;
		else
			lone = true;
	}
	*has_nul |= v == 0;
	put(r, lone ? "\\ufffd" : r->p, n);
	r->p += n;
}

static inline bool is_plain(char c)
{
	return (uint8_t)c >= 0x20 && (uint8_t)c < 0x80 && c != '"' && c != '\\';
}

/* At the opening quote; moves behind the closing one, or to the end. */
static void string(struct run *r, bool *has_nul)
{
	static const char hex[] = "0123456789abcdef";

	put(r, r->p++, 1);
	while (r->p < r->end) {
		const char *plain = r->p;
		uint32_t c;
		while (r->p < r->end && is_plain(*r->p))
			r->p++;
		put(r, plain, (size_t)(r->p - plain));
		if (r->p == r->end)
			return;
		if (*r->p == '"') {
			put(r, r->p++, 1);
			return;
		}
		if (*r->p == '\\') {
			escape(r, has_nul);
		} else if ((uint8_t)*r->p < 0x20) {
			char out[6] = {'\\', 'u', '0', '0', hex[*r->p >> 4], hex[*r->p & 15]};
			*has_nul |= *r->p == 0;
			put(r, out, sizeof out);
			r->p++;
		} else {
			size_t n = utf8_read(r->p, (size_t)(r->end - r->p), &c);
			if (n)
				put(r, r->p, n);
			else
				put(r, replacement, 3);
			r->p += n ? n : 1;
		}
	}
}

/* A key with NUL in it: of the same length without. */
static void cleanse_key(char *p, char *end)
{
	for (; end - p >= 6; p++) {
		if (*p != '\\')
			continue;
		if (memcmp(p, "\\u0000", 6) == 0)
			memcpy(p, "\\ufffd", 6);
		p++;
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/* The length of the number at p by RFC 8259 section 6, or 0. */
static size_t number_length(const char *p, const char *end)
{
	const char *start = p, *more;

	if (p < end && *p == '-')
		p++;
	more = digits(p, end);
	if (more == p || (*p == '0' && more - p > 1))
		return 0;
	p = more;
	if (p < end && *p == '.') {
		more = digits(p + 1, end);
		if (more == p + 1)
			return 0;
		p = more;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		more = digits(p, end);
		if (more == p)
			return 0;
		p = more;
	}
	return (size_t)(p - start);
}

static void ticket(struct run *r, size_t n)
{
	struct writer w = wr_of(r->o, 10);

	if (r->t) {
		struct json_tidy *t = r->t;
		if (t->numbers == t->number_room) {
			t->number_room = t->number_room ? t->number_room * 2 : 64;
			t->number = mem_resize(t->number, t->number_room * sizeof *t->number);
		}
		t->number[t->numbers++] = (struct str){r->p, n};
	}
	wr_u64(&w, r->tickets++);
	r->o += wr_length(&w);
	r->p += n;
}

/* Where a number may be: all that looks like one, so that none stands right beside another. */
static void number(struct run *r)
{
	const char *p = r->p;

	while (p < r->end &&
	       (is_digit(*p) || *p == '-' || *p == '+' || *p == '.' || *p == 'e' || *p == 'E'))
		p++;
	size_t n = (size_t)(p - r->p);
	if (number_length(r->p, p) == n) {
		ticket(r, n);
	} else {
		put(r, r->p, n);
		r->p = p;
	}
}

/* Up to the end of the line, or until `stop` bytes were written. */
static void run(struct run *r, size_t stop)
{
	char *key = r->o;
	bool has_nul = false;

	while (r->p < r->end && (size_t)(r->o - r->start) < stop) {
		switch (*r->p) {
		case '"':
			key = r->o;
			has_nul = false;
			string(r, &has_nul);
			continue;
		case '-':
		case '0' ... '9':
			number(r);
			continue;
		case ':':
			if (has_nul)
				cleanse_key(key, r->o);
			break;
		case ',':
		case '[':
		case '{':
			r->values++;
			break;
		default:
			break;
		}
		put(r, r->p++, 1);
	}
}

static struct str trimmed(struct str line)
{
	if (line.n >= 3 && memcmp(line.p, "\xef\xbb\xbf", 3) == 0)
		line = (struct str){line.p + 3, line.n - 3};
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n'))
		line.n--;
	return line;
}

void json_tidy_run(struct json_tidy *t, struct str line)
{
	line = trimmed(line);
	size_t want = line.n * GROWTH + 16;

	if (t->room < want || (t->room > KEPT_ROOM && want <= KEPT_ROOM)) {
		free(t->out);
		t->out = mem_alloc(want);
		t->room = want;
	}
	t->numbers = 0;
	struct run r = {.t = t, .o = t->out, .start = t->out, .p = line.p, .end = line.p + line.n};
	run(&r, SIZE_MAX);
	t->n = (size_t)(r.o - t->out);
	t->values = r.values + 1;
}

size_t json_tidy_source(struct str line, size_t at)
{
	struct str s = trimmed(line);
	char *scratch = mem_alloc(s.n * GROWTH + 16);
	struct run r = {.o = scratch, .start = scratch, .p = s.p, .end = s.p + s.n};

	run(&r, at);
	free(scratch);
	return (size_t)(r.p - line.p);
}

size_t json_tidy_memory(void)
{
	/* the line once more, and again where an error is looked for; its numbers, in an array that
	 * doubles */
	return 2 * (size_t)LIMIT_EVENT_LINE * GROWTH +
	       2 * (size_t)LIMIT_EVENT_LINE / 2 * sizeof(struct str);
}
