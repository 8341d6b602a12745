/* From a captured frame to the innermost TCP or UDP header.
 *
 * Link types: Ethernet, Linux cooked v1 and v2, raw IP (12, 14, 101, 228, 229), NULL and LOOP (both
 * byte orders), PPP (with and without HDLC framing), Cisco HDLC, NFLOG, 802.11 data frames (plain,
 * radiotap, PPI, AVS/Prism), PPPoE. Tags: 802.1Q, QinQ, stacked in any number within the budget.
 * MPLS with and without a pseudowire (RFC 4385 control word). IPv4 with options, IPv6 with
 * extension headers, fragments of both put together within a bound. Tunnels: GRE (RFC 2784, 2890,
 * transparent Ethernet), ERSPAN I, II, III, VXLAN, GENEVE, GTP-U, IP-in-IP, 6in4, 4in6, Teredo.
 *
 * A UDP port that may mean a tunnel is followed only when what is inside stands up to a check;
 * otherwise the packet is plain UDP. So it is too when the inside makes no sense or leads nowhere
 * (ARP in VXLAN, a protocol that is not known, too much nesting): nothing can hide its bytes from
 * being counted behind a tunnel's port. ICMP and fragments inside are understood, and are not plain
 * UDP.
 *
 * An IP length of 0 (offload of super-packets; a jumbogram without its option) stands for all that
 * the frame holds. An IP length beyond the frame is believed, as of a packet that a mirror cut, and
 * counted. Packets quoted in ICMP errors are not looked into. Bad checksums are counted and
 * otherwise ignored: all of IPv4 headers, and of TCP and UDP those of up to 256 bytes and one in 16
 * of the longer.
 */
#ifndef EGRET_DECODE_DECODE_H
#define EGRET_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/frame.h"
#include "core/stats.h"
#include "decode/packet.h"

struct decoder;

struct decoder *decoder_new(struct stats *stats);
void decoder_free(struct decoder *d);
/* The most memory that one takes: fragments. */
size_t decoder_memory(void);

/* True when *out is a TCP or UDP packet. False: counted in stats (malformed, not IP, a fragment
 * that completes nothing yet, another transport). `out->payload` points into the frame or, for a
 * datagram put together from fragments, into the decoder: valid until decoder_release. */
bool decode_frame(struct decoder *d, const struct frame *f, struct packet *out);

/* The next packet of the same frame: an 802.11 A-MSDU holds several. After a decode_frame that was
 * true, call until it is false (at once for every other kind of frame). */
bool decode_more(struct decoder *d, struct packet *out);

/* Frees datagrams given out since the last call, and gives up fragments that are too old at packet
 * time `now`. Call once per batch. */
void decoder_release(struct decoder *d, uint64_t now);

/* Link types that are not known, for a person to read: the first few met. */
struct unknown_link {
	uint32_t link; /* LINKTYPE_ value */
	uint64_t frames;
};

/* Returns their number; *list stays the decoder's. All frames, of types beyond the list too, are in
 * stats.link_unknown. */
unsigned decoder_unknown_links(const struct decoder *d, const struct unknown_link **list);

#endif
