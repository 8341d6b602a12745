/* Bytes with a declared length of which the end may not be there yet.
 *
 * The rule of proto/parse.h as a type: a read beyond the declared length is BAD, a read within it
 * but beyond what we hold is MORE. The state is sticky; after the first failure every read yields
 * zero. Nested vectors (a list in an extension in a message) are parts of parts.
 */
#ifndef EGRET_PROTO_PART_H
#define EGRET_PROTO_PART_H

#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "proto/parse.h"

struct part {
	struct cursor c;  /* what is there */
	size_t missing;   /* declared bytes that are not there yet */
	enum parse state; /* PARSE_DONE until a read fails */
};

/* Declared bytes not read yet. */
static inline size_t part_left(const struct part *p)
{
	return p->state == PARSE_DONE ? cur_left(&p->c) + p->missing : 0;
}

/* All of it is there. */
static inline bool part_whole(const struct part *p)
{
	return p->state == PARSE_DONE && p->missing == 0;
}

static inline const uint8_t *part_take(struct part *p, size_t n)
{
	if (p->state != PARSE_DONE)
		return NULL;
	const size_t here = cur_left(&p->c);
	if (n > here) {
		p->state = n - here > p->missing ? PARSE_BAD : PARSE_MORE;
		return NULL;
	}
	return cur_take(&p->c, n);
}

static inline uint8_t part_u8(struct part *p)
{
	const uint8_t *b = part_take(p, 1);
	return b ? b[0] : 0;
}

static inline uint16_t part_u16(struct part *p)
{
	const uint8_t *b = part_take(p, 2);
	return b ? load_be16(b) : 0;
}

static inline uint32_t part_u24(struct part *p)
{
	const uint8_t *b = part_take(p, 3);
	return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

/* The next n declared bytes as a part of their own. It inherits a failure; one that does not fit
 * makes both BAD. */
static inline struct part part_sub(struct part *p, size_t n)
{
	struct part sub = {.c = {.p = p->c.end, .end = p->c.end}, .state = p->state};
	if (p->state != PARSE_DONE)
		return sub;
	const size_t left = cur_left(&p->c), here = n < left ? n : left;
	if (n - here > p->missing) {
		p->state = sub.state = PARSE_BAD;
		return sub;
	}
	sub.c = cur_sub(&p->c, here);
	sub.missing = n - here;
	p->missing -= sub.missing;
	return sub;
}

/* The next item of a list of 16-bit types and values with a 16-bit length (TLS extensions). False
 * at the list's end and when not even the item's head is there; list->state tells which. */
static inline bool part_item(struct part *list, uint16_t *type, struct part *value)
{
	if (!part_left(list))
		return false;
	*type = part_u16(list);
	*value = part_sub(list, part_u16(list));
	return list->state == PARSE_DONE;
}

#endif
