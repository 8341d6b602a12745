/* The program that spreads packets over the members of a group by their innermost addresses.
 *
 * It follows what decode/ follows, as far as a program without loops can:
 *
 *   links      Ethernet, and links without a header of their own (tun, PPP, loopback)
 *   tags       802.1Q, 802.1ad and the older numbers, 802.2 with SNAP: TAGS in a row; the kernel
 *              has taken the outermost tag away from what it received
 *   labels     MPLS, LABELS in a row, before IP or a pseudowire with or without control word; PPPoE
 *   IP         IPv4 with options, IPv6 with EXTENSIONS extension headers in a row, AH
 *   tunnels    IP in IP, 6in4, 4in6, MPLS in IP, GRE with all its fields (IP, Ethernet, MPLS,
 *              PPTP), ERSPAN I to III, VXLAN (with group policy, generic protocol extension),
 *              GENEVE with options, GTP-U with two extension headers, Teredo (spread_tunnel.c)
 *
 * through LEVELS IP headers in all: two tunnels in one another are entered. Beyond that, and where
 * something is cut, malformed or not known, the addresses found so far decide. As in decode/, what
 * only has a tunnel's port and does not look like that tunnel is plain UDP. (In decode/, so is a
 * tunnel's packet with, say, SCTP inside; here it goes by the addresses inside all the same.)
 *
 * Only addresses count, so fragments of one datagram stay together: all of them, the first one too,
 * go by the addresses of the header that says so, and what they carry is not looked into. (The
 * kernel itself puts the outermost IPv4 datagrams together first: PACKET_FANOUT_FLAG_DEFRAG.) What
 * this leaves apart: a flow inside a tunnel whose outer packets are sometimes IPv6 fragments, or
 * IPv4 fragments behind a tag in the packet, and sometimes whole.
 *
 * The kernel runs the program where the network header is for a packet that was received, and at
 * the link header for one that was sent. All loads are at offsets from there that are not negative:
 * those relative to SKF_NET_OFF fail for bytes outside of an skb's linear part, where some drivers
 * leave all but the outer headers. A failed load would end the program, with the first member; so
 * each is preceded by a look at the length.
 *
 * The number: addresses are folded to 32 bits, each is mixed, they are added, which makes it the
 * same for both directions, and the sum is mixed so that its remainders are even. */
#include "capture/spread.h"

#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <stdbool.h>

#include "capture/spread_part.h"

enum {
	LEVELS = 3,
	TAGS = 4,
	LABELS = 4,
	EXTENSIONS = 3,
};

static void begin(struct spread *s, const struct level *first)
{
	struct cbpf *b = &s->b;

	for (unsigned i = 0; i < WORDS; i++)
		cbpf_set(b, i, 0);
	cbpf_put(b, BPF_LDX | BPF_IMM, 0);
	cbpf_load_about(b, SKF_AD_PROTOCOL);
	cbpf_store(b, TYPE);
	cbpf_load_about(b, SKF_AD_PKTTYPE);
	cbpf_unless(b, BPF_JEQ, PACKET_OUTGOING, first->type);
	cbpf_load_about(b, SKF_AD_HATYPE);
	cbpf_if(b, BPF_JEQ, ARPHRD_ETHER, first->ethernet);
	cbpf_if(b, BPF_JEQ, ARPHRD_LOOPBACK, first->ethernet);
	cbpf_goto(b, first->type);
}

/* A ^= A >> bits. */
static void fold(struct cbpf *b, uint32_t bits)
{
	cbpf_put(b, BPF_MISC | BPF_TAX, 0);
	cbpf_alu(b, BPF_RSH, bits);
	cbpf_put(b, BPF_ALU | BPF_XOR | BPF_X, 0);
}

static void end(struct spread *s)
{
	struct cbpf *b = &s->b;

	cbpf_place(b, s->done);
	for (unsigned word = SRC; word <= DST; word++) {
		cbpf_recall(b, word);
		cbpf_alu(b, BPF_MUL, 0x9e3779b1);
		fold(b, 15);
		cbpf_store(b, word);
	}
	cbpf_recall_x(b, SRC);
	cbpf_put(b, BPF_ALU | BPF_ADD | BPF_X, 0);
	fold(b, 16);
	cbpf_alu(b, BPF_MUL, 0x7feb352d);
	fold(b, 15);
	cbpf_alu(b, BPF_MUL, 0x846ca68b);
	fold(b, 16);
	cbpf_put(b, BPF_RET | BPF_A, 0);
}

static void ethernet(struct spread *s)
{
	cbpf_need(&s->b, 14, s->done);
	spread_type(&s->b, 12, 14);
}

/* 802.2 instead of an Ethernet type. */
static void llc(struct spread *s, const struct level *l)
{
	struct cbpf *b = &s->b;
	unsigned snap = cbpf_label(b), known = cbpf_label(b);

	cbpf_need(b, 8, s->done);
	cbpf_load32(b, 0);
	cbpf_if(b, BPF_JEQ, 0xaaaa0300, snap);
	cbpf_alu(b, BPF_AND, 0xffffff00);
	cbpf_unless(b, BPF_JEQ, 0x06060300, s->done);
	cbpf_skip(b, 3);
	cbpf_goto(b, l->ip4);
	cbpf_place(b, snap);
	cbpf_load16(b, 4);
	cbpf_if(b, BPF_JEQ, 0x0000, known);
	cbpf_unless(b, BPF_JEQ, 0x00f8, s->done);
	cbpf_place(b, known);
	spread_type(b, 6, 8);
}

static const uint16_t tag_types[] = {0x8100, 0x88a8, 0x9100, 0x9200, 0x9300};

#define TAG_TYPES (sizeof tag_types / sizeof *tag_types)

/* Whatever an Ethernet type may stand for. What leads to another Ethernet type (a tag, 802.2, a
 * bridged frame) falls out at the end, unless none may follow any more. */
static void one_type(struct spread *s, const struct level *l, bool more)
{
	struct cbpf *b = &s->b;
	unsigned tag = cbpf_label(b), bridged = cbpf_label(b), length = cbpf_label(b);
	unsigned next = cbpf_label(b);

	cbpf_recall(b, TYPE);
	cbpf_if(b, BPF_JEQ, 0x0800, l->ip4);
	cbpf_if(b, BPF_JEQ, 0x86dd, l->ip6);
	cbpf_if(b, BPF_JEQ, 0x8847, l->mpls);
	cbpf_if(b, BPF_JEQ, 0x8848, l->mpls);
	cbpf_if(b, BPF_JEQ, 0x8864, l->pppoe);
	cbpf_if(b, BPF_JEQ, 0x880b, l->ppp);
	if (!more) {
		cbpf_goto(b, s->done);
		for (unsigned label = tag; label <= next; label++)
			cbpf_place(b, label);
		return;
	}
	for (unsigned i = 0; i < TAG_TYPES; i++)
		cbpf_if(b, BPF_JEQ, tag_types[i], tag);
	cbpf_if(b, BPF_JEQ, 0x6558, bridged);
	cbpf_if(b, BPF_JEQ, 0x8870, length);
	cbpf_if(b, BPF_JGE, 0x0600, s->done);
	cbpf_place(b, length);
	llc(s, l);
	cbpf_goto(b, next);
	cbpf_place(b, bridged);
	ethernet(s);
	cbpf_goto(b, next);
	cbpf_place(b, tag);
	cbpf_need(b, 4, s->done);
	spread_type(b, 2, 4);
	cbpf_place(b, next);
}

static void link_part(struct spread *s, const struct level *l)
{
	struct cbpf *b = &s->b;
	unsigned not4 = cbpf_label(b);

	cbpf_place(b, l->guess);
	cbpf_need(b, 14, s->done);
	cbpf_load8(b, 0);
	cbpf_if(b, BPF_JGE, 0x70, l->ethernet);
	cbpf_if(b, BPF_JGE, 0x60, l->ip6);
	cbpf_if(b, BPF_JGE, 0x50, not4);
	cbpf_if(b, BPF_JGE, 0x45, l->ip4);
	cbpf_place(b, not4);
	cbpf_place(b, l->ethernet);
	ethernet(s);
	cbpf_place(b, l->type);
	for (unsigned i = 0; i <= TAGS; i++)
		one_type(s, l, i < TAGS);
}

/* With or without HDLC framing, the protocol in one byte or two. */
static void ppp_part(struct spread *s, const struct level *l)
{
	struct cbpf *b = &s->b;
	unsigned plain = cbpf_label(b), to4 = cbpf_label(b), to6 = cbpf_label(b);
	unsigned to_mpls = cbpf_label(b), short4 = cbpf_label(b), short6 = cbpf_label(b);

	cbpf_place(b, l->pppoe);
	cbpf_need(b, 8, s->done);
	cbpf_load16(b, 0);
	cbpf_unless(b, BPF_JEQ, 0x1100, s->done); /* version 1, type 1, session data */
	cbpf_skip(b, 6);
	cbpf_place(b, l->ppp);
	cbpf_need(b, 4, s->done);
	cbpf_load16(b, 0);
	cbpf_unless(b, BPF_JEQ, 0xff03, plain);
	cbpf_skip(b, 2);
	cbpf_place(b, plain);
	cbpf_load16(b, 0);
	cbpf_if(b, BPF_JEQ, 0x0021, to4);
	cbpf_if(b, BPF_JEQ, 0x0057, to6);
	cbpf_if(b, BPF_JEQ, 0x0281, to_mpls);
	cbpf_if(b, BPF_JEQ, 0x0283, to_mpls);
	cbpf_alu(b, BPF_RSH, 8);
	cbpf_if(b, BPF_JEQ, 0x21, short4);
	cbpf_if(b, BPF_JEQ, 0x57, short6);
	cbpf_goto(b, s->done);
	cbpf_place(b, short4);
	cbpf_skip(b, 1);
	cbpf_goto(b, l->ip4);
	cbpf_place(b, short6);
	cbpf_skip(b, 1);
	cbpf_goto(b, l->ip6);
	cbpf_place(b, to4);
	cbpf_skip(b, 2);
	cbpf_goto(b, l->ip4);
	cbpf_place(b, to6);
	cbpf_skip(b, 2);
	cbpf_goto(b, l->ip6);
	cbpf_place(b, to_mpls);
	cbpf_skip(b, 2);
}

/* Jumps when the 16 bits at `at` are an Ethernet type that leads to IP. */
static void if_ethernet_at(struct cbpf *b, uint32_t at, unsigned label)
{
	static const uint16_t others[] = {0x0800, 0x86dd, 0x8847, 0x8848, 0x8864};

	cbpf_load16(b, at);
	for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
		cbpf_if(b, BPF_JEQ, others[i], label);
	for (unsigned i = 0; i < TAG_TYPES; i++)
		cbpf_if(b, BPF_JEQ, tag_types[i], label);
}

/* Jumps when the IP header's length, its 16 bits at `at` and `more`, is that of what is here (a
 * short frame may be padded). */
static void if_length_fits(struct cbpf *b, uint32_t at, uint32_t more, unsigned label)
{
	enum { ETHERNET_MIN = 60 };
	unsigned no = cbpf_label(b), no_padding = cbpf_label(b);

	cbpf_left(b);
	cbpf_store(b, TEMP);
	cbpf_if(b, BPF_JGT, ETHERNET_MIN, no_padding);
	cbpf_goto(b, label);
	cbpf_place(b, no_padding);
	cbpf_load16(b, at);
	cbpf_alu(b, BPF_ADD, more);
	cbpf_store_x(b, OFFSET);
	cbpf_recall_x(b, TEMP);
	cbpf_put(b, BPF_ALU | BPF_SUB | BPF_X, 0);
	cbpf_recall_x(b, OFFSET);
	cbpf_unless(b, BPF_JEQ, 0, no);
	cbpf_goto(b, label);
	cbpf_place(b, no);
}

/* Labels do not say what they carry: IP shows by its first half byte and its length, a pseudowire
 * by an Ethernet type, with or without a control word before. The Ethernet part of this level is
 * not ahead any more, so that of the next one serves. */
static void mpls_part(struct spread *s, const struct level *l, const struct level *next)
{
	struct cbpf *b = &s->b;
	unsigned bottom = cbpf_label(b), not4 = cbpf_label(b), not6 = cbpf_label(b);
	unsigned maybe = cbpf_label(b), controlled = cbpf_label(b);
	unsigned pseudowire = next ? next->ethernet : s->done;

	cbpf_place(b, l->mpls);
	for (unsigned i = 0; i < LABELS; i++) {
		cbpf_need(b, 4, s->done);
		cbpf_load8(b, 2);
		cbpf_store(b, TEMP);
		cbpf_skip(b, 4);
		cbpf_recall(b, TEMP);
		cbpf_if(b, BPF_JSET, 1, bottom);
	}
	cbpf_goto(b, s->done);
	cbpf_place(b, bottom);
	cbpf_need(b, 20, s->done);
	cbpf_load8(b, 0);
	cbpf_alu(b, BPF_RSH, 4);
	cbpf_store(b, PROTO);
	cbpf_unless(b, BPF_JEQ, 4, not4);
	if_length_fits(b, 2, 0, l->ip4);
	cbpf_goto(b, maybe);
	cbpf_place(b, not4);
	cbpf_unless(b, BPF_JEQ, 6, not6);
	if_length_fits(b, 4, 40, l->ip6);
	cbpf_goto(b, maybe);
	cbpf_place(b, not6);
	cbpf_unless(b, BPF_JEQ, 0, maybe);
	if_ethernet_at(b, 4 + 12, controlled);
	cbpf_place(b, maybe);
	if_ethernet_at(b, 12, pseudowire);
	cbpf_recall(b, PROTO);
	cbpf_if(b, BPF_JEQ, 4, l->ip4);
	cbpf_if(b, BPF_JEQ, 6, l->ip6);
	cbpf_goto(b, s->done);
	cbpf_place(b, controlled);
	cbpf_skip(b, 4);
	cbpf_goto(b, pseudowire);
}

static void ip4_part(struct spread *s, const struct level *l, bool more)
{
	struct cbpf *b = &s->b;
	unsigned open = cbpf_label(b);

	cbpf_place(b, l->ip4);
	cbpf_need(b, 20, s->done);
	cbpf_load8(b, 0);
	cbpf_unless(b, BPF_JGE, 0x45, s->done);
	cbpf_if(b, BPF_JGE, 0x50, s->done);
	cbpf_load16(b, 2);
	cbpf_if(b, BPF_JEQ, 0, open); /* a super-packet */
	cbpf_unless(b, BPF_JGE, 20, s->done);
	cbpf_place(b, open);
	cbpf_load32(b, 12);
	cbpf_store(b, SRC);
	cbpf_load32(b, 16);
	cbpf_store(b, DST);
	if (more) {
		cbpf_load16(b, 6);
		cbpf_if(b, BPF_JSET, 0x3fff, s->done); /* a fragment */
		cbpf_load8(b, 9);
		cbpf_store(b, PROTO);
		cbpf_load8(b, 0);
		cbpf_alu(b, BPF_AND, 0x0f);
		cbpf_alu(b, BPF_LSH, 2);
		cbpf_skip_a(b, s->done);
		cbpf_goto(b, l->upper);
	} else {
		cbpf_goto(b, s->done);
	}
}

/* word = the four words at `at`, folded. OFFSET holds X. */
static void address6(struct cbpf *b, uint32_t at, unsigned word)
{
	cbpf_load32(b, at);
	cbpf_store(b, word);
	for (uint32_t i = 4; i < 16; i += 4) {
		cbpf_load32(b, at + i);
		cbpf_recall_x(b, word);
		cbpf_put(b, BPF_ALU | BPF_XOR | BPF_X, 0);
		cbpf_recall_x(b, OFFSET);
		cbpf_store(b, word);
	}
}

static void ip6_part(struct spread *s, const struct level *l, bool more)
{
	struct cbpf *b = &s->b;

	cbpf_place(b, l->ip6);
	cbpf_need(b, 40, s->done);
	cbpf_load8(b, 0);
	cbpf_unless(b, BPF_JGE, 0x60, s->done);
	cbpf_if(b, BPF_JGE, 0x70, s->done);
	cbpf_store_x(b, OFFSET);
	address6(b, 8, SRC);
	address6(b, 24, DST);
	if (more) {
		cbpf_load8(b, 6);
		cbpf_store(b, PROTO);
		cbpf_skip(b, 40);
	} else {
		cbpf_goto(b, s->done);
	}
}

/* Skips a header whose first byte is the next protocol and whose second counts `unit` bytes, beyond
 * `base` of them. */
static void extension(struct spread *s, uint32_t base, uint32_t unit)
{
	struct cbpf *b = &s->b;

	cbpf_need(b, 8, s->done);
	cbpf_load8(b, 0);
	cbpf_store(b, PROTO);
	cbpf_load8(b, 1);
	cbpf_alu(b, BPF_ADD, base);
	cbpf_alu(b, BPF_MUL, unit);
	cbpf_skip_a(b, s->done);
}

struct tunnels {
	unsigned udp, gre; /* labels */
};

/* Where a protocol leads; falls out at the end when it is none of these. A holds PROTO. */
static void dispatch(struct spread *s, const struct level *next, const struct tunnels *t)
{
	struct cbpf *b = &s->b;

	cbpf_recall(b, PROTO);
	cbpf_if(b, BPF_JEQ, 6, s->done);
	cbpf_if(b, BPF_JEQ, 17, t->udp);
	cbpf_if(b, BPF_JEQ, 47, t->gre);
	cbpf_if(b, BPF_JEQ, 4, next->ip4);
	cbpf_if(b, BPF_JEQ, 41, next->ip6);
	cbpf_if(b, BPF_JEQ, 137, next->mpls);
}

/* What may stand between the IP header and what it carries. IPv4 has AH only; the others of these
 * numbers are not met there. */
static void upper_part(struct spread *s, const struct level *l, const struct level *next,
		       const struct tunnels *t)
{
	static const uint8_t options[] = {0, 43, 60, 135, 139, 140};
	struct cbpf *b = &s->b;

	cbpf_place(b, l->upper);
	for (unsigned i = 0; i < EXTENSIONS; i++) {
		unsigned option = cbpf_label(b), ah = cbpf_label(b), fragment = cbpf_label(b);
		unsigned again = cbpf_label(b);
		dispatch(s, next, t);
		for (unsigned j = 0; j < sizeof options; j++)
			cbpf_if(b, BPF_JEQ, options[j], option);
		cbpf_if(b, BPF_JEQ, 44, fragment);
		cbpf_if(b, BPF_JEQ, 51, ah);
		cbpf_goto(b, s->done);
		cbpf_place(b, option);
		extension(s, 1, 8);
		cbpf_goto(b, again);
		cbpf_place(b, ah);
		extension(s, 2, 4);
		cbpf_goto(b, again);
		cbpf_place(b, fragment);
		cbpf_need(b, 8, s->done);
		cbpf_load16(b, 2);
		cbpf_if(b, BPF_JSET, 0xfff9, s->done); /* else all of a datagram in one */
		cbpf_load8(b, 0);
		cbpf_store(b, PROTO);
		cbpf_skip(b, 8);
		cbpf_place(b, again);
	}
	dispatch(s, next, t);
	cbpf_goto(b, s->done);
}

static void level_labels(struct cbpf *b, struct level *l)
{
	l->guess = cbpf_label(b);
	l->ethernet = cbpf_label(b);
	l->type = cbpf_label(b);
	l->pppoe = cbpf_label(b);
	l->ppp = cbpf_label(b);
	l->mpls = cbpf_label(b);
	l->ip4 = cbpf_label(b);
	l->ip6 = cbpf_label(b);
	l->upper = cbpf_label(b);
}

/* All up to and behind one IP header; `next` is where tunnels lead, NULL: nowhere any more. */
static void one_level(struct spread *s, const struct level *l, const struct level *next)
{
	link_part(s, l);
	ppp_part(s, l);
	mpls_part(s, l, next);
	ip4_part(s, l, next);
	ip6_part(s, l, next);
	if (next) {
		struct tunnels t = {.udp = cbpf_label(&s->b), .gre = cbpf_label(&s->b)};
		upper_part(s, l, next, &t);
		spread_gre(s, next, t.gre);
		spread_udp(s, next, t.udp);
	}
}

size_t spread_program(struct sock_filter out[SPREAD_MAX])
{
	struct spread s;
	struct level levels[LEVELS];

	cbpf_init(&s.b, out, SPREAD_MAX);
	s.done = cbpf_label(&s.b);
	for (unsigned i = 0; i < LEVELS; i++)
		level_labels(&s.b, &levels[i]);
	begin(&s, &levels[0]);
	for (unsigned i = 0; i < LEVELS; i++)
		one_level(&s, &levels[i], i + 1 < LEVELS ? &levels[i + 1] : NULL);
	end(&s);
	return cbpf_finish(&s.b);
}
