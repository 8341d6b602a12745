#include <criterion/criterion.h>

#include "decode/checksum.h"
#include "frame_build.h"
#include "guard.h"

static struct stats stats;
static struct decoder *decoder;
static struct build b;
static struct packet packet;

static void setup(void)
{
	memset(&stats, 0, sizeof stats);
	decoder = decoder_new(&stats);
}

static void teardown(void)
{
	decoder_free(decoder);
}

TestSuite(decode, .init = setup, .fini = teardown);

static bool decode(uint32_t link)
{
	struct frame f = build_frame(&b, link);

	return decode_frame(decoder, &f, &packet);
}

/* Link layers: each puts its header before an IP packet. */

static void wrap_ethernet(struct build *x)
{
	build_ethernet(x, build_type(x));
}

static void tag(struct build *x, uint16_t id, uint16_t type)
{
	build_put(x, 0x20 | id >> 8, id & 0xff, type >> 8, type & 0xff);
}

static void wrap_vlan(struct build *x)
{
	tag(x, 42, build_type(x));
	build_ethernet(x, 0x8100);
}

static void wrap_qinq(struct build *x)
{
	tag(x, 7, build_type(x));
	tag(x, 42, 0x8100);
	build_ethernet(x, 0x88a8);
}

static void wrap_five_tags(struct build *x)
{
	tag(x, 1, build_type(x));
	tag(x, 2, 0x8100);
	tag(x, 3, 0x9100);
	tag(x, 4, 0x9200);
	tag(x, 42, 0x9300);
	build_ethernet(x, 0x88a8);
}

static void snap(struct build *x)
{
	uint16_t type = build_type(x);

	build_put(x, 0xaa, 0xaa, 3, 0, 0, 0, type >> 8, type & 0xff);
}

static void wrap_8023(struct build *x)
{
	snap(x);
	build_ethernet(x, (uint16_t)build_length(x));
}

static void wrap_mpls(struct build *x)
{
	build_put(x, 0, 1, 0x01, 64);
	build_put(x, 0, 1, 0x00, 64);
	build_ethernet(x, 0x8847);
}

static void wrap_pseudowire(struct build *x)
{
	build_ethernet(x, build_type(x));
	build_put(x, 0, 1, 0x01, 64);
	build_ethernet(x, 0x8847);
}

/* A destination that looks like the start of an IPv4 header. */
static void wrap_pseudowire_mac45(struct build *x)
{
	build_ethernet(x, build_type(x));
	x->p[0] = 0x45;
	x->p[2] = 0x05;
	build_put(x, 0, 1, 0x01, 64);
	build_ethernet(x, 0x8848);
}

static void wrap_pseudowire_mac60(struct build *x)
{
	build_ethernet(x, build_type(x));
	x->p[0] = 0x60;
	build_put(x, 0, 1, 0x01, 64);
	build_ethernet(x, 0x8847);
}

static void wrap_pseudowire_control(struct build *x)
{
	wrap_vlan(x);
	build_put(x, 0, 0, 0x12, 0x34);
	build_put(x, 0, 1, 0x01, 64);
	build_ethernet(x, 0x8847);
}

static void ppp(struct build *x)
{
	build_put(x, 0, build_type(x) == 0x86dd ? 0x57 : 0x21);
}

static void pppoe(struct build *x)
{
	ppp(x);
	size_t n = build_length(x);
	build_put(x, 0x11, 0, 0, 1, n >> 8, n & 0xff);
}

static void wrap_pppoe(struct build *x)
{
	pppoe(x);
	build_ethernet(x, 0x8864);
}

static void wrap_pppoe_qinq(struct build *x)
{
	pppoe(x);
	tag(x, 7, 0x8864);
	tag(x, 42, 0x8100);
	build_ethernet(x, 0x88a8);
}

static void wrap_ppp_compressed(struct build *x)
{
	build_put(x, build_type(x) == 0x86dd ? 0x57 : 0x21);
}

static void wrap_ppp_hdlc(struct build *x)
{
	ppp(x);
	build_put(x, 0xff, 3);
}

static void wrap_ppp_mpls(struct build *x)
{
	build_put(x, 0, 1, 0x01, 64);
	build_put(x, 0x02, 0x81);
}

static void wrap_ppp_dir(struct build *x)
{
	wrap_ppp_hdlc(x);
	build_put(x, 1);
}

static void wrap_pppd(struct build *x)
{
	ppp(x);
	build_put(x, 0, 3);
}

static void wrap_chdlc(struct build *x)
{
	uint16_t type = build_type(x);

	build_put(x, 0x0f, 0, type >> 8, type & 0xff);
}

static void wrap_nothing(struct build *x)
{
	(void)x;
}

static void wrap_null_little(struct build *x)
{
	build_put(x, build_type(x) == 0x86dd ? 30 : 2, 0, 0, 0);
}

static void wrap_null_big(struct build *x)
{
	build_put(x, 0, 0, 0, build_type(x) == 0x86dd ? 24 : 2);
}

static void wrap_sll(struct build *x)
{
	uint16_t type = build_type(x);

	build_put(x, 0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, type >> 8, type & 0xff);
}

static void wrap_sll2(struct build *x)
{
	uint16_t type = build_type(x);

	build_put(x, type >> 8, type & 0xff, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0);
}

static void wrap_sll_vlan(struct build *x)
{
	tag(x, 42, build_type(x));
	build_put(x, 0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x81, 0);
}

static void nflog(struct build *x, bool big)
{
	size_t n = build_length(x) + 4;
	bool v6 = build_type(x) == 0x86dd;

	/* the payload, behind a prefix attribute whose value needs padding */
	if (big) {
		build_put(x, n >> 8, n & 0xff, 0, 9);
		build_put(x, 0, 7, 0, 10, 'a', 'b', 0, 0);
	} else {
		build_put(x, n & 0xff, n >> 8, 9, 0);
		build_put(x, 7, 0, 10, 0, 'a', 'b', 0, 0);
	}
	build_put(x, v6 ? 10 : 2, 0, 0, 5);
}

static void wrap_nflog_little(struct build *x)
{
	nflog(x, false);
}

static void wrap_nflog_big(struct build *x)
{
	nflog(x, true);
}

static void wlan(struct build *x, uint8_t control, uint8_t flags, size_t pad)
{
	build_push(x, NULL, pad);
	if (control & 0x80)
		build_push(x, NULL, 2 + (flags & 0x80 ? 4 : 0));
	if ((flags & 3) == 3)
		build_push(x, NULL, 6);
	build_push(x, NULL, 22);
	build_put(x, control, flags);
}

static void wrap_wlan(struct build *x)
{
	snap(x);
	wlan(x, 0x08, 1, 0);
}

static void wrap_wlan_qos_wds_ht(struct build *x)
{
	snap(x);
	wlan(x, 0x88, 0x83, 0);
}

static void wrap_radiotap(struct build *x)
{
	snap(x);
	wlan(x, 0x88, 1, 2);
	/* two words of presence; a time stamp aligned to 8; flags: padded, the check sequence kept */
	build_put(x, 0, 0, 26, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
		  0x30, 0);
}

static void wrap_ppi(struct build *x)
{
	wrap_wlan(x);
	build_put(x, 0, 0, 12, 0, 105, 0, 0, 0, 1, 2, 3, 4);
}

static void wrap_prism(struct build *x)
{
	wrap_wlan(x);
	build_push(x, NULL, 144 - 8);
	build_put(x, 0x44, 0, 0, 0, 144, 0, 0, 0);
}

static void wrap_avs(struct build *x)
{
	wrap_wlan(x);
	build_push(x, NULL, 64 - 8);
	build_put(x, 0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64);
}

static const struct layer {
	const char *name;
	uint32_t link;
	void (*wrap)(struct build *b);
	uint32_t encap;
} layers[] = {
	{"Ethernet", 1, wrap_ethernet, 0},
	{"802.1Q", 1, wrap_vlan, ENCAP_VLAN},
	{"QinQ", 1, wrap_qinq, ENCAP_VLAN},
	{"five tags", 1, wrap_five_tags, ENCAP_VLAN},
	{"802.3", 1, wrap_8023, 0},
	{"MPLS", 1, wrap_mpls, ENCAP_MPLS},
	{"pseudowire", 1, wrap_pseudowire, ENCAP_MPLS},
	{"pseudowire, MAC like IPv4", 1, wrap_pseudowire_mac45, ENCAP_MPLS},
	{"pseudowire, MAC like IPv6", 1, wrap_pseudowire_mac60, ENCAP_MPLS},
	{"pseudowire, control word", 1, wrap_pseudowire_control, ENCAP_MPLS | ENCAP_VLAN},
	{"PPPoE", 1, wrap_pppoe, ENCAP_PPPOE},
	{"PPPoE in QinQ", 1, wrap_pppoe_qinq, ENCAP_PPPOE | ENCAP_VLAN},
	{"PPPoE alone", 51, pppoe, ENCAP_PPPOE},
	{"PPP", 9, ppp, 0},
	{"PPP, short protocol", 9, wrap_ppp_compressed, 0},
	{"PPP, framed", 9, wrap_ppp_hdlc, 0},
	{"PPP, MPLS", 9, wrap_ppp_mpls, ENCAP_MPLS},
	{"PPP in HDLC", 50, wrap_ppp_hdlc, 0},
	{"Cisco HDLC as PPP", 50, wrap_chdlc, 0},
	{"PPP with direction", 204, wrap_ppp_dir, 0},
	{"pppd", 166, wrap_pppd, 0},
	{"Cisco HDLC", 104, wrap_chdlc, 0},
	{"raw", 101, wrap_nothing, 0},
	{"raw 12", 12, wrap_nothing, 0},
	{"raw 14", 14, wrap_nothing, 0},
	{"NULL", 0, wrap_null_little, 0},
	{"NULL, big", 0, wrap_null_big, 0},
	{"LOOP", 108, wrap_null_big, 0},
	{"SLL", 113, wrap_sll, 0},
	{"SLL, 802.1Q", 113, wrap_sll_vlan, ENCAP_VLAN},
	{"SLL2", 276, wrap_sll2, 0},
	{"NFLOG", 239, wrap_nflog_little, 0},
	{"NFLOG, big", 239, wrap_nflog_big, 0},
	{"802.11", 105, wrap_wlan, 0},
	{"802.11 QoS, four addresses, HT", 105, wrap_wlan_qos_wds_ht, 0},
	{"radiotap", 127, wrap_radiotap, 0},
	{"PPI", 192, wrap_ppi, 0},
	{"Prism", 119, wrap_prism, 0},
	{"AVS", 163, wrap_avs, 0},
	{"AVS as Prism", 119, wrap_avs, 0},
};

#define LAYERS (sizeof layers / sizeof *layers)

Test(decode, every_link_layer_both_families)
{
	for (size_t i = 0; i < LAYERS; i++)
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

/* Whatever is given out lies inside the frame and is no longer than it was on the wire. */
static void expect_inside(const struct frame *f)
{
	cr_expect(packet.captured <= packet.length);
	if (packet.captured) {
		cr_expect(packet.payload >= f->data);
		cr_expect(packet.payload + packet.captured <= f->data + f->captured);
	}
}

Test(decode, every_prefix_stays_inside)
{
	for (size_t i = 0; i < LAYERS; i++) {
		build_inner(&b, i & 1);
		layers[i].wrap(&b);
		size_t n = build_length(&b), header = n - INNER_PAYLOAD;
		for (size_t cut = 0; cut < n; cut++) {
			struct frame f = build_frame(&b, layers[i].link);
			f.data = guard_copy(b.p, cut);
			f.captured = (uint32_t)cut;
			bool found = decode_frame(decoder, &f, &packet);
			cr_expect_eq(found, cut >= header, "%s at %zu", layers[i].name, cut);
			if (found) {
				expect_inside(&f);
				cr_expect_eq(packet.length, INNER_PAYLOAD);
				cr_expect_eq(packet.captured, cut - header);
			}
			/* and as a frame that was no longer */
			f.length = f.captured;
			if (decode_frame(decoder, &f, &packet))
				expect_inside(&f);
			guard_free((uint8_t *)f.data);
		}
	}
}

Test(decode, every_mutation_stays_inside)
{
	static const uint8_t values[] = {0x00, 0x01, 0x04, 0x45, 0x60, 0x7f, 0x80, 0xff};

	for (size_t i = 0; i < LAYERS; i++) {
		build_inner(&b, i & 1);
		layers[i].wrap(&b);
		size_t n = build_length(&b);
		struct frame f = build_frame(&b, layers[i].link);
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
}

Test(decode, unknown_link_types_are_named)
{
	const struct unknown_link *list;

	build_inner(&b, false);
	cr_expect_not(decode(147));
	cr_expect_not(decode(147));
	cr_expect_not(decode(999));
	cr_expect_eq(stats.link_unknown, 3);
	cr_assert_eq(decoder_unknown_links(decoder, &list), 2);
	cr_expect_eq(list[0].link, 147);
	cr_expect_eq(list[0].frames, 2);
	cr_expect_eq(list[1].link, 999);
	for (uint32_t link = 1000; link < 1100; link++)
		decode(link);
	cr_expect_eq(decoder_unknown_links(decoder, &list), 8);
	cr_expect_eq(stats.link_unknown, 103);
}

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
	wrap_ethernet(&b);
	cr_expect_not(decode(1));
	build_payload(&b, 46);
	build_ip6(&b, 50, 1, 2);
	wrap_ethernet(&b);
	cr_expect_not(decode(1));
	cr_expect_eq(stats.transport_other, 2);
}

Test(decode, tags_without_end_exceed_the_budget)
{
	build_inner(&b, false);
	tag(&b, 1, 0x0800);
	for (int i = 0; i < 20; i++)
		tag(&b, 1, 0x8100);
	build_ethernet(&b, 0x8100);
	cr_expect_not(decode(1));
	cr_expect_eq(stats.nesting_exceeded, 1);
}

Test(decode, padding_is_not_payload)
{
	static struct build with_pad;

	build_payload(&b, 0);
	build_tcp_at(&b, 1234, 80);
	build_ip4(&b, 6, 1, 2);
	wrap_ethernet(&b);
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
	uint8_t addresses[32] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1, 0x20, 0x01, 0x0d, 0xb8, [31] = 2};
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
		wrap_ethernet(&b);
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
	wrap_ethernet(&b);
	cr_expect_not(decode(1));
	cr_expect_eq(stats.transport_other, 1);
}

Test(decode, cut_packets_count_their_bytes)
{
	build_payload(&b, 1400);
	build_tcp_at(&b, 1234, 80);
	build_ip4(&b, 6, 1, 2);
	wrap_ethernet(&b);
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
	wrap_ethernet(&b);
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

Test(checksum, is_that_of_the_plain_loop)
{
	static uint8_t data[3000];

	for (unsigned fill = 0; fill < 3; fill++) {
		for (size_t i = 0; i < sizeof data; i++)
			data[i] = fill == 0 ? 0xff : fill == 1 ? (uint8_t)(i * 37 >> 2) : 0;
		for (size_t n = 0; n < 600; n++)
			for (size_t at = 0; at < 9; at++) {
				uint8_t *copy = guard_copy(data + at, n);
				uint16_t sum = checksum_fold(checksum_sum(copy, n));
				uint32_t want = plain_sum(copy, n, 0);
				/* either zero stands for the other */
				cr_assert_eq(__builtin_bswap16(sum) % 0xffff, want % 0xffff,
					     "%zu bytes", n);
				guard_free(copy);
				if (n > 130)
					break;
			}
	}
}

Test(checksum, of_the_longest_frame)
{
	size_t n = 256 * 1024;
	uint8_t *data = malloc(n);

	memset(data, 0xff, n);
	cr_expect_eq(checksum_fold(checksum_sum(data, n)), 0xffff);
	data[n - 1] = 0xfe;
	cr_expect_eq(__builtin_bswap16(checksum_fold(checksum_sum(data, n))), 0xfffe);
	free(data);
}

Test(decode, protected_and_other_wlan_frames)
{
	build_inner(&b, false);
	snap(&b);
	wlan(&b, 0x08, 0x41, 0);
	cr_expect_not(decode(105));
	cr_expect_eq(stats.wlan_protected, 1);
	build_payload(&b, 60);
	wlan(&b, 0x80, 0, 0); /* a beacon */
	cr_expect_not(decode(105));
	build_payload(&b, 0);
	build_put(&b, 0xd4, 0, 0, 0, 1, 2, 3, 4, 5, 6); /* an acknowledgement */
	cr_expect_not(decode(105));
	build_payload(&b, 0);
	wlan(&b, 0x48, 1, 0); /* null data */
	cr_expect_not(decode(105));
	cr_expect_eq(stats.not_ip, 3);
	/* a frame that the receiver found damaged */
	build_inner(&b, false);
	wrap_wlan(&b);
	build_put(&b, 0, 0, 9, 0, 2, 0, 0, 0, 0x40);
	cr_expect_not(decode(127));
	cr_expect_eq(stats.link_malformed, 1);
}

/* Subframes of an A-MSDU, the last first. */
static void subframe(struct build *x, const struct build *from, size_t pad)
{
	static struct build one;

	memcpy(one.room, from->room, sizeof one.room);
	one.p = one.room + (from->p - from->room);
	snap(&one);
	build_push(x, NULL, pad);
	size_t n = build_length(&one);
	build_push(x, one.p, n);
	build_put(x, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, n >> 8, n & 0xff);
}

Test(decode, an_amsdu_holds_several_packets)
{
	static struct build inner, all;

	build_payload(&all, 0);
	build_inner(&inner, true);
	subframe(&all, &inner, 0);
	build_payload(&inner, 9); /* ARP or the like gives nothing: 9 + 8 + 14 = 31, one to pad */
	subframe(&all, &inner, 1);
	all.p[14 + 6] = 0x08;
	all.p[14 + 7] = 0x06;
	build_inner(&inner, false); /* 14 + 8 + 140 = 162, two to pad */
	subframe(&all, &inner, 2);
	build_put(&all, 0x80, 0); /* QoS control */
	build_push(&all, NULL, 22);
	build_put(&all, 0x88, 1);

	struct frame f = build_frame(&all, 105);
	cr_assert(decode_frame(decoder, &f, &packet));
	cr_expect(is_inner(&packet, false));
	cr_assert(decode_more(decoder, &packet));
	cr_expect(is_inner(&packet, true));
	cr_expect_eq(packet.time, 1000);
	cr_expect_not(decode_more(decoder, &packet));
	cr_expect_eq(stats.not_ip, 1);
	cr_expect_eq(stats.link_malformed, 0);
	size_t n = build_length(&all);
	for (size_t cut = 0; cut < n; cut++) {
		f.data = guard_copy(all.p, cut);
		f.captured = (uint32_t)cut;
		for (bool ok = decode_frame(decoder, &f, &packet); ok;
		     ok = decode_more(decoder, &packet))
			expect_inside(&f);
		guard_free((uint8_t *)f.data);
	}
	/* a frame of another kind has nothing more */
	build_inner(&b, false);
	cr_assert(decode(101));
	cr_expect_not(decode_more(decoder, &packet));
}
