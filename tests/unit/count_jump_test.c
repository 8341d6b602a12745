/* Sequence numbers that leave their window: lost stretches, rewritten numbers, forged segments. The
 * count must neither swell nor shrink by what an attacker or a firewall adds. */
#include <criterion/criterion.h>

#include "traffic.h"

#define SEGMENT 1000

static void data(struct traffic *t, uint32_t seq, uint32_t n)
{
	traffic_add(t, true, TCP_ACK, seq, 5001, n);
}

static void ack(struct traffic *t, uint32_t a)
{
	traffic_add(t, false, TCP_ACK, 5001, a, 0);
}

/* Leaves one direction only. */
static void only(struct traffic *t, bool client)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		if ((t->packets[i].tuple.dport == 443) == client)
			t->packets[n++] = t->packets[i];
	t->count = n;
}

static struct outcome end(struct traffic *t)
{
	struct outcome o = traffic_run(t);

	traffic_free(t);
	cr_expect_leq(o.up.seen, o.up.bytes);
	cr_expect_eq(o.up.seen + o.up.missed, o.up.bytes);
	return o;
}

struct firewall {
	uint32_t offset; /* between the numbers of both sides */
	unsigned burst;	 /* segments of one tap before the other's come */
	bool syn;	 /* the handshake is rewritten as well */
	unsigned pause;	 /* ms between bursts */
};

static struct traffic *firewall(const struct firewall *w)
{
	struct traffic *t = traffic_new();

	for (uint32_t space = 0; space <= w->syn; space++) {
		uint32_t o = space * w->offset;
		traffic_add(t, true, TCP_SYN, 1000 + o, 0, 0);
		traffic_add(t, false, TCP_SYN | TCP_ACK, 5000, 1001 + o, 0);
		traffic_add(t, true, TCP_ACK, 1001 + o, 5001, 0);
	}
	for (uint32_t i = 0; i < 2000; i += w->burst) {
		t->time += w->pause * NS_PER_MS;
		for (uint32_t space = 0; space < 2; space++)
			for (uint32_t k = i; k < i + w->burst; k++) {
				uint32_t seq = 1001 + k * SEGMENT + space * w->offset;
				data(t, seq, SEGMENT);
				ack(t, seq + SEGMENT);
			}
	}
	return t;
}

Test(count_jump, rewritten_numbers_count_once_to_the_byte)
{
	static const uint32_t offsets[] = {50000000, 1000000000, 3000000000u,
					   UINT32_MAX - 50000000};
	static const unsigned bursts[] = {1, 2, 10, 100}, pauses[] = {0, 1000};

	for (unsigned i = 0; i < 4 * 4 * 2 * 2 * 3; i++) {
		struct firewall w = {offsets[i % 4], bursts[i / 4 % 4], i / 16 & 1,
				     pauses[i / 32 & 1]};
		struct traffic *t = firewall(&w);
		if (i / 64)
			only(t, i / 64 == 1);
		struct outcome o = end(t);
		cr_expect_eq(o.up.bytes, 2000 * SEGMENT, "offset %u, bursts of %u, %s%s: %lu",
			     w.offset, w.burst, w.syn ? "SYN too" : "no SYN",
			     i / 64 == 0   ? ""
			     : i / 64 == 1 ? ", client only"
					   : ", server only",
			     (unsigned long)o.up.bytes);
	}
}

Test(count_jump, one_that_the_peer_acknowledges_counts)
{
	const uint32_t far = 2001 + 125000000;

	for (int first = 0; first < 2; first++) {
		struct traffic *t = traffic_opened();
		data(t, 1001, SEGMENT);
		ack(t, 2001);
		t->time += 100 * NS_PER_MS;
		if (first) {
			data(t, far, SEGMENT);
			ack(t, far + SEGMENT);
		} else {
			ack(t, far);
			data(t, far, SEGMENT);
			ack(t, far + SEGMENT);
		}
		struct outcome o = end(t);
		cr_expect_eq(o.up.bytes, 125000000 + 2 * SEGMENT);
		cr_expect_eq(o.up.seen, 2 * SEGMENT);
		cr_expect_eq(o.stats.tcp_jumps, 1);
	}
}

Test(count_jump, acknowledgements_alone_confirm_each_other)
{
	struct traffic *t = traffic_opened();

	ack(t, 2001);
	t->time += 100 * NS_PER_MS;
	ack(t, 125002001);
	ack(t, 125003001);
	ack(t, 125009001);
	only(t, false);
	cr_expect_eq(end(t).up.bytes, 125008000);
}

Test(count_jump, a_flow_of_few_packets_far_apart)
{
	struct traffic *t = traffic_opened();
	uint32_t seq = 1001;

	data(t, seq, SEGMENT);
	for (int i = 0; i < 20; i++) {
		t->time += NS_PER_S;
		seq += 500000000;
		data(t, seq - SEGMENT, SEGMENT);
		ack(t, seq);
	}
	struct outcome o = end(t);
	cr_expect_eq(o.up.bytes, 20 * UINT64_C(500000000));
	cr_expect_eq(o.up.seen, 21 * SEGMENT);
}

Test(count_jump, what_no_link_could_have_carried_does_not)
{
	for (int acks = 0; acks < 2; acks++) {
		struct traffic *t = traffic_opened();
		data(t, 1001, SEGMENT);
		ack(t, 2001);
		for (uint32_t i = 0; i < 50; i++) {
			data(t, 1900000000 + i * SEGMENT, SEGMENT); /* 10 µs later */
			ack(t, 1900000000 + (i + 1) * SEGMENT);
		}
		if (!acks)
			only(t, true);
		/* what was seen counts, and the flow goes on */
		cr_expect_eq(end(t).up.bytes, 51 * SEGMENT);
	}
}

/* Forged pairs far ahead after a silence that would let them count, each followed by the true
 * stream: without acknowledgements nothing but the stream itself shows which is true. */
Test(count_jump, forged_pairs_do_not_swell_what_only_the_client_shows)
{
	struct traffic *t = traffic_opened();
	uint32_t seq = 1001;

	for (uint32_t i = 0; i < 50; i++) {
		data(t, seq, SEGMENT);
		seq += SEGMENT;
		t->time += 2 * NS_PER_S;
		data(t, seq + 1500000000 + i * 17, 10);
		data(t, seq + 1500000010 + i * 17, 10);
	}
	data(t, seq, SEGMENT);
	only(t, true);
	uint64_t up = end(t).up.bytes;
	cr_expect(up >= 51 * SEGMENT && up <= 51 * SEGMENT + 50 * 20, "%lu", (unsigned long)up);
}

/* Three far places in turn between the true segments push the true space out of what is remembered.
 */
static struct traffic *cycled(unsigned pause)
{
	struct traffic *t = traffic_opened();
	uint32_t seq = 1001;

	for (uint32_t i = 0; i < 300; i++) {
		for (int n = 0; n < 3; n++, seq += SEGMENT)
			data(t, seq, SEGMENT);
		t->time += pause * NS_PER_MS;
		for (uint32_t k = 1; k < 4; k++) {
			data(t, seq + k * 1000000000, 10);
			data(t, seq + k * 1000000000 + 10, 10);
		}
		if (i % 3 == 2)
			ack(t, seq);
	}
	return t;
}

Test(count_jump, forged_places_do_not_shrink_what_the_server_acknowledges)
{
	cr_expect_eq(end(cycled(0)).up.bytes, 900 * SEGMENT);
	cr_expect_eq(end(cycled(900)).up.bytes, 900 * SEGMENT);
}

Test(count_jump, nor_what_only_the_client_shows)
{
	struct traffic *t = cycled(0);

	only(t, true);
	cr_expect_geq(end(t).up.bytes, 900 * SEGMENT);
}

Test(count_jump, a_forged_syn_does_not_move_the_numbers)
{
	struct traffic *t = traffic_opened();

	/* before anything was sent, when a second SYN is believed */
	traffic_add(t, true, TCP_SYN, 2000000000, 0, 0);
	t->time += 5 * NS_PER_S;
	data(t, 1001, SEGMENT);
	ack(t, 2001);
	data(t, 2001, SEGMENT);
	/* and while data is on its way */
	traffic_add(t, true, TCP_SYN, 900000000, 0, 0);
	ack(t, 3001);
	data(t, 3001, SEGMENT);
	ack(t, 4001);
	struct outcome o = end(t);
	cr_expect_eq(o.up.bytes, 3 * SEGMENT);
	cr_expect_eq(o.flows, 1);
}

Test(count_jump, the_same_syn_again_while_data_is_on_its_way)
{
	struct traffic *t = traffic_opened();

	data(t, 1001, SEGMENT);
	traffic_add(t, true, TCP_SYN, 1000, 0, 0);
	data(t, 2001, SEGMENT);
	ack(t, 3001);
	struct outcome o = end(t);
	cr_expect_eq(o.up.bytes, 2 * SEGMENT);
	cr_expect_eq(o.up.missed, 0);
}

Test(count_jump, seen_never_exceeds_what_got_across)
{
	struct traffic *t = traffic_opened();

	data(t, 1001, SEGMENT);
	data(t, 2001, SEGMENT);
	ack(t, 2001);
	struct outcome o = end(t);
	cr_expect_eq(o.up.bytes, SEGMENT);
	cr_expect_eq(o.up.unacked, SEGMENT);
	cr_expect_eq(o.up.missed, 0);
}

/* Payload that never becomes worth telling, and jumps as large as they get: under UBSan. */
Test(count_jump, credit_does_not_overflow)
{
	struct traffic *t = traffic_new();

	for (uint32_t i = 0; i < 80000; i++)
		traffic_add(t, true, TCP_SYN, i * 60000, 0, 60000);
	cr_expect_eq(end(t).told, 0);
	t = traffic_opened();
	uint32_t a = 5001;
	data(t, 1001, SEGMENT);
	for (int i = 0; i < 50; i++) {
		t->time += 10 * NS_PER_S;
		a += 2100000000;
		for (int k = 0; k < 2; k++)
			traffic_add(t, true, TCP_ACK, 2001, a, 60000);
	}
	only(t, true);
	end(t);
}

/* Whatever comes, counts stay what packets of that number can have carried, or the clock allows. */
Test(count_jump, any_numbers_at_all)
{
	for (unsigned round = 0; round < 2000; round++) {
		struct traffic *t = traffic_opened();
		t->random = round + 1;
		unsigned packets = 3 + traffic_random(t, 60);
		static const uint8_t flags[] = {
			TCP_ACK,	   TCP_ACK,	      TCP_ACK, TCP_SYN,
			TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, 0};
		uint32_t base = 1001;
		for (unsigned i = 0; i < packets; i++) {
			if (traffic_random(t, 3) == 0)
				base = traffic_random(t, UINT32_MAX);
			uint32_t near = base + traffic_random(t, 3000);
			t->time += traffic_random(t, 4) * NS_PER_MS;
			traffic_add(t, traffic_random(t, 2), flags[traffic_random(t, 8)], near,
				    base + traffic_random(t, 3000), traffic_random(t, 2) * 500);
		}
		/* at most 5 MB a millisecond, besides a believed distance for each packet */
		uint64_t most = (uint64_t)packets * (4 * 5000000 + (UINT64_C(1) << 25));
		struct outcome o = end(t);
		cr_assert_leq(o.up.bytes, most, "round %u: %lu", round, (unsigned long)o.up.bytes);
		cr_assert_leq(o.down.bytes, most);
	}
}
