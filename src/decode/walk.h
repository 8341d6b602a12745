/* The walk over one frame's headers: what the steps of this room share. Internal to decode/.
 *
 * A step reads one kind of header and says what comes next. The loop in decode.c runs the steps and
 * keeps the nesting budget; no step calls another kind of step, so there is no recursion.
 */
#ifndef EGRET_DECODE_WALK_H
#define EGRET_DECODE_WALK_H

#include "base/cursor.h"
#include "core/record.h"
#include "core/stats.h"
#include "decode/decode.h"
#include "decode/fragment.h"

#define UNKNOWN_LINKS 8

struct decoder {
	struct stats *stats;
	struct fragments *fragments;
	/* what a frame holds beyond the packet given out: the subframes of an 802.11 A-MSDU */
	struct cursor more;
	size_t more_cut;
	struct packet more_base; /* time, tags and tunnels around them */
	unsigned long_segments; /* met so far, of which some have their checksum verified */
	struct unknown_link unknown[UNKNOWN_LINKS];
};

enum next {
	NEXT_NOTHING, /* the walk ends without a packet; the reason is counted */
	NEXT_WAIT,    /* nothing to give out: a fragment was kept, or it is ICMP */
	NEXT_DONE,    /* *out is filled */
	NEXT_ETHERNET,
	NEXT_VLAN, /* behind the tag's Ethernet type */
	NEXT_LLC,
	NEXT_MPLS,
	NEXT_PPPOE,
	NEXT_PPP,
	NEXT_HDLC,
	NEXT_RADIOTAP,
	NEXT_WLAN,
	NEXT_AMSDU, /* the next subframe of decoder.more */
	NEXT_IP,    /* of the version that the first half byte names */
	NEXT_IPV4,
	NEXT_IPV6,
	NEXT_GRE,
	NEXT_ERSPAN2, /* II or III, by the version in its header */
	NEXT_TCP,
	NEXT_UDP,
	NEXT_LINK, /* a header of walk.link */
};

struct walk {
	struct cursor c; /* what is left to read; ends with the header being looked into */
	size_t cut;      /* bytes of it behind c.end that were on the wire but are not here */
	struct decoder *d;
	struct packet *out;
	uint32_t link;   /* NEXT_LINK */
	bool bounded;    /* its end is known from a length field, not just the end of the frame */
	uint8_t ip_checksum; /* enum packet_checksum of the IP header; IPv6 has none: right */
	bool no_checksum; /* the destination in the header is not the final one (routing header) */
	bool has_outer;  /* a UDP tunnel was entered; then */
	struct packet outer; /* is what to give out if nothing of use is inside */
};

/* Bytes on the wire from here on. */
static inline size_t walk_wire(const struct walk *w)
{
	return cur_left(&w->c) + w->cut;
}

/* The part looked into is n bytes long from here on, whatever follows (padding, a trailer) or is
 * missing. */
static inline void walk_limit(struct walk *w, size_t n)
{
	size_t left = cur_left(&w->c);

	if (n <= left) {
		w->c.end = w->c.p + n;
		w->cut = 0;
	} else {
		w->cut = n - left;
	}
	w->bounded = true;
}

/* As walk_limit, for a length field that is not believed when it makes the part longer. */
static inline void walk_trim(struct walk *w, size_t n)
{
	if (n <= walk_wire(w))
		walk_limit(w, n);
}

static inline enum next walk_bad_link(struct walk *w)
{
	w->d->stats->link_malformed++;
	return NEXT_NOTHING;
}

static inline enum next walk_not_ip(struct walk *w)
{
	w->d->stats->not_ip++;
	return NEXT_NOTHING;
}

static inline enum next walk_bad_ip(struct walk *w)
{
	w->d->stats->ip_malformed++;
	return NEXT_NOTHING;
}

/* link.c: headers below IP. */
enum next link_first(struct walk *w); /* the header of walk.link */
enum next link_ethernet(struct walk *w);
enum next link_vlan(struct walk *w);
enum next link_llc(struct walk *w);
enum next link_hdlc(struct walk *w);
/* What an Ethernet type stands for; counts not_ip when it is nothing known. */
enum next link_by_type(struct walk *w, uint16_t type);

/* ppp.c: headers of label and dial-up networks. */
enum next ppp_frame(struct walk *w);
enum next ppp_pppoe(struct walk *w);
enum next mpls_stack(struct walk *w);

/* wlan.c */
enum next wlan_radiotap(struct walk *w);
enum next wlan_ppi(struct walk *w);
enum next wlan_prism(struct walk *w);
enum next wlan_avs(struct walk *w);
enum next wlan_frame(struct walk *w);
enum next wlan_amsdu(struct walk *w);

/* ip.c */
enum next ip_any(struct walk *w);
enum next ip_v4(struct walk *w);
enum next ip_v6(struct walk *w);

/* transport.c */
enum next transport_tcp(struct walk *w);
enum next transport_udp(struct walk *w);

/* tunnel.c: GRE, and what UDP may carry. */
enum next tunnel_gre(struct walk *w);
enum next tunnel_erspan(struct walk *w);
/* Looks at the payload of a UDP packet (w->out is filled). NEXT_DONE: it is no tunnel, or nothing
 * that stands up to the check. */
enum next tunnel_udp(struct walk *w);

/* guess.c: do the bytes from `at` on look like the start of an IP packet, of an Ethernet frame that
 * leads to one? Too few bytes to tell is a no. */
bool guess_ip(const struct cursor *c, size_t at);
bool guess_ethernet(const struct cursor *c, size_t at);

#endif
