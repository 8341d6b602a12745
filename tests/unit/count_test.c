/* Bytes by sequence and acknowledgement numbers: a known upload in every view that a sensor may get
 * of it, and what is known to fool counters. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "traffic.h"

#define UPLOAD UINT64_C(100134933) /* 100 MB over TLS */
#define NEAR_WRAP (UINT32_MAX - 5000)

static struct traffic *upload_of(uint64_t bytes)
{
	struct traffic *t = traffic_new();

	traffic_upload(t, &(struct upload){.bytes = bytes,
					   .client_isn = NEAR_WRAP,
					   .server_isn = 7,
					   .retransmit = 20});
	return t;
}

/* Keeps the packets for which `kept` is true. */
static void keep(struct traffic *t, bool (*kept)(struct traffic *t, const struct packet *p))
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		if (kept(t, &t->packets[i]))
			t->packets[n++] = t->packets[i];
	t->count = n;
}

static bool from_client(struct traffic *t, const struct packet *p)
{
	(void)t;
	return p->tuple.dport == 443;
}

static bool from_server(struct traffic *t, const struct packet *p)
{
	return !from_client(t, p);
}

static bool every_second(struct traffic *t, const struct packet *p)
{
	(void)p;
	return traffic_random(t, 2);
}

/* Runs of mean 500 lost, of mean 55 kept: nine of ten are lost. */
static bool one_of_ten_in_bursts(struct traffic *t, const struct packet *p)
{
	static bool lost;
	(void)p;
	if (traffic_random(t, lost ? 500 : 55) == 0)
		lost = !lost;
	return !lost;
}

static double error_of(struct traffic *t)
{
	double off = fabs((double)traffic_run(t).up.bytes - (double)UPLOAD) / (double)UPLOAD;

	traffic_free(t);
	return off;
}

Test(count, everything)
{
	struct traffic *t = upload_of(UPLOAD);
	struct outcome o = traffic_end(t);

	cr_expect_eq(o.up.bytes, UPLOAD);
	cr_expect_eq(o.up.seen, UPLOAD);
	cr_expect_eq(o.up.missed, 0);
	cr_expect_eq(o.up.unacked, 0);
	cr_expect_eq(o.up.method, BYTES_ACK);
	cr_expect_eq(o.down.bytes, 0);
	cr_expect_eq(o.flows, 1);
	cr_expect_eq(o.end, END_CLOSED);
	cr_expect_gt(o.stats.tcp_retransmitted, 1000);
}

Test(count, half_of_the_packets_dropped)
{
	struct traffic *t = upload_of(UPLOAD);

	keep(t, every_second);
	struct outcome o = traffic_run(t);
	cr_expect_gt(o.up.missed, UPLOAD * 45 / 100);
	cr_expect_eq(o.up.seen + o.up.missed, o.up.bytes);
	cr_expect_leq(error_of(t), 0.00003);
}

Test(count, nine_of_ten_dropped_in_bursts)
{
	struct traffic *t = upload_of(UPLOAD);

	keep(t, one_of_ten_in_bursts);
	cr_assert_lt(t->count, 25000);
	cr_expect_leq(error_of(t), 0.015);
}

Test(count, only_the_clients_direction)
{
	struct traffic *t = upload_of(UPLOAD);

	keep(t, from_client);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, UPLOAD);
	cr_expect_eq(o.up.method, BYTES_SEQ);
	cr_expect_eq(o.told, 1);
}

Test(count, only_the_servers_direction)
{
	struct traffic *t = upload_of(UPLOAD);

	keep(t, from_server);
	struct outcome o = traffic_end(t);
	/* the client's FIN is acknowledged like a byte, and nothing tells it from one */
	cr_expect_leq(o.up.bytes - UPLOAD, 1);
	cr_expect_eq(o.up.seen, 0);
	cr_expect_eq(o.up.missed, o.up.bytes);
	cr_expect_eq(o.up.method, BYTES_ACK);
	cr_expect_eq(o.told, 1);
}

Test(count, every_packet_twice)
{
	struct traffic *t = upload_of(UPLOAD), *twice = traffic_new();

	for (size_t i = 0; i < t->count; i++)
		for (int copy = 0; copy < 2; copy++)
			*traffic_add(twice, true, 0, 0, 0, 0) = t->packets[i];
	struct outcome o = traffic_run(twice);
	cr_expect_eq(o.up.bytes, UPLOAD);
	cr_expect_eq(o.up.seen, UPLOAD);
	cr_expect_geq(o.stats.duplicates, t->count);
	traffic_free(t);
	traffic_free(twice);
}

Test(count, packets_cut_by_the_snaplen)
{
	struct traffic *t = upload_of(UPLOAD);

	for (size_t i = 0; i < t->count; i++)
		if (t->packets[i].captured > 30)
			t->packets[i].captured = 30;
	cr_expect_eq(error_of(t), 0);
}

Test(count, joined_in_the_middle)
{
	struct traffic *t = upload_of(UPLOAD);
	size_t half = t->count / 2;

	while (t->packets[half].tuple.dport != 443 || !t->packets[half].length)
		half++;
	uint64_t rest = UPLOAD - (uint32_t)(t->packets[half].seq - (NEAR_WRAP + 1));
	t->count -= half;
	memmove(t->packets, t->packets + half, t->count * sizeof *t->packets);
	cr_expect_eq(traffic_end(t).up.bytes, rest);
}

Test(count, a_download_is_no_upload)
{
	struct traffic *t = upload_of(UPLOAD);

	/* the same bytes the other way, the client opens */
	for (size_t i = 0; i < t->count; i++)
		t->packets[i].tuple = tuple_swap(&t->packets[i].tuple);
	t->packets[0].flags = TCP_SYN | TCP_ACK; /* as if the first SYN had been lost */
	t->packets[0].ack = 8;
	t->packets[1].flags = TCP_ACK;
	t->packets[1].seq = 8;
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.down.bytes, UPLOAD);
	cr_expect_eq(o.up.bytes, 0);
}

Test(count, a_syn_ack_sent_again_with_another_number)
{
	struct traffic *t = traffic_new();

	traffic_add(t, true, TCP_SYN, 1000, 0, 0);
	traffic_add(t, false, TCP_SYN | TCP_ACK, 5000, 1001, 0);
	traffic_add(t, false, TCP_SYN | TCP_ACK, 1600000000, 1001, 0);
	traffic_add(t, true, TCP_ACK, 1001, 1600000001, 100);
	traffic_add(t, false, TCP_ACK, 1600000001, 1101, 57000);
	traffic_add(t, true, TCP_ACK, 1101, 1600057001, 0);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.down.bytes, 57000);
	cr_expect_eq(o.up.bytes, 100);
}

Test(count, a_reset_says_nothing_about_numbers)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 500);
	traffic_add(t, false, TCP_ACK, 5001, 1501, 0);
	traffic_add(t, true, TCP_RST, 900000000, 0, 0);
	traffic_add(t, false, TCP_RST | TCP_ACK, 3, 2000000000, 0);
	cr_expect_eq(traffic_end(t).up.bytes, 500);
}

Test(count, data_after_a_reset_still_counts)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 500);
	traffic_add(t, false, TCP_RST, 5001, 0, 0); /* forged */
	traffic_add(t, true, TCP_ACK, 1501, 5001, 700);
	traffic_add(t, false, TCP_ACK, 5001, 2201, 0);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 1200);
	cr_expect_eq(o.flows, 1);
}

Test(count, keep_alives_and_zero_window_probes)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 500);
	traffic_add(t, false, TCP_ACK, 5001, 1501, 0);
	for (int i = 0; i < 5; i++) {
		traffic_add(t, true, TCP_ACK, 1500, 5001, i & 1);
		traffic_add(t, false, TCP_ACK, 5001, 1501, 0);
	}
	/* a probe's byte is real, and sent again until it is taken */
	for (int i = 0; i < 3; i++)
		traffic_add(t, true, TCP_ACK, 1501, 5001, 1);
	traffic_add(t, false, TCP_ACK, 5001, 1502, 0);
	cr_expect_eq(traffic_end(t).up.bytes, 501);
}

Test(count, five_gigabytes_wrap)
{
	struct traffic *t = traffic_opened();
	uint32_t seq = 1001;

	for (uint64_t sent = 0; sent < UINT64_C(5000000000); sent += 10000000) {
		/* most of it was not captured */
		t->time += 20 * NS_PER_MS;
		seq += 10000000;
		traffic_add(t, true, TCP_ACK, seq - 1000, 5001, 1000);
		traffic_add(t, false, TCP_ACK, 5001, seq, 0);
	}
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 5000000000);
	cr_expect_eq(o.up.seen, 500000);
	cr_expect_eq(o.up.missed, 5000000000 - 500000);
}

Test(count, a_hundred_milliseconds_lost_at_ten_gigabits)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, 2001, 0);
	t->time += 100 * NS_PER_MS;
	uint32_t seq = 2001 + 125000000;
	traffic_add(t, true, TCP_ACK, seq, 5001, 1000);
	traffic_add(t, true, TCP_ACK, seq + 1000, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, seq + 2000, 0);
	cr_expect_eq(traffic_end(t).up.bytes, 1000 + 125000000 + 2000);
}

Test(count, a_hole_beyond_two_gigabytes_begins_again)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, 2001, 0);
	t->time += 30 * NS_PER_S;
	uint32_t seq = 2001 + 3000000000u;
	for (int i = 0; i < 4; i++)
		traffic_add(t, true, TCP_ACK, seq + 1000 * (uint32_t)i, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, seq + 4000, 0);
	/* what was lost cannot be known: what is counted was seen */
	cr_expect_eq(traffic_end(t).up.bytes, 1000 + 4000);
}

Test(count, one_forged_segment_far_away)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 1000);
	traffic_add(t, true, TCP_ACK, 1001 + 1500000000, 5001, 1000);
	traffic_add(t, true, TCP_ACK, 2001, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, 3001, 0);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 2000);
	cr_expect_eq(o.stats.tcp_jumps_ignored, 1);
}

/* Whoever forges the client's segments, even consistent ones after a long silence, does not have the
 * server acknowledge them. */
Test(count, forged_segments_are_not_acknowledged)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, 2001, 0);
	t->time += 10 * NS_PER_S;
	for (uint32_t i = 0; i < 20; i++)
		traffic_add(t, true, TCP_ACK, 900000000 + i * 1000, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, 2001, 0);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 1000);
}

/* Two tapped sides of a firewall that rewrites sequence numbers: packet by packet, and in bursts. */
static uint64_t both_sides_of_a_firewall(unsigned burst)
{
	struct traffic *t = traffic_opened();
	const uint32_t offset = 1000000000, total = 2000;

	for (uint32_t i = 0; i < total; i += burst)
		for (int space = 0; space < 2; space++)
			for (uint32_t k = i; k < i + burst; k++) {
				uint32_t seq = 1001 + k * 1000 + (space ? offset : 0);
				traffic_add(t, true, TCP_ACK, seq, 5001, 1000);
				traffic_add(t, false, TCP_ACK, 5001, seq + 1000, 0);
			}
	return traffic_end(t).up.bytes;
}

Test(count, rewritten_numbers_are_not_counted_twice)
{
	unsigned bursts[] = {1, 2, 10, 100};

	for (int i = 0; i < 4; i++) {
		uint64_t up = both_sides_of_a_firewall(bursts[i]);
		cr_expect(up >= 1990000 && up <= 2010000, "bursts of %u: %lu", bursts[i],
			  (unsigned long)up);
	}
}

Test(count, holes_filled_later_are_seen)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 1000);
	traffic_add(t, true, TCP_ACK, 3001, 5001, 1000); /* 2001..3000 is missing */
	traffic_add(t, true, TCP_ACK, 2001, 5001, 400);
	traffic_add(t, true, TCP_ACK, 2401, 5001, 600);
	traffic_add(t, true, TCP_ACK, 2001, 5001, 1000); /* again */
	traffic_add(t, false, TCP_ACK, 5001, 4001, 0);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 3000);
	cr_expect_eq(o.up.seen, 3000);
	cr_expect_eq(o.up.missed, 0);
	cr_expect_eq(o.stats.tcp_retransmitted, 1);
}

/* A capture that was put together from two taps may hold an empty segment before the payload that
 * it was sent after. */
Test(count, payload_that_an_empty_segment_overtook_is_seen)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 3001, 5001, 0);
	traffic_add(t, true, TCP_ACK, 1001, 5001, 1000);
	traffic_add(t, true, TCP_ACK, 2001, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, 3001, 0);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 2000);
	cr_expect_eq(o.up.seen, 2000);
	cr_expect_eq(o.up.missed, 0);
	cr_expect_eq(o.stats.tcp_retransmitted, 0);
}

Test(count, a_segment_that_fills_a_hole_and_goes_on_is_seen)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1301, 5001, 0);
	traffic_add(t, true, TCP_ACK, 1001, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, 2001, 0);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 1000);
	cr_expect_eq(o.up.seen, 1000);
}

Test(count, a_fin_that_an_empty_segment_overtook_is_no_payload)
{
	for (uint32_t wrap = 0; wrap < 2; wrap++) {
		uint32_t isn = wrap ? UINT32_MAX - 1001 : 1000; /* the FIN's number is UINT32_MAX */
		struct traffic *t = traffic_new();
		traffic_add(t, true, TCP_SYN, isn, 0, 0);
		traffic_add(t, false, TCP_SYN | TCP_ACK, 5000, isn + 1, 0);
		traffic_add(t, true, TCP_ACK, isn + 1002, 5002, 0);
		traffic_add(t, true, TCP_ACK | TCP_FIN, isn + 1, 5001, 1000);
		traffic_add(t, false, TCP_ACK | TCP_FIN, 5001, isn + 1002, 0);
		struct outcome o = traffic_end(t);
		cr_expect_eq(o.up.bytes, 1000);
		cr_expect_eq(o.up.seen, 1000);
		cr_expect_eq(o.up.unacked, 0);
		cr_expect_eq(o.down.bytes, 0);
	}
}

Test(count, what_is_not_acknowledged_is_told_apart)
{
	struct traffic *t = traffic_opened();

	traffic_add(t, true, TCP_ACK, 1001, 5001, 1000);
	traffic_add(t, false, TCP_ACK, 5001, 2001, 0);
	traffic_add(t, true, TCP_ACK, 2001, 5001, 800);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 1000);
	cr_expect_eq(o.up.unacked, 800);
}
