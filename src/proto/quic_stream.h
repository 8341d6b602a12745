/* The CRYPTO stream of a client's Initial packets (RFC 9000 section 19.6), put together by offset.
 *
 * Clients cut and shuffle it on purpose, so a bit a byte says what is there: no order of pieces,
 * and no number of them, is too much. Where pieces differ the last bytes stay: decoys that die on
 * their way come first. What lies beyond LIMIT_HELLO is left out.
 */
#ifndef EGRET_PROTO_QUIC_STREAM_H
#define EGRET_PROTO_QUIC_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

struct quic_stream {
	uint32_t have;  /* contiguous bytes from offset 0 */
	uint32_t reach; /* end of the last byte that is there; beyond `have` there are holes */
	bool differs;   /* pieces said different things of the same place */
	/* Not zeroed beforehand: a bit means something only for have <= offset < reach. */
	uint64_t seen[LIMIT_HELLO / 64];
	uint8_t data[LIMIT_HELLO];
};

static inline void quic_stream_reset(struct quic_stream *s)
{
	s->have = s->reach = 0;
	s->differs = false;
}

/* n bytes at this offset of the stream. Time grows with n alone. */
void quic_stream_add(struct quic_stream *s, uint64_t offset, const uint8_t *p, size_t n);

#endif
