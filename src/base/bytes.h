/* A growable buffer of bytes with a bound and a sticky overflow: what files are put together in.
 * Numbers are little-endian on every machine; the cursor's …le functions read them back. */
#ifndef EGRET_BASE_BYTES_H
#define EGRET_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct bytes {
	uint8_t *p; /* owned */
	size_t n, room;
	size_t limit;
	bool full; /* something did not fit; nothing was added since */
};

/* `limit`: the most bytes it may ever hold. */
void bytes_init(struct bytes *b, size_t limit);
void bytes_fini(struct bytes *b);

/* n more bytes at the end to be written by the caller, NULL when they would pass the limit. Valid
 * until the next call. */
uint8_t *bytes_more(struct bytes *b, size_t n);
void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_u8(struct bytes *b, uint8_t v);
void bytes_u16le(struct bytes *b, uint16_t v);
void bytes_u32le(struct bytes *b, uint32_t v);
void bytes_u64le(struct bytes *b, uint64_t v);
void bytes_f32le(struct bytes *b, float v); /* IEEE 754 bits */
void bytes_f64le(struct bytes *b, double v);
/* LEB128, seven bits a byte: small numbers take little. */
void bytes_var(struct bytes *b, uint64_t v);
/* Length in two bytes, then the text, cut at 65,535. */
void bytes_text(struct bytes *b, struct str s);
/* Formatted text, without a terminator. */
void bytes_print(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
