#include <criterion/criterion.h>

#include "decode_fixture.h"

TestSuite(link, .init = decode_setup, .fini = decode_teardown);

/* Link layers: each puts its header before an IP packet. */

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

static void wrap_8023(struct build *x)
{
	build_snap(x);
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
	build_ethernet_ip(x);
	build_put(x, 0, 1, 0x01, 64);
	build_ethernet(x, 0x8847);
}

/* A destination that looks like the start of an IPv4 header. */
static void wrap_pseudowire_mac45(struct build *x)
{
	build_ethernet_ip(x);
	x->p[0] = 0x45;
	x->p[2] = 0x05;
	build_put(x, 0, 1, 0x01, 64);
	build_ethernet(x, 0x8848);
}

static void wrap_pseudowire_mac60(struct build *x)
{
	build_ethernet_ip(x);
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

static const struct layer layers[] = {
	{"Ethernet", 1, build_ethernet_ip, 0},
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
};

#define LAYERS (sizeof layers / sizeof *layers)

Test(link, every_layer_both_families)
{
	expect_layers(layers, LAYERS);
}

Test(link, every_prefix_stays_inside)
{
	expect_prefixes_inside(layers, LAYERS);
}

Test(link, every_mutation_stays_inside)
{
	expect_mutations_inside(layers, LAYERS);
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
