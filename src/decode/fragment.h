/* Puts IP datagrams together from their fragments (RFC 791 section 3.2, RFC 8200 section 4.5).
 *
 * A datagram in the making is a map of 8-byte units, the grain of fragment offsets, and pages of
 * bytes. So the cost of a fragment is linear in its own length whatever came before, in any order.
 * Where fragments overlap the bytes that came first stay.
 *
 * Fragments cut by the snaplen take part: the datagram's length is that of the wire, its bytes are
 * those up to the first that was not captured.
 */
#ifndef EGRET_DECODE_FRAGMENT_H
#define EGRET_DECODE_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/stats.h"

struct fragments;

struct fragment {
	struct addr src, dst;
	uint32_t id;
	uint8_t family; /* 4: `proto` is part of what tells datagrams apart; 6: it is not */
	uint8_t proto;  /* protocol of the payload; for IPv6 that of the piece at offset 0 counts */
	bool more;      /* others follow behind this one */
	uint32_t offset; /* bytes, a multiple of 8 */
	uint32_t length; /* bytes on the wire */
	uint32_t captured; /* bytes at data, at most length */
	const uint8_t *data;
};

struct datagram {
	const uint8_t *data; /* valid until fragments_release */
	uint32_t captured;   /* bytes at data */
	uint32_t length;     /* bytes on the wire */
	uint8_t proto;
};

enum fragment_result {
	FRAGMENT_KEPT,  /* others are missing; or a copy of what was there */
	FRAGMENT_BAD,   /* impossible: counted, not kept */
	FRAGMENT_WHOLE, /* *out is the datagram */
};

/* At most `sets` datagrams in the making and `bytes` of their content; beyond that the oldest are
 * given up. */
struct fragments *fragments_new(struct stats *stats, uint32_t sets, uint32_t bytes);
void fragments_free(struct fragments *f);
/* The most memory that they take. */
size_t fragments_memory(uint32_t sets, uint32_t bytes);

/* Takes one fragment (offset > 0 or more) at packet time `now`. */
enum fragment_result fragments_add(struct fragments *f, const struct fragment *in, uint64_t now,
				   struct datagram *out);

/* Ends the life of all datagrams given out. */
void fragments_release(struct fragments *f);
/* Gives up datagrams that are too old. */
void fragments_expire(struct fragments *f, uint64_t now);

/* Datagrams in the making. */
uint32_t fragments_waiting(const struct fragments *f);

#endif
