#include <criterion/criterion.h>

#include "decode_fixture.h"

TestSuite(decode, .init = decode_setup, .fini = decode_teardown);

Test(decode, other_things_are_counted)
{
	build_payload(&b, 46);
	build_ethernet(&b, 0x0806);
	cr_expect_not(decode(1));
	build_payload(&b, 46); /* spanning tree */
	build_put(&b, 0x42, 0x42, 3);
	build_ethernet(&b, (uint16_t)build_length(&b));
	cr_expect_not(decode(1));
	cr_expect_eq(stats.not_ip, 2);
	build_payload(&b, 46);
	build_ip4(&b, 1, 1, 2);
	build_ethernet_ip(&b);
	cr_expect_not(decode(1));
	build_payload(&b, 46);
	build_ip6(&b, 50, 1, 2);
	build_ethernet_ip(&b);
	cr_expect_not(decode(1));
	cr_expect_eq(stats.transport_other, 2);
}

Test(decode, padding_is_not_payload)
{
	static struct build with_pad;

	build_payload(&b, 0);
	build_tcp_at(&b, 1234, 80);
	build_ip4(&b, 6, 1, 2);
	build_ethernet_ip(&b);
	size_t n = build_length(&b);
	memset(with_pad.room, 0xee, sizeof with_pad.room);
	with_pad.p = with_pad.room + BUILD_ROOM - 60;
	memcpy(with_pad.p, b.p, n);
	struct frame f = build_frame(&with_pad, 1);
	cr_assert(decode_frame(decoder, &f, &packet));
	cr_expect_eq(packet.length, 0);
	cr_expect_eq(packet.captured, 0);
	cr_expect_eq(stats.bad_transport_checksum, 0);
}

Test(decode, ipv4_options_are_skipped)
{
	build_payload(&b, INNER_PAYLOAD);
	build_tcp_at(&b, 1234, 80);
	build_ip4(&b, 6, 1, 2);
	uint8_t head[20];
	memcpy(head, b.p, 20);
	b.p += 20;
	build_put(&b, 0x94, 4, 0, 0, 1, 1, 1, 0);
	build_push(&b, head, 20);
	b.p[0] = 0x47;
	put16(b.p + 2, build_length(&b));
	put16(b.p + 10, 0);
	put16(b.p + 10, ~plain_sum(b.p, 28, 0) & 0xffff);
	cr_assert(decode(101));
	cr_expect(is_inner(&packet, false));
	cr_expect_eq(stats.bad_ip_checksum, 0);
	b.p[0] = 0x44;
	cr_expect_not(decode(101));
	cr_expect_eq(stats.ip_malformed, 1);
}

Test(decode, ipv6_extensions_are_skipped)
{
	build_payload(&b, INNER_PAYLOAD);
	build_tcp_at(&b, 1234, 80);
	/* the checksum is that between the addresses below */
	uint8_t addresses[32] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1, 0x20, 0x01, 0x0d, 0xb8,
				 [31] = 2};
	build_checksum(&b, 6, addresses, 32);
	build_put(&b, 6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
	build_put(&b, 51, 0, 0, 0, 0, 0, 0, 9); /* atomic fragment */
	build_put(&b, 44, 1, 0x1e, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
	build_put(&b, 60, 0, 4, 0, 0, 0, 0, 0); /* routing, no segments left */
	build_put(&b, 43, 0, 1, 4, 0, 0, 0, 0);
	build_ip6(&b, 0, 1, 2);
	cr_assert(decode(101));
	cr_expect(is_inner(&packet, true));
	cr_expect_eq(stats.fragments, 0);
	cr_expect_eq(stats.bad_transport_checksum, 0);
}

Test(decode, routing_header_takes_the_checksum_away)
{
	build_payload(&b, INNER_PAYLOAD);
	build_tcp_at(&b, 1234, 80);
	build_put(&b, 6, 2, 4, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8);
	build_ip6(&b, 43, 1, 2);
	cr_assert(decode(101));
	cr_expect(is_inner(&packet, true));
	cr_expect_eq(stats.bad_transport_checksum, 0);
}

Test(decode, super_packets_have_no_length)
{
	for (int v6 = 0; v6 < 2; v6++) {
		build_payload(&b, 70000);
		build_tcp_at(&b, 1234, 80);
		build_ip(&b, v6, 6, 1, 2);
		put16(b.p + (v6 ? 4 : 2), 0);
		build_ethernet_ip(&b);
		cr_assert(decode(1));
		cr_expect_eq(packet.length, 70000);
		cr_expect_eq(packet.captured, 70000);
		/* cut by the snaplen, it is still as long */
		struct frame f = build_frame(&b, 1);
		f.captured = 200;
		cr_assert(decode_frame(decoder, &f, &packet));
		cr_expect_eq(packet.length, 70000);
	}
}

Test(decode, super_packets_of_udp)
{
	build_payload(&b, 69000);
	build_udp_at(&b, 1234, 443);
	put16(b.p + 4, 0);
	build_ip6(&b, 17, 1, 2);
	put16(b.p + 4, 0);
	cr_assert(decode(101));
	cr_expect_eq(packet.length, 69000);
	/* one of two datagrams' worth with its length is just long */
	build_payload(&b, 2400);
	build_udp_at(&b, 1234, 443);
	build_ip4(&b, 17, 1, 2);
	cr_assert(decode(101));
	cr_expect_eq(packet.length, 2400);
}

Test(decode, jumbograms_tell_their_length)
{
	build_payload(&b, 66010);
	build_tcp_at(&b, 1234, 80);
	build_put(&b, 6, 0, 0xc2, 4, 0, 1, 1, 0xf4); /* 66036 = 66008 + 20 + 8 */
	build_ip6(&b, 0, 1, 2);
	put16(b.p + 4, 0);
	cr_assert(decode(101));
	cr_expect_eq(packet.length, 66008);
	/* one that claims more than the frame held is not believed */
	b.p[44] = 0x7f;
	cr_assert(decode(101));
	cr_expect_eq(packet.length, 66010);
}

Test(decode, an_empty_ipv6_packet_has_padding_only)
{
	build_payload(&b, 6);
	build_ip6(&b, 59, 1, 2);
	put16(b.p + 4, 0);
	build_ethernet_ip(&b);
	cr_expect_not(decode(1));
	cr_expect_eq(stats.transport_other, 1);
}

Test(decode, cut_packets_count_their_bytes)
{
	build_payload(&b, 1400);
	build_tcp_at(&b, 1234, 80);
	build_ip4(&b, 6, 1, 2);
	build_ethernet_ip(&b);
	struct frame f = build_frame(&b, 1);
	f.captured = 96;
	cr_assert(decode_frame(decoder, &f, &packet));
	cr_expect_eq(packet.length, 1400);
	cr_expect_eq(packet.captured, 96 - 54);
	/* a mirror cut it, so that the frame itself was short */
	f.length = 96;
	cr_assert(decode_frame(decoder, &f, &packet));
	cr_expect_eq(packet.length, 1400);
	cr_expect_eq(packet.captured, 96 - 54);
	cr_expect_eq(stats.ip_beyond_frame, 1);
	/* the header itself is not there */
	f.captured = 53;
	cr_expect_not(decode_frame(decoder, &f, &packet));
	cr_expect_eq(stats.transport_malformed, 1);
}

Test(decode, options_cut_away_do_no_harm)
{
	build_payload(&b, 1400);
	build_put(&b, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2);
	build_tcp_at(&b, 1234, 80);
	b.p[12] = 8 << 4;
	build_ip4(&b, 6, 1, 2);
	build_ethernet_ip(&b);
	struct frame f = build_frame(&b, 1);
	f.captured = 64;
	cr_assert(decode_frame(decoder, &f, &packet));
	cr_expect_eq(packet.length, 1400);
	cr_expect_eq(packet.captured, 0);
}

Test(decode, impossible_transport_headers)
{
	build_inner(&b, false);
	b.p[20 + 12] = 4 << 4;
	cr_expect_not(decode(101));
	b.p[20 + 12] = 0xf0; /* 60 bytes of header fit */
	cr_expect(decode(101));
	cr_expect_eq(packet.length, INNER_PAYLOAD - 40);
	build_payload(&b, 30);
	build_tcp_at(&b, 1234, 80);
	b.p[12] = 0xf0;
	build_ip4(&b, 6, 1, 2);
	cr_expect_not(decode(101));
	for (unsigned length = 1; length < 60; length++) {
		build_payload(&b, 30);
		build_udp_at(&b, 1234, 53);
		put16(b.p + 4, length);
		build_ip4(&b, 17, 1, 2);
		bool good = length >= 8 && length <= 38;
		cr_expect_eq(decode(101), good, "%u", length);
		if (good)
			cr_expect_eq(packet.length, length - 8);
	}
}

Test(decode, window_scale_of_a_syn)
{
	static const struct {
		uint8_t options[12], want;
	} cases[] = {
		{{2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 0, 0}, 7},
		{{3, 3, 14, 0}, 14},
		{{1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 9}, 9},
		{{0, 3, 3, 9}, 0xff},
		{{8, 0, 3, 3, 9}, 0xff},
		{{8, 10, 3, 3, 9}, 0xff},
		{{8, 200, 3, 3, 9}, 0xff},
		{{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3}, 0xff},
		{{3, 4, 1, 1}, 0xff},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		build_payload(&b, 0);
		build_push(&b, cases[i].options, 12);
		build_tcp_at(&b, 1234, 80);
		b.p[12] = 8 << 4;
		b.p[13] = TCP_SYN;
		build_ip4(&b, 6, 1, 2);
		cr_assert(decode(101));
		cr_expect_eq(packet.window_scale, cases[i].want, "case %zu", i);
		cr_expect_eq(packet.flags, TCP_SYN);
	}
}

Test(decode, checksums_are_counted_and_nothing_more)
{
	build_inner(&b, false);
	b.p[10] ^= 1;
	cr_assert(decode(101));
	cr_expect_eq(stats.bad_ip_checksum, 1);
	cr_expect_eq(stats.bad_transport_checksum, 0);
	for (int v6 = 0; v6 < 2; v6++) {
		build_inner(&b, v6);
		b.p[build_length(&b) - 1] ^= 1;
		cr_assert(decode(101));
		cr_expect_eq(stats.bad_transport_checksum, 1 + (unsigned)v6);
	}
	/* what was cut cannot be verified */
	struct frame f = build_frame(&b, 101);
	f.captured--;
	cr_assert(decode_frame(decoder, &f, &packet));
	cr_expect_eq(stats.bad_transport_checksum, 2);
	/* UDP without a checksum */
	build_payload(&b, 11);
	build_udp_at(&b, 1, 2);
	build_ip4(&b, 17, 1, 2);
	put16(b.p + 26, 0);
	cr_assert(decode(101));
	cr_expect_eq(stats.bad_transport_checksum, 2);
	cr_expect_eq(stats.partial_checksum, 0);
}

Test(decode, of_long_packets_one_checksum_in_16_is_verified)
{
	for (int i = 0; i < 48; i++) {
		build_payload(&b, 256 - 20 + (i & 1)); /* every other one is long */
		build_tcp_at(&b, 1234, 80);
		build_ip4(&b, 6, 1, 2);
		b.p[20 + 16] ^= 1;
		cr_assert(decode(101));
	}
	cr_expect_eq(stats.bad_transport_checksum, 24 + 2);
	cr_expect_eq(stats.partial_checksum, 0);
}

Test(decode, a_checksum_left_to_the_card_is_no_bad_one)
{
	build_inner(&b, false);
	uint8_t addresses[8] = {10, 0, 0, 1, 10, 0, 0, 2};
	uint8_t *field = b.p + 20 + 16;
	put16(field, plain_sum(addresses, 8, 6 + 20 + INNER_PAYLOAD));
	cr_assert(decode(101));
	put16(field, plain_sum(addresses, 8, 6));
	cr_assert(decode(101));
	cr_expect_eq(stats.partial_checksum, 2);
	cr_expect_eq(stats.bad_transport_checksum, 0);
}
