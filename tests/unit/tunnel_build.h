/* Every kind of tunnel that is followed, around a packet that frame_build.h has begun. */
#ifndef EGRET_TESTS_TUNNEL_BUILD_H
#define EGRET_TESTS_TUNNEL_BUILD_H

#include "frame_build.h"

/* Tunnels: each puts an IP packet into another one, from .3 to .4, of the family asked for. */

static inline void gre(struct build *x, bool v6, uint16_t flags, uint16_t type)
{
	if (flags & 0x1000)
		build_put(x, 0, 0, 0, 9);
	if (flags & 0x2000)
		build_put(x, 1, 2, 3, 4);
	if (flags & 0x8000)
		build_put(x, 0xab, 0xcd, 0, 0);
	build_put(x, flags >> 8, flags & 0xff, type >> 8, type & 0xff);
	build_ip(x, v6, 47, 3, 4);
}

static inline void wrap_ip(struct build *x, bool v6)
{
	build_ip(x, v6, build_type(x) == 0x86dd ? 41 : 4, 3, 4);
}

static inline void wrap_gre(struct build *x, bool v6)
{
	gre(x, v6, 0, build_type(x));
}

static inline void wrap_gre_full(struct build *x, bool v6)
{
	gre(x, v6, 0xb000, build_type(x));
}

static inline void wrap_gre_ethernet(struct build *x, bool v6)
{
	build_ethernet_ip(x);
	gre(x, v6, 0x2000, 0x6558);
}

static inline void wrap_gre_mpls(struct build *x, bool v6)
{
	build_put(x, 0, 1, 1, 64);
	gre(x, v6, 0, 0x8847);
}

static inline void wrap_pptp(struct build *x, bool v6)
{
	build_put(x, 0xff, 3, 0, build_type(x) == 0x86dd ? 0x57 : 0x21);
	size_t n = build_length(x);
	build_put(x, 0x30, 0x81, 0x88, 0x0b, n >> 8, n & 0xff, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1);
	build_ip(x, v6, 47, 3, 4);
}

static inline void wrap_mpls(struct build *x, bool v6)
{
	build_put(x, 0, 1, 1, 64);
	build_ip(x, v6, 137, 3, 4);
}

static inline void wrap_erspan1(struct build *x, bool v6)
{
	build_ethernet_ip(x);
	gre(x, v6, 0, 0x88be);
}

static inline void wrap_erspan2(struct build *x, bool v6)
{
	build_ethernet_ip(x);
	build_put(x, 0x10, 1, 0, 5, 0, 0, 0, 7);
	gre(x, v6, 0x1000, 0x88be);
}

static inline void wrap_erspan3(struct build *x, bool v6)
{
	build_ethernet_ip(x);
	build_put(x, 0x20, 1, 0, 5, 1, 2, 3, 4, 0, 0, 0, 0);
	gre(x, v6, 0x1000, 0x22eb);
}

static inline void wrap_erspan3_subheader(struct build *x, bool v6)
{
	build_push(x, NULL, 8);
	build_put(x, 0x20, 1, 0, 5, 1, 2, 3, 4, 0, 0, 2 << 2, 1); /* an IP packet, no Ethernet */
	gre(x, v6, 0x1000, 0x22eb);
}

static inline void wrap_vxlan(struct build *x, bool v6)
{
	build_ethernet_ip(x);
	build_put(x, 8, 0, 0, 0, 0, 0, 42, 0);
	build_outer_udp(x, v6, 4789);
}

static inline void wrap_vxlan_group(struct build *x, bool v6)
{
	build_put(x, 0, 5, build_type(x) >> 8, build_type(x) & 0xff);
	build_ethernet(x, 0x8100);
	build_put(x, 0x88, 0x40, 0, 9, 0, 0, 42, 0);
	build_outer_udp(x, v6, 8472);
}

static inline void wrap_vxlan_gpe(struct build *x, bool v6)
{
	build_put(x, 0x0c, 0, 0, build_type(x) == 0x86dd ? 2 : 1, 0, 0, 42, 0);
	build_outer_udp(x, v6, 4790);
}

static inline void wrap_vxlan_gpe_ethernet(struct build *x, bool v6)
{
	build_ethernet_ip(x);
	build_put(x, 0x0c, 0, 0, 3, 0, 0, 42, 0);
	build_outer_udp(x, v6, 4790);
}

static inline void wrap_geneve(struct build *x, bool v6)
{
	build_ethernet_ip(x);
	build_put(x, 0, 0, 0x65, 0x58, 0, 0, 42, 0);
	build_outer_udp(x, v6, 6081);
}

static inline void wrap_geneve_options(struct build *x, bool v6)
{
	uint16_t type = build_type(x);

	build_put(x, 3, 0x40, type >> 8, type & 0xff, 0, 0, 42, 0, 1, 2, 3, 2, 0, 0, 0, 0, 0, 0, 0,
		  0);
	build_outer_udp(x, v6, 6081);
}

static inline void wrap_gtp(struct build *x, bool v6)
{
	size_t n = build_length(x);

	build_put(x, 0x30, 255, n >> 8, n & 0xff, 0, 0, 0, 1);
	build_outer_udp(x, v6, 2152);
}

static inline void wrap_gtp_extensions(struct build *x, bool v6)
{
	size_t n = build_length(x) + 4 + 4 + 8;

	build_put(x, 0x34 | 2, 255, n >> 8, n & 0xff, 0, 0, 0, 1, 0, 5, 0, 0x85, /* and then */
		  1, 0, 9, 0xc0, 2, 1, 2, 3, 4, 5, 6, 0);
	build_outer_udp(x, v6, 2152);
}

static inline void wrap_gtp_ethernet(struct build *x, bool v6)
{
	build_ethernet_ip(x);
	size_t n = build_length(x) + 4;
	build_put(x, 0x32, 255, n >> 8, n & 0xff, 0, 0, 0, 1, 0, 5, 0, 0);
	build_outer_udp(x, v6, 2152);
}

static const struct tunnel {
	const char *name;
	void (*wrap)(struct build *b, bool v6);
	uint32_t encap;
} tunnels[] = {
	{"IP in IP", wrap_ip, ENCAP_IPIP},
	{"GRE", wrap_gre, ENCAP_GRE},
	{"GRE with all fields", wrap_gre_full, ENCAP_GRE},
	{"GRE, Ethernet", wrap_gre_ethernet, ENCAP_GRE},
	{"GRE, MPLS", wrap_gre_mpls, ENCAP_GRE | ENCAP_MPLS},
	{"PPTP", wrap_pptp, ENCAP_GRE},
	{"MPLS in IP", wrap_mpls, ENCAP_MPLS},
	{"ERSPAN I", wrap_erspan1, ENCAP_GRE | ENCAP_ERSPAN},
	{"ERSPAN II", wrap_erspan2, ENCAP_GRE | ENCAP_ERSPAN},
	{"ERSPAN III", wrap_erspan3, ENCAP_GRE | ENCAP_ERSPAN},
	{"ERSPAN III with subheader", wrap_erspan3_subheader, ENCAP_GRE | ENCAP_ERSPAN},
	{"VXLAN", wrap_vxlan, ENCAP_VXLAN},
	{"VXLAN with group and tag", wrap_vxlan_group, ENCAP_VXLAN | ENCAP_VLAN},
	{"VXLAN-GPE", wrap_vxlan_gpe, ENCAP_VXLAN},
	{"VXLAN-GPE, Ethernet", wrap_vxlan_gpe_ethernet, ENCAP_VXLAN},
	{"GENEVE", wrap_geneve, ENCAP_GENEVE},
	{"GENEVE with options, IP", wrap_geneve_options, ENCAP_GENEVE},
	{"GTP-U", wrap_gtp, ENCAP_GTP},
	{"GTP-U with extensions", wrap_gtp_extensions, ENCAP_GTP},
	{"GTP-U, Ethernet", wrap_gtp_ethernet, ENCAP_GTP},
};

#define TUNNELS (sizeof tunnels / sizeof *tunnels)

#endif
