/* The head of a stream put together: against a model, for thousands of random ways to cut it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "sensor/stream.h"

#define TEXT 6000

static uint32_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 8) * n >> 24);
}

struct fixture {
	struct stream_side side;
	struct slab slab;
	struct stats stats;
	uint8_t text[TEXT];  /* what was sent */
	uint8_t heard[TEXT]; /* what the parser got */
	size_t got;
	uint32_t start;
};

static struct fixture *begin(uint32_t start)
{
	struct fixture *f = calloc(1, sizeof *f);

	slab_init(&f->slab, MIB);
	for (size_t i = 0; i < TEXT; i++)
		f->text[i] = (uint8_t)below(256);
	f->start = start;
	stream_start(&f->side, start);
	return f;
}

static void end(struct fixture *f)
{
	stream_free(&f->side, &f->slab);
	cr_expect_eq(f->slab.used, 0);
	slab_fini(&f->slab);
	free(f);
}

/* A parser that takes a random part of what there is. */
static void listen(struct fixture *f, struct cursor view, bool all)
{
	while (cur_left(&view)) {
		size_t n = all ? cur_left(&view) : below((uint32_t)cur_left(&view) + 1);
		cr_assert_leq(f->got + n, TEXT);
		memcpy(f->heard + f->got, view.p, n);
		f->got += n;
		stream_use(&f->side, &f->slab, &f->stats, view, n);
		if (n == 0)
			return;
		view = stream_view(&f->side);
	}
}

static void send(struct fixture *f, const uint8_t *text, uint32_t at, uint32_t n)
{
	listen(f, stream_take(&f->side, &f->slab, &f->stats, f->start + at, text + at, n, 0), false);
}

static void finish(struct fixture *f)
{
	listen(f, stream_view(&f->side), true);
}

Test(stream, any_cut_order_and_overlap_gives_the_text)
{
	for (unsigned round = 0; round < 3000; round++) {
		struct fixture *f = begin(round & 1 ? UINT32_MAX - below(TEXT) : below(1000000));
		uint32_t order[64][2], count = 0;
		/* pieces that cover the text, each perhaps reaching into its neighbours */
		for (uint32_t at = 0; at < TEXT && count < 30;) {
			uint32_t n = count == 29 ? TEXT - at : 1 + below(400);
			n = n < TEXT - at ? n : TEXT - at;
			uint32_t before = below(3) ? 0 : below(100), behind = below(3) ? 0 : below(100);
			order[count][0] = at < before ? 0 : at - before;
			order[count][1] = at + n + behind < TEXT ? at + n + behind : TEXT;
			at += n;
			count++;
		}
		for (uint32_t i = count; i > 1; i--) {
			/* mostly near their place, so that the bound of pieces is not the test */
			uint32_t j = i - 1 - below(i < 12 ? i : 12);
			uint32_t a = order[i - 1][0], b = order[i - 1][1];
			memcpy(order[i - 1], order[j], sizeof order[j]);
			order[j][0] = a;
			order[j][1] = b;
		}
		for (uint32_t i = 0; i < count; i++) {
			send(f, f->text, order[i][0], order[i][1] - order[i][0]);
			if (below(5) == 0) { /* sent again */
				uint32_t j = below(i + 1);
				send(f, f->text, order[j][0], order[j][1] - order[j][0]);
			}
		}
		finish(f);
		cr_assert_not(f->side.lost);
		cr_assert_eq(f->got, TEXT, "round %u: %zu", round, f->got);
		cr_assert(memcmp(f->heard, f->text, TEXT) == 0, "round %u", round);
		cr_assert_eq(f->stats.stream_overlaps, 0);
		end(f);
	}
}

Test(stream, of_overlapping_bytes_the_first_stay)
{
	struct fixture *f = begin(100);
	uint8_t other[TEXT];

	for (size_t i = 0; i < TEXT; i++)
		other[i] = (uint8_t)~f->text[i];
	send(f, f->text, 50, 50);
	send(f, other, 20, 60); /* 50..80 differ from what came first */
	send(f, f->text, 0, 60);
	finish(f);
	cr_expect_eq(f->got, 100);
	cr_expect(memcmp(f->heard, f->text, 20) == 0);
	cr_expect(memcmp(f->heard + 20, other + 20, 30) == 0);
	cr_expect(memcmp(f->heard + 50, f->text + 50, 50) == 0);
	cr_expect_geq(f->stats.stream_overlaps, 1);
	end(f);
}

Test(stream, in_order_nothing_is_copied)
{
	struct fixture *f = begin(0);

	for (uint32_t at = 0; at < TEXT; at += 100) {
		struct cursor v = stream_take(&f->side, &f->slab, &f->stats, at, f->text + at, 100, 0);
		cr_assert_eq(v.p, f->text + at);
		stream_use(&f->side, &f->slab, &f->stats, v, 100);
		cr_assert_eq(f->slab.used, 0);
	}
	end(f);
}

Test(stream, bodies_are_passed_over_whatever_their_size)
{
	uint64_t sizes[] = {0, 1, 50, 99, 100, 150, 16 * 1024, UINT64_C(1) << 31, UINT64_C(5000000000)};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct fixture *f = begin(UINT32_MAX - 40);
		uint64_t body = sizes[i];
		/* a head of 50 bytes in a segment of 100 */
		struct cursor v =
			stream_take(&f->side, &f->slab, &f->stats, f->start, f->text, 100, 0);
		stream_use(&f->side, &f->slab, &f->stats, v, 50 + body);
		uint64_t at = 100, next = 50 + body;
		while (at + 1000000000 < next) { /* the body goes by, most of it not captured */
			v = stream_take(&f->side, &f->slab, &f->stats, f->start + (uint32_t)at,
					f->text, 1000, 0);
			cr_assert_eq(cur_left(&v), 0);
			at += 1000000000;
		}
		uint32_t seq = f->start + (uint32_t)next;
		if (body >= 150) {
			/* the next head comes before the body's last bytes */
			v = stream_take(&f->side, &f->slab, &f->stats, seq, f->text, 30, 0);
			cr_assert_eq(cur_left(&v), 30, "%zu", i);
			cr_assert(memcmp(v.p, f->text, 30) == 0);
			stream_use(&f->side, &f->slab, &f->stats, v, 30);
			v = stream_take(&f->side, &f->slab, &f->stats, seq - 100, f->text, 100, 0);
			cr_assert_eq(cur_left(&v), 0);
		} else {
			v = stream_view(&f->side);
			size_t kept = next < 100 ? 100 - next : 0;
			cr_assert_eq(cur_left(&v), kept);
			cr_assert(kept == 0 || memcmp(v.p, f->text + next, kept) == 0);
		}
		end(f);
	}
}

Test(stream, too_much_or_too_many_is_lost_and_bounded)
{
	struct fixture *f = begin(0);

	stream_take(&f->side, &f->slab, &f->stats, LIMIT_HEAD - 10, f->text, 100, 0);
	cr_expect(f->side.lost && f->side.hole);
	end(f);
	f = begin(0);
	for (uint32_t i = 0; i <= LIMIT_SEGMENTS; i++) {
		cr_expect_not(f->side.lost);
		stream_take(&f->side, &f->slab, &f->stats, 10 + 20 * i, f->text, 10, 0);
	}
	cr_expect(f->side.lost);
	end(f);
	f = begin(0);
	f->slab.budget = 1000;
	stream_take(&f->side, &f->slab, &f->stats, 10, f->text, 2000, 0);
	cr_expect(f->side.lost);
	cr_expect_eq(f->stats.streams_budget, 1);
	end(f);
}

Test(stream, a_hole_is_passed)
{
	struct fixture *f = begin(0);

	stream_take(&f->side, &f->slab, &f->stats, 100, f->text, 50, 7);
	stream_take(&f->side, &f->slab, &f->stats, 200, f->text + 50, 50, 8);
	cr_expect(f->side.hole);
	cr_expect_eq(f->side.waiting, 7);
	cr_assert(stream_pass_hole(&f->side, &f->slab));
	struct cursor v = stream_view(&f->side);
	cr_expect_eq(cur_left(&v), 50);
	cr_expect(memcmp(v.p, f->text, 50) == 0);
	cr_expect_eq(f->side.base, 100);
	stream_use(&f->side, &f->slab, &f->stats, v, 50);
	cr_assert(stream_pass_hole(&f->side, &f->slab));
	v = stream_view(&f->side);
	cr_expect(cur_left(&v) == 50 && memcmp(v.p, f->text + 50, 50) == 0);
	stream_use(&f->side, &f->slab, &f->stats, v, 50);
	cr_expect_not(stream_pass_hole(&f->side, &f->slab));
	end(f);
}
