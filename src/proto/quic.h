/* QUIC up to the ClientHello: RFC 9000, RFC 9001 (Initial protection), RFC 9369 (version 2), and
 * the drafts from 29 on; the older ones from 23 on and mvfst come along. */
#ifndef EGRET_PROTO_QUIC_H
#define EGRET_PROTO_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "core/stats.h"
#include "proto/parse.h"
#include "proto/quic_crypto.h"
#include "proto/quic_packet.h"
#include "proto/quic_stream.h"
#include "proto/quic_version.h"
#include "proto/tls.h"

/* One datagram's first packet looks like a QUIC long header: Initial, 0-RTT, Handshake or Retry of
 * a known version, a Version Negotiation that lists one, or any packet of a version reserved for
 * forcing negotiation; with sane connection id lengths. Either side may have sent it. Cheap; no crypto. */
bool quic_is_long_header(struct cursor datagram);
/* Like it, and an Initial packet big enough to come from a client and with a destination
 * connection id as long as a client's first must be (RFC 9000 sections 14.1 and 7.2: 1200 bytes and
 * 8; a datagram cut by the snaplen passes its wire length). To tell which side opened a flow; most
 * servers' Initial packets fail it, but some pass. */
bool quic_is_client_initial(struct cursor datagram, size_t wire_length);

/* The state of one connection until its ClientHello is complete. About 18 KiB, kept by the caller
 * in a pool. Only what stands before `stream` and the first two words of that need be zero, which
 * quic_state_init sees to; memory that is all zero is as good. */
struct quic_state {
	uint32_t version;           /* 0: nothing seen yet */
	uint8_t packets;            /* looked into, up to LIMIT_QUIC_PACKETS */
	bool keyed;                 /* dcid and version have given `keys` */
	bool retried;               /* a Retry was followed; there is but one */
	bool done;                  /* the ClientHello is complete */
	uint8_t dcid_length;
	uint8_t dcid[QUIC_CID_MAX]; /* that keys come from: client's first, or after a Retry */
	struct quic_keys keys;      /* of the client's Initial packets */
	uint64_t next_pn;           /* one more than the largest packet number */
	struct quic_stream stream;  /* CRYPTO stream of the client's Initial level */
};

void quic_state_init(struct quic_state *s);

/* Feeds one UDP datagram of the client, all coalesced packets in it (and all datagrams that
 * segmentation offload has left glued together). It is not changed.
 *
 * DONE  the ClientHello is complete: *hello is filled, strings pointing into *s.
 * MORE  not yet. Packets cut by the snaplen, damaged or not decryptable are no reason to give up.
 * BAD   nothing can come of it: a first datagram that is not QUIC, of an unknown version (reserved
 *       ones excepted: negotiation follows) or from the middle of a connection; a malformed
 *       ClientHello; LIMIT_QUIC_PACKETS looked into.
 *
 * With MORE and BAD *hello holds what the contiguous start of the message shows, has_sni when the
 * name was seen. Once DONE, so it stays. Counts quic_undecryptable (packets that are cut or larger
 * than LIMIT_QUIC_PACKET among them) and quic_version_unknown. */
enum parse quic_client_datagram(struct quic_state *s, struct cursor datagram, struct stats *stats,
				struct tls_hello *hello);

/* Feeds one datagram of the server. A Retry with a right integrity tag gives the next dcid (RFC
 * 9001 section 5.2: keys change to the Retry's source connection id; the client sends its hello
 * anew), a Version Negotiation that answers the client's packet starts afresh. Ignores the rest.
 * Both are found out from the client's packets alone, too, only later. */
void quic_server_datagram(struct quic_state *s, struct cursor datagram);

/* What the bytes put together so far show of the ClientHello, as quic_client_datagram says it: for
 * a connection that is given up. MORE when there is nothing. */
enum parse quic_hello(const struct quic_state *s, struct tls_hello *hello);

#endif
