/* Addresses and 5-tuples in sections of the state. What is read from a damaged section is zero, and the
 * cursor bad. */
#ifndef EGRET_CORE_TUPLE_STATE_H
#define EGRET_CORE_TUPLE_STATE_H

#include <string.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "core/tuple.h"

static inline void addr_save(const struct addr *a, struct bytes *out)
{
	bytes_add(out, a->b, sizeof a->b);
}

static inline void addr_load(struct addr *a, struct cursor *in)
{
	const uint8_t *p = cur_take(in, sizeof a->b);

	if (p)
		memcpy(a->b, p, sizeof a->b);
}

static inline void tuple_save(const struct tuple *t, struct bytes *out)
{
	addr_save(&t->src, out);
	addr_save(&t->dst, out);
	bytes_u16le(out, t->sport);
	bytes_u16le(out, t->dport);
	bytes_u8(out, t->proto);
}

static inline void tuple_load(struct tuple *t, struct cursor *in)
{
	addr_load(&t->src, in);
	addr_load(&t->dst, in);
	t->sport = cur_u16le(in);
	t->dport = cur_u16le(in);
	t->proto = cur_u8(in);
}

#endif
