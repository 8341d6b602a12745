#include <criterion/criterion.h>

#include "decode_fixture.h"

TestSuite(wlan, .init = decode_setup, .fini = decode_teardown);

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
	build_snap(x);
	wlan(x, 0x08, 1, 0);
}

static void wrap_wlan_qos_wds_ht(struct build *x)
{
	build_snap(x);
	wlan(x, 0x88, 0x83, 0);
}

static void wrap_radiotap(struct build *x)
{
	build_snap(x);
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

static const struct layer layers[] = {
	{"802.11", 105, wrap_wlan, 0},
	{"802.11 QoS, four addresses, HT", 105, wrap_wlan_qos_wds_ht, 0},
	{"radiotap", 127, wrap_radiotap, 0},
	{"PPI", 192, wrap_ppi, 0},
	{"Prism", 119, wrap_prism, 0},
	{"AVS", 163, wrap_avs, 0},
	{"AVS as Prism", 119, wrap_avs, 0},
};

#define LAYERS (sizeof layers / sizeof *layers)

Test(wlan, every_layer_both_families)
{
	expect_layers(layers, LAYERS);
}

Test(wlan, every_prefix_stays_inside)
{
	expect_prefixes_inside(layers, LAYERS);
}

Test(wlan, every_mutation_stays_inside)
{
	expect_mutations_inside(layers, LAYERS);
}

Test(wlan, protected_and_other_frames)
{
	build_inner(&b, false);
	build_snap(&b);
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
	build_snap(&one);
	build_push(x, NULL, pad);
	size_t n = build_length(&one);
	build_push(x, one.p, n);
	build_put(x, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, n >> 8, n & 0xff);
}

Test(wlan, an_amsdu_holds_several_packets)
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
