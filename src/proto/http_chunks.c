#include "proto/http.h"

#define SIZE_DIGITS_MAX 64 /* leading zeros included */
#define SIZE_MAX_BYTES (UINT64_C(1) << 63)

enum {
	CHUNK_SIZE,      /* in the digits */
	CHUNK_EXTENSION, /* behind them, up to the line's end */
	CHUNK_DATA,
	CHUNK_DATA_END,  /* the line end behind the data */
	CHUNK_DATA_LF,   /* its LF */
	CHUNK_TRAILER,   /* at the start of a trailer line */
	CHUNK_TRAILER_LF, /* after a CR there: the LF that ends the body */
	CHUNK_IN_TRAILER, /* in such a line */
	CHUNK_DONE,
	CHUNK_BAD,
};

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint8_t after_size(const struct http_chunks *s)
{
	return s->left ? CHUNK_DATA : CHUNK_TRAILER;
}

/* A byte of the size line up to the last digit. */
static uint8_t size_byte(struct http_chunks *s, uint8_t c)
{
	const int v = hex_value(c);
	if (v >= 0) {
		if (s->digits++ >= SIZE_DIGITS_MAX || s->left > (SIZE_MAX_BYTES - (unsigned)v) >> 4)
			return CHUNK_BAD;
		s->left = s->left << 4 | (unsigned)v;
		return CHUNK_SIZE;
	}
	if (!s->digits)
		return CHUNK_BAD;
	if (c == '\n')
		return after_size(s);
	return c == ';' || c == ' ' || c == '\t' || c == '\r' ? CHUNK_EXTENSION : CHUNK_BAD;
}

/* The state after one byte that is not chunk data. */
static uint8_t step(struct http_chunks *s, uint8_t c)
{
	switch (s->state) {
	case CHUNK_SIZE:
		return size_byte(s, c);
	case CHUNK_EXTENSION:
		return c == '\n' ? after_size(s) : CHUNK_EXTENSION;
	case CHUNK_DATA_END:
		if (c == '\r')
			return CHUNK_DATA_LF;
		/* fall through */
	case CHUNK_DATA_LF:
		s->digits = 0;
		return c == '\n' ? CHUNK_SIZE : CHUNK_BAD;
	case CHUNK_TRAILER:
		if (c == '\r')
			return CHUNK_TRAILER_LF;
		return c == '\n' ? CHUNK_DONE : CHUNK_IN_TRAILER;
	case CHUNK_TRAILER_LF:
		return c == '\n' ? CHUNK_DONE : CHUNK_BAD;
	case CHUNK_IN_TRAILER:
		return c == '\n' ? CHUNK_TRAILER : CHUNK_IN_TRAILER;
	default:
		return CHUNK_BAD;
	}
}

size_t http_chunks_skip(struct http_chunks *s, const uint8_t *p, size_t n, bool *done, bool *bad)
{
	size_t at = 0;
	while (at < n && s->state != CHUNK_DONE && s->state != CHUNK_BAD) {
		if (s->state == CHUNK_DATA) {
			const size_t take = s->left < n - at ? (size_t)s->left : n - at;
			at += take;
			s->left -= take;
			if (!s->left)
				s->state = CHUNK_DATA_END;
		} else {
			s->state = step(s, p[at]);
			at += s->state != CHUNK_BAD;
		}
	}
	*done = s->state == CHUNK_DONE;
	*bad = s->state == CHUNK_BAD;
	return at;
}
