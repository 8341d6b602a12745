#include <criterion/criterion.h>
#include <string.h>

#include "guard.h"
#include "proto/quic_packet.h"
#include "quic_build.h"

Test(quic_varint, lengths)
{
	/* RFC 9000 appendix A.1 */
	static const struct {
		uint8_t b[8];
		size_t n;
		uint64_t v;
	} t[] = {
		{{0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}, 8, 151288809941952652u},
		{{0x9d, 0x7f, 0x3e, 0x7d}, 4, 494878333},
		{{0x7b, 0xbd}, 2, 15293},
		{{0x25}, 1, 37},
		{{0x40, 0x25}, 2, 37},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct cursor c = cur_of(t[i].b, t[i].n);
		cr_expect_eq(quic_varint(&c), t[i].v);
		cr_expect(!c.bad && cur_left(&c) == 0);
		c = cur_of(t[i].b, t[i].n - 1);
		quic_varint(&c);
		cr_expect(c.bad);
	}
}

static enum quic_packet_type type_of(uint8_t first, uint32_t version)
{
	uint8_t b[64] = {first, (uint8_t)(version >> 24), (uint8_t)(version >> 16),
			 (uint8_t)(version >> 8), (uint8_t)version};
	struct cursor c = cur_of(b, sizeof b);
	struct quic_packet p;

	cr_assert_eq(quic_packet_read(&c, &p), PARSE_DONE);
	return p.type;
}

Test(quic_packet, types_of_the_versions)
{
	static const uint32_t like_1[] = {1, 0xff00001d, 0xff000022, 0xfaceb002};

	for (size_t i = 0; i < 4; i++) {
		cr_expect_eq(type_of(0xc0, like_1[i]), QUIC_PACKET_INITIAL);
		cr_expect_eq(type_of(0xd0, like_1[i]), QUIC_PACKET_ZERO_RTT);
		cr_expect_eq(type_of(0xe0, like_1[i]), QUIC_PACKET_HANDSHAKE);
		cr_expect_eq(type_of(0xf0, like_1[i]), QUIC_PACKET_RETRY);
	}
	cr_expect_eq(type_of(0xd0, QUIC_VERSION_2), QUIC_PACKET_INITIAL);
	cr_expect_eq(type_of(0xe0, QUIC_VERSION_2), QUIC_PACKET_ZERO_RTT);
	cr_expect_eq(type_of(0xf0, QUIC_VERSION_2), QUIC_PACKET_HANDSHAKE);
	cr_expect_eq(type_of(0xc0, QUIC_VERSION_2), QUIC_PACKET_RETRY);
	cr_expect_eq(type_of(0x80, 0), QUIC_PACKET_NEGOTIATION);
	cr_expect_eq(type_of(0xc0, 0x51303436), QUIC_PACKET_OTHER);
	cr_expect_eq(type_of(0xc0, 0xff000016), QUIC_PACKET_OTHER);
}

Test(quic_packet, version_names)
{
	cr_expect_str_eq(quic_version_name(1), "QUICv1");
	cr_expect_str_eq(quic_version_name(0x6b3343cf), "QUICv2");
	cr_expect_str_eq(quic_version_name(0xff00001d), "draft-29");
	cr_expect_str_eq(quic_version_name(0xff000022), "draft-34");
	cr_expect_str_eq(quic_version_name(0xfaceb002), "mvfst-27");
	cr_expect_str_eq(quic_version_name(0), "unknown");
	cr_expect_str_eq(quic_version_name(0x1a2a3a4a), "unknown");
}

Test(quic_packet, headers_that_cannot_be)
{
	uint8_t b[64] = {0xc0, 0, 0, 0, 1, 21};
	struct quic_packet p;
	struct cursor c = cur_of(b, sizeof b);

	cr_expect_eq(quic_packet_read(&c, &p), PARSE_BAD, "connection id of 21 bytes");
	b[5] = 0;
	b[6] = 21;
	c = cur_of(b, sizeof b);
	cr_expect_eq(quic_packet_read(&c, &p), PARSE_BAD);
	b[0] = 0x40;
	c = cur_of(b, sizeof b);
	cr_expect_eq(quic_packet_read(&c, &p), PARSE_BAD, "short header");
}

/* Initial packet: the fields lie where they should, and each prefix asks for more. */
Test(quic_packet, fields_and_every_prefix)
{
	static uint8_t b[BUILD_MAX];
	struct build_initial i = build_initial(5, 0);
	struct quic_packet p;

	i.token_length = 70;
	size_t n = build_seal(&i, (const uint8_t *)"\1", 1, b);
	for (size_t cut = 0; cut <= n; cut++) {
		uint8_t *g = guard_copy(b, cut);
		struct cursor c = cur_of(g, cut);
		cr_assert_eq(quic_packet_read(&c, &p), cut == n ? PARSE_DONE : PARSE_MORE);
		cr_expect(cut < n || cur_left(&c) == 0);
		cr_expect(cut < 20 || p.scid.p);
		cr_expect(cut < 94 || p.length == n);
		if (cut == n) {
			cr_expect_eq(memcmp(p.dcid.p, i.dcid.b, 8), 0);
			cr_expect_eq(memcmp(p.scid.p, i.scid.b, 5), 0);
		}
		guard_free(g);
	}
	cr_expect_eq(p.token_length, 70);
	cr_expect_eq(p.pn_offset, 5 + 9 + 6 + 2 + 70 + 2);
}

Test(quic_packet, every_mutation_stays_inside)
{
	static uint8_t b[BUILD_MAX];
	struct build_initial i = build_initial(5, 0);

	i.size = 60;
	i.token_length = 9;
	size_t n = build_seal(&i, (const uint8_t *)"\1", 1, b);
	for (size_t at = 0; at < n; at++) {
		uint8_t was = b[at];
		for (unsigned v = 0; v < 256; v++) {
			struct quic_packet p;
			b[at] = (uint8_t)v;
			uint8_t *g = guard_copy(b, n);
			struct cursor c = cur_of(g, n);
			enum parse r = quic_packet_read(&c, &p);
			cr_assert(r != PARSE_DONE || p.length <= n);
			guard_free(g);
		}
		b[at] = was;
	}
}
