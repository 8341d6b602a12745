/* The file formats: every magic, order and resolution, sections, links, and damage of each kind. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ng_clock.h"
#include "capture/pcap_file.h"
#include "capture/pcapng_file.h"
#include "capture_make.h"
#include "core/limits.h"
#include "guard.h"

static void expect_frame(const struct seen *s, size_t i, uint64_t time, uint32_t captured,
			 uint32_t length, uint32_t link, uint8_t mark)
{
	cr_assert(i < s->count, "frame %zu of %zu", i, s->count); /* Criterion 2.4's gt takes equal */
	const struct seen_frame *f = &s->frames[i];
	cr_expect(eq(u64, f->time, time), "frame %zu", i);
	cr_expect(eq(u32, f->captured, captured), "frame %zu", i);
	cr_expect(eq(u32, f->length, length), "frame %zu", i);
	cr_expect(eq(u32, f->link, link), "frame %zu", i);
	cr_expect(eq(u8, f->mark, mark), "frame %zu", i);
}

Test(capture_pcap, every_magic_in_both_orders)
{
	static const uint32_t magics[] = {PCAP_MICRO, PCAP_NANO, PCAP_MODIFIED};

	for (unsigned i = 0; i < 6; i++) {
		struct bytes b = {.big = i & 1};
		uint32_t magic = magics[i / 2], unit = magic == PCAP_NANO ? 1 : 1000;
		struct seen s;

		pcap_header(&b, magic, 113);
		for (uint8_t mark = 1; mark <= 2; mark++) {
			pcap_packet(&b, 1700000000, 999999, 0, 70, 0);
			b.p[b.n - 8 + (b.big ? 3 : 0)] = 60; /* captured */
			if (magic == PCAP_MODIFIED)
				put(&b, "\1\2\3\4\5\6\7\10", 8);
			for (unsigned n = 0; n < 60; n++)
				put(&b, &mark, 1);
		}
		see_bytes(&s, &b);
		cr_expect(eq(u64, s.count, 2), "magic %x", magic);
		for (uint8_t n = 0; n < 2; n++)
			expect_frame(&s, n, 1700000000 * NS_PER_S + 999999 * unit, 60, 70, 113,
				     n + 1);
		cr_expect(not(s.torn));
		cr_expect(eq(u32, s.problems, 0));
		cr_expect(eq(u64, s.stats.files, 1));
		cr_expect(eq(u64, s.stats.packets, 2));
		cr_expect(eq(u64, s.stats.packet_bytes, 140));
		cr_expect(eq(u64, s.stats.packets_cut, 2));
		seen_free(&s);
		bytes_free(&b);
	}
}

Test(capture_pcap, upper_bits_of_the_link_type_are_not_the_link_type)
{
	struct bytes b = {0};
	struct seen s;

	pcap_header(&b, PCAP_MICRO, 0x40000000 | 0x04000000 | 1); /* FCS of 4 bytes */
	pcap_packet(&b, 1, 0, 60, 60, 1);
	see_bytes(&s, &b);
	expect_frame(&s, 0, NS_PER_S, 60, 60, 1, 1);
	seen_free(&s);
	bytes_free(&b);
}

Test(capture_pcap, old_versions_swap_the_lengths)
{
	static const struct {
		uint16_t major, minor;
		uint32_t first, second, captured, length;
	} cases[] = {
		{2, 4, 60, 90, 60, 90}, {2, 4, 60, 50, 60, 60}, /* more than there was: seen in the wild */
		{2, 3, 60, 90, 60, 90}, {2, 3, 90, 60, 60, 90}, {2, 2, 90, 60, 60, 90},
		{543, 0, 90, 60, 60, 90},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes b = {0};
		struct seen s;

		pcap_header(&b, PCAP_MICRO, 1);
		memcpy(b.p + 4, &cases[i].major, 2);
		memcpy(b.p + 6, &cases[i].minor, 2);
		pcap_packet(&b, 1, 0, 60, 60, 1);
		memcpy(b.p + 24 + 8, &cases[i].first, 4);
		memcpy(b.p + 24 + 12, &cases[i].second, 4);
		see_bytes(&s, &b);
		expect_frame(&s, 0, NS_PER_S, cases[i].captured, cases[i].length, 1, 1);
		cr_expect(eq(u32, s.problems, 0), "case %zu", i);
		seen_free(&s);
		bytes_free(&b);
	}
}

Test(capture_pcap, versions_from_elsewhere_are_refused)
{
	struct bytes b = {0};
	struct seen s;

	pcap_header(&b, PCAP_MICRO, 1);
	b.p[4] = 3;
	see_bytes(&s, &b);
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	cr_expect(eq(str, s.problem, "pcap version 3.4 is not known"));
	seen_free(&s);
	bytes_free(&b);
}

Test(capture_pcap, the_largest_packet_is_read_and_a_larger_one_is_damage)
{
	struct bytes b = {0};
	struct seen s;

	pcap_header(&b, PCAP_MICRO, 1);
	for (uint8_t i = 1; i <= 5; i++)
		pcap_packet(&b, i, 0, LIMIT_PACKET, LIMIT_PACKET, i);
	size_t whole = b.n;
	pcap_packet(&b, 9, 0, LIMIT_PACKET + 1, LIMIT_PACKET + 1, 9);
	pcap_packet(&b, 10, 0, 60, 60, 10);
	see_bytes(&s, &b);
	cr_assert(eq(sz, s.count, 5));
	for (uint8_t i = 1; i <= 5; i++)
		expect_frame(&s, i - 1u, i * NS_PER_S, LIMIT_PACKET, LIMIT_PACKET, 1, i);
	cr_expect(not(s.torn));
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	char text[200];
	snprintf(text, sizeof text, "damaged at byte %zu: a packet of 262145 captured bytes", whole);
	cr_expect(eq(str, s.problem, text));
	seen_free(&s);
	bytes_free(&b);
}

Test(capture_pcap, a_tail_of_zeros_is_damage)
{
	struct bytes b = {0};
	struct seen s;

	pcap_header(&b, PCAP_MICRO, 1);
	pcap_packet(&b, 5, 0, 60, 60, 1);
	put(&b, (uint8_t[4096]){0}, 4096);
	see_bytes(&s, &b);
	cr_expect(eq(sz, s.count, 1));
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	cr_expect(eq(str, s.problem, "damaged at byte 100: zeros in the place of a packet"));
	seen_free(&s);
	bytes_free(&b);
}

/* Two sections of different byte order, three interfaces of different links and clocks. */
static void sections(struct bytes *b)
{
	b->big = false;
	ng_section(b);
	ng_interface(b, 1, 65535, 6, 0);
	ng_interface(b, 101, 0, 9, 0);
	ng_packet(b, 0, 1700000000000001, 61, 61, 1);
	ng_packet(b, 1, 1700000000000000002, 62, 70, 2);
	ng_obsolete(b, 1, 1700000000000000003, 63, 63, 3);
	ng_interface(b, 113, 64, 0x80 | 20, -100);
	ng_packet(b, 2, (UINT64_C(1700000200) << 20) + (1 << 19), 64, 100, 4);
	ng_block(b, 0x0bad, &(struct bytes){.p = b->p, .n = 33}); /* of an unknown type */
	ng_simple(b, 60, 60, 5);
	b->big = true;
	ng_section(b);
	ng_interface(b, 276, 64, 3, 10);
	ng_packet(b, 0, 1700000300123, 60, 60, 6);
	ng_simple(b, 64, 1000, 7);
}

Test(capture_pcapng, sections_interfaces_links_and_clocks)
{
	struct bytes b = {0};
	struct seen s;

	sections(&b);
	see_bytes(&s, &b);
	cr_expect(eq(sz, s.count, 7));
	expect_frame(&s, 0, 1700000000000001000, 61, 61, 1, 1);
	expect_frame(&s, 1, 1700000000000000002, 62, 70, 101, 2);
	expect_frame(&s, 2, 1700000000000000003, 63, 63, 101, 3);
	expect_frame(&s, 3, 1700000100500000000, 64, 100, 113, 4);
	expect_frame(&s, 4, 1700000100500000000, 60, 60, 1, 5); /* no time of its own */
	expect_frame(&s, 5, 1700000310123000000, 60, 60, 276, 6);
	expect_frame(&s, 6, 1700000310123000000, 64, 1000, 276, 7);
	cr_expect(eq(u32, s.frames[3].interface, 2));
	cr_expect(eq(u32, s.problems, 0), "%s", s.problem);
	cr_expect(not(s.torn));
	seen_free(&s);
	bytes_free(&b);
}

Test(capture_pcapng, blocks_larger_than_the_window_are_skipped)
{
	struct bytes b = {0}, body = {0};
	struct seen s;

	for (unsigned i = 0; i < 3 * MIB; i++)
		put(&body, "x", 1);
	ng_section(&b);
	ng_interface(&b, 1, 0, 6, 0);
	ng_packet(&b, 0, 1, 60, 60, 1);
	ng_block(&b, 0xbad, &body);
	size_t end = b.n;
	ng_packet(&b, 0, 2, 60, 60, 2);
	see_bytes(&s, &b);
	cr_expect(eq(sz, s.count, 2));
	cr_expect(eq(u32, s.problems, 0), "%s", s.problem);
	seen_free(&s);

	b.p[end - 1] ^= 1; /* the second length of the large block */
	see_bytes(&s, &b);
	cr_expect(eq(sz, s.count, 1));
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	seen_free(&s);

	b.n = end - 5; /* and cut inside it */
	see_bytes(&s, &b);
	cr_expect(eq(sz, s.count, 1));
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	cr_expect(eq(int, strncmp(s.problem, "cut short", 9), 0), "%s", s.problem);
	seen_free(&s);
	bytes_free(&b);
	bytes_free(&body);
}

Test(capture_pcapng, clocks_do_not_overflow)
{
	struct ng_clock c = ng_clock_of(6, 0);
	cr_expect(eq(u64, ng_clock_ns(&c, 1700000000123456), 1700000000123456000));
	cr_expect(eq(u64, ng_clock_ns(&c, UINT64_MAX), UINT64_MAX));
	c = ng_clock_of(0, 0);
	cr_expect(eq(u64, ng_clock_ns(&c, 1700000000), 1700000000000000000));
	c = ng_clock_of(12, 0);
	cr_expect(eq(u64, ng_clock_ns(&c, 123456789012), 123456789));
	c = ng_clock_of(28, 0);
	cr_expect(eq(u64, ng_clock_ns(&c, UINT64_MAX), 1));
	c = ng_clock_of(127, 3);
	cr_expect(eq(u64, ng_clock_ns(&c, UINT64_MAX), 3 * NS_PER_S));
	c = ng_clock_of(0x80, 0);
	cr_expect(eq(u64, ng_clock_ns(&c, 7), 7 * NS_PER_S));
	c = ng_clock_of(0xff, 0);
	cr_expect(eq(u64, ng_clock_ns(&c, UINT64_MAX), 0));
	c = ng_clock_of(0xa0, 0);
	cr_expect(eq(u64, ng_clock_ns(&c, UINT64_C(3) << 31), 1500000000));
	c = ng_clock_of(6, INT64_MIN);
	cr_expect(eq(u64, ng_clock_ns(&c, UINT64_MAX), 0));
	c = ng_clock_of(6, INT64_MAX);
	cr_expect(eq(u64, ng_clock_ns(&c, 0), UINT64_MAX));
	for (unsigned r = 0; r < 256; r++) {
		c = ng_clock_of((uint8_t)r, r % 2 ? INT64_MIN : INT64_MAX);
		ng_clock_ns(&c, UINT64_MAX); /* for the sanitizer */
	}
}

/* A file of one section and interface with two packets, where `at` in the second one's block, or
 * its total length, is overwritten. */
static void damage(size_t at, uint32_t value, const char *expected)
{
	struct bytes b = {0};
	struct seen s;
	char text[300];

	ng_section(&b);
	ng_interface(&b, 1, 0, 6, 0);
	ng_packet(&b, 0, 1, 60, 60, 1);
	size_t start = b.n;
	ng_packet(&b, 0, 2, 60, 60, 2);
	memcpy(b.p + start + at, &value, 4);
	ng_packet(&b, 0, 3, 60, 60, 3);
	see_bytes(&s, &b);
	snprintf(text, sizeof text, "damaged at byte %zu: %s", start, expected);
	cr_expect(eq(sz, s.count, 1));
	cr_expect(eq(u32, s.problems, 1));
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	cr_expect(eq(str, s.problem, text));
	seen_free(&s);
	bytes_free(&b);
}

Test(capture_pcapng, damage_is_told_and_what_lies_before_is_read)
{
	damage(4, 8, "a block of type 0x6 and impossible length 8");
	damage(4, 94, "a block of type 0x6 and impossible length 94");
	damage(4, 0x7ffffffc, "a block of type 0x6 and impossible length 2147483644");
	damage(4, 12, "a block that says 12 bytes at its start and 0 at its end");
	damage(88, 96, "a block that says 92 bytes at its start and 96 at its end");
	damage(8, 1, "a packet of an interface that is not described");
	damage(20, 61, "a packet that is longer than its block");
	damage(20, 0x40001, "a packet of 262145 captured bytes");
	damage(0, 0x0a0d0d0a, "a section header of unknown byte order");
}

Test(capture_pcapng, damaged_headers)
{
	static const struct {
		uint8_t at, value;
		const char *text;
	} cases[] = {
		{12, 2, "damaged at byte 0: pcapng version 2.0 is not known"},
		{8, 0, "damaged at byte 0: a section header of unknown byte order"},
		/* a name of 60,005 bytes in an interface of 52 */
		{28 + 16 + 3, 0xea, "damaged at byte 28: an interface description that is cut"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes b = {0};
		struct seen s;

		ng_section(&b);
		ng_interface(&b, 1, 0, 9, 0);
		ng_packet(&b, 0, 1, 60, 60, 1);
		b.p[cases[i].at] = cases[i].value;
		see_bytes(&s, &b);
		cr_expect(eq(sz, s.count, 0));
		cr_expect(eq(u32, s.problems, 1));
		cr_expect(eq(u64, s.stats.files_damaged, 1));
		cr_expect(eq(str, s.problem, (char *)(uintptr_t)cases[i].text));
		seen_free(&s);
		bytes_free(&b);
	}
}

/* Every prefix gives the packets that are whole in it, and one problem unless it ends between two
 * blocks or packets. */
static void cut_everywhere(const struct bytes *whole, const size_t *ends, const size_t *frames,
			   size_t count)
{
	for (size_t n = 0; n <= whole->n; n++) {
		struct bytes part = {.p = whole->p, .n = n};
		struct seen s;
		size_t expected = 0;
		bool border = false;

		for (size_t i = 0; i < count; i++) {
			border |= ends[i] == n;
			if (ends[i] <= n)
				expected = frames[i];
		}
		see_bytes(&s, &part);
		cr_assert(s.opened);
		cr_expect(eq(sz, s.count, expected), "cut at %zu", n);
		cr_expect(eq(u32, s.problems, !border), "cut at %zu: %s", n, s.problem);
		cr_expect(eq(u64, s.stats.files_damaged, !border), "cut at %zu", n);
		cr_expect(not(s.torn));
		seen_free(&s);
	}
}

Test(capture_pcap, cut_at_every_byte)
{
	struct bytes b = {0};
	size_t ends[5], frames[5] = {0, 1, 2, 3, 4};

	pcap_header(&b, PCAP_MICRO, 1);
	ends[0] = b.n;
	for (uint8_t i = 1; i < 5; i++) {
		pcap_packet(&b, i, 0, 20u * i, 60u * i, i);
		ends[i] = b.n;
	}
	cut_everywhere(&b, ends, frames, 5);
	bytes_free(&b);
}

Test(capture_pcapng, cut_at_every_byte)
{
	struct bytes b = {0};
	size_t ends[20], frames[20], count = 0, n = 0;

	sections(&b);
	for (size_t at = 0; at < b.n; count++) {
		bool big = b.p[at] == 0 || (b.p[at] == 0x0a && b.p[at + 8] == 0x1a);
		uint32_t type = order_u32(b.p + at, big);
		n += type == 2 || type == 3 || type == 6;
		at += order_u32(b.p + at + 4, big);
		ends[count] = at;
		frames[count] = n;
	}
	cr_assert(eq(sz, n, 7));
	cut_everywhere(&b, ends, frames, count);
	bytes_free(&b);
}

/* Runs a format over bytes that end at a guard page; every frame must lie in them. */
static void walk(const uint8_t *data, size_t n)
{
	uint8_t *copy = guard_copy(data, n);
	struct stream s = {.p = copy, .end = copy + n};
	struct want want = {0};
	struct pcapng_file ng;
	struct pcap_file pcap;
	struct frame frames[3];
	size_t got;
	bool is_ng = n >= 4 && pcapng_file_is(copy);

	pcapng_file_init(&ng);
	if (is_ng || (n >= 24 && pcap_file_is(copy) && !pcap_file_init(&pcap, copy, &want.damage))) {
		s.p += is_ng ? 0 : 24;
		do {
			got = is_ng ? pcapng_file_next(&ng, &s, frames, 3, &want)
				    : pcap_file_next(&pcap, &s, frames, 3, &want);
			for (size_t i = 0; i < got; i++) {
				const struct frame *f = &frames[i];
				cr_assert(f->data >= copy && f->captured <= f->length);
				cr_assert(f->captured <= (size_t)(copy + n - f->data));
			}
		} while (got);
		cr_assert(want.damage.text[0] || want.bytes > stream_left(&s));
	}
	pcapng_file_fini(&ng);
	guard_free(copy);
}

static void mutate_everywhere(struct bytes *b)
{
	static const uint8_t values[] = {0x00, 0x01, 0x04, 0x7f, 0x80, 0xff};

	for (size_t i = 0; i < b->n; i++) {
		uint8_t kept = b->p[i];
		walk(b->p, i);
		for (size_t v = 0; v < sizeof values; v++) {
			b->p[i] = values[v];
			walk(b->p, b->n);
		}
		b->p[i] = kept;
	}
}

Test(capture_formats, mutations_stay_inside_the_window)
{
	struct bytes b = {0};

	sections(&b);
	mutate_everywhere(&b);
	b.n = 0;
	pcap_header(&b, PCAP_MICRO, 1);
	for (uint8_t i = 1; i < 5; i++)
		pcap_packet(&b, i, 0, 20u * i, 60u * i, i);
	mutate_everywhere(&b);
	bytes_free(&b);
}
