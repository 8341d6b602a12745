#include "proto/quic_frames.h"

#include <string.h>

#include "proto/quic_packet.h"

enum {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CLOSE = 0x1c,
};

/* Most of a first packet is padding: a word at a time. */
static void skip_padding(struct cursor *c)
{
	static const uint8_t zero[8];

	while (cur_left(c) >= sizeof zero && memcmp(c->p, zero, sizeof zero) == 0)
		cur_skip(c, sizeof zero);
	while (cur_left(c) && *c->p == FRAME_PADDING)
		cur_skip(c, 1);
}

static void skip_varints(struct cursor *c, unsigned n)
{
	while (n--)
		quic_varint(c);
}

static void skip_ack(struct cursor *c, bool ecn)
{
	skip_varints(c, 2); /* largest acknowledged, delay */
	uint64_t ranges = quic_varint(c);
	skip_varints(c, 1);
	for (; ranges && !c->bad; ranges--)
		skip_varints(c, 2);
	if (ecn)
		skip_varints(c, 3);
}

/* The n bytes that follow; n comes from the wire and may be more than a size_t holds. */
static struct cursor take(struct cursor *c, uint64_t n)
{
	return cur_sub(c, n > cur_left(c) ? cur_left(c) + 1 : (size_t)n);
}

static void read_crypto(struct cursor *c, struct quic_stream *s)
{
	uint64_t offset = quic_varint(c);
	uint64_t n = quic_varint(c);
	struct cursor data = take(c, n);

	if (!c->bad)
		quic_stream_add(s, offset, data.p, cur_left(&data));
}

static void skip_close(struct cursor *c)
{
	skip_varints(c, 2); /* error code, frame type */
	take(c, quic_varint(c));
}

void quic_frames_read(struct cursor c, struct quic_stream *s)
{
	while (cur_left(&c)) {
		/* A frame type takes its shortest form (section 12.4), here always one byte. */
		uint8_t type = cur_u8(&c);

		switch (type) {
		case FRAME_PADDING:
			skip_padding(&c);
			break;
		case FRAME_PING:
			break;
		case FRAME_ACK:
		case FRAME_ACK_ECN:
			skip_ack(&c, type == FRAME_ACK_ECN);
			break;
		case FRAME_CRYPTO:
			read_crypto(&c, s);
			break;
		case FRAME_CLOSE:
			skip_close(&c);
			break;
		default:
			return;
		}
	}
}
