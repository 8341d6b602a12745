#include <criterion/criterion.h>

#include "decode_fixture.h"

TestSuite(tunnel_udp, .init = decode_setup, .fini = decode_teardown);

/* An IPv6 packet in Teredo has at least one Teredo or link-local address. */
static void teredo(const uint8_t *prefix, bool to_client)
{
	build_payload(&b, INNER_PAYLOAD);
	build_tcp_at(&b, 1234, 80);
	build_ip6(&b, 6, 1, 2);
	memcpy(b.p + (to_client ? 24 : 8), prefix, 4);
}

Test(tunnel_udp, teredo_with_its_indications)
{
	static const uint8_t client[4] = {0x20, 1, 0, 0}, local[4] = {0xfe, 0x80, 0, 0};

	for (unsigned i = 0; i < 8; i++) {
		teredo(i & 4 ? local : client, i & 1);
		if (i & 1)
			build_put(&b, 0, 0, 0xaa, 0xbb, 1, 2, 3, 4);
		if (i & 2)
			build_put(&b, 0, 1, 3, 2, 'i', 'd', '!', 'a', 'u', 1, 2, 3, 4, 5, 6, 7, 8,
				  0);
		if (i & 1)
			build_udp_at(&b, 3544, 50000);
		else
			build_udp_at(&b, 50000, 3544);
		build_ip4(&b, 17, 3, 4);
		cr_assert(decode(101), "%u", i);
		cr_expect_eq(packet.tuple.dport, 80, "%u", i);
		cr_expect_eq(packet.encap, ENCAP_TEREDO);
		cr_expect_eq(packet.length, INNER_PAYLOAD);
	}
}

Test(tunnel_udp, teredo_is_told_from_other_things)
{
	static const uint8_t client[4] = {0x20, 1, 0, 0}, other[4] = {0x20, 1, 2, 3};

	teredo(other, false);
	build_outer_udp(&b, false, 3544);
	cr_assert(decode(101));
	cr_expect_eq(packet.tuple.dport, 3544);
	teredo(client, false);
	build_put(&b, 0, 0, 0xaa, 0xbb, 1, 2, 3, 4);
	b.p[8 + 5]++; /* a length that is not that of the datagram */
	build_outer_udp(&b, false, 3544);
	cr_assert(decode(101));
	cr_expect_eq(packet.tuple.dport, 3544);
	cr_expect_eq(packet.encap, 0);
	cr_expect_eq(stats.tunnels, 0);
}

Test(tunnel_udp, ports_alone_make_no_tunnel)
{
	static const uint16_t ports[] = {4789, 8472, 4790, 6081, 2152, 3544};

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		for (unsigned fill = 0; fill < 256; fill++) {
			build_payload(&b, 200);
			memset(b.p, (int)fill, 200);
			build_outer_udp(&b, fill & 1, ports[i]);
			cr_assert(decode(101));
			cr_assert_eq(packet.tuple.dport, ports[i]);
			cr_assert_eq(packet.length, 200);
			cr_assert_eq(packet.encap, 0);
			/* a client that happens to have the port */
			build_payload(&b, 200);
			build_udp_at(&b, 53, ports[i]);
			build_ip4(&b, 17, 1, 2);
			cr_assert(decode(101));
			cr_assert_eq(packet.tuple.sport, 53);
		}
	cr_expect_eq(stats.tunnels, 0);
}

Test(tunnel_udp, gtp_messages_without_a_packet)
{
	build_inner(&b, false);
	size_t n = build_length(&b);
	build_put(&b, 0x30, 26, n >> 8, n & 0xff, 0, 0, 0, 1); /* an error indication */
	build_outer_udp(&b, false, 2152);
	cr_assert(decode(101));
	cr_expect_eq(packet.tuple.dport, 2152);
	build_inner(&b, false);
	n = build_length(&b) + 100; /* beyond the datagram */
	build_put(&b, 0x30, 255, n >> 8, n & 0xff, 0, 0, 0, 1);
	build_outer_udp(&b, false, 2152);
	cr_assert(decode(101));
	cr_expect_eq(packet.tuple.dport, 2152);
	build_inner(&b, false); /* an extension header of length 0 */
	n = build_length(&b) + 8;
	build_put(&b, 0x34, 255, n >> 8, n & 0xff, 0, 0, 0, 1, 0, 0, 0, 0x85, 0, 0, 0, 0);
	build_outer_udp(&b, false, 2152);
	cr_assert(decode(101));
	cr_expect_eq(packet.tuple.dport, 2152);
}

Test(tunnel_udp, what_leads_nowhere_is_plain_udp)
{
	build_payload(&b, 28); /* ARP */
	build_ethernet(&b, 0x0806);
	build_put(&b, 8, 0, 0, 0, 0, 0, 42, 0);
	build_outer_udp(&b, false, 4789);
	cr_assert(decode(101));
	cr_expect_eq(packet.tuple.dport, 4789);
	cr_expect_eq(packet.length, 50);
	cr_expect_eq(packet.encap, 0);
	build_payload(&b, 28); /* a protocol nobody knows */
	build_ip4(&b, 253, 1, 2);
	build_ethernet_ip(&b);
	build_put(&b, 8, 0, 0, 0, 0, 0, 42, 0);
	build_outer_udp(&b, true, 4789);
	cr_assert(decode(101));
	cr_expect_eq(packet.tuple.dport, 4789);
	cr_expect_eq(packet.length, 28 + 20 + 14 + 8);
	cr_expect_eq(packet.encap, 0);
	cr_expect_eq(packet.payload[0], 8);
	/* but ICMP is understood */
	build_payload(&b, 28);
	build_ip4(&b, 1, 1, 2);
	build_ethernet_ip(&b);
	build_put(&b, 8, 0, 0, 0, 0, 0, 42, 0);
	build_outer_udp(&b, true, 4789);
	cr_expect_not(decode(101));
	cr_expect_eq(stats.transport_other, 2);
	cr_expect_eq(stats.tunnels, 0);
}
