/* A bounded, read-only view of bytes with a sticky error.
 *
 * Every parser of wire data reads through a cursor. One function moves it (cur_take); once a read
 * would pass the end the cursor goes bad, stays bad, and every later read yields zero. A parser may
 * therefore read a whole structure and check `bad` once. Big-endian unless the name says le.
 *
 * A cursor does not own its bytes. It must not outlive them.
 */
#ifndef EGRET_BASE_CURSOR_H
#define EGRET_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include <string.h>

struct cursor {
	const uint8_t *p;   /* next byte */
	const uint8_t *end; /* one past the last byte */
	bool bad;           /* a read passed the end */
};

static inline struct cursor cur_of(const void *data, size_t n)
{
	return (struct cursor){.p = data, .end = (const uint8_t *)data + n};
}

static inline size_t cur_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The one mover: the next n bytes, or NULL (and bad) when fewer are left. */
static inline const uint8_t *cur_take(struct cursor *c, size_t n)
{
	if (n > cur_left(c)) {
		c->bad = true;
		c->p = c->end;
		return NULL;
	}
	const uint8_t *p = c->p;
	c->p += n;
	return p;
}

static inline bool cur_skip(struct cursor *c, size_t n)
{
	return cur_take(c, n) != NULL;
}

static inline uint8_t cur_u8(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 1);
	return p ? p[0] : 0;
}

static inline uint16_t cur_u16(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 2);
	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t cur_u24(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 3);
	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t cur_u32(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint16_t cur_u16le(struct cursor *c)
{
	return __builtin_bswap16(cur_u16(c));
}

static inline uint32_t cur_u32le(struct cursor *c)
{
	return __builtin_bswap32(cur_u32(c));
}

static inline uint64_t cur_u64le(struct cursor *c)
{
	uint64_t low = cur_u32le(c);
	return low | (uint64_t)cur_u32le(c) << 32;
}

/* IEEE 754 bits. Whoever needs a number checks for infinities and NaN. */
static inline float cur_f32le(struct cursor *c)
{
	uint32_t bits = cur_u32le(c);
	float v;
	memcpy(&v, &bits, sizeof v);
	return v;
}

static inline double cur_f64le(struct cursor *c)
{
	uint64_t bits = cur_u64le(c);
	double v;
	memcpy(&v, &bits, sizeof v);
	return v;
}

/* As bytes_var writes it; bad beyond 64 bits. */
static inline uint64_t cur_var(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cur_u8(c);
		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	c->bad = true;
	c->p = c->end;
	return 0;
}

/* A sub-cursor over the next n bytes, which are skipped here. Empty and bad when fewer are left. */
static inline struct cursor cur_sub(struct cursor *c, size_t n)
{
	const uint8_t *p = cur_take(c, n);
	if (!p)
		return (struct cursor){.p = c->end, .end = c->end, .bad = true};
	return (struct cursor){.p = p, .end = p + n};
}

/* Unaligned big-endian loads where the caller has already checked the bound. */
static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return __builtin_bswap32(v);
}

/* What bytes_text wrote; points into what is read. Empty when it is cut. */
static inline struct str cur_text(struct cursor *c)
{
	uint16_t n = cur_u16le(c);
	const uint8_t *p = cur_take(c, n);

	return (struct str){(const char *)p, p ? n : 0};
}

#endif
