/* DNS and QUIC as the sensor hears them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "quic_build.h"
#include "talk.h"

static uint8_t message[2048];

static void ask(struct talk *t, uint16_t id, const char *name)
{
	talk_udp(t, TALK_CLIENT, message, talk_dns(id, name, false, 0, message));
}

static void answer(struct talk *t, uint16_t id, const char *name)
{
	talk_udp(t, TALK_SERVER, message, talk_dns(id, name, true, 9, message));
}

static struct talk *resolver(void)
{
	struct talk *t = talk_new();

	talk_flow(t, 40000, 53);
	return t;
}

static const struct record_dns *dns(const struct talk *t, unsigned i)
{
	const struct record *r = talk_record(t, RECORD_DNS, i);

	cr_assert(r, "dns record %u is missing", i);
	return &r->dns;
}

Test(sensor_dns, question_and_answer_are_one)
{
	struct talk *t = resolver();

	ask(t, 7, "Shelf.Example");
	t->time += 19 * NS_PER_MS;
	answer(t, 7, "sHELF.eXAMPLE"); /* 0x20 */
	talk_finish(t);
	cr_expect_eq(t->count, 1, "its flow is told by nothing else");
	cr_expect(talk_is(dns(t, 0)->question, "shelf.example"));
	cr_expect(dns(t, 0)->asked && dns(t, 0)->answered);
	cr_expect_eq(dns(t, 0)->rtt, 20 * NS_PER_MS);
	talk_free(t);
}

Test(sensor_dns, sent_again_it_is_one_still)
{
	struct talk *t = resolver();

	for (int i = 0; i < 3; i++) {
		ask(t, 7, "a.example");
		t->time += NS_PER_S;
	}
	answer(t, 7, "a.example");
	talk_finish(t);
	cr_expect_eq(t->count, 1);
	cr_expect_eq(dns(t, 0)->rtt, 3 * NS_PER_S + 3 * NS_PER_MS);
	talk_free(t);
}

Test(sensor_dns, without_an_answer)
{
	struct talk *t = resolver();
	uint64_t asked = t->time;

	ask(t, 7, "a.example");
	t->time += 9 * NS_PER_S;
	ask(t, 8, "b.example");
	cr_expect_eq(t->count, 0);
	t->time += 2 * NS_PER_S;
	ask(t, 9, "c.example");
	cr_expect_eq(t->count, 1);
	cr_expect(dns(t, 0)->asked && !dns(t, 0)->answered);
	cr_expect_eq(t->record[0].start, asked);
	talk_finish(t);
	cr_expect_eq(t->count, 3);
	cr_expect_eq(t->stats.dns_unanswered, 3);
	talk_free(t);
}

Test(sensor_dns, an_answer_nobody_asked_for)
{
	struct talk *t = resolver();

	ask(t, 7, "a.example");
	answer(t, 8, "a.example"); /* another id */
	answer(t, 7, "b.example"); /* another name */
	answer(t, 7, "a.example");
	t->time += 10 * NS_PER_MS;
	answer(t, 7, "a.example"); /* a second one, too late for a copy of the capture's */
	talk_finish(t);
	cr_expect_eq(talk_records(t, RECORD_DNS), 4);
	cr_expect_eq(t->stats.dns_unasked, 3);
	cr_expect(!dns(t, 0)->asked && !dns(t, 1)->asked && dns(t, 2)->asked);
	/* who asked is who would have: the client */
	cr_expect_eq(talk_record(t, RECORD_DNS, 0)->tuple.dport, 53);
	talk_free(t);
}

/* A resolver asks for thousands of names from one port, and answers come in any order. */
Test(sensor_dns, many_at_once_on_one_flow)
{
	struct talk *t = resolver();
	char name[64];

	for (unsigned i = 0; i < 1500; i++) {
		snprintf(name, sizeof name, "n%u.example", i);
		ask(t, (uint16_t)(i & 255), name); /* ids come again */
	}
	for (unsigned i = 0; i < 1500; i++) {
		unsigned k = (i * 7) % 1500; /* 7 and 1500 have no common factor */
		snprintf(name, sizeof name, "n%u.example", k);
		answer(t, (uint16_t)(k & 255), name);
	}
	talk_finish(t);
	cr_expect_eq(talk_records(t, RECORD_DNS), 1500);
	cr_expect_eq(t->stats.dns_unasked, 0);
	cr_expect_eq(t->stats.dns_unanswered, 0);
	talk_free(t);
}

Test(sensor_dns, long_names_wait_as_well)
{
	struct talk *t = resolver();
	char name[256], other[256];

	for (int i = 0; i < 250; i++)
		name[i] = i % 60 == 59 ? '.' : (char)('a' + i % 26);
	name[250] = '\0';
	memcpy(other, name, sizeof name);
	other[249] = '0';
	ask(t, 1, name);
	ask(t, 1, other);
	answer(t, 1, other);
	answer(t, 1, name);
	talk_finish(t);
	cr_expect_eq(t->stats.dns_unasked, 0);
	cr_expect(talk_is(dns(t, 1)->question, name));
	talk_free(t);
}

Test(sensor_dns, over_tcp_in_pieces)
{
	struct talk *t = resolver();
	uint8_t text[600];
	size_t n = 0;

	for (int i = 0; i < 3; i++) {
		size_t k = talk_dns((uint16_t)i, "a.example", false, 0, text + n + 2);
		text[n] = 0;
		text[n + 1] = (uint8_t)k;
		n += k + 2;
	}
	talk_open(t);
	talk_say_in(t, TALK_CLIENT, text, n, 3);
	n = 2 + talk_dns(1, "a.example", true, 9, text + 2);
	text[0] = 0;
	text[1] = (uint8_t)(n - 2);
	talk_say_in(t, TALK_SERVER, text, n, 5);
	talk_close(t);
	talk_finish(t);
	cr_expect_eq(talk_records(t, RECORD_DNS), 3);
	cr_expect_eq(talk_end(t)->app, APP_DNS);
	talk_free(t);
}

/* A zone transfer's messages may be larger than what is kept of a stream. */
Test(sensor_dns, over_tcp_beside_a_large_message)
{
	struct talk *t = resolver();
	static uint8_t large[40002] = {40000 >> 8, 40000 & 255};
	uint8_t text[100];

	talk_open(t);
	size_t n = talk_dns(5, "a.example", false, 0, text + 2);
	text[0] = 0;
	text[1] = (uint8_t)n;
	talk_say(t, TALK_CLIENT, text, n + 2);
	talk_say_in(t, TALK_SERVER, large, sizeof large, 1400);
	n = talk_dns(5, "a.example", true, 9, text + 2);
	text[1] = (uint8_t)n;
	talk_say(t, TALK_SERVER, text, n + 2);
	talk_close(t);
	talk_finish(t);
	cr_expect(dns(t, 0)->asked && dns(t, 0)->answered);
	talk_free(t);
}

Test(sensor_dns, multicast_is_told_as_it_comes)
{
	static const struct {
		uint16_t port;
		enum dns_flavour flavour;
	} kind[] = {{5353, DNS_MDNS}, {5355, DNS_LLMNR}};

	for (int i = 0; i < 2; i++) {
		struct talk *t = talk_new();
		talk_flow(t, 40000, kind[i].port);
		ask(t, 0, "printer.local");
		cr_expect_eq(t->count, 1);
		answer(t, 0, "printer.local");
		cr_expect_eq(t->count, 2);
		cr_expect_eq(dns(t, 1)->flavour, kind[i].flavour);
		talk_free(t);
	}
}

Test(sensor_dns, floods_become_counters)
{
	struct talk *t = resolver();

	for (unsigned i = 0; i < 3000; i++) {
		answer(t, (uint16_t)i, "a.example");
		t->time -= NS_PER_MS * 9 / 10;
	}
	talk_finish(t);
	unsigned told = talk_records(t, RECORD_DNS);
	cr_expect(told >= 200 && told <= 400, "%u", told);
	cr_expect_eq(told + t->stats.dns_suppressed, 3000);
	talk_free(t);
}

Test(sensor_dns, on_another_port)
{
	struct talk *t = talk_new();

	talk_flow(t, 40000, 5999);
	ask(t, 7, "a.example");
	answer(t, 7, "a.example");
	talk_finish(t);
	cr_expect_eq(talk_records(t, RECORD_DNS), 1);
	talk_free(t);
}

/* A question in front must not make an upload over UDP invisible. */
Test(sensor_dns, what_is_not_dns_is_told_even_behind_a_question)
{
	struct talk *t = resolver();
	uint8_t data[1000];

	ask(t, 7, "a.example");
	answer(t, 7, "a.example");
	for (unsigned i = 0; i < 100; i++) {
		memset(data, (int)i, sizeof data);
		talk_udp(t, TALK_CLIENT, data, sizeof data);
	}
	ask(t, 8, "a.example");
	talk_finish(t);
	cr_assert_geq(talk_records(t, RECORD_CONN), 1);
	cr_expect_gt(talk_end(t)->up.bytes, 100000);
	talk_free(t);
}

Test(sensor_dns, odd_labels_come_out_escaped)
{
	struct talk *t = resolver();

	ask(t, 7, "a\x1b\x80.B\\c.example");
	answer(t, 7, "a\x1b\x80.b\\C.example");
	talk_finish(t);
	cr_expect(talk_is(dns(t, 0)->question, "a\\027\\128.b\\092c.example"));
	cr_expect(dns(t, 0)->asked);
	talk_free(t);
}

/* A packet with a time out of nowhere, then the rest of the capture. */
/* Where the clock that stamps packets is at hand, it need not be guessed from them. */
Test(sensor_dns, a_tick_tells_that_the_clock_was_set_back)
{
	struct talk *t = talk_new();

	t->settings.clock_back = 60 * NS_PER_S;
	sensor_free(t->sensor);
	t->sensor = sensor_new(&t->settings, (struct record_sink){0}, &t->stats);
	sensor_tick(t->sensor, t->time);
	sensor_tick(t->sensor, t->time - 59 * NS_PER_S);
	cr_expect_eq(t->stats.clock_restarts, 0);
	cr_expect_eq(sensor_time(t->sensor), t->time);
	sensor_tick(t->sensor, t->time - 61 * NS_PER_S);
	cr_expect_eq(t->stats.clock_restarts, 1);
	cr_expect_eq(sensor_time(t->sensor), t->time - 61 * NS_PER_S);
	talk_free(t);
}

Test(sensor_dns, timers_run_after_a_wrong_time)
{
	struct talk *t = resolver();

	t->deaf = true; /* its records go back in time, once */
	uint64_t now = t->time;
	t->time += 300 * 24 * 3600 * NS_PER_S;
	ask(t, 1, "far.example");
	t->time = now;
	for (unsigned i = 0; i < 200; i++) {
		ask(t, (uint16_t)(2 + i), "a.example");
		t->time += NS_PER_S;
	}
	cr_expect_eq(t->stats.clock_restarts, 1);
	cr_expect_geq(t->stats.dns_unanswered, 180);
	talk_free(t);
}

/* QUIC. */

static size_t initial(unsigned pn, size_t from, size_t to, uint8_t *out)
{
	static uint8_t hello[4096], frames[8192];
	size_t n = build_hello("shelf.example", "h3", 1500, hello);
	struct build_initial b = build_initial(3, pn);

	if (to > n)
		to = n;
	return build_seal(&b, frames, build_crypto(frames, from, hello + from, to - from), out);
}

static void quic_named(struct talk *t)
{
	talk_finish(t);
	const struct record *r = talk_record(t, RECORD_QUIC, 0);
	cr_assert(r, "no quic record");
	cr_expect(talk_is(r->tls.server_name, "shelf.example"));
	cr_expect_eq(r->tls.quic_version, 1);
	cr_expect(talk_is(talk_end(t)->name, "shelf.example"));
	cr_expect_eq(talk_end(t)->name_source, NAME_SNI);
	cr_expect_eq(talk_end(t)->app, APP_QUIC);
	cr_expect_eq(talk_end(t)->up.method, BYTES_PAYLOAD);
}

Test(sensor_quic, a_hello_over_two_datagrams_in_any_order)
{
	static uint8_t datagram[4096];

	for (unsigned swapped = 0; swapped < 2; swapped++) {
		struct talk *t = talk_new();
		for (unsigned i = 0; i < 2; i++) {
			unsigned part = i ^ swapped;
			size_t n = initial(part, part * 1000, part ? 4096 : 1000, datagram);
			talk_udp(t, TALK_CLIENT, datagram, n);
			talk_udp(t, TALK_CLIENT, datagram, n); /* a copy */
		}
		quic_named(t);
		cr_expect_geq(t->stats.duplicates, 1);
		talk_free(t);
	}
}

Test(sensor_quic, the_upload_counts_for_it)
{
	static uint8_t datagram[4096];
	struct talk *t = talk_new();
	uint64_t sent = 0;

	for (unsigned part = 0; part < 2; part++) {
		size_t n = initial(part, part * 1000, part ? 4096 : 1000, datagram);
		talk_udp(t, TALK_CLIENT, datagram, n);
		sent += n;
	}
	for (unsigned i = 0; i < 3000; i++) {
		memset(datagram, 0x40, 1200);
		memcpy(datagram + 600, &i, sizeof i); /* equal at both ends */
		talk_udp(t, TALK_CLIENT, datagram, 1200);
		sent += 1200;
	}
	quic_named(t);
	cr_expect_eq(talk_end(t)->up.bytes, sent);
	uint64_t deltas = 0;
	for (unsigned i = 0; i < t->count; i++)
		if (t->record[i].kind == RECORD_FLOW || t->record[i].kind == RECORD_CONN)
			deltas += t->record[i].flow.delta_up;
	cr_expect_eq(deltas, sent);
	talk_free(t);
}

Test(sensor_quic, a_part_that_was_lost)
{
	static uint8_t datagram[4096];
	struct talk *t = talk_new();

	for (unsigned i = 0; i < 5; i++)
		talk_udp(t, TALK_CLIENT, datagram, initial(i, 1000 + i, 4096, datagram));
	talk_finish(t);
	cr_expect_eq(talk_records(t, RECORD_QUIC), 0);
	cr_expect_eq(talk_end(t)->name.n, 0);
	cr_expect_neq(talk_end(t)->name_missing, MISSING_NOT);
	talk_free(t);
}
