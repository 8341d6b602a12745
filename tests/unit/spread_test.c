#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "capture/spread.h"
#include "cbpf_run.h"
#include "decode_fixture.h"
#include "tunnel_build.h"

static struct sock_filter code[SPREAD_MAX];
static size_t length;
static struct cbpf_run run;

static void setup(void)
{
	decode_setup();
	length = spread_program(code);
}

TestSuite(spread, .init = setup, .fini = decode_teardown);

static uint32_t number_of(const struct cbpf_packet *p)
{
	uint32_t n = cbpf_run(&run, code, length, p);

	cr_assert_not(run.bad, "a load beyond the packet, or worse");
	return n;
}

/* The frame in memory as one that is sent: the program starts at its link header. */
static uint32_t sent(const uint8_t *p, size_t n)
{
	return number_of(&(struct cbpf_packet){.data = p,
					       .length = n,
					       .protocol = 0xffff, /* is not looked at */
					       .kind = PACKET_OUTGOING,
					       .hardware = ARPHRD_ETHER});
}

/* As one that is received: behind the link header, and behind the outermost tag. */
static uint32_t received(const uint8_t *p, size_t n)
{
	size_t at = 14;
	uint32_t type = load_be16(p + 12);

	if ((type == 0x8100 || type == 0x88a8) && n >= 18) {
		type = load_be16(p + 16);
		at = 18;
	}
	if (type < 0x600)
		type = 4; /* ETH_P_802_2 */
	return number_of(&(struct cbpf_packet){.data = p + at,
					       .length = n - at,
					       .protocol = type,
					       .kind = PACKET_OTHERHOST,
					       .hardware = ARPHRD_ETHER});
}

/* The number of the frame in b, which is the same either way. */
static uint32_t number(void)
{
	uint32_t one = sent(b.p, build_length(&b)), other = received(b.p, build_length(&b));

	cr_assert_eq(one, other);
	return one;
}

static void packet_between(bool v6, uint8_t from, uint8_t to)
{
	build_payload(&b, 100);
	build_tcp_at(&b, 1234, 80);
	build_ip(&b, v6, 6, from, to);
}

/* What a packet between these two has without anything around. */
static uint32_t plain(bool v6, uint8_t from, uint8_t to)
{
	packet_between(v6, from, to);
	build_ethernet_ip(&b);
	return number();
}

Test(spread, the_kernel_takes_it)
{
	struct sock_fprog program = {.len = (unsigned short)length, .filter = code};
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	cr_assert_leq(length, SPREAD_MAX);
	/* as a filter, unlike in a group, it counts towards a small limit of memory */
	if (setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program))
		cr_expect_eq(errno, ENOMEM, "%s", strerror(errno));
	close(s);
}

Test(spread, only_jumps_forward_and_written_words)
{
	cr_assert_eq(code[length - 1].code, BPF_RET | BPF_A);
	for (size_t i = 0; i < length; i++) {
		const struct sock_filter *s = &code[i];
		if (s->code == (BPF_JMP | BPF_JA))
			cr_expect(i + 1 + s->k < length);
		else if (BPF_CLASS(s->code) == BPF_JMP)
			cr_expect(i + 1 + s->jt < length && i + 1 + s->jf < length);
		if (BPF_CLASS(s->code) == BPF_ST || BPF_CLASS(s->code) == BPF_STX)
			cr_expect(s->k < BPF_MEMWORDS);
	}
}

Test(spread, both_directions_are_one)
{
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned i = 1; i < 20; i++)
			for (unsigned j = 1; j < 20; j++)
				cr_assert_eq(plain(v6, (uint8_t)i, (uint8_t)j),
					     plain(v6, (uint8_t)j, (uint8_t)i));
}

Test(spread, ports_do_not_matter)
{
	uint32_t want = plain(false, 1, 2);

	build_payload(&b, 10);
	build_udp_at(&b, 5353, 53);
	build_ip(&b, false, 17, 2, 1);
	build_ethernet_ip(&b);
	cr_expect_eq(number(), want);
	build_payload(&b, 28); /* ICMP */
	build_ip(&b, false, 1, 2, 1);
	build_ethernet_ip(&b);
	cr_expect_eq(number(), want);
}

Test(spread, what_is_around_a_packet_does_not_matter)
{
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (size_t i = 0; i < TUNNELS; i++)
			for (unsigned pair = 0; pair < 64; pair++) {
				uint8_t from = (uint8_t)(1 + pair % 8),
					to = (uint8_t)(100 + pair / 8);
				uint32_t want = plain(v6, from, to);
				for (unsigned way = 0; way < 4; way++) {
					packet_between(v6, way & 1 ? to : from,
						       way & 1 ? from : to);
					tunnels[i].wrap(&b, way & 2);
					build_ethernet_ip(&b);
					cr_assert_eq(number(), want, "%s, %u", tunnels[i].name,
						     way);
				}
			}
}

Test(spread, nor_two_tunnels_in_one_another)
{
	for (size_t i = 0; i < TUNNELS; i++)
		for (size_t j = 0; j < TUNNELS; j++)
			for (unsigned way = 0; way < 8; way++) {
				uint32_t want = plain(way & 1, 7, 9);
				packet_between(way & 1, 9, 7);
				tunnels[i].wrap(&b, way & 2);
				tunnels[j].wrap(&b, way & 4);
				build_ethernet_ip(&b);
				cr_assert_eq(number(), want, "%s in %s, %u", tunnels[i].name,
					     tunnels[j].name, way);
			}
}

Test(spread, beyond_that_it_is_the_innermost_reached)
{
	packet_between(false, 1, 2);
	build_ip4(&b, 4, 5, 6);
	build_ip4(&b, 4, 7, 8);
	build_ip4(&b, 4, 9, 10);
	build_ethernet_ip(&b);
	cr_expect_eq(number(), plain(false, 5, 6));
}

/* Link layers before the packet in b, whose Ethernet type is given. */
static void tagged(uint16_t type, unsigned count)
{
	static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100, 0x9200};

	for (unsigned i = 0; i < count; i++) {
		build_put(&b, 0x20, i, type >> 8, type & 0xff);
		type = tags[i];
	}
	build_ethernet(&b, type);
}

static void wrap_tags(void)
{
	tagged(build_type(&b), 4);
}

static void wrap_labels(void)
{
	build_put(&b, 0, 1, 1, 64);
	build_put(&b, 0, 1, 0, 64, 0, 2, 0, 64);
	build_ethernet(&b, 0x8847);
}

static void wrap_pseudowire(void)
{
	build_ethernet_ip(&b);
	build_put(&b, 0, 1, 1, 64);
	build_ethernet(&b, 0x8848);
}

/* A MAC address that begins like an IP header. */
static void wrap_pseudowire_misleading(void)
{
	build_ethernet_ip(&b);
	b.p[0] = b.p[6] = 0x48;
	build_put(&b, 0, 1, 1, 64);
	build_ethernet(&b, 0x8847);
}

static void wrap_pseudowire_controlled(void)
{
	build_ethernet_ip(&b);
	build_put(&b, 0, 0, 1, 2);
	build_put(&b, 0, 1, 1, 64);
	build_ethernet(&b, 0x8847);
}

static void wrap_pppoe(void)
{
	bool v6 = build_type(&b) == 0x86dd;
	size_t n = build_length(&b) + 2;

	build_put(&b, 0x11, 0, 0, 5, n >> 8, n & 0xff, 0, v6 ? 0x57 : 0x21);
	build_ethernet(&b, 0x8864);
}

static void wrap_snap(void)
{
	build_snap(&b);
	build_ethernet(&b, (uint16_t)build_length(&b));
}

static void wrap_tagged_snap(void)
{
	build_snap(&b);
	tagged((uint16_t)build_length(&b), 3);
}

static void wrap_bridged(void)
{
	build_ethernet_ip(&b);
	build_ethernet(&b, 0x6558);
}

static const struct {
	const char *name;
	void (*wrap)(void);
} links[] = {
	{"tags", wrap_tags},
	{"labels", wrap_labels},
	{"pseudowire", wrap_pseudowire},
	{"pseudowire, address like IP", wrap_pseudowire_misleading},
	{"pseudowire, control word", wrap_pseudowire_controlled},
	{"PPPoE", wrap_pppoe},
	{"SNAP", wrap_snap},
	{"tags, SNAP", wrap_tagged_snap},
	{"bridged", wrap_bridged},
};

#define LINKS (sizeof links / sizeof *links)

Test(spread, nor_what_stands_before_ip)
{
	for (size_t i = 0; i < LINKS; i++)
		for (unsigned way = 0; way < 4; way++) {
			uint32_t want = plain(way & 1, 7, 9);
			packet_between(way & 1, 9, 7);
			if (way & 2)
				wrap_vxlan(&b, false);
			links[i].wrap();
			cr_expect_eq(number(), want, "%s, %u", links[i].name, way);
		}
}

Test(spread, extension_headers_are_skipped)
{
	static const uint8_t kinds[] = {0, 43, 60, 135, 51};
	uint32_t want = plain(true, 1, 2);

	for (size_t i = 0; i < sizeof kinds; i++) {
		packet_between(true, 2, 1);
		wrap_gre(&b, true);
		uint8_t *p = b.p + 40; /* behind the outer IP header */
		memmove(b.p - 16, b.p, 40);
		b.p -= 16;
		memset(p - 16, 0, 16);
		b.p[6] = kinds[i];
		p[-16] = 47;
		p[-15] = kinds[i] == 51 ? 2 : 1; /* 16 bytes */
		build_ethernet_ip(&b);
		cr_expect_eq(number(), want, "%u", kinds[i]);
	}
}

Test(spread, fragments_stay_together)
{
	/* those of the outer datagram, the first one too, by the outer addresses */
	uint32_t want = plain(false, 3, 4);
	uint16_t words[] = {0x2000, 0x20b9, 0x00b9};

	for (size_t i = 0; i < 3; i++) {
		packet_between(false, 1, 2);
		wrap_vxlan(&b, false);
		put16(b.p + 6, words[i]);
		build_ethernet_ip(&b);
		cr_expect_eq(number(), want);
	}
	/* those of the inner one by the inner addresses */
	want = plain(false, 1, 2);
	for (size_t i = 0; i < 3; i++) {
		packet_between(false, 2, 1);
		put16(b.p + 6, words[i]);
		wrap_vxlan(&b, false);
		build_ethernet_ip(&b);
		cr_expect_eq(number(), want);
	}
	want = plain(true, 3, 4);
	for (size_t i = 0; i < 4; i++) {
		packet_between(false, 1, 2);
		wrap_vxlan(&b, true);
		uint8_t outer[40];
		memcpy(outer, b.p, 40);
		b.p += 40;
		build_put(&b, 17, 0, i == 3 ? 0 : words[i] >> 8, i == 3 ? 0 : words[i] & 1, 0, 0, 0,
			  9);
		outer[6] = 44;
		build_push(&b, outer, 40);
		build_ethernet_ip(&b);
		/* one that is no fragment is followed */
		cr_expect_eq(number(), i == 3 ? plain(false, 1, 2) : want, "%zu", i);
	}
}

Test(spread, what_only_has_the_port_is_udp)
{
	static const uint16_t ports[] = {4789, 8472, 4790, 6081, 2152, 3544};
	uint32_t want = plain(false, 3, 4);

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		for (size_t n = 0; n < 200; n++)
			for (unsigned fill = 0; fill < 256; fill += 15) {
				build_payload(&b, n);
				memset(b.p, (int)fill, n);
				build_outer_udp(&b, false, ports[i]);
				build_ethernet_ip(&b);
				cr_assert_eq(number(), want, "%u, %zu", ports[i], n);
			}
}

Test(spread, what_is_not_ip_goes_to_the_first)
{
	build_payload(&b, 28);
	build_ethernet(&b, 0x0806);
	cr_expect_eq(number(), 0);
	build_payload(&b, 28); /* a BPDU */
	build_put(&b, 0x42, 0x42, 3);
	build_ethernet(&b, 31);
	cr_expect_eq(number(), 0);
	build_payload(&b, 28); /* ARP in VXLAN: the outer addresses */
	build_ethernet(&b, 0x0806);
	build_put(&b, 8, 0, 0, 0, 0, 0, 42, 0);
	build_outer_udp(&b, false, 4789);
	build_ethernet_ip(&b);
	cr_expect_eq(number(), plain(false, 3, 4));
}

Test(spread, links_without_a_header)
{
	uint32_t want = plain(false, 1, 2);

	packet_between(false, 1, 2);
	struct cbpf_packet p = {.data = b.p,
				.length = build_length(&b),
				.protocol = 0x0800,
				.kind = PACKET_OUTGOING,
				.hardware = ARPHRD_NONE};
	cr_expect_eq(number_of(&p), want);
	p.kind = PACKET_HOST;
	cr_expect_eq(number_of(&p), want);
}

/* Prefixes and mutations: a load beyond the packet is asserted in number_of. */

static void every_prefix(void)
{
	size_t n = build_length(&b);

	for (size_t cut = 0; cut <= n; cut++) {
		sent(b.p, cut);
		if (cut >= 14)
			received(b.p, cut);
	}
}

Test(spread, every_prefix_stays_inside)
{
	for (size_t i = 0; i < TUNNELS; i++)
		for (size_t j = 0; j < TUNNELS; j++) {
			packet_between(i & 1, 1, 2);
			tunnels[i].wrap(&b, j & 1);
			tunnels[j].wrap(&b, i & 2);
			links[(i + j) % LINKS].wrap();
			every_prefix();
		}
}

Test(spread, every_mutation_stays_inside)
{
	for (size_t i = 0; i < TUNNELS; i++) {
		packet_between(i & 1, 1, 2);
		tunnels[i].wrap(&b, i & 2);
		links[i % LINKS].wrap();
		size_t n = build_length(&b) - 100;
		for (size_t at = 0; at < n; at++)
			for (unsigned flip = 1; flip < 256; flip++) {
				b.p[at] ^= flip;
				sent(b.p, build_length(&b));
				received(b.p, build_length(&b));
				b.p[at] ^= flip;
			}
	}
}

/* Where the decoder finds a packet in a frame with a byte changed, both went by the same addresses,
 * but where the decoder goes back to the tunnel's own, because what is inside leads nowhere: a
 * protocol that is not known, a bad length. */
Test(spread, agrees_with_the_decoder)
{
	unsigned compared = 0, differ = 0;

	for (size_t i = 0; i < TUNNELS; i++) {
		static uint8_t copy[BUILD_ROOM];
		packet_between(i & 1, 1, 2);
		tunnels[i].wrap(&b, i & 2);
		build_ethernet_ip(&b);
		size_t n = build_length(&b);
		memcpy(copy, b.p, n);
		for (size_t at = 0; at < n - 100; at++)
			for (unsigned flip = 1; flip < 256; flip++) {
				struct frame f = {.data = copy,
						  .captured = (uint32_t)n,
						  .length = (uint32_t)n,
						  .link = 1};
				copy[at] ^= flip;
				if (decode_frame(decoder, &f, &packet)) {
					bool v4 = addr_is_v4(&packet.tuple.src);
					uint32_t found = sent(copy, n);
					build_payload(&b, 0);
					build_tcp_at(&b, 1, 2);
					build_ip(&b, !v4, 6, 1, 2);
					memcpy(b.p + (v4 ? 12 : 8),
					       packet.tuple.src.b + (v4 ? 12 : 0), v4 ? 4 : 16);
					memcpy(b.p + (v4 ? 16 : 24),
					       packet.tuple.dst.b + (v4 ? 12 : 0), v4 ? 4 : 16);
					build_ethernet_ip(&b);
					compared++;
					if (found != number())
						differ++;
				}
				copy[at] ^= flip;
			}
	}
	cr_expect_gt(compared, 50000);
	cr_expect_lt(differ, compared / 100, "%u of %u differ", differ, compared);
}

Test(spread, members_get_even_shares)
{
	static const unsigned members[] = {2, 3, 4, 8};

	for (unsigned v6 = 0; v6 < 2; v6++)
		for (size_t m = 0; m < 4; m++) {
			unsigned share[8] = {0};
			for (unsigned i = 0; i < 1000; i++)
				share[plain(v6, (uint8_t)(1 + i % 40), (uint8_t)(100 + i / 40)) %
				      members[m]]++;
			double want = 1000.0 / members[m], chi = 0;
			for (unsigned i = 0; i < members[m]; i++)
				chi += (share[i] - want) * (share[i] - want) / want;
			/* 7 degrees of freedom: beyond this by chance once in 100,000 */
			cr_expect_lt(chi, 35, "%u members: %f", members[m], chi);
		}
}
