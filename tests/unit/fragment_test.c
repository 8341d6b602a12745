#include <criterion/criterion.h>

#include "core/limits.h"
#include "decode/fragment.h"
#include "frame_build.h"
#include "guard.h"

static struct stats stats;
static struct fragments *fragments;
static struct datagram whole;
static uint8_t content[65536];

static void fill(void)
{
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)(i * 7 + (i >> 8) * 3 + 1);
	memset(&stats, 0, sizeof stats);
}

static void setup(void)
{
	fill();
	fragments = fragments_new(&stats, 16, 64 * 1024);
}

static void teardown(void)
{
	fragments_free(fragments);
}

TestSuite(fragment, .init = setup, .fini = teardown);

static struct fragment piece(uint32_t id, uint32_t offset, uint32_t length, bool more)
{
	return (struct fragment){.id = id,
				 .family = 4,
				 .proto = 17,
				 .offset = offset,
				 .length = length,
				 .captured = length,
				 .data = content + offset,
				 .more = more};
}

static enum fragment_result add(uint32_t id, uint32_t offset, uint32_t length, bool more,
				uint64_t now)
{
	struct fragment f = piece(id, offset, length, more);

	/* so that a read beyond the piece is a fault */
	f.data = guard_copy(f.data, length);
	enum fragment_result r = fragments_add(fragments, &f, now, &whole);
	guard_free((uint8_t *)f.data);
	return r;
}

static void expect_whole(uint32_t length)
{
	cr_expect_eq(whole.length, length);
	cr_expect_eq(whole.captured, length);
	cr_expect(memcmp(whole.data, content, length) == 0);
	cr_expect_eq(whole.proto, 17);
}

Test(fragment, four_pieces_in_every_order)
{
	static const uint32_t at[] = {0, 800, 1600, 5000 - 8}, end[] = {800, 1600, 4992, 5003};
	unsigned orders = 0;

	for (unsigned order = 0; order < 256; order++) {
		unsigned k[4] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6};
		if ((1u << k[0] | 1u << k[1] | 1u << k[2] | 1u << k[3]) != 15)
			continue;
		for (unsigned i = 0; i < 4; i++) {
			unsigned n = k[i];
			enum fragment_result r = add(order, at[n], end[n] - at[n], n != 3, order);
			cr_assert_eq(r, i == 3 ? FRAGMENT_WHOLE : FRAGMENT_KEPT);
		}
		expect_whole(5003);
		fragments_release(fragments);
		orders++;
	}
	cr_expect_eq(orders, 24);
	cr_expect_eq(stats.fragments, 96);
	cr_expect_eq(stats.fragments_joined, 24);
	cr_expect_eq(stats.fragments_overlapped + stats.fragments_evicted, 0);
	cr_expect_eq(fragments_waiting(fragments), 0);
}

Test(fragment, the_smallest_pieces_of_the_largest_datagram)
{
	for (uint32_t offset = 65528; offset; offset -= 8)
		cr_assert_eq(add(1, offset, offset == 65528 ? 7 : 8, offset != 65528, 1),
			     FRAGMENT_KEPT);
	cr_assert_eq(add(1, 0, 8, true, 1), FRAGMENT_WHOLE);
	expect_whole(65535);
}

Test(fragment, copies_change_nothing)
{
	cr_expect_eq(add(1, 0, 800, true, 1), FRAGMENT_KEPT);
	cr_expect_eq(add(1, 0, 800, true, 1), FRAGMENT_KEPT);
	cr_expect_eq(add(1, 800, 100, false, 1), FRAGMENT_WHOLE);
	/* a span port's copy of the last one, and of all of them */
	cr_expect_eq(add(1, 800, 100, false, 2), FRAGMENT_KEPT);
	cr_expect_eq(add(1, 0, 800, true, 3), FRAGMENT_KEPT);
	cr_expect_eq(add(1, 800, 100, false, 3), FRAGMENT_KEPT);
	cr_expect_eq(stats.fragments_duplicated, 4);
	cr_expect_eq(stats.fragments_overlapped, 0);
	cr_expect_eq(stats.fragments_joined, 1);
	/* later it is another datagram with the same number */
	cr_expect_eq(add(1, 0, 800, true, NS_PER_S), FRAGMENT_KEPT);
	cr_expect_eq(add(1, 800, 100, false, NS_PER_S), FRAGMENT_WHOLE);
	cr_expect_eq(stats.fragments_joined, 2);
}

Test(fragment, the_first_bytes_stay_on_overlap)
{
	static uint8_t other[4096];
	struct fragment f = piece(1, 400, 800, true);

	memset(other, 0xee, sizeof other);
	cr_expect_eq(add(1, 0, 800, true, 1), FRAGMENT_KEPT);
	f.data = other;
	cr_expect_eq(fragments_add(fragments, &f, 1, &whole), FRAGMENT_KEPT);
	cr_expect_eq(stats.fragments_overlapped, 1);
	/* the same place with other content, and nothing new */
	f.offset = 0;
	f.length = f.captured = 16;
	cr_expect_eq(fragments_add(fragments, &f, 1, &whole), FRAGMENT_KEPT);
	cr_expect_eq(stats.fragments_overlapped, 2);
	cr_expect_eq(add(1, 1000, 500, false, 1), FRAGMENT_WHOLE);
	cr_expect_eq(stats.fragments_overlapped, 3);
	cr_expect_eq(whole.length, 1500);
	cr_expect(memcmp(whole.data, content, 800) == 0);
	cr_expect(memcmp(whole.data + 800, other, 400) == 0);
	cr_expect(memcmp(whole.data + 1200, content + 1200, 300) == 0);
	cr_expect_eq(stats.fragments_duplicated, 0);
}

Test(fragment, impossible_pieces)
{
	cr_expect_eq(add(1, 0, 801, true, 1), FRAGMENT_BAD);       /* off the grain */
	cr_expect_eq(add(1, 8, 0, false, 1), FRAGMENT_BAD);        /* empty */
	cr_expect_eq(add(1, 65528, 8, false, 1), FRAGMENT_BAD);    /* beyond 65535 */
	cr_expect_eq(add(1, 65528, 8, true, 1), FRAGMENT_BAD);
	struct fragment f = piece(1, 0, UINT32_MAX, false);
	f.captured = 100;
	cr_expect_eq(fragments_add(fragments, &f, 1, &whole), FRAGMENT_BAD);
	cr_expect_eq(fragments_waiting(fragments), 0);
	cr_expect_eq(add(2, 800, 100, false, 1), FRAGMENT_KEPT);
	cr_expect_eq(add(2, 896, 8, true, 1), FRAGMENT_BAD);       /* beyond the last */
	cr_expect_eq(add(2, 1600, 100, false, 1), FRAGMENT_BAD);   /* another last */
	cr_expect_eq(add(3, 1600, 800, true, 1), FRAGMENT_KEPT);
	cr_expect_eq(add(3, 800, 100, false, 1), FRAGMENT_BAD);    /* the last before others */
	cr_expect_eq(stats.fragments_malformed, 8);
	cr_expect_eq(add(2, 0, 800, true, 1), FRAGMENT_WHOLE);
	expect_whole(900);
}

Test(fragment, what_tells_datagrams_apart)
{
	struct fragment first = piece(1, 0, 800, true), last;

	cr_expect_eq(fragments_add(fragments, &first, 1, &whole), FRAGMENT_KEPT);
	for (int i = 0; i < 5; i++) {
		last = piece(1, 800, 8, false);
		last.id += i == 0;
		last.proto += i == 1;
		last.src.b[15] = i == 2;
		last.dst.b[3] = i == 3;
		if (i == 4)
			last.family = 6;
		cr_expect_eq(fragments_add(fragments, &last, 1, &whole), FRAGMENT_KEPT, "%d", i);
	}
	last = piece(1, 800, 8, false);
	cr_expect_eq(fragments_add(fragments, &last, 1, &whole), FRAGMENT_WHOLE);
	/* in IPv6 the protocol is that of the first piece, whatever the others say */
	last = piece(9, 800, 8, false);
	last.family = first.family = 6;
	last.proto = 60;
	first.id = 9;
	cr_expect_eq(fragments_add(fragments, &last, 1, &whole), FRAGMENT_KEPT);
	cr_expect_eq(fragments_add(fragments, &first, 1, &whole), FRAGMENT_WHOLE);
	cr_expect_eq(whole.proto, 17);
}

Test(fragment, missing_pieces_expire)
{
	cr_expect_eq(add(1, 0, 800, true, NS_PER_S), FRAGMENT_KEPT);
	cr_expect_eq(add(2, 0, 800, true, 2 * NS_PER_S), FRAGMENT_KEPT);
	fragments_expire(fragments, NS_PER_S + LIMIT_FRAGMENT_AGE);
	cr_expect_eq(fragments_waiting(fragments), 2);
	fragments_expire(fragments, NS_PER_S + LIMIT_FRAGMENT_AGE + 1);
	cr_expect_eq(fragments_waiting(fragments), 1);
	cr_expect_eq(stats.fragments_expired, 1);
	/* a piece that comes too late begins a new one, released in time or not */
	cr_expect_eq(add(2, 800, 8, false, 40 * NS_PER_S), FRAGMENT_KEPT);
	cr_expect_eq(stats.fragments_expired, 2);
	cr_expect_eq(fragments_waiting(fragments), 1);
	/* time may step back */
	fragments_expire(fragments, 0);
	cr_expect_eq(fragments_waiting(fragments), 1);
}

Test(fragment, more_datagrams_than_the_bound)
{
	for (uint32_t id = 0; id < 1000; id++)
		cr_expect_eq(add(id, 0, 8, true, id), FRAGMENT_KEPT);
	cr_expect_eq(fragments_waiting(fragments), 16);
	cr_expect_eq(stats.fragments_evicted, 984);
	/* the oldest went */
	cr_expect_eq(add(999, 8, 8, false, 1000), FRAGMENT_WHOLE);
	cr_expect_eq(add(983, 8, 8, false, 1000), FRAGMENT_KEPT);
}

Test(fragment, more_bytes_than_the_bound)
{
	/* room is for 32 pages of 2 KiB: 3 datagrams of 10 pages and a bit */
	for (uint32_t id = 0; id < 5; id++)
		cr_expect_eq(add(id, 0, 20000, true, id), FRAGMENT_KEPT);
	cr_expect_eq(stats.fragments_evicted, 2);
	cr_expect_eq(fragments_waiting(fragments), 3);
	cr_expect_eq(add(4, 20000, 9, false, 9), FRAGMENT_WHOLE);
	expect_whole(20009);
	cr_expect_eq(add(1, 20000, 9, false, 9), FRAGMENT_KEPT);
}

Test(fragment, one_datagram_alone_beyond_the_bound)
{
	fragments_free(fragments);
	fragments = fragments_new(&stats, 16, 16 * 1024);
	cr_expect_eq(add(1, 0, 16384, true, 1), FRAGMENT_KEPT);
	cr_expect_eq(add(1, 16384, 8, true, 1), FRAGMENT_KEPT);
	cr_expect_eq(stats.fragments_evicted, 1);
	cr_expect_eq(fragments_waiting(fragments), 0);
	cr_expect_eq(add(2, 0, 8000, true, 1), FRAGMENT_KEPT);
	cr_expect_eq(add(2, 8000, 8, false, 1), FRAGMENT_WHOLE);
	expect_whole(8008);
}

Test(fragment, datagrams_given_out_stay_until_release)
{
	struct datagram kept[100];

	for (uint32_t id = 0; id < 100; id++) {
		content[0] = (uint8_t)id;
		cr_assert_eq(add(id, 0, 8000, true, 1), FRAGMENT_KEPT);
		cr_assert_eq(add(id, 8000, 1234, false, 1), FRAGMENT_WHOLE);
		kept[id] = whole;
	}
	for (uint32_t id = 0; id < 100; id++) {
		cr_expect_eq(kept[id].data[0], id);
		cr_expect(memcmp(kept[id].data + 1, content + 1, 9233) == 0);
	}
}

Test(fragment, a_caller_that_never_releases_is_bounded)
{
	unsigned given = 0;

	for (uint32_t id = 0; id < 300; id++) {
		add(id, 0, 40000, true, 1);
		given += add(id, 40000, 1234, false, 1) == FRAGMENT_WHOLE;
	}
	cr_expect_eq(given, 2 * LIMIT_BATCH);
	fragments_release(fragments);
	add(1000, 0, 40000, true, 1);
	cr_expect_eq(add(1000, 40000, 1234, false, 1), FRAGMENT_WHOLE);
}

Test(fragment, cut_pieces_count_their_bytes)
{
	struct fragment f = piece(1, 0, 1600, true);

	f.captured = 403;
	cr_expect_eq(fragments_add(fragments, &f, 1, &whole), FRAGMENT_KEPT);
	f = piece(1, 1600, 800, false);
	f.captured = 0;
	f.data = NULL;
	cr_expect_eq(fragments_add(fragments, &f, 1, &whole), FRAGMENT_WHOLE);
	cr_expect_eq(whole.length, 2400);
	cr_expect_eq(whole.captured, 403);
	cr_expect(memcmp(whole.data, content, 403) == 0);
	/* the second is cut, and overlaps */
	f = piece(2, 0, 1600, true);
	cr_expect_eq(fragments_add(fragments, &f, 1, &whole), FRAGMENT_KEPT);
	f = piece(2, 800, 1600, false);
	f.captured = 1000;
	cr_expect_eq(fragments_add(fragments, &f, 1, &whole), FRAGMENT_WHOLE);
	cr_expect_eq(whole.length, 2400);
	cr_expect_eq(whole.captured, 1800);
	cr_expect(memcmp(whole.data, content, 1800) == 0);
	/* a cut copy of what is there takes nothing away */
	cr_expect_eq(add(3, 0, 800, true, 1), FRAGMENT_KEPT);
	f = piece(3, 0, 800, true);
	f.captured = 5;
	cr_expect_eq(fragments_add(fragments, &f, 1, &whole), FRAGMENT_KEPT);
	cr_expect_eq(add(3, 800, 8, false, 1), FRAGMENT_WHOLE);
	cr_expect_eq(whole.captured, 808);
}

/* Through the decoder. */

static struct decoder *decoder;
static struct packet packet;
static struct build b;

static void decoder_setup(void)
{
	fill();
	decoder = decoder_new(&stats);
}

static void decoder_teardown(void)
{
	decoder_free(decoder);
}

TestSuite(refrag, .init = decoder_setup, .fini = decoder_teardown);

/* A transport packet without its IP header in `data`; returns its length. */
static size_t inner_transport(uint8_t *data, bool v6)
{
	build_inner(&b, v6);
	size_t header = v6 ? 40 : 20, n = build_length(&b) - header;
	memcpy(data, b.p + header, n);
	return n;
}

static bool send_piece(const uint8_t *data, size_t at, size_t n, bool more, bool v6,
		       uint32_t captured_less)
{
	build_payload(&b, n);
	memcpy(b.p, data + at, n);
	if (v6) {
		build_put(&b, 6, 0, at >> 8, (at & 0xf8) | more, 0, 0, 1, 2);
		build_ip6(&b, 44, 1, 2);
	} else {
		build_ip4_full(&b, 6, 1, 2, 5, (uint16_t)(at / 8 | (more ? 0x2000 : 0)));
	}
	struct frame f = build_frame(&b, 101);
	f.captured -= captured_less;
	return decode_frame(decoder, &f, &packet);
}

Test(refrag, both_families_with_a_tiny_first_piece)
{
	uint8_t data[1000];

	for (int v6 = 0; v6 < 2; v6++) {
		size_t n = inner_transport(data, v6);
		cr_expect_not(send_piece(data, 16, n - 16, false, v6, 0));
		cr_expect_not(send_piece(data, 8, 8, true, v6, 0));
		cr_expect(send_piece(data, 0, 8, true, v6, 0));
		cr_expect(is_inner(&packet, v6));
		cr_expect_eq(packet.ip_id, v6 ? 0 : 5);
	}
	cr_expect_eq(stats.fragments, 6);
	cr_expect_eq(stats.fragments_joined, 2);
	cr_expect_eq(stats.bad_transport_checksum, 0);
	decoder_release(decoder, 1000);
}

Test(refrag, a_piece_cut_by_the_snaplen)
{
	uint8_t data[1000];
	size_t n = inner_transport(data, false);

	cr_expect_not(send_piece(data, 0, 64, true, false, 14));
	cr_expect(send_piece(data, 64, n - 64, false, false, 0));
	cr_expect_eq(packet.length, INNER_PAYLOAD);
	cr_expect_eq(packet.captured, 30);
	cr_expect_eq(stats.transport_malformed, 0);
}

Test(refrag, fragments_of_fragments_end)
{
	uint8_t data[8] = {6, 0, 0, 1, 0, 0, 0, 9};

	build_payload(&b, 64);
	build_push(&b, data, 8);
	build_put(&b, 44, 0, 0, 1, 0, 0, 0, 9);
	build_ip6(&b, 44, 1, 2);
	struct frame f = build_frame(&b, 101);
	cr_expect_not(decode_frame(decoder, &f, &packet));
	build_payload(&b, 8);
	build_put(&b, 44, 0, 0, 72, 0, 0, 0, 9);
	build_ip6(&b, 44, 1, 2);
	f = build_frame(&b, 101);
	cr_expect_not(decode_frame(decoder, &f, &packet));
	cr_expect_eq(stats.fragments_joined, 1);
	cr_expect_eq(stats.ip_malformed, 1);
}

/* Fragments of the outer packet of a tunnel, as GTP-U makes them. */
Test(refrag, a_tunnel_in_fragments)
{
	uint8_t data[1000];

	build_inner(&b, true);
	size_t n = build_length(&b);
	build_put(&b, 0x30, 255, n >> 8, n & 0xff, 0, 0, 0, 1);
	build_udp_at(&b, 2152, 2152);
	n = build_length(&b);
	put16(b.p + 6, 0);
	memcpy(data, b.p, n);
	for (int i = 0; i < 2; i++) {
		size_t at = i ? 0 : 64, part = i ? 64 : n - 64;
		build_payload(&b, part);
		memcpy(b.p, data + at, part);
		build_ip4_full(&b, 17, 3, 4, 5, (uint16_t)(at / 8 | (i ? 0x2000 : 0)));
		struct frame f = build_frame(&b, 101);
		cr_expect_eq(decode_frame(decoder, &f, &packet), i == 1);
	}
	cr_expect(is_inner(&packet, true));
	cr_expect_eq(packet.encap, ENCAP_GTP);
	cr_expect_eq(stats.tunnels, 1);
}

/* Inside a UDP tunnel a fragment waits: the tunnel's own header does not stand in for it. */
Test(refrag, fragments_in_a_tunnel)
{
	uint8_t data[1000];
	size_t n = inner_transport(data, false);

	for (int i = 0; i < 2; i++) {
		size_t at = i ? 64 : 0, part = i ? n - 64 : 64;
		build_payload(&b, part);
		memcpy(b.p, data + at, part);
		build_ip4_full(&b, 6, 1, 2, 5, (uint16_t)(at / 8 | (i ? 0 : 0x2000)));
		build_ethernet(&b, 0x0800);
		build_put(&b, 8, 0, 0, 0, 0, 0, 42, 0);
		build_udp_at(&b, 50000, 4789);
		build_ip4(&b, 17, 3, 4);
		struct frame f = build_frame(&b, 101);
		cr_expect_eq(decode_frame(decoder, &f, &packet), i == 1);
	}
	cr_expect(is_inner(&packet, false));
	cr_expect_eq(packet.encap, ENCAP_VXLAN);
}
