/* Builds wire messages for tests: bytes, big-endian numbers, and vectors whose length is filled in
 * when they are closed. */
#ifndef EGRET_TESTS_WIRE_H
#define EGRET_TESTS_WIRE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"

struct wire {
	uint8_t b[64 * 1024];
	size_t n;
};

static inline void wire_bytes(struct wire *w, const void *p, size_t n)
{
	if (n > sizeof w->b - w->n)
		abort();
	if (n)
		memcpy(w->b + w->n, p, n);
	w->n += n;
}

static inline void wire_number(struct wire *w, uint64_t v, unsigned bytes)
{
	while (bytes--) {
		const uint8_t b = (uint8_t)(v >> 8 * bytes);
		wire_bytes(w, &b, 1);
	}
}

static inline void wire_text(struct wire *w, const char *s)
{
	wire_bytes(w, s, strlen(s));
}

static inline void wire_zeros(struct wire *w, size_t n)
{
	while (n--)
		wire_number(w, 0, 1);
}

/* Opens a vector with a length of so many bytes; returns what wire_close wants. */
static inline size_t wire_open(struct wire *w, unsigned bytes)
{
	wire_number(w, 0, bytes);
	return w->n;
}

static inline void wire_close(struct wire *w, size_t open, unsigned bytes)
{
	size_t n = w->n - open;
	for (unsigned i = 1; i <= bytes; i++, n >>= 8)
		w->b[open - i] = (uint8_t)n;
}

static inline struct cursor wire_cursor(const struct wire *w)
{
	return cur_of(w->b, w->n);
}

#endif
