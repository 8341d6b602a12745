/* The spreading program's way through GRE, ERSPAN and UDP tunnels: decode/tunnel.c has the sources
 * of their layouts. */
#include "capture/spread_part.h"

enum { GTP_EXTENSIONS = 2 };

/* GRE version 1. PROTO holds the flags. */
static void gre_pptp(struct spread *s, const struct level *next)
{
	enum { SEQUENCE = 0x1000, ACKNOWLEDGEMENT = 0x0080 };
	struct cbpf *b = &s->b;

	cbpf_unless(b, BPF_JSET, SEQUENCE, s->done); /* a mere acknowledgement */
	cbpf_need(b, 16, s->done);
	cbpf_load16(b, 2);
	cbpf_unless(b, BPF_JEQ, 0x880b, s->done);
	cbpf_skip(b, 12);
	cbpf_recall(b, PROTO);
	cbpf_unless(b, BPF_JSET, ACKNOWLEDGEMENT, next->ppp);
	cbpf_skip(b, 4);
	cbpf_goto(b, next->ppp);
}

static void erspan(struct spread *s, const struct level *next)
{
	enum { SUBHEADER = 1, FRAME_TYPE = 0x1f << 2, FRAME_IP = 2 << 2 };
	struct cbpf *b = &s->b;
	unsigned type3 = cbpf_label(b), no_subheader = cbpf_label(b);

	cbpf_need(b, 8, s->done);
	cbpf_load8(b, 0);
	cbpf_alu(b, BPF_RSH, 4);
	cbpf_if(b, BPF_JEQ, 2, type3);
	cbpf_unless(b, BPF_JEQ, 1, s->done);
	cbpf_skip(b, 8);
	cbpf_goto(b, next->ethernet);
	cbpf_place(b, type3);
	cbpf_need(b, 20, s->done); /* with a subheader, or something behind */
	cbpf_load16(b, 10);
	cbpf_store(b, PROTO);
	cbpf_skip(b, 12);
	cbpf_recall(b, PROTO);
	cbpf_unless(b, BPF_JSET, SUBHEADER, no_subheader);
	cbpf_skip(b, 8);
	cbpf_place(b, no_subheader);
	cbpf_recall(b, PROTO);
	cbpf_alu(b, BPF_RSH, 8);
	cbpf_alu(b, BPF_AND, FRAME_TYPE);
	cbpf_if(b, BPF_JEQ, FRAME_IP, next->guess);
	cbpf_goto(b, next->ethernet);
}

/* X += 4 when PROTO has the flag. */
static void gre_field(struct spread *s, uint32_t flag)
{
	struct cbpf *b = &s->b;
	unsigned absent = cbpf_label(b);

	cbpf_recall(b, PROTO);
	cbpf_unless(b, BPF_JSET, flag, absent);
	cbpf_need(b, 4, s->done);
	cbpf_skip(b, 4);
	cbpf_place(b, absent);
}

void spread_gre(struct spread *s, const struct level *next, unsigned place)
{
	enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000 };
	struct cbpf *b = &s->b;
	unsigned plain = cbpf_label(b), mirror = cbpf_label(b), header = cbpf_label(b);

	cbpf_place(b, place);
	cbpf_need(b, 4, s->done);
	cbpf_load16(b, 0);
	cbpf_store(b, PROTO);
	cbpf_alu(b, BPF_AND, 7);
	cbpf_if(b, BPF_JEQ, 0, plain);
	cbpf_unless(b, BPF_JEQ, 1, s->done);
	cbpf_recall(b, PROTO);
	gre_pptp(s, next);
	cbpf_place(b, plain);
	cbpf_recall(b, PROTO);
	cbpf_if(b, BPF_JSET, ROUTING, s->done);
	spread_type(b, 2, 4);
	gre_field(s, CHECKSUM);
	gre_field(s, KEY);
	gre_field(s, SEQUENCE);
	cbpf_recall(b, TYPE);
	cbpf_if(b, BPF_JEQ, 0x88be, mirror);
	cbpf_if(b, BPF_JEQ, 0x22eb, header);
	cbpf_goto(b, next->type);
	cbpf_place(b, mirror);
	cbpf_recall(b, PROTO);
	cbpf_unless(b, BPF_JSET, SEQUENCE, next->ethernet); /* type I: no header of its own */
	cbpf_place(b, header);
	erspan(s, next);
}

/* UDP tunnels: X is at the UDP header, 8 bytes are behind it. */
enum { UDP = 8 };

/* The byte behind the network identifier is reserved. */
static void reserved_zero(struct spread *s)
{
	cbpf_load8(&s->b, UDP + 7);
	cbpf_unless(&s->b, BPF_JEQ, 0, s->done);
}

static void vxlan(struct spread *s, const struct level *next, unsigned place)
{
	enum { PLAIN = 0x08000000 };
	const uint32_t group = 0x88000000, group_mask = 0xffb70000;
	struct cbpf *b = &s->b;
	unsigned good = cbpf_label(b);

	cbpf_place(b, place);
	reserved_zero(s);
	cbpf_load32(b, UDP);
	cbpf_if(b, BPF_JEQ, PLAIN, good);
	cbpf_alu(b, BPF_AND, group_mask);
	cbpf_unless(b, BPF_JEQ, group, s->done);
	cbpf_place(b, good);
	cbpf_skip(b, UDP + 8);
	cbpf_goto(b, next->ethernet);
}

static void vxlan_gpe(struct spread *s, const struct level *next, unsigned place)
{
	enum { IPV4 = 1, IPV6 = 2, ETHERNET = 3 };
	struct cbpf *b = &s->b;

	cbpf_place(b, place);
	reserved_zero(s);
	cbpf_load32(b, UDP);
	cbpf_alu(b, BPF_AND, 0xffffff00);
	cbpf_unless(b, BPF_JEQ, 0x0c000000, s->done);
	cbpf_load8(b, UDP + 3);
	cbpf_store(b, PROTO);
	cbpf_skip(b, UDP + 8);
	cbpf_recall(b, PROTO);
	cbpf_if(b, BPF_JEQ, IPV4, next->guess);
	cbpf_if(b, BPF_JEQ, IPV6, next->guess);
	cbpf_if(b, BPF_JEQ, ETHERNET, next->ethernet);
	cbpf_goto(b, s->done);
}

static void geneve(struct spread *s, const struct level *next, unsigned place)
{
	struct cbpf *b = &s->b;

	cbpf_place(b, place);
	reserved_zero(s);
	cbpf_load16(b, UDP);
	cbpf_if(b, BPF_JSET, 0xc03f, s->done); /* the version, and reserved bits */
	cbpf_load16(b, UDP + 2);
	cbpf_store(b, TYPE);
	cbpf_load8(b, UDP);
	cbpf_alu(b, BPF_AND, 0x3f); /* words of options */
	cbpf_alu(b, BPF_LSH, 2);
	cbpf_alu(b, BPF_ADD, UDP + 8);
	cbpf_skip_a(b, s->done);
	cbpf_recall(b, TYPE);
	cbpf_if(b, BPF_JEQ, 0x6558, next->ethernet);
	cbpf_if(b, BPF_JEQ, 0x0800, next->guess);
	cbpf_if(b, BPF_JEQ, 0x86dd, next->guess);
	cbpf_if(b, BPF_JEQ, 0x8847, next->mpls);
	cbpf_goto(b, s->done);
}

/* The length in the header does not lead beyond the packet. */
static void gtp_length(struct spread *s)
{
	struct cbpf *b = &s->b;

	cbpf_load16(b, UDP + 2);
	cbpf_alu(b, BPF_ADD, UDP + 8);
	cbpf_store(b, TEMP);
	cbpf_left(b);
	cbpf_store_x(b, OFFSET);
	cbpf_recall_x(b, TEMP);
	cbpf_put(b, BPF_JMP | BPF_JGE | BPF_X, 0);
	b->code[b->count - 1].jt = 1;
	cbpf_goto(b, s->done);
	cbpf_recall_x(b, OFFSET);
}

static void gtp(struct spread *s, const struct level *next, unsigned place)
{
	enum { OPTIONAL = 7, EXTENSION = 4, T_PDU = 255 };
	struct cbpf *b = &s->b;
	unsigned optional = cbpf_label(b), none = cbpf_label(b);

	cbpf_place(b, place);
	cbpf_load16(b, UDP);
	cbpf_alu(b, BPF_AND, 0xf8ff); /* version 1, protocol type GTP, a reserved bit */
	cbpf_unless(b, BPF_JEQ, 0x3000 | T_PDU, s->done);
	gtp_length(s);
	cbpf_load8(b, UDP);
	cbpf_if(b, BPF_JSET, OPTIONAL, optional);
	cbpf_skip(b, UDP + 8);
	cbpf_goto(b, next->guess);
	cbpf_place(b, optional);
	cbpf_need(b, UDP + 12, s->done);
	cbpf_set(b, PROTO, 0);
	cbpf_load8(b, UDP);
	cbpf_unless(b, BPF_JSET, EXTENSION, none);
	cbpf_load8(b, UDP + 11);
	cbpf_store(b, PROTO);
	cbpf_place(b, none);
	cbpf_skip(b, UDP + 12);
	for (unsigned i = 0; i < GTP_EXTENSIONS; i++) {
		cbpf_recall(b, PROTO);
		cbpf_if(b, BPF_JEQ, 0, next->guess);
		cbpf_need(b, 4, s->done);
		cbpf_load8(b, 0);
		cbpf_if(b, BPF_JEQ, 0, s->done);
		cbpf_alu(b, BPF_LSH, 2);
		cbpf_alu(b, BPF_SUB, 1); /* the last byte says what follows */
		cbpf_skip_a(b, s->done);
		cbpf_need(b, 1, s->done);
		cbpf_load8(b, 0);
		cbpf_store(b, PROTO);
		cbpf_skip(b, 1);
	}
	cbpf_recall(b, PROTO);
	cbpf_if(b, BPF_JEQ, 0, next->guess);
	cbpf_goto(b, s->done);
}

/* Jumps when the IPv6 address at `at` may stand in a packet that Teredo carries. */
static void if_teredo_address(struct cbpf *b, uint32_t at, unsigned label)
{
	cbpf_load32(b, at);
	cbpf_if(b, BPF_JEQ, 0x20010000, label);
	cbpf_alu(b, BPF_AND, 0xffc00000);
	cbpf_if(b, BPF_JEQ, 0xfe800000, label);
}

static void teredo(struct spread *s, const struct level *next, unsigned place)
{
	struct cbpf *b = &s->b;
	unsigned no_authentication = cbpf_label(b), no_origin = cbpf_label(b);

	cbpf_place(b, place);
	cbpf_skip(b, UDP);
	cbpf_load16(b, 0);
	cbpf_unless(b, BPF_JEQ, 0x0001, no_authentication);
	cbpf_load8(b, 3);
	cbpf_store(b, TEMP);
	cbpf_load8(b, 2);
	cbpf_store_x(b, OFFSET);
	cbpf_recall_x(b, TEMP);
	cbpf_put(b, BPF_ALU | BPF_ADD | BPF_X, 0);
	cbpf_recall_x(b, OFFSET);
	cbpf_alu(b, BPF_ADD, 4 + 9);
	cbpf_skip_a(b, s->done);
	cbpf_place(b, no_authentication);
	cbpf_need(b, 8, s->done);
	cbpf_load16(b, 0);
	cbpf_unless(b, BPF_JEQ, 0x0000, no_origin);
	cbpf_skip(b, 8);
	cbpf_place(b, no_origin);
	cbpf_need(b, 40, s->done);
	if_teredo_address(b, 8, next->ip6);
	if_teredo_address(b, 24, next->ip6);
	cbpf_goto(b, s->done);
}

/* The port that means a tunnel is the destination; Teredo's answers come from it. */
void spread_udp(struct spread *s, const struct level *next, unsigned place)
{
	enum { TEREDO = 3544 };
	struct cbpf *b = &s->b;
	unsigned to_vxlan = cbpf_label(b), to_gpe = cbpf_label(b), to_geneve = cbpf_label(b);
	unsigned to_gtp = cbpf_label(b), to_teredo = cbpf_label(b);

	cbpf_place(b, place);
	cbpf_need(b, UDP + 8, s->done);
	cbpf_load16(b, 2);
	cbpf_if(b, BPF_JEQ, 4789, to_vxlan);
	cbpf_if(b, BPF_JEQ, 8472, to_vxlan);
	cbpf_if(b, BPF_JEQ, 4790, to_gpe);
	cbpf_if(b, BPF_JEQ, 6081, to_geneve);
	cbpf_if(b, BPF_JEQ, 2152, to_gtp);
	cbpf_if(b, BPF_JEQ, TEREDO, to_teredo);
	cbpf_load16(b, 0);
	cbpf_if(b, BPF_JEQ, TEREDO, to_teredo);
	cbpf_goto(b, s->done);
	vxlan(s, next, to_vxlan);
	vxlan_gpe(s, next, to_gpe);
	geneve(s, next, to_geneve);
	gtp(s, next, to_gtp);
	teredo(s, next, to_teredo);
}
