/* GRE (RFC 2784, 2890, 2637), ERSPAN (draft-foschiano-erspan), VXLAN (RFC 7348), GENEVE (RFC 8926),
 * GTP-U (3GPP TS 29.281), Teredo (RFC 4380). */
#include "decode/walk.h"

/* Optional parts of a GRE header: checksum and its reserved half, key, sequence, and in version 1
 * the acknowledgement. */
static enum next gre_pptp(struct walk *w, uint16_t flags, uint16_t type)
{
	enum { SEQUENCE = 0x1000, ACKNOWLEDGEMENT = 0x0080 };
	uint16_t length = cur_u16(&w->c);

	cur_skip(&w->c, 2); /* call id */
	if (flags & SEQUENCE)
		cur_skip(&w->c, 4);
	if (flags & ACKNOWLEDGEMENT)
		cur_skip(&w->c, 4);
	if (w->c.bad)
		return walk_bad_link(w);
	if (type != 0x880b || !(flags & SEQUENCE)) /* a mere acknowledgement */
		return walk_not_ip(w);
	walk_trim(w, length);
	return NEXT_PPP;
}

enum next tunnel_gre(struct walk *w)
{
	enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000 };
	uint16_t flags = cur_u16(&w->c), type = cur_u16(&w->c);

	if (w->c.bad)
		return walk_bad_link(w);
	w->out->encap |= ENCAP_GRE;
	if ((flags & 7) == 1)
		return gre_pptp(w, flags, type);
	if ((flags & 7) != 0 || flags & ROUTING)
		return walk_bad_link(w);
	if (flags & CHECKSUM)
		cur_skip(&w->c, 4);
	if (flags & KEY)
		cur_skip(&w->c, 4);
	if (flags & SEQUENCE)
		cur_skip(&w->c, 4);
	if (w->c.bad)
		return walk_bad_link(w);
	if (type != 0x88be && type != 0x22eb)
		return link_by_type(w, type);
	w->out->encap |= ENCAP_ERSPAN;
	/* type I has neither sequence numbers nor a header of its own */
	return type == 0x88be && !(flags & SEQUENCE) ? NEXT_ETHERNET : NEXT_ERSPAN2;
}

enum next tunnel_erspan(struct walk *w)
{
	enum { TYPE2 = 1, TYPE3 = 2, FRAME_IP = 2 };
	unsigned version = cur_left(&w->c) ? w->c.p[0] >> 4 : 0;
	const uint8_t *p = cur_take(&w->c, version == TYPE3 ? 12 : 8);

	if (!p || (version != TYPE2 && version != TYPE3))
		return walk_bad_link(w);
	if (version == TYPE2)
		return NEXT_ETHERNET;
	if (p[11] & 1 && !cur_skip(&w->c, 8)) /* platform specific subheader */
		return walk_bad_link(w);
	return (p[10] >> 2 & 0x1f) == FRAME_IP ? NEXT_IP : NEXT_ETHERNET;
}

/* Goes into a UDP tunnel whose headers end where c begins. */
static enum next enter(struct walk *w, uint32_t encap, struct cursor c, enum next next)
{
	w->has_outer = true;
	w->outer = *w->out;
	w->out->encap |= encap;
	w->c = c;
	return next;
}

static enum next enter_ip(struct walk *w, uint32_t encap, struct cursor c)
{
	return guess_ip(&c, 0) ? enter(w, encap, c, NEXT_IP) : NEXT_DONE;
}

static enum next enter_ethernet(struct walk *w, uint32_t encap, struct cursor c)
{
	return guess_ethernet(&c, 0) ? enter(w, encap, c, NEXT_ETHERNET) : NEXT_DONE;
}

/* Without and with a group policy. */
static enum next vxlan(struct walk *w)
{
	enum { HAS_VNI = 0x08, HAS_GROUP = 0x80, POLICY = 0x48 };
	struct cursor c = w->c;
	const uint8_t *p = cur_take(&c, 8);

	if (!p || p[7] != 0)
		return NEXT_DONE;
	bool plain = p[0] == HAS_VNI && !(p[1] | p[2] | p[3]);
	bool group = p[0] == (HAS_VNI | HAS_GROUP) && !(p[1] & ~POLICY);
	return plain || group ? enter_ethernet(w, ENCAP_VXLAN, c) : NEXT_DONE;
}

/* The generic protocol extension (draft-ietf-nvo3-vxlan-gpe). */
static enum next vxlan_gpe(struct walk *w)
{
	enum { HAS_VNI = 0x08, HAS_PROTOCOL = 0x04, IPV4 = 1, IPV6 = 2, ETHERNET = 3 };
	struct cursor c = w->c;
	const uint8_t *p = cur_take(&c, 8);

	if (!p || p[0] != (HAS_VNI | HAS_PROTOCOL) || p[1] | p[2] | p[7])
		return NEXT_DONE;
	if (p[3] == IPV4 || p[3] == IPV6)
		return enter_ip(w, ENCAP_VXLAN, c);
	return p[3] == ETHERNET ? enter_ethernet(w, ENCAP_VXLAN, c) : NEXT_DONE;
}

static enum next geneve(struct walk *w)
{
	struct cursor c = w->c;
	const uint8_t *p = cur_take(&c, 8);

	/* version 0, reserved bits zero; the length of the options is in words */
	if (!p || p[0] >> 6 != 0 || p[1] & 0x3f || p[7] != 0 || !cur_skip(&c, (p[0] & 0x3f) * 4u))
		return NEXT_DONE;
	switch (load_be16(p + 2)) {
	case 0x6558:
		return enter_ethernet(w, ENCAP_GENEVE, c);
	case 0x0800:
	case 0x86dd:
		return enter_ip(w, ENCAP_GENEVE, c);
	case 0x8847:
		return enter(w, ENCAP_GENEVE, c, NEXT_MPLS);
	default:
		return NEXT_DONE;
	}
}

/* Skips the optional part of a GTP-U header with its extension headers; c is behind the first 8
 * bytes at p. */
static bool skip_gtp_options(struct cursor *c, const uint8_t *p)
{
	enum { EXTENSION = 4, SEQUENCE = 2, NPDU = 1 };

	if (!(p[0] & (EXTENSION | SEQUENCE | NPDU)))
		return true;
	const uint8_t *options = cur_take(c, 4);
	if (!options)
		return false;
	uint8_t next = p[0] & EXTENSION ? options[3] : 0;
	while (next) {
		size_t size = cur_left(c) ? (size_t)c->p[0] * 4 : 0;
		const uint8_t *extension = cur_take(c, size);
		if (!extension || !size)
			return false;
		next = extension[size - 1];
	}
	return true;
}

static enum next gtp(struct walk *w)
{
	enum { T_PDU = 255 };
	struct cursor c = w->c;
	const uint8_t *p = cur_take(&c, 8);

	/* version 1, protocol type GTP, reserved bit zero */
	if (!p || p[0] >> 3 != 6 || p[1] != T_PDU || load_be16(p + 2) + 8u > walk_wire(w))
		return NEXT_DONE;
	if (!skip_gtp_options(&c, p) || c.p - p > load_be16(p + 2) + 8)
		return NEXT_DONE;
	enum next next = enter_ip(w, ENCAP_GTP, c);
	if (next == NEXT_DONE) /* a PDU session of type Ethernet */
		next = enter_ethernet(w, ENCAP_GTP, c);
	if (next != NEXT_DONE)
		walk_limit(w, load_be16(p + 2) + 8u - (size_t)(c.p - p));
	return next;
}

/* Whether an address may stand in an IPv6 packet that Teredo carries: 2001:0::/32 on the client's
 * side, link-local in the packets that set the tunnel up. */
static bool teredo_address(const uint8_t *a)
{
	return load_be32(a) == 0x20010000 || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

static enum next teredo(struct walk *w)
{
	struct cursor c = w->c;

	if (cur_left(&c) >= 4 && load_be16(c.p) == 0x0001) /* authentication */
		cur_skip(&c, 4u + c.p[2] + c.p[3] + 9);
	if (cur_left(&c) >= 2 && load_be16(c.p) == 0x0000) /* origin indication */
		cur_skip(&c, 8);
	const uint8_t *p = c.p;
	if (cur_left(&c) < 40 || p[0] >> 4 != 6 ||
	    load_be16(p + 4) + 40u != cur_left(&c) + w->cut)
		return NEXT_DONE;
	if (!teredo_address(p + 8) && !teredo_address(p + 24))
		return NEXT_DONE;
	return enter(w, ENCAP_TEREDO, c, NEXT_IPV6);
}

enum next tunnel_udp(struct walk *w)
{
	switch (w->out->tuple.dport) {
	case 4789:
	case 8472: /* Linux before the port was assigned */
		return vxlan(w);
	case 4790:
		return vxlan_gpe(w);
	case 6081:
		return geneve(w);
	case 2152:
		return gtp(w);
	case 3544:
		return teredo(w);
	default:
		return w->out->tuple.sport == 3544 ? teredo(w) : NEXT_DONE;
	}
}
