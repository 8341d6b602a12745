/* What the decoder's tests share: a decoder, a frame to build and the packet found in it, anew for
 * each test; and what holds for every layer around an IP packet. */
#ifndef EGRET_TESTS_DECODE_FIXTURE_H
#define EGRET_TESTS_DECODE_FIXTURE_H

#include "frame_build.h"
#include "guard.h"

static struct stats stats;
static struct decoder *decoder;
static struct build b;
static struct packet packet;

static inline void decode_setup(void)
{
	memset(&stats, 0, sizeof stats);
	decoder = decoder_new(&stats);
}

static inline void decode_teardown(void)
{
	decoder_free(decoder);
}

static inline bool decode(uint32_t link)
{
	struct frame f = build_frame(&b, link);

	return decode_frame(decoder, &f, &packet);
}

/* What is given out lies inside the frame and is no longer than it was on the wire. */
static inline void expect_inside(const struct frame *f)
{
	cr_expect(packet.captured <= packet.length);
	if (packet.captured) {
		cr_expect(packet.payload >= f->data);
		cr_expect(packet.payload + packet.captured <= f->data + f->captured);
	}
	cr_expect(packet.tuple.proto == 6 || packet.tuple.proto == 17);
}

/* Decodes the frame in b with each byte before the inner payload changed in several ways. */
static inline void expect_mutations_of_frame_inside(uint32_t link)
{
	static const uint8_t values[] = {0x01, 0x04, 0x0f, 0x20, 0x45, 0x60, 0x7f, 0x80, 0xff};
	size_t n = build_length(&b);
	struct frame f = build_frame(&b, link);
	uint8_t *copy = guard_copy(b.p, n);

	f.data = copy;
	for (size_t at = 0; at < n - INNER_PAYLOAD; at++)
		for (size_t v = 0; v < sizeof values; v++) {
			copy[at] ^= values[v];
			if (decode_frame(decoder, &f, &packet))
				expect_inside(&f);
			copy[at] ^= values[v];
		}
	guard_free(copy);
}

/* Decodes the first bytes of the frame in b, once as cut by the capture and once as all there was;
 * says whether the former gave a packet. */
static inline bool expect_prefix_inside(uint32_t link, size_t cut)
{
	struct frame f = build_frame(&b, link);
	uint8_t *copy = guard_copy(b.p, cut);

	f.data = copy;
	f.captured = (uint32_t)cut;
	f.length = f.captured;
	if (decode_frame(decoder, &f, &packet))
		expect_inside(&f);
	f.length = (uint32_t)build_length(&b);
	bool found = decode_frame(decoder, &f, &packet);
	if (found)
		expect_inside(&f);
	guard_free(copy);
	return found;
}

/* A link layer: puts its header before the IP packet in b. */
struct layer {
	const char *name;
	uint32_t link;
	void (*wrap)(struct build *b);
	uint32_t encap;
};

static inline void expect_layers(const struct layer *layers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int v6 = 0; v6 < 2; v6++) {
			const struct layer *l = &layers[i];
			build_inner(&b, v6);
			l->wrap(&b);
			cr_expect(decode(l->link), "%s", l->name);
			cr_expect(is_inner(&packet, v6), "%s", l->name);
			cr_expect_eq(packet.encap, l->encap, "%s: %x", l->name, packet.encap);
			cr_expect_eq(packet.vlan, l->encap & ENCAP_VLAN ? 42 : 0, "%s", l->name);
			cr_expect_eq(packet.ip_id, v6 ? 0 : 77);
			cr_expect_eq(packet.time, 1000);
		}
	cr_expect_eq(stats.bad_ip_checksum + stats.bad_transport_checksum, 0);
	cr_expect_eq(stats.link_malformed + stats.ip_malformed + stats.transport_malformed, 0);
}

static inline void expect_prefixes_inside(const struct layer *layers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		build_inner(&b, i & 1);
		layers[i].wrap(&b);
		size_t length = build_length(&b), header = length - INNER_PAYLOAD;
		for (size_t cut = 0; cut < length; cut++) {
			bool found = expect_prefix_inside(layers[i].link, cut);
			cr_expect_eq(found, cut >= header, "%s at %zu", layers[i].name, cut);
			if (found) {
				cr_expect_eq(packet.length, INNER_PAYLOAD);
				cr_expect_eq(packet.captured, cut - header);
			}
		}
	}
}

static inline void expect_mutations_inside(const struct layer *layers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		build_inner(&b, i & 1);
		layers[i].wrap(&b);
		expect_mutations_of_frame_inside(layers[i].link);
	}
}

#endif
