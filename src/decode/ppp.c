/* PPP, PPPoE and MPLS: RFC 1661, 1662, 2516, 3032, 4385, 4448. */
#include "decode/checksum.h"
#include "decode/walk.h"

/* With or without HDLC framing, the protocol in one byte or two (field compression: an odd byte is
 * the last of the field). */
enum next ppp_frame(struct walk *w)
{
	if (cur_left(&w->c) >= 2 && w->c.p[0] == 0xff && w->c.p[1] == 0x03)
		cur_skip(&w->c, 2);
	uint16_t protocol = cur_u8(&w->c);
	if (!(protocol & 1))
		protocol = (uint16_t)(protocol << 8 | cur_u8(&w->c));
	if (w->c.bad)
		return walk_bad_link(w);
	switch (protocol) {
	case 0x0021:
		return NEXT_IPV4;
	case 0x0057:
		return NEXT_IPV6;
	case 0x0281: /* unicast */
	case 0x0283: /* multicast */
		return NEXT_MPLS;
	default:
		return walk_not_ip(w);
	}
}

enum next ppp_pppoe(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 6);

	if (!p || p[0] != 0x11)
		return walk_bad_link(w);
	if (p[1] != 0) /* not session data */
		return walk_not_ip(w);
	w->out->encap |= ENCAP_PPPOE;
	walk_trim(w, load_be16(p + 4));
	return NEXT_PPP;
}

/* More than a guess: the header adds up (IPv4), or its length is that of what is here (IPv6; a
 * short frame may be padded). */
static bool surely_ip(const struct walk *w)
{
	enum { ETHERNET_MIN = 60 };
	const uint8_t *p = w->c.p;

	if (!guess_ip(&w->c, 0))
		return false;
	if (p[0] >> 4 == 4) {
		size_t header = (size_t)(p[0] & 0x0f) * 4;
		return header <= cur_left(&w->c) && checksum_ip4_good(p, header);
	}
	size_t length = 40u + load_be16(p + 4), wire = walk_wire(w);
	return length == wire || (length < wire && wire <= ETHERNET_MIN);
}

/* A label stack does not say what it carries. IP shows by its first half byte; a pseudowire starts
 * with a zero half byte when it has a control word, and with a MAC address, which may be anything,
 * when it has none. */
enum next mpls_stack(struct walk *w)
{
	const uint8_t *p;

	do {
		p = cur_take(&w->c, 4);
		if (!p)
			return walk_bad_link(w);
	} while (!(p[2] & 1)); /* bottom of stack */
	w->out->encap |= ENCAP_MPLS;
	if (surely_ip(w))
		return NEXT_IP;
	if (cur_left(&w->c) && w->c.p[0] >> 4 == 0 && guess_ethernet(&w->c, 4)) {
		cur_skip(&w->c, 4);
		return NEXT_ETHERNET;
	}
	if (guess_ethernet(&w->c, 0))
		return NEXT_ETHERNET;
	return guess_ip(&w->c, 0) ? NEXT_IP : walk_not_ip(w);
}
