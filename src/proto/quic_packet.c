#include "proto/quic_packet.h"

uint64_t quic_varint(struct cursor *c)
{
	uint8_t first = cur_u8(c);
	uint64_t v = first & 0x3f;

	for (unsigned more = (1u << (first >> 6)) - 1; more; more--)
		v = v << 8 | cur_u8(c);
	return v;
}

static struct quic_cid cid_read(struct cursor *c)
{
	uint8_t n = cur_u8(c);
	const uint8_t *p = cur_take(c, n);

	return c->bad ? (struct quic_cid){0} : (struct quic_cid){p, n};
}

static enum quic_packet_type type_of(uint8_t first, const struct quic_version *v)
{
	static const enum quic_packet_type types[4] = {
		QUIC_PACKET_INITIAL,
		QUIC_PACKET_ZERO_RTT,
		QUIC_PACKET_HANDSHAKE,
		QUIC_PACKET_RETRY,
	};
	unsigned bits = first >> 4 & 3;

	return types[v->family == QUIC_FAMILY_2 ? (bits + 3) & 3 : bits];
}

/* Token and Length of the packets that have them. */
static enum parse rest_with_length(struct cursor *c, struct quic_packet *out)
{
	if (out->type == QUIC_PACKET_INITIAL) {
		uint64_t n = quic_varint(c);
		if (c->bad || n > cur_left(c))
			return PARSE_MORE;
		cur_skip(c, (size_t)n);
		out->token_length = (size_t)n;
	}
	uint64_t n = quic_varint(c);
	if (c->bad)
		return PARSE_MORE;
	out->pn_offset = (size_t)(c->p - out->start);
	out->length = out->pn_offset + n;
	if (n > cur_left(c))
		return PARSE_MORE;
	cur_skip(c, (size_t)n);
	return PARSE_DONE;
}

enum parse quic_packet_read(struct cursor *c, struct quic_packet *out)
{
	*out = (struct quic_packet){.start = c->p};
	out->first = cur_u8(c);
	if (c->bad)
		return PARSE_MORE;
	if (!(out->first & 0x80))
		return PARSE_BAD;
	out->version = cur_u32(c);
	if (c->bad)
		return PARSE_MORE;
	out->known = quic_version_find(out->version);
	if (out->known)
		out->type = type_of(out->first, out->known);
	else
		out->type = out->version == QUIC_VERSION_NEGOTIATION ? QUIC_PACKET_NEGOTIATION
								     : QUIC_PACKET_OTHER;
	for (int i = 0; i < 2; i++) {
		if (out->known && cur_left(c) && *c->p > QUIC_CID_MAX)
			return PARSE_BAD;
		*(i ? &out->scid : &out->dcid) = cid_read(c);
	}
	if (c->bad)
		return PARSE_MORE;
	if (out->type <= QUIC_PACKET_HANDSHAKE)
		return rest_with_length(c, out);
	out->rest = *c;
	c->p = c->end;
	out->length = (size_t)(c->end - out->start);
	return PARSE_DONE;
}
