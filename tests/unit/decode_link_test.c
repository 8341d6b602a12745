#include <criterion/criterion.h>

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

TestSuite(link, .init = setup, .fini = teardown);

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
	/* two words of presence; a time stamp aligned to 8; flags: padded, with check sequence */
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

Test(link, every_link_layer_both_families)
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

Test(link, every_prefix_stays_inside)
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

Test(link, every_mutation_stays_inside)
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

Test(link, unknown_link_types_are_named)
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

Test(link, tags_without_end_exceed_the_budget)
{
	build_inner(&b, false);
	tag(&b, 1, 0x0800);
	for (int i = 0; i < 20; i++)
		tag(&b, 1, 0x8100);
	build_ethernet(&b, 0x8100);
	cr_expect_not(decode(1));
	cr_expect_eq(stats.nesting_exceeded, 1);
}

Test(link, protected_and_other_wlan_frames)
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

Test(link, an_amsdu_holds_several_packets)
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
