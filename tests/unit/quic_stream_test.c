#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "proto/quic_frames.h"
#include "proto/quic_stream.h"
#include "quic_build.h"

static struct quic_stream s;

static void fresh(void)
{
	memset(&s, 0xee, sizeof s); /* what was there before must not matter */
	quic_stream_reset(&s);
}

static void add(uint64_t offset, const char *text)
{
	quic_stream_add(&s, offset, (const uint8_t *)text, strlen(text));
}

static void expect_text(const char *want)
{
	cr_expect_eq(s.have, strlen(want), "have %u, want %s", s.have, want);
	cr_expect_eq(memcmp(s.data, want, strlen(want)), 0);
}

Test(quic_stream, in_order_and_out_of_order)
{
	fresh();
	add(0, "abc");
	add(3, "def");
	expect_text("abcdef");
	add(9, "jkl");
	expect_text("abcdef");
	add(6, "ghi");
	expect_text("abcdefghijkl");
	add(12, "");
	add(99, "");
	cr_expect_eq(s.reach, 12);
	expect_text("abcdefghijkl");
}

Test(quic_stream, the_last_bytes_stay)
{
	fresh();
	add(2, "CDE");
	add(0, "xyzzyxf");
	expect_text("xyzzyxf");
	cr_expect(s.differs);
	add(0, "ABCDEFGH");
	expect_text("ABCDEFGH");
	fresh();
	add(4, "e");
	add(2, "c");
	add(6, "g");
	add(1, "BCDEFGH");
	add(0, "a");
	expect_text("aBCDEFGH");
	cr_expect(s.differs);
	fresh();
	add(4, "e");
	add(0, "abcdef");
	add(2, "cd");
	cr_expect_not(s.differs);
}

Test(quic_stream, bounds)
{
	static const uint8_t fill[LIMIT_HELLO + 5];

	fresh();
	quic_stream_add(&s, LIMIT_HELLO, fill, 1);
	quic_stream_add(&s, UINT64_MAX >> 2, fill, sizeof fill);
	cr_expect_eq(s.reach, 0);
	quic_stream_add(&s, LIMIT_HELLO - 1, fill, 9);
	cr_expect_eq(s.have, 0);
	cr_expect_eq(s.reach, LIMIT_HELLO);
	quic_stream_add(&s, 0, fill, sizeof fill);
	cr_expect_eq(s.have, LIMIT_HELLO);
	quic_stream_add(&s, 0, fill, sizeof fill);
	cr_expect_eq(s.have, LIMIT_HELLO);
}

/* Against a model that does it a byte at a time. */
Test(quic_stream, any_pieces_in_any_order)
{
	static uint8_t model[LIMIT_HELLO], piece[LIMIT_HELLO + 64];
	static bool there[LIMIT_HELLO];

	srandom(7);
	for (int round = 0; round < 300; round++) {
		size_t size = 1 + (size_t)random() % (round % 3 ? 300 : LIMIT_HELLO);
		bool differs = false;
		memset(there, 0, sizeof there);
		fresh();
		for (int i = 0; i < 60; i++) {
			size_t at = (size_t)random() % size;
			size_t n = (size_t)random() % (i % 4 ? 20 : size / 2 + 1);
			for (size_t j = 0; j < n; j++) {
				piece[j] = (uint8_t)random();
				if (at + j < sizeof model) {
					differs |= there[at + j] && model[at + j] != piece[j];
					there[at + j] = true;
					model[at + j] = piece[j];
				}
			}
			uint8_t *g = guard_copy(piece, n);
			quic_stream_add(&s, at, g, n);
			guard_free(g);
			size_t have = 0;
			while (have < sizeof there && there[have])
				have++;
			cr_assert_eq(s.have, have);
			cr_assert_eq(memcmp(s.data, model, have), 0);
			cr_assert_eq(s.differs, differs);
		}
	}
}

static void read_frames(const uint8_t *p, size_t n)
{
	uint8_t *g = guard_copy(p, n);

	fresh();
	quic_frames_read(cur_of(g, n), &s);
	guard_free(g);
}

/* PADDING, PING, ACK of 2 ranges, CRYPTO, ACK with ECN counts, CRYPTO, CONNECTION_CLOSE, CRYPTO. */
static size_t all_frames(uint8_t *out)
{
	static const uint8_t ack[] = {0x02, 0x40, 0x64, 0x05, 0x02, 0x01, 0x02, 0x03, 0x04, 0x05};
	static const uint8_t ecn[] = {0x03, 0x0a, 0x00, 0x00, 0x00, 0x01, 0x80, 0, 0, 2, 0x03};
	static const uint8_t end[] = {0x1c, 0x0a, 0x06, 0x03, 'b', 'y', 'e'};
	size_t n = 0;

	memset(out, 0, 13);
	n = 13;
	out[n++] = 0x01;
	memcpy(out + n, ack, sizeof ack);
	n += sizeof ack;
	n += build_crypto(out + n, 3, (const uint8_t *)"def", 3);
	memcpy(out + n, ecn, sizeof ecn);
	n += sizeof ecn;
	n += build_crypto(out + n, 0, (const uint8_t *)"abc", 3);
	memcpy(out + n, end, sizeof end);
	n += sizeof end;
	return n + build_crypto(out + n, 6, (const uint8_t *)"ghi", 3);
}

Test(quic_frames, all_kinds)
{
	uint8_t b[200];
	size_t n = all_frames(b);

	read_frames(b, n);
	expect_text("abcdefghi");
}

Test(quic_frames, what_came_before_a_bad_one_counts)
{
	/* STREAM, HANDSHAKE_DONE, an application's close, a frame type in two bytes, a CRYPTO frame
	 * beyond the end, one with an offset beyond everything, an ACK with 2^62 - 1 ranges */
	static const struct {
		uint8_t b[20];
		size_t n;
	} bad[] = {
		{{0x08, 0x00, 0x01}, 3},
		{{0x1e}, 1},
		{{0x1d, 0, 0}, 3},
		{{0x40, 0x06, 0x00, 0x01, 0x55}, 5},
		{{0x06, 0x03, 0x40, 0x80, 0x55}, 5},
		{{0x06, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff},
		 17},
		{{0x02, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, 12},
		{{0x1c, 0, 0, 0x20}, 4},
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint8_t b[64];
		size_t n = build_crypto(b, 0, (const uint8_t *)"abc", 3);
		memcpy(b + n, bad[i].b, bad[i].n);
		read_frames(b, n + bad[i].n);
		expect_text("abc");
	}
}

Test(quic_frames, every_prefix_and_mutation_stays_inside)
{
	uint8_t b[200];
	size_t n = all_frames(b);

	for (size_t cut = 0; cut <= n; cut++)
		read_frames(b, cut);
	for (size_t at = 0; at < n; at++) {
		uint8_t was = b[at];
		for (unsigned v = 0; v < 256; v++) {
			b[at] = (uint8_t)v;
			read_frames(b, n);
			cr_assert_leq(s.have, s.reach);
		}
		b[at] = was;
	}
}
