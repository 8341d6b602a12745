/* Hostile packets cost time in proportion to their number and length. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/limits.h"
#include "linear.h"
#include "sensor/stream.h"
#include "talk.h"
#include "traffic.h"

/* Every second byte is missing, in order and then backwards. */
static void gaps(unsigned n)
{
	struct traffic *t = traffic_new();

	traffic_add(t, true, TCP_SYN, 1000, 0, 0);
	for (unsigned i = 0; i < n; i++)
		traffic_add(t, true, TCP_ACK, 1001 + 2 * i, 1, 1);
	for (unsigned i = n; i > 0; i--)
		traffic_add(t, true, TCP_ACK, 1000 + 2 * i, 1, 1);
	traffic_run(t);
	traffic_free(t);
}

Test(linear, a_flow_of_one_byte_gaps)
{
	linear_check(gaps, 400000);
}

/* Places that are far from each other in turn. */
static void jumps(unsigned n)
{
	struct traffic *t = traffic_new();

	traffic_add(t, true, TCP_SYN, 1000, 0, 0);
	for (unsigned i = 0; i < n; i++)
		traffic_add(t, true, TCP_ACK, i / 2 * 1000000007u + (i & 1), 1, 1);
	traffic_run(t);
	traffic_free(t);
}

Test(linear, a_flow_that_jumps_about)
{
	linear_check(jumps, 400000);
}

static void flows(unsigned n)
{
	struct traffic *t = traffic_new();

	for (unsigned i = 0; i < n; i++) {
		struct packet *p = traffic_add(t, true, TCP_SYN, 1, 0, 0);
		p->tuple.sport = (uint16_t)i;
		p->tuple.dst.b[15] = (uint8_t)(i >> 16);
	}
	traffic_run(t);
	traffic_free(t);
}

Test(linear, many_flows)
{
	linear_check(flows, 50000);
}

/* A buffer full of pieces, each touched again and again, filled from the far end. */
static void pieces(unsigned n)
{
	static uint8_t text[LIMIT_HEAD];
	struct slab slab;
	struct stats stats = {0};

	slab_init(&slab, MIB);
	for (unsigned i = 0; i < n;) {
		struct stream_side s = {0};
		stream_start(&s, 0);
		for (unsigned k = 0; k < 2000; k++, i++)
			stream_take(&s, &slab, &stats, LIMIT_HEAD - 2 - k % LIMIT_SEGMENTS * 500,
				    text, 1 + k % 400, 0);
		stream_free(&s, &slab);
	}
	slab_fini(&slab);
}

Test(linear, a_stream_in_pieces)
{
	linear_check(pieces, 50000);
}

/* Heads that come byte by byte and never end: what is kept of each is bounded. */
static void heads(unsigned n)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a.example\r\nX: ";
	struct talk *t = talk_new();

	talk_flow(t, 40000, 80);
	talk_open(t);
	talk_say(t, TALK_CLIENT, head, sizeof head - 1);
	for (unsigned i = 0; i < n; i++)
		talk_say(t, TALK_CLIENT, "x", 1);
	t->deaf = true;
	talk_free(t);
}

Test(linear, a_head_without_end)
{
	/* beyond LIMIT_HEAD, where the cost of a byte is the highest it gets */
	linear_check(heads, 20000);
}

static void small_requests(unsigned n)
{
	static char many[1400];
	struct talk *t = talk_new();

	for (unsigned i = 0; i < sizeof many; i++)
		many[i] = "GET / HTTP/1.1\n\n"[i % 16];
	t->deaf = true;
	talk_flow(t, 40000, 80);
	talk_open(t);
	for (unsigned i = 0; i < n; i++)
		talk_say(t, TALK_CLIENT, many, sizeof many / 16 * 16);
	talk_free(t);
}

Test(linear, tiny_requests)
{
	linear_check(small_requests, 300);
}
