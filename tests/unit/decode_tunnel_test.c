#include <criterion/criterion.h>

#include "decode_fixture.h"
#include "tunnel_build.h"

TestSuite(tunnel, .init = decode_setup, .fini = decode_teardown);

Test(tunnel, every_one_in_both_families)
{
	for (size_t i = 0; i < TUNNELS; i++)
		for (unsigned family = 0; family < 4; family++) {
			build_inner(&b, family & 1);
			tunnels[i].wrap(&b, family & 2);
			build_ethernet_ip(&b);
			cr_expect(decode(1) && is_inner(&packet, family & 1), "%s, %u",
				  tunnels[i].name, family);
			cr_expect_eq(packet.encap, tunnels[i].encap, "%s", tunnels[i].name);
		}
	/* all but MPLS are tunnels, not tags */
	cr_expect_eq(stats.tunnels, (TUNNELS - 1) * 4);
	cr_expect_eq(stats.bad_ip_checksum + stats.bad_transport_checksum, 0);
}

Test(tunnel, nested_three_deep)
{
	unsigned too_deep = 0;

	for (size_t i = 0; i < TUNNELS; i++)
		for (size_t j = 0; j < TUNNELS; j++)
			for (size_t k = 0; k < TUNNELS; k++) {
				const struct tunnel *t[3] = {&tunnels[i], &tunnels[j], &tunnels[k]};
				build_inner(&b, i & 1);
				t[0]->wrap(&b, j & 1);
				t[1]->wrap(&b, k & 1);
				t[2]->wrap(&b, i & 2);
				build_ethernet_ip(&b);
				uint64_t deep = stats.nesting_exceeded;
				bool found = decode(1);
				if (stats.nesting_exceeded != deep) {
					too_deep++;
					continue;
				}
				cr_assert(found && is_inner(&packet, i & 1), "%s in %s in %s",
					  t[0]->name, t[1]->name, t[2]->name);
				cr_assert_eq(packet.encap, t[0]->encap | t[1]->encap | t[2]->encap);
			}
	cr_expect_eq(too_deep, 0);
}

Test(tunnel, every_prefix_of_two_nested_stays_inside)
{
	for (size_t i = 0; i < TUNNELS; i++)
		for (size_t j = 0; j < TUNNELS; j++) {
			build_inner(&b, i & 1);
			tunnels[i].wrap(&b, j & 1);
			tunnels[j].wrap(&b, i & 2);
			build_ethernet_ip(&b);
			size_t n = build_length(&b);
			for (size_t cut = 0; cut < n - INNER_PAYLOAD; cut++)
				expect_prefix_inside(1, cut);
			cr_expect(expect_prefix_inside(1, n - INNER_PAYLOAD));
			cr_expect_eq(packet.length, INNER_PAYLOAD);
			cr_expect_eq(packet.captured, 0);
		}
}

Test(tunnel, every_mutation_stays_inside)
{
	for (size_t i = 0; i < TUNNELS; i++) {
		build_inner(&b, i & 1);
		tunnels[i].wrap(&b, i & 2);
		build_ethernet_ip(&b);
		expect_mutations_of_frame_inside(1);
	}
}

Test(tunnel, without_end_exceeds_the_budget)
{
	build_inner(&b, false);
	for (int i = 0; i < 20; i++)
		wrap_ip(&b, i & 1);
	build_ethernet_ip(&b);
	cr_expect_not(decode(1));
	cr_expect_eq(stats.nesting_exceeded, 1);
	/* in UDP tunnels the bytes are counted all the same */
	build_inner(&b, false);
	for (int i = 0; i < 20; i++)
		wrap_gtp(&b, false);
	build_ethernet_ip(&b);
	cr_expect(decode(1));
	cr_expect_eq(packet.tuple.dport, 2152);
	cr_expect_eq(stats.nesting_exceeded, 2);
}

Test(tunnel, a_mirror_may_cut_what_it_carries)
{
	/* the ERSPAN packet is whole, the frame inside is cut to 64 bytes */
	static struct build cut;

	build_inner(&b, false);
	build_ethernet_ip(&b);
	build_payload(&cut, 64);
	memcpy(cut.p, b.p, 64);
	build_put(&cut, 0x10, 1, 4, 5, 0, 0, 0, 7);
	gre(&cut, false, 0x1000, 0x88be);
	struct frame f = build_frame(&cut, 101);
	cr_assert(decode_frame(decoder, &f, &packet));
	cr_expect_eq(packet.length, INNER_PAYLOAD);
	cr_expect_eq(packet.captured, 10);
	cr_expect_eq(stats.ip_beyond_frame, 1);
	/* in IP, nothing may be longer than what is around it */
	build_inner(&b, false);
	put16(b.p + 2, 1400);
	wrap_ip(&b, false);
	cr_assert(decode(101));
	cr_expect_eq(packet.length, INNER_PAYLOAD);
}

Test(tunnel, gre_of_other_kinds)
{
	build_inner(&b, false);
	gre(&b, false, 0x4000, 0x0800); /* source routes */
	cr_expect_not(decode(101));
	build_inner(&b, false);
	gre(&b, false, 2, 0x0800); /* version 2 */
	cr_expect_not(decode(101));
	cr_expect_eq(stats.link_malformed, 2);
	build_payload(&b, 0); /* a PPTP acknowledgement */
	build_put(&b, 0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1);
	build_ip4(&b, 47, 3, 4);
	cr_expect_not(decode(101));
	build_payload(&b, 0); /* a keep-alive */
	build_put(&b, 0, 0, 0, 0);
	build_ip4(&b, 47, 3, 4);
	cr_expect_not(decode(101));
	cr_expect_eq(stats.not_ip, 2);
}

Test(tunnel, the_outermost_tag_is_kept)
{
	build_inner(&b, false);
	wrap_vxlan_group(&b, false);
	build_put(&b, 0, 99, 8, 0);
	build_ethernet(&b, 0x8100);
	cr_assert(decode(1));
	cr_expect(is_inner(&packet, false));
	cr_expect_eq(packet.vlan, 99);
}
