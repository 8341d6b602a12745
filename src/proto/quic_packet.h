/* QUIC packet headers: RFC 8999 (what all versions share), RFC 9000 section 17.2, RFC 9369
 * section 3.2 (version 2 numbers its packet types another way). */
#ifndef EGRET_PROTO_QUIC_PACKET_H
#define EGRET_PROTO_QUIC_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cursor.h"
#include "proto/parse.h"
#include "proto/quic_version.h"

#define QUIC_CID_MAX 20 /* in the known versions; others may have up to 255 bytes */

enum quic_packet_type {
	QUIC_PACKET_INITIAL,
	QUIC_PACKET_ZERO_RTT,
	QUIC_PACKET_HANDSHAKE,
	QUIC_PACKET_RETRY,
	QUIC_PACKET_NEGOTIATION,
	QUIC_PACKET_OTHER, /* long header of a version that is not known */
};

struct quic_cid {
	const uint8_t *p; /* NULL: the header was cut before its end */
	uint8_t n;
};

/* A long header packet. Pointers lead into the datagram. */
struct quic_packet {
	enum quic_packet_type type;
	uint8_t first; /* first byte; its low bits are protected */
	uint32_t version;
	const struct quic_version *known; /* NULL: negotiation or other */
	struct quic_cid dcid, scid;
	size_t token_length; /* Initial */
	const uint8_t *start;
	size_t pn_offset; /* of the packet number from start; Initial, 0-RTT and Handshake */
	uint64_t length;  /* of the packet by its Length field; with MORE beyond what is there */
	struct cursor rest; /* behind the connection ids: Retry, Version Negotiation */
};

/* One packet at *c, which is moved behind it: by its length where it has one, else to the end.
 * MORE: the datagram ends within it; what was read is filled in, length when it was read.
 * BAD: no long header, or an impossible one; *c is not to be used on. */
enum parse quic_packet_read(struct cursor *c, struct quic_packet *out);

/* A variable-length integer (RFC 9000 section 16). */
uint64_t quic_varint(struct cursor *c);

static inline bool quic_cid_eq(struct quic_cid a, struct quic_cid b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
