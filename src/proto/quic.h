/* QUIC up to the ClientHello: RFC 9000, RFC 9001 (Initial protection), RFC 9369 (version 2), and
 * the drafts from 29 on (older drafts from 23 on and mvfst where their salts are known: a bonus). */
#ifndef EGRET_PROTO_QUIC_H
#define EGRET_PROTO_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "core/stats.h"
#include "proto/parse.h"
#include "proto/tls.h"

#define QUIC_CID_MAX 20

/* One datagram's first packet looks like a QUIC long header (Initial, 0-RTT, Handshake, Retry or
 * Version Negotiation) of a known version, with sane connection id lengths. Cheap; no crypto. */
bool quic_is_long_header(struct cursor datagram);
/* Like it, and an Initial big enough to come from a client (RFC 9000 section 14.1: 1200 bytes; a
 * datagram cut by the snaplen passes its wire length). */
bool quic_is_client_initial(struct cursor datagram, size_t wire_length);

/* The state of one connection until its ClientHello is complete. About LIMIT_HELLO bytes; the
 * caller keeps it in a pool and zeroes it before the first call. */
struct quic_state {
	uint32_t version;
	uint8_t dcid[QUIC_CID_MAX]; /* that keys come from: client's first, or after a Retry */
	uint8_t dcid_length;
	bool keyed, retried, hello_done;
	/* AES-128 keys of the client's Initial packets, derived once per dcid */
	uint8_t key[16], iv[12], hp[16];
	uint64_t largest_pn;
	/* CRYPTO stream of the client's Initial level, put together by offset */
	uint32_t have; /* contiguous bytes from offset 0 */
	struct {
		uint32_t start, end;
	} piece[32]; /* pieces beyond the hole, sorted, not touching */
	uint8_t pieces;
	uint8_t packets; /* Initial packets looked into; bounded */
	uint8_t data[16 * 1024];
};

/* Feeds one UDP datagram of the client, all coalesced packets in it. DONE when the ClientHello is
 * complete: *hello is filled, strings pointing into s->data. MORE: not yet (hello holds what a
 * partial message shows, has_sni when the name was seen). BAD: this is not QUIC, or nothing can
 * come of it (unknown version, wrong tag on the first Initial, too many packets). Overlapping
 * pieces: the first bytes stay. */
enum parse quic_client_datagram(struct quic_state *s, struct cursor datagram, struct stats *stats,
				struct tls_hello *hello);

/* Feeds one datagram of the server: a Retry gives the next dcid (RFC 9001 section 5.2: keys change
 * to the Retry's source connection id), a Version Negotiation starts afresh. Ignores the rest. */
void quic_server_datagram(struct quic_state *s, struct cursor datagram);

/* "QUICv1", "QUICv2", "draft-29", …; "unknown". */
const char *quic_version_name(uint32_t version);

#endif
