/* Hostile messages of the wire cost time in proportion to their length. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "decode/fragment.h"
#include "linear.h"
#include "names/names.h"
#include "proto/dns.h"
#include "proto/http.h"
#include "proto/tls.h"
#include "proto/x509.h"

static struct fragment piece_of(uint32_t id, uint32_t offset, uint32_t length, const uint8_t *data)
{
	return (struct fragment){.id = id,
				 .family = 4,
				 .proto = 17,
				 .more = true,
				 .offset = offset,
				 .length = length,
				 .captured = length,
				 .data = data};
}

/* Of each datagram every second unit, then all of it over these again and again. */
static void fragments(unsigned n)
{
	static uint8_t data[8 * 1024];
	struct stats stats = {0};
	struct fragments *f = fragments_new(&stats, 64, 4 * MIB);
	struct datagram out;

	for (unsigned i = 0; i < n; i++) {
		uint32_t id = i / 5000, k = i % 5000;
		struct fragment in = k < 4000 ? piece_of(id, k * 16, 8, data + k % 8)
					      : piece_of(id, k * 8 % 48000, 8 * (k % 1000) + 8,
							 data + k % 8);
		fragments_add(f, &in, 1 + i, &out);
	}
	fragments_free(f);
}

Test(linear_wire, overlapping_fragments)
{
	linear_check(fragments, 40000);
}

static void first_fragments(unsigned n)
{
	static uint8_t data[64];
	struct stats stats = {0};
	struct fragments *f = fragments_new(&stats, 4096, 16 * MIB);
	struct datagram out;

	for (unsigned i = 0; i < n; i++) {
		struct fragment in = piece_of(i, 0, sizeof data, data);
		fragments_add(f, &in, 1, &out);
	}
	fragments_free(f);
}

Test(linear_wire, fragments_that_never_end)
{
	linear_check(first_fragments, 100000);
}

static struct dns_message message;

/* A message full of answers whose owner is a chain of pointers, each to the one before it. */
static size_t pointers(uint8_t *p, size_t size)
{
	size_t n = 12, chain = 12, answers = 0;

	memset(p, 0, size);
	p[2] = 0x81;
	p[5] = 1;
	memcpy(p + n, "\x01""a\x00\x00\x01\x00\x01", 7);
	n += 7;
	while (n + 14 <= size) {
		p[n] = (uint8_t)(0xc0 | chain >> 8);
		p[n + 1] = (uint8_t)chain;
		chain = n < 0x3fff ? n : chain;
		memcpy(p + n + 2, "\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x0c", 12);
		n += 14;
		answers++;
	}
	p[6] = (uint8_t)(answers >> 8);
	p[7] = (uint8_t)answers;
	return n;
}

static void pointer_chains(unsigned n)
{
	uint8_t *p = malloc(n);
	size_t used = pointers(p, n);

	for (int i = 0; i < 3000; i++)
		dns_parse(cur_of(p, used), true, true, &message);
	free(p);
}

Test(linear_wire, dns_pointers)
{
	linear_check(pointer_chains, 16000);
}

/* One answer after the other is the alias of the next. */
static void aliases(unsigned n)
{
	uint8_t *p = calloc(1, n + 300);
	size_t at = 12, count = 0;

	p[2] = 0x81;
	p[5] = 1;
	memcpy(p + at, "\x03""www\x00\x00\x05\x00\x01", 9);
	size_t owner = at;
	at += 9;
	while (at + 260 < n && owner < 0x3fff) {
		size_t name = at + 12;
		p[at] = (uint8_t)(0xc0 | owner >> 8);
		p[at + 1] = (uint8_t)owner;
		memcpy(p + at + 2, "\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x41", 10);
		p[name] = 62;
		memset(p + name + 1, 'a' + (int)(count % 26), 62);
		p[name + 63] = 0xc0;
		p[name + 64] = (uint8_t)(12);
		owner = name;
		at = name + 65;
		count++;
	}
	p[6] = (uint8_t)(count >> 8);
	p[7] = (uint8_t)count;
	for (int i = 0; i < 3000; i++)
		dns_parse(cur_of(p, at), true, true, &message);
	free(p);
}

Test(linear_wire, chains_of_aliases)
{
	linear_check(aliases, 16000);
}

/* Heads of so many lines, as they come in a stream: more with each segment. */
static void header_lines(unsigned n)
{
	static char head[LIMIT_HEAD];
	size_t used = (size_t)sprintf(head, "GET / HTTP/1.1\r\nHost: a.example\r\n");

	while (used + 10 < sizeof head)
		used += (size_t)sprintf(head + used, "A: %u\r\n", (unsigned)used % 10);
	for (unsigned i = 0; i < n; i++) {
		struct cursor c = cur_of(head, used);
		struct http_request r;
		http_request_head(&c, &r);
	}
}

Test(linear_wire, heads_of_many_lines)
{
	linear_check(header_lines, 300);
}

/* The same bytes as n lines: half as many lines twice as long take no longer. */
static void lines_of_a_head(unsigned n)
{
	char *head = malloc(n * 8 + 64);
	size_t used = (size_t)sprintf(head, "POST /upload HTTP/1.1\r\n");

	for (unsigned i = 0; i < n; i++)
		used += (size_t)sprintf(head + used, "X:%u\r\n", i % 1000);
	used += (size_t)sprintf(head + used, "\r\n");
	for (int i = 0; i < 10; i++) {
		struct cursor c = cur_of(head, used);
		struct http_request r;
		cr_assert_eq(http_request_head(&c, &r), PARSE_DONE);
	}
	free(head);
}

Test(linear_wire, lines_of_a_head)
{
	linear_check(lines_of_a_head, 50000);
}

/* Extensions of four bytes, cipher suites of two. */
static void extensions(unsigned n)
{
	size_t room = (size_t)n * 4 + 100;
	uint8_t *p = calloc(1, room);
	size_t at = 4 + 2 + 32 + 1;

	p[0] = 1;
	p[4] = p[5] = 3;
	p[at] = 0;
	p[at + 1] = 2;
	p[at + 2] = 0x13;
	p[at + 3] = 1;
	p[at + 4] = 1;
	at += 6;
	p[at] = (uint8_t)(n * 4 >> 8);
	p[at + 1] = (uint8_t)(n * 4);
	at += 2;
	for (unsigned i = 0; i < n; i++, at += 4) {
		p[at] = (uint8_t)(0x40 | i >> 8); /* of no meaning, no two alike */
		p[at + 1] = (uint8_t)i;
	}
	p[1] = (uint8_t)((at - 4) >> 16);
	p[2] = (uint8_t)((at - 4) >> 8);
	p[3] = (uint8_t)(at - 4);
	for (int i = 0; i < 200; i++) {
		struct cursor c = cur_of(p, at);
		struct tls_hello h = {0};
		tls_client_hello(&c, false, &h);
	}
	free(p);
}

Test(linear_wire, extensions_of_a_hello)
{
	linear_check(extensions, 4000);
}

/* A handshake message in records of one byte each. */
static void tiny_records(unsigned n)
{
	static uint8_t scratch[LIMIT_HELLO];
	uint8_t *p = malloc((size_t)n * 6);

	for (unsigned i = 0; i < n; i++)
		memcpy(p + i * 6, (uint8_t[]){22, 3, 1, 0, 1, i ? (uint8_t)i : 1}, 6);
	for (int i = 0; i < 50; i++) {
		struct cursor handshake;
		tls_deframe(cur_of(p, (size_t)n * 6), scratch, sizeof scratch, &handshake);
	}
	free(p);
}

Test(linear_wire, records_of_one_byte)
{
	linear_check(tiny_records, 2500);
}

static struct addr address(unsigned n)
{
	return addr_v4((uint8_t[]){198, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static void learn(struct names *t, unsigned client, unsigned to, const char *name)
{
	static struct name_lesson l;

	l.client = address(client);
	l.name = str_of(name);
	l.hash = hash_bytes(&t->key, l.name.p, l.name.n);
	l.time = 1700000000 * NS_PER_S;
	l.count = 1;
	l.item[0].address = address(to);
	l.item[0].ttl = 300;
	names_prepare(t, &l);
	names_learn(t, &l);
}

/* Ever new names for one address, of one client; and it is asked for between. */
static void names_of_one_address(unsigned n)
{
	struct names t;
	char name[64];
	struct addr from = address(1), to = address(2);

	names_init(&t, 64 * 1024);
	for (unsigned i = 0; i < n; i++) {
		sprintf(name, "n%u.example", i);
		learn(&t, 1, 2, name);
		names_find(&t, &from, &to, 1700000001 * NS_PER_S);
	}
	names_fini(&t);
}

Test(linear_wire, names_of_one_address)
{
	linear_check(names_of_one_address, 200000);
}

/* All addresses there are, of one client. */
static void addresses_of_one_client(unsigned n)
{
	struct names t;

	names_init(&t, 64 * 1024);
	for (unsigned i = 0; i < n; i++)
		learn(&t, 1, i, "front.example");
	names_fini(&t);
}

Test(linear_wire, addresses_of_one_client)
{
	linear_check(addresses_of_one_client, 200000);
}
