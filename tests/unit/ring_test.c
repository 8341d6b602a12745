#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "base/ring.h"

static void put(struct ring *r, uint32_t number, size_t n)
{
	uint8_t *p = ring_room(r, n);

	cr_assert_not_null(p);
	memset(p, (int)number, n);
	memcpy(p, &number, sizeof number);
	ring_push(r, n);
}

static void expect(struct ring *r, uint32_t number, size_t n)
{
	size_t got;
	uint8_t *p = ring_peek(r, &got);
	uint32_t first;

	cr_assert_not_null(p);
	cr_assert_eq(got, n);
	cr_assert_eq((uintptr_t)p % RING_ALIGN, 0);
	memcpy(&first, p, sizeof first);
	cr_assert_eq(first, number);
	for (size_t i = sizeof first; i < n; i++)
		cr_assert_eq(p[i], (uint8_t)number);
	ring_pop(r);
}

Test(ring, gives_what_was_put_over_many_wraps)
{
	struct ring r;
	uint32_t in = 0, out = 0;

	ring_init(&r, 4096);
	for (int round = 0; round < 2000; round++) {
		while (ring_room(&r, 4 + in % 700))
			put(&r, in, 4 + in % 700), in++;
		for (int i = 0; i < 3 && out < in; i++)
			expect(&r, out, 4 + out % 700), out++;
	}
	while (out < in)
		expect(&r, out, 4 + out % 700), out++;
	size_t n;
	cr_assert_null(ring_peek(&r, &n));
	cr_assert_eq(ring_used(&r), 0);
	cr_assert_eq(ring_free(&r), ring_size(&r));
	ring_fini(&r);
}

Test(ring, refuses_what_is_too_large)
{
	struct ring r;

	ring_init(&r, 4096);
	cr_assert_null(ring_room(&r, 1025));
	cr_assert_not_null(ring_room(&r, 1024));
	ring_fini(&r);
}

Test(ring, nothing_is_seen_before_it_is_pushed)
{
	struct ring r;
	size_t n;

	ring_init(&r, 4096);
	cr_assert_not_null(ring_room(&r, 100));
	cr_assert_null(ring_peek(&r, &n));
	put(&r, 7, 50); /* (the room is given once more) */
	expect(&r, 7, 50);
	ring_fini(&r);
}

#define MANY 300000u

static void *writer(void *context)
{
	struct ring *r = context;

	for (uint32_t i = 0; i < MANY; i++) {
		size_t n = 4 + i * 31 % 400;
		uint8_t *p;
		while (!(p = ring_room(r, n)))
			sched_yield();
		memset(p, (int)i, n);
		memcpy(p, &i, sizeof i);
		ring_push(r, n);
	}
	return NULL;
}

Test(ring, two_threads)
{
	struct ring r;
	pthread_t t;

	ring_init(&r, 65536);
	cr_assert_eq(pthread_create(&t, NULL, writer, &r), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		size_t n;
		while (!ring_peek(&r, &n))
			sched_yield();
		expect(&r, i, 4 + i * 31 % 400);
	}
	pthread_join(t, NULL);
	ring_fini(&r);
}
