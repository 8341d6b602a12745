/* Frames for the decoder's tests, built from the inside out: a payload first, then each header in
 * front of what is there. Lengths and checksums are filled in when a header is put on. */
#ifndef EGRET_TESTS_FRAME_BUILD_H
#define EGRET_TESTS_FRAME_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "capture/frame.h"
#include "core/record.h"
#include "decode/decode.h"

#define BUILD_ROOM 80000

struct build {
	uint8_t room[BUILD_ROOM];
	uint8_t *p; /* the frame so far: up to the end of room */
};

static inline size_t build_length(const struct build *b)
{
	return (size_t)(b->room + BUILD_ROOM - b->p);
}

static inline uint8_t *build_push(struct build *b, const void *data, size_t n)
{
	b->p -= n;
	if (data)
		memcpy(b->p, data, n);
	else
		memset(b->p, 0, n);
	return b->p;
}

/* build_put(b, 0x88, 0x47, …): these bytes in front. */
#define build_put(b, ...)                                                                          \
	build_push((b), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* n bytes that tell where they are. */
static inline void build_payload(struct build *b, size_t n)
{
	b->p = b->room + BUILD_ROOM - n;
	for (size_t i = 0; i < n; i++)
		b->p[i] = (uint8_t)(i * 7 + (i >> 8) * 3 + 1);
}

/* The plain way, to hold the fast one against. */
static inline uint32_t plain_sum(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void build_tcp_at(struct build *b, uint16_t sport, uint16_t dport)
{
	uint8_t *p = build_push(b, NULL, 20);

	put16(p, sport);
	put16(p + 2, dport);
	put32(p + 4, 0x01020304);
	put32(p + 8, 0x05060708);
	p[12] = 5 << 4;
	p[13] = TCP_ACK | TCP_PSH;
	put16(p + 14, 4321);
}

static inline void build_udp_at(struct build *b, uint16_t sport, uint16_t dport)
{
	size_t n = build_length(b) + 8;
	uint8_t *p = build_push(b, NULL, 8);

	put16(p, sport);
	put16(p + 2, dport);
	put16(p + 4, n);
}

/* Fills the transport checksum of what is in front, which goes between these addresses. */
static inline void build_checksum(struct build *b, uint8_t proto, const uint8_t *addresses,
				  size_t address_bytes)
{
	size_t n = build_length(b), at = proto == 6 ? 16 : 6;

	if (proto != 6 && proto != 17)
		return;
	put16(b->p + at, 0);
	uint32_t sum = plain_sum(addresses, address_bytes, (uint32_t)(proto + n));
	sum = plain_sum(b->p, n, sum);
	put16(b->p + at, ~sum & 0xffff);
}

/* IPv4 from 10.0.0.net1 to 10.0.0.net2; `fragment` is the word with the flags and the offset. */
static inline void build_ip4_full(struct build *b, uint8_t proto, uint8_t from, uint8_t to,
				  uint16_t id, uint16_t fragment)
{
	uint8_t addresses[8] = {10, 0, 0, from, 10, 0, 0, to};

	if (!(fragment & 0x3fff))
		build_checksum(b, proto, addresses, 8);
	size_t n = build_length(b) + 20;
	uint8_t *p = build_push(b, NULL, 20);
	p[0] = 0x45;
	put16(p + 2, n);
	put16(p + 4, id);
	put16(p + 6, fragment);
	p[8] = 64;
	p[9] = proto;
	memcpy(p + 12, addresses, 8);
	put16(p + 10, ~plain_sum(p, 20, 0) & 0xffff);
}

static inline void build_ip4(struct build *b, uint8_t proto, uint8_t from, uint8_t to)
{
	build_ip4_full(b, proto, from, to, 77, 0x4000);
}

/* IPv6 from 2001:db8::net1 to 2001:db8::net2, without extension headers between. */
static inline void build_ip6(struct build *b, uint8_t proto, uint8_t from, uint8_t to)
{
	uint8_t addresses[32] = {0x20, 0x01, 0x0d, 0xb8, [15] = from, 0x20, 0x01, 0x0d, 0xb8,
				 [31] = to};

	build_checksum(b, proto, addresses, 32);
	size_t n = build_length(b);
	uint8_t *p = build_push(b, NULL, 40);
	p[0] = 0x60;
	put16(p + 4, n);
	p[6] = proto;
	p[7] = 64;
	memcpy(p + 8, addresses, 32);
}

static inline void build_ip(struct build *b, bool v6, uint8_t proto, uint8_t from, uint8_t to)
{
	if (v6)
		build_ip6(b, proto, from, to);
	else
		build_ip4(b, proto, from, to);
}

static inline void build_ethernet(struct build *b, uint16_t type)
{
	build_put(b, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, type >> 8, type & 0xff);
}

static inline uint16_t build_type(const struct build *b)
{
	return b->p[0] >> 4 == 6 ? 0x86dd : 0x0800;
}

static inline void build_ethernet_ip(struct build *b)
{
	build_ethernet(b, build_type(b));
}

/* IEEE 802.2 LLC and SNAP. */
static inline void build_snap(struct build *b)
{
	uint16_t type = build_type(b);

	build_put(b, 0xaa, 0xaa, 3, 0, 0, 0, type >> 8, type & 0xff);
}

/* The datagram around a tunnel, from .3 to .4. */
static inline void build_outer_udp(struct build *b, bool v6, uint16_t port)
{
	build_udp_at(b, 50000, port);
	build_ip(b, v6, 17, 3, 4);
}

/* The packet that every test looks for inside: TCP 1234 to 80 with 100 bytes, from .1 to .2. */
#define INNER_PAYLOAD 100

static inline void build_inner(struct build *b, bool v6)
{
	build_payload(b, INNER_PAYLOAD);
	build_tcp_at(b, 1234, 80);
	build_ip(b, v6, 6, 1, 2);
}

static inline struct frame build_frame(const struct build *b, uint32_t link)
{
	return (struct frame){.time = 1000,
			      .data = b->p,
			      .captured = (uint32_t)build_length(b),
			      .length = (uint32_t)build_length(b),
			      .link = link};
}

static inline bool is_inner(const struct packet *p, bool v6)
{
	struct build want;
	struct addr src, dst;

	build_payload(&want, INNER_PAYLOAD);
	if (!addr_parse(v6 ? "2001:db8::1" : "10.0.0.1", &src) ||
	    !addr_parse(v6 ? "2001:db8::2" : "10.0.0.2", &dst))
		return false;
	return addr_eq(&p->tuple.src, &src) && addr_eq(&p->tuple.dst, &dst) &&
	       p->tuple.proto == 6 && p->tuple.sport == 1234 && p->tuple.dport == 80 &&
	       p->length == INNER_PAYLOAD && p->captured == INNER_PAYLOAD &&
	       memcmp(p->payload, want.p, INNER_PAYLOAD) == 0 && p->seq == 0x01020304 &&
	       p->ack == 0x05060708 && p->flags == (TCP_ACK | TCP_PSH) && p->window == 4321 &&
	       p->window_scale == 0xff;
}

#endif
