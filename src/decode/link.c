/* Link-layer headers. Layouts: www.tcpdump.org/linktypes, IEEE 802.1Q, IEEE 802.2, RFC 1042. */
#include "decode/walk.h"

/* LINKTYPE_ values of the tcpdump.org registry. */
enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW_12 = 12, /* DLT_RAW as some systems number it */
	LINK_RAW_14 = 14,
	LINK_PPP_HDLC = 50,
	LINK_PPP_ETHER = 51,
	LINK_RAW = 101,
	LINK_C_HDLC = 104,
	LINK_WLAN = 105,
	LINK_LOOP = 108,
	LINK_LINUX_SLL = 113,
	LINK_PRISM = 119,
	LINK_RADIOTAP = 127,
	LINK_AVS = 163,
	LINK_PPP_PPPD = 166,
	LINK_PPI = 192,
	LINK_PPP_WITH_DIR = 204,
	LINK_MPLS = 219,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_NFLOG = 239,
	LINK_LINUX_SLL2 = 276,
};

#define TYPE_MIN 0x0600 /* smaller numbers in an Ethernet type field are lengths */

enum next link_by_type(struct walk *w, uint16_t type)
{
	switch (type) {
	case 0x0800:
		return NEXT_IPV4;
	case 0x86dd:
		return NEXT_IPV6;
	case 0x8100: /* 802.1Q */
	case 0x88a8: /* 802.1ad */
	case 0x9100: /* and what vendors used before it */
	case 0x9200:
	case 0x9300:
		return NEXT_VLAN;
	case 0x8847: /* unicast */
	case 0x8848: /* multicast, or an upstream label */
		return NEXT_MPLS;
	case 0x8864:
		return NEXT_PPPOE;
	case 0x880b:
		return NEXT_PPP;
	case 0x6558: /* transparent Ethernet bridging: GRE, GENEVE */
		return NEXT_ETHERNET;
	case 0x8870: /* 802.2 in jumbo frames */
		return NEXT_LLC;
	default:
		return walk_not_ip(w);
	}
}

/* An Ethernet type, or an 802.3 length with 802.2 behind it. */
static enum next type_or_length(struct walk *w, uint16_t v)
{
	if (v >= TYPE_MIN)
		return link_by_type(w, v);
	walk_trim(w, v);
	return NEXT_LLC;
}

enum next link_ethernet(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 14);

	/* frames tell no length of their own: a mirror may have cut what it put into its tunnel */
	w->bounded = false;
	return p ? type_or_length(w, load_be16(p + 12)) : walk_bad_link(w);
}

enum next link_vlan(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 4);

	if (!p)
		return walk_bad_link(w);
	w->out->encap |= ENCAP_VLAN;
	if (!w->out->vlan)
		w->out->vlan = load_be16(p) & 0x0fff;
	return type_or_length(w, load_be16(p + 2));
}

enum next link_llc(struct walk *w)
{
	uint32_t sap_control = cur_u24(&w->c);

	if (w->c.bad)
		return walk_bad_link(w);
	if (sap_control == 0x060603) /* RFC 948 */
		return NEXT_IPV4;
	if (sap_control != 0xaaaa03)
		return walk_not_ip(w);
	uint32_t organisation = cur_u24(&w->c);
	uint16_t type = cur_u16(&w->c);
	if (w->c.bad)
		return walk_bad_link(w);
	/* RFC 1042, and the bridge tunnel of 802.1H */
	if (organisation != 0 && organisation != 0x0000f8)
		return walk_not_ip(w);
	return link_by_type(w, type);
}

enum next link_hdlc(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 4);

	return p ? link_by_type(w, load_be16(p + 2)) : walk_bad_link(w);
}

/* A protocol family in the byte order of the machine that captured. */
static enum next null_family(struct walk *w)
{
	uint32_t family = cur_u32(&w->c);

	if (w->c.bad)
		return walk_bad_link(w);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return NEXT_IPV4;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return NEXT_IPV6;
	default:
		return walk_not_ip(w);
	}
}

/* The protocol field of a Linux cooked header, whose meaning hangs on the kind of interface. */
static enum next cooked_protocol(struct walk *w, uint16_t hardware, uint16_t protocol)
{
	if (hardware == 803) /* ARPHRD_IEEE80211_RADIOTAP */
		return NEXT_RADIOTAP;
	if (hardware == 824) /* ARPHRD_NETLINK */
		return walk_not_ip(w);
	if (protocol == 4) /* LINUX_SLL_P_802_2 */
		return NEXT_LLC;
	return protocol >= TYPE_MIN ? link_by_type(w, protocol) : walk_not_ip(w);
}

static enum next cooked1(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 16);

	return p ? cooked_protocol(w, load_be16(p + 2), load_be16(p + 14)) : walk_bad_link(w);
}

static enum next cooked2(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 20);

	return p ? cooked_protocol(w, load_be16(p + 8), load_be16(p)) : walk_bad_link(w);
}

/* Attributes (length, type, value, padding to 4) in the byte order of the machine that captured;
 * types are below 256, so that one byte of the type field shows which order it is. */
static enum next nflog(struct walk *w)
{
	enum { PAYLOAD = 9 };
	const uint8_t *head = cur_take(&w->c, 4);

	if (!head || head[1] != 0)
		return walk_bad_link(w);
	if (head[0] != 2 && head[0] != 7 && head[0] != 10) /* IPv4, bridge, IPv6 */
		return walk_not_ip(w);
	for (;;) {
		const uint8_t *p = cur_take(&w->c, 4);
		if (!p)
			return walk_bad_link(w);
		bool big = p[2] == 0;
		size_t length = big ? load_be16(p) : (size_t)(p[1] << 8 | p[0]);
		if (length < 4)
			return walk_bad_link(w);
		if ((big ? p[3] : p[2]) == PAYLOAD) {
			walk_trim(w, length - 4);
			return NEXT_IP;
		}
		if (!cur_skip(&w->c, (length - 4 + 3) & ~(size_t)3))
			return walk_bad_link(w);
	}
}

/* LINKTYPE_PPP_HDLC is Cisco HDLC when it starts like that. */
static enum next ppp_or_hdlc(const struct walk *w)
{
	bool cisco = cur_left(&w->c) && (w->c.p[0] == 0x0f || w->c.p[0] == 0x8f);

	return cisco ? NEXT_HDLC : NEXT_PPP;
}

/* A byte that tells the direction, where the HDLC address would be or before the frame. */
static enum next ppp_direction(struct walk *w)
{
	if (!cur_skip(&w->c, 1))
		return walk_bad_link(w);
	/* the control byte that went with the address */
	if (w->link == LINK_PPP_PPPD && cur_left(&w->c) && w->c.p[0] == 0x03)
		cur_skip(&w->c, 1);
	return NEXT_PPP;
}

/* By number, so that a person can be told which one it was. */
static enum next unknown(struct walk *w)
{
	struct decoder *d = w->d;

	d->stats->link_unknown++;
	for (unsigned i = 0; i < UNKNOWN_LINKS; i++) {
		struct unknown_link *u = &d->unknown[i];
		if (!u->frames)
			u->link = w->link;
		if (u->link == w->link) {
			u->frames++;
			break;
		}
	}
	return NEXT_NOTHING;
}

enum next link_first(struct walk *w)
{
	switch (w->link) {
	case LINK_ETHERNET:
		return link_ethernet(w);
	case LINK_NULL:
	case LINK_LOOP:
		return null_family(w);
	case LINK_PPP:
		return NEXT_PPP;
	case LINK_PPP_HDLC:
		return ppp_or_hdlc(w);
	case LINK_PPP_ETHER:
		return NEXT_PPPOE;
	case LINK_PPP_PPPD:
	case LINK_PPP_WITH_DIR:
		return ppp_direction(w);
	case LINK_RAW:
	case LINK_RAW_12:
	case LINK_RAW_14:
		return NEXT_IP;
	case LINK_IPV4:
		return NEXT_IPV4;
	case LINK_IPV6:
		return NEXT_IPV6;
	case LINK_C_HDLC:
		return NEXT_HDLC;
	case LINK_LINUX_SLL:
		return cooked1(w);
	case LINK_LINUX_SLL2:
		return cooked2(w);
	case LINK_NFLOG:
		return nflog(w);
	case LINK_MPLS:
		return NEXT_MPLS;
	case LINK_WLAN:
		return NEXT_WLAN;
	case LINK_RADIOTAP:
		return NEXT_RADIOTAP;
	case LINK_PPI:
		return wlan_ppi(w);
	case LINK_PRISM:
		return wlan_prism(w);
	case LINK_AVS:
		return wlan_avs(w);
	default:
		return unknown(w);
	}
}
