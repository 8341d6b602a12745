/* IPv4 (RFC 791) and IPv6 (RFC 8200) with what may stand between them and the transport. */
#include "decode/checksum.h"
#include "decode/walk.h"

enum {
	IP_HOP_BY_HOP = 0,
	IP_IPV4 = 4,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AH = 51,
	IP_NO_NEXT = 59,
	IP_DESTINATION = 60,
	IP_MOBILITY = 135,
	IP_MPLS = 137, /* RFC 4023 */
	IP_HIP = 139,
	IP_SHIM6 = 140,
};

enum next ip_any(struct walk *w)
{
	if (cur_left(&w->c) && w->c.p[0] >> 4 == 4)
		return NEXT_IPV4;
	if (cur_left(&w->c) && w->c.p[0] >> 4 == 6)
		return NEXT_IPV6;
	return walk_bad_ip(w);
}

/* The length an IP header tells. Beyond the frame it is believed, unless a header around it has
 * told where it ends. */
static void limit_counted(struct walk *w, size_t n)
{
	if (n > walk_wire(w)) {
		w->d->stats->ip_beyond_frame++;
		if (w->bounded)
			return;
	}
	walk_limit(w, n);
}

static enum next inner_ip(struct walk *w, enum next version)
{
	w->out->encap |= ENCAP_IPIP;
	return version;
}

static bool skip_ah(struct walk *w, uint8_t *proto)
{
	const uint8_t *p = cur_take(&w->c, 2);

	if (!p || !cur_skip(&w->c, ((size_t)p[1] + 2) * 4 - 2))
		return false;
	*proto = p[0];
	return true;
}

static enum next by_proto(struct walk *w, uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return NEXT_TCP;
	case PROTO_UDP:
		return NEXT_UDP;
	case IP_IPV4:
		return inner_ip(w, NEXT_IPV4);
	case IP_IPV6:
		return inner_ip(w, NEXT_IPV6);
	case IP_GRE:
		return NEXT_GRE;
	case IP_MPLS:
		return NEXT_MPLS;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		w->d->stats->transport_other++;
		return NEXT_WAIT; /* understood: a tunnel's own header does not stand in for it */
	default:
		w->d->stats->transport_other++;
		return NEXT_NOTHING;
	}
}

/* Hands a fragment over. True when it completed its datagram, which w then stands before. */
static bool reassemble(struct walk *w, struct fragment *in, uint8_t *proto)
{
	struct datagram whole;

	in->src = w->out->tuple.src;
	in->dst = w->out->tuple.dst;
	in->proto = *proto;
	in->length = walk_wire(w) > UINT16_MAX ? UINT32_MAX : (uint32_t)walk_wire(w);
	in->captured = (uint32_t)cur_left(&w->c);
	in->data = w->c.p;
	if (fragments_add(w->d->fragments, in, w->out->time, &whole) != FRAGMENT_WHOLE)
		return false;
	w->c = cur_of(whole.data, whole.captured);
	w->cut = whole.length - whole.captured;
	w->bounded = true;
	*proto = whole.proto;
	return true;
}

enum next ip_v4(struct walk *w)
{
	const uint8_t *p = w->c.p;
	size_t left = cur_left(&w->c);

	if (left < 20 || p[0] >> 4 != 4)
		return walk_bad_ip(w);
	size_t header = (size_t)(p[0] & 0x0f) * 4, total = load_be16(p + 2);
	if (header < 20 || header > left || (total && total < header))
		return walk_bad_ip(w);
	if (total)
		limit_counted(w, total);
	w->ip_checksum = CHECKSUM_RIGHT;
	if (!checksum_ip4_good(p, header)) {
		w->d->stats->bad_ip_checksum++;
		/* zero: left to the sender's card */
		w->ip_checksum = load_be16(p + 10) ? CHECKSUM_WRONG : CHECKSUM_UNKNOWN;
	}
	w->out->tuple.src = addr_v4(p + 12);
	w->out->tuple.dst = addr_v4(p + 16);
	w->out->ip_id = load_be16(p + 4);
	cur_skip(&w->c, header);
	w->no_checksum = false;

	uint8_t proto = p[9];
	uint16_t fragment = load_be16(p + 6);
	if (fragment & 0x3fff) {
		struct fragment in = {.id = w->out->ip_id,
				      .family = 4,
				      .more = fragment & 0x2000,
				      .offset = (uint32_t)(fragment & 0x1fff) * 8};
		if (!reassemble(w, &in, &proto))
			return NEXT_WAIT;
	}
	if (proto == IP_AH && !skip_ah(w, &proto))
		return walk_bad_ip(w);
	return by_proto(w, proto);
}

/* The jumbo payload option (RFC 2675) among the hop-by-hop options at the cursor, 0: none. */
static uint32_t jumbo_length(const struct walk *w)
{
	struct cursor c = w->c;

	cur_skip(&c, 1);
	struct cursor options = cur_sub(&c, (size_t)cur_u8(&c) * 8 + 6);
	while (cur_left(&options)) {
		uint8_t type = cur_u8(&options);
		if (type == 0) /* Pad1 */
			continue;
		uint8_t length = cur_u8(&options);
		if (type == 0xc2 && length == 4)
			return cur_u32(&options);
		cur_skip(&options, length);
	}
	return 0;
}

/* Payload length 0: a jumbogram, a super-packet of an offloading card, or really nothing. */
static void limit_jumbo(struct walk *w, uint8_t next)
{
	if (next == IP_NO_NEXT)
		walk_limit(w, 0);
	else if (next == IP_HOP_BY_HOP && jumbo_length(w))
		walk_trim(w, jumbo_length(w));
}

/* The routing header's segments left: the last segment is the destination that checksums are made
 * with (RFC 8200 section 8.1). */
static void note_routing(struct walk *w)
{
	if (cur_left(&w->c) >= 4 && w->c.p[3] != 0)
		w->no_checksum = true;
}

static bool skip_extension(struct walk *w, uint8_t *proto)
{
	const uint8_t *p = cur_take(&w->c, 8);

	if (!p || !cur_skip(&w->c, (size_t)p[1] * 8))
		return false;
	*proto = p[0];
	return true;
}

/* A fragment header (RFC 8200 section 4.5). NEXT_DONE: go on with *proto. */
static enum next v6_fragment(struct walk *w, uint8_t *proto)
{
	const uint8_t *p = cur_take(&w->c, 8);

	if (!p)
		return walk_bad_ip(w);
	uint16_t offset = load_be16(p + 2);
	*proto = p[0];
	if (!(offset & 0xfff9)) /* atomic (RFC 6946): neither offset nor more */
		return NEXT_DONE;
	struct fragment in = {.id = load_be32(p + 4),
			      .family = 6,
			      .more = offset & 1,
			      .offset = offset & 0xfff8};
	return reassemble(w, &in, proto) ? NEXT_DONE : NEXT_WAIT;
}

static enum next v6_chain(struct walk *w, uint8_t proto)
{
	bool fragment_seen = false;

	for (;;) {
		switch (proto) {
		case IP_ROUTING:
			note_routing(w);
			/* fallthrough */
		case IP_HOP_BY_HOP:
		case IP_DESTINATION:
		case IP_MOBILITY:
		case IP_HIP:
		case IP_SHIM6:
			if (!skip_extension(w, &proto))
				return walk_bad_ip(w);
			break;
		case IP_AH:
			if (!skip_ah(w, &proto))
				return walk_bad_ip(w);
			break;
		case IP_FRAGMENT: {
			if (fragment_seen) /* fragments of fragments would nest without end */
				return walk_bad_ip(w);
			fragment_seen = true;
			enum next result = v6_fragment(w, &proto);
			if (result != NEXT_DONE)
				return result;
			break;
		}
		default:
			return by_proto(w, proto);
		}
	}
}

enum next ip_v6(struct walk *w)
{
	const uint8_t *p = w->c.p;

	if (cur_left(&w->c) < 40 || p[0] >> 4 != 6)
		return walk_bad_ip(w);
	size_t length = load_be16(p + 4);
	cur_skip(&w->c, 40);
	w->out->tuple.src = addr_v6(p + 8);
	w->out->tuple.dst = addr_v6(p + 24);
	w->out->ip_id = 0;
	w->no_checksum = false;
	w->ip_checksum = CHECKSUM_RIGHT;
	if (length)
		limit_counted(w, length);
	else
		limit_jumbo(w, p[6]);
	return v6_chain(w, p[6]);
}
