#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

void bytes_init(struct bytes *b, size_t limit)
{
	*b = (struct bytes){.limit = limit};
}

void bytes_fini(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){0};
}

uint8_t *bytes_more(struct bytes *b, size_t n)
{
	if (b->full || n > b->limit - b->n) {
		b->full = true;
		return NULL;
	}
	if (n > b->room - b->n) {
		size_t room = b->room < b->limit / 2 ? b->room * 2 : b->limit;

		if (room < b->n + n)
			room = b->n + n;
		if (room < 256 && b->limit >= 256)
			room = 256;
		b->p = mem_resize(b->p, room);
		b->room = room;
	}
	uint8_t *p = b->p + b->n;
	b->n += n;
	return p;
}

void bytes_add(struct bytes *b, const void *p, size_t n)
{
	uint8_t *to = n ? bytes_more(b, n) : NULL;

	if (to)
		memcpy(to, p, n);
}

static void add_number(struct bytes *b, uint64_t v, unsigned size)
{
	uint8_t *to = bytes_more(b, size);

	for (unsigned i = 0; to && i < size; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

void bytes_u8(struct bytes *b, uint8_t v)
{
	add_number(b, v, 1);
}

void bytes_u16le(struct bytes *b, uint16_t v)
{
	add_number(b, v, 2);
}

void bytes_u32le(struct bytes *b, uint32_t v)
{
	add_number(b, v, 4);
}

void bytes_u64le(struct bytes *b, uint64_t v)
{
	add_number(b, v, 8);
}

void bytes_f32le(struct bytes *b, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof bits);
	add_number(b, bits, 4);
}

void bytes_f64le(struct bytes *b, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	add_number(b, bits, 8);
}

void bytes_var(struct bytes *b, uint64_t v)
{
	uint8_t z[10];
	unsigned n = 0;

	for (; v > 0x7f; v >>= 7)
		z[n++] = (uint8_t)(v | 0x80);
	z[n++] = (uint8_t)v;
	bytes_add(b, z, n);
}

void bytes_text(struct bytes *b, struct str s)
{
	size_t n = s.n < UINT16_MAX ? s.n : UINT16_MAX;

	bytes_u16le(b, (uint16_t)n);
	bytes_add(b, s.p, n);
}

void bytes_print(struct bytes *b, const char *format, ...)
{
	va_list args;
	char text[512];

	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof text) {
		bytes_add(b, text, (size_t)n);
	} else if (n >= 0) {
		char *longer = mem_alloc((size_t)n + 1);
		va_start(args, format);
		vsnprintf(longer, (size_t)n + 1, format, args);
		va_end(args);
		bytes_add(b, longer, (size_t)n);
		free(longer);
	}
}
