/* TLS over TCP as the sensor hears it: the hello in any shape, lost, late, and inside other
 * protocols. */
#include <criterion/criterion.h>
#include <string.h>

#include "talk.h"

static uint8_t hello[4096], server[1024];

static size_t hello_of(const char *name)
{
	return talk_hello(name, 16000, hello, sizeof hello);
}

/* What every view of one good handshake must lead to. */
static void named(struct talk *t, const char *name)
{
	talk_finish(t);
	const struct record *r = talk_record(t, RECORD_TLS, 0);
	cr_assert(r, "no tls record");
	cr_expect(talk_is(r->tls.server_name, name));
	cr_expect_eq(talk_records(t, RECORD_TLS), 1);
	const struct record_flow *f = talk_end(t);
	cr_expect(talk_is(f->name, name));
	cr_expect_eq(f->name_source, NAME_SNI);
	cr_expect_eq(f->name_missing, MISSING_NOT);
	cr_expect_eq(f->app, APP_TLS);
	cr_expect_neq(r->tls.ja4[0], 0);
}

static void answer(struct talk *t)
{
	talk_say(t, TALK_SERVER, server, talk_server_hello(server));
}

static void answered_and_named(struct talk *t, const char *name)
{
	answer(t);
	talk_close(t);
	named(t, name);
}

Test(sensor_tls, segments_and_records_of_every_size)
{
	static const size_t records[] = {16000, 1, 7, 50}, segments[] = {16000, 1, 2, 5, 64};

	for (unsigned i = 0; i < 4 * 5; i++) {
		struct talk *t = talk_new();
		size_t n = talk_hello("shelf.example", records[i % 4], hello, sizeof hello);
		talk_open(t);
		talk_say_in(t, TALK_CLIENT, hello, n, segments[i / 4]);
		answered_and_named(t, "shelf.example");
		const struct record *r = talk_record(t, RECORD_TLS, 0);
		cr_expect_eq(r->tls.version_chosen, 0x0304);
		cr_expect_eq(r->tls.cipher_chosen, 0x1301);
		talk_free(t);
	}
}

Test(sensor_tls, segments_in_any_order)
{
	size_t n = hello_of("shelf.example");
	static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (unsigned i = 0; i < 6; i++) {
		struct talk *t = talk_new();
		size_t part = n / 3;
		talk_open(t);
		for (unsigned k = 0; k < 3; k++) {
			size_t at = orders[i][k] * part;
			talk_say_at(t, TALK_CLIENT, (int64_t)at, hello + at,
				    orders[i][k] == 2 ? n - at : part);
			talk_say_at(t, TALK_CLIENT, (int64_t)at, hello + at, part); /* again */
		}
		talk_lose(t, TALK_CLIENT, n);
		answered_and_named(t, "shelf.example");
		talk_free(t);
	}
}

Test(sensor_tls, the_servers_answer_before_the_hello)
{
	struct talk *t = talk_new();
	size_t n = hello_of("shelf.example");

	talk_open(t);
	answer(t); /* out of order in the capture */
	talk_say(t, TALK_CLIENT, hello, n);
	talk_close(t);
	named(t, "shelf.example");
	cr_expect_eq(talk_record(t, RECORD_TLS, 0)->tls.version_chosen, 0x0304);
	talk_free(t);
}

Test(sensor_tls, one_direction_is_enough)
{
	struct talk *t = talk_new();
	size_t n = hello_of("shelf.example");

	talk_flags(t, TALK_CLIENT, TCP_SYN);
	talk_say_in(t, TALK_CLIENT, hello, 0, 1);
	talk_say(t, TALK_CLIENT, hello, n);
	talk_flags(t, TALK_CLIENT, TCP_FIN | TCP_ACK);
	named(t, "shelf.example");
	cr_expect(talk_end(t)->one_sided);
	talk_free(t);
}

Test(sensor_tls, a_hello_without_its_start_or_end)
{
	size_t n = hello_of("shelf.example");

	for (int late = 0; late < 2; late++) {
		struct talk *t = talk_new();
		talk_open(t);
		if (late) {
			talk_say(t, TALK_CLIENT, hello, 40);
			talk_lose(t, TALK_CLIENT, n - 40);
		} else {
			talk_lose(t, TALK_CLIENT, 40);
			talk_say(t, TALK_CLIENT, hello + 40, n - 40);
		}
		answer(t);
		t->time += NS_PER_S;
		uint8_t data[100] = {0x17, 3, 3, 0, 95};
		for (int i = 0; i < 3; i++) {
			talk_say_in(t, TALK_CLIENT, data, sizeof data, 100);
			talk_say_in(t, TALK_SERVER, data, sizeof data, 100);
		}
		talk_close(t);
		talk_finish(t);
		const struct record_flow *f = talk_end(t);
		cr_expect_eq(f->name.n, 0);
		cr_expect_eq(f->name_missing, MISSING_GAP, "late %d: %s", late,
			     name_missing_name(f->name_missing));
		cr_expect_eq(f->up.bytes, n + 300);
		talk_free(t);
	}
}

Test(sensor_tls, joined_in_the_middle)
{
	struct talk *t = talk_new();
	uint8_t data[500] = {0x17, 3, 3, 1, 0xef};

	for (int i = 0; i < 100; i++) {
		talk_say_in(t, TALK_CLIENT, data, sizeof data, 500);
		talk_say_in(t, TALK_SERVER, data, 50, 50);
	}
	talk_finish(t);
	const struct record_flow *f = talk_end(t);
	cr_expect_eq(f->name_missing, MISSING_MIDSTREAM);
	cr_expect_eq(f->app, APP_TLS);
	cr_expect_eq(f->up.bytes, 100 * 500);
	talk_free(t);
}

Test(sensor_tls, cut_by_the_snaplen)
{
	struct talk *t = talk_new();
	size_t n = hello_of("shelf.example");

	t->snaplen = 96;
	talk_open(t);
	talk_say(t, TALK_CLIENT, hello, n);
	answer(t);
	talk_close(t);
	talk_finish(t);
	const struct record_flow *f = talk_end(t);
	cr_expect_eq(f->name_missing, MISSING_CUT);
	cr_expect_eq(f->up.bytes, n);
	talk_free(t);
}

/* A segment that never reaches the server must not end the search for the name: within what is
 * kept, beyond it, far away, and between the hello's parts. */
Test(sensor_tls, a_forged_segment_does_not_hide_the_name)
{
	static const int64_t places[] = {9000,	    17000,	100000, 8000000,
					 100000000, 1500000000, -1000,	-1500000000};
	size_t n = hello_of("shelf.example");

	for (unsigned i = 0; i < 8 * 2 * 3; i++) {
		struct talk *t = talk_new();
		bool between = i / 8 & 1, acks = i / 16 == 1, alone = i / 16 == 2;
		size_t first = between ? 50 : 0;
		uint8_t junk[100] = "junk";
		if (alone)
			talk_flags(t, TALK_CLIENT, TCP_SYN);
		else
			talk_open(t);
		if (between)
			talk_say(t, TALK_CLIENT, hello, 50);
		if (between && acks)
			talk_ack(t, TALK_SERVER);
		for (int k = 0; k < 3; k++)
			talk_say_at(t, TALK_CLIENT, places[i % 8] + 100 * k, junk, sizeof junk);
		talk_say(t, TALK_CLIENT, hello + first, n - first);
		if (!alone) {
			answer(t);
			talk_close(t);
		}
		named(t, "shelf.example");
		talk_free(t);
	}
}

/* The same for TCB teardown. */
Test(sensor_tls, a_forged_reset_and_syn_do_not_hide_the_name)
{
	struct talk *t = talk_new();
	size_t n = hello_of("shelf.example");

	talk_open(t);
	talk_flags(t, TALK_CLIENT, TCP_RST);
	t->seq[0] += 5000000;
	talk_flags(t, TALK_CLIENT, TCP_SYN);
	t->seq[0] -= 5000001;
	talk_say(t, TALK_CLIENT, hello, n);
	answered_and_named(t, "shelf.example");
	talk_free(t);
}

Test(sensor_tls, starttls)
{
	struct talk *t = talk_new();
	size_t n = hello_of("mail.example");

	talk_flow(t, 40000, 25);
	talk_open(t);
	talk_text(t, TALK_SERVER, "220 mail.example ESMTP\r\n");
	talk_text(t, TALK_CLIENT, "EHLO me\r\n");
	talk_text(t, TALK_SERVER, "250-mail.example\r\n250 STARTTLS\r\n");
	talk_text(t, TALK_CLIENT, "STARTTLS\r\n");
	talk_text(t, TALK_SERVER, "220 go ahead\r\n");
	talk_say(t, TALK_CLIENT, hello, n);
	answered_and_named(t, "mail.example");
	cr_expect(talk_record(t, RECORD_TLS, 0)->tls.starttls);
	talk_free(t);
}

/* The proxy's target is told first, then what the tunnel says of itself. */
static void tunnelled(struct talk *t, const char *target, const char *inner)
{
	hello_of(inner);
	talk_say(t, TALK_CLIENT, hello, talk_hello(inner, 16000, hello, sizeof hello));
	answered_and_named(t, inner);
	const struct record *r = talk_record(t, RECORD_CONN, 0);
	cr_expect(talk_is(r->flow.name, target));
	cr_expect_eq(r->flow.name_source, NAME_PROXY);
}

Test(sensor_tls, through_connect)
{
	struct talk *t = talk_new();

	talk_flow(t, 40000, 3128);
	talk_open(t);
	talk_text(t, TALK_CLIENT,
		  "CONNECT target.example:443 HTTP/1.1\r\nHost: target.example\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.1 200 Connection established\r\n\r\n");
	tunnelled(t, "target.example", "inner.example");
	cr_expect_eq(talk_record(t, RECORD_HTTP, 0)->http.status, 200);
	talk_free(t);
}

Test(sensor_tls, through_connect_with_the_hello_before_the_answer)
{
	struct talk *t = talk_new();
	size_t n = hello_of("inner.example");

	talk_flow(t, 40000, 3128);
	talk_open(t);
	talk_text(t, TALK_CLIENT,
		  "CONNECT target.example:443 HTTP/1.1\r\nHost: target.example\r\n\r\n");
	talk_say(t, TALK_CLIENT, hello, n);
	talk_text(t, TALK_SERVER, "HTTP/1.1 200 Connection established\r\n\r\n");
	answered_and_named(t, "inner.example");
	talk_free(t);
}

Test(sensor_tls, through_socks5)
{
	struct talk *t = talk_new();

	talk_flow(t, 40000, 1080);
	talk_open(t);
	talk_say(t, TALK_CLIENT, "\5\1\0", 3);
	talk_say(t, TALK_SERVER, "\5\0", 2);
	talk_say(t, TALK_CLIENT, "\5\1\0\3\x0etarget.example\1\xbb", 21);
	talk_say(t, TALK_SERVER, "\5\0\0\1\1\2\3\4\1\xbb", 10);
	tunnelled(t, "target.example", "inner.example");
	talk_free(t);
}

Test(sensor_tls, through_socks5_with_a_password_byte_by_byte)
{
	struct talk *t = talk_new();

	talk_flow(t, 40000, 1080);
	talk_open(t);
	talk_say_in(t, TALK_CLIENT, "\5\2\0\2", 4, 1);
	talk_say_in(t, TALK_SERVER, "\5\2", 2, 1);
	talk_say_in(t, TALK_CLIENT, "\1\2me\3pwd", 8, 1);
	talk_say_in(t, TALK_SERVER, "\1\0", 2, 1);
	talk_say_in(t, TALK_CLIENT, "\5\1\0\3\x0etarget.example\1\xbb", 21, 1);
	talk_say_in(t, TALK_SERVER, "\5\0\0\1\1\2\3\4\1\xbb", 10, 1);
	tunnelled(t, "target.example", "inner.example");
	talk_free(t);
}

Test(sensor_tls, through_socks4a)
{
	struct talk *t = talk_new();

	talk_flow(t, 40000, 1080);
	talk_open(t);
	talk_say(t, TALK_CLIENT, "\4\1\1\xbb\0\0\0\1me\0target.example", 26);
	talk_say(t, TALK_SERVER, "\0\x5a\0\0\0\0\0\0", 8);
	tunnelled(t, "target.example", "inner.example");
	talk_free(t);
}

Test(sensor_tls, odd_names_come_out_escaped)
{
	static const char *const odd[][2] = {{"a\nb", "a\\010b"},
					     {"\x1b[2J", "\\027[2j"},
					     {"x\\y", "x\\092y"},
					     {"\xff\x80", "\\255\\128"},
					     {"UP.Example.", "up.example"}};

	for (unsigned i = 0; i < 5; i++) {
		struct talk *t = talk_new();
		size_t n = hello_of(odd[i][0]);
		talk_open(t);
		talk_say(t, TALK_CLIENT, hello, n);
		answered_and_named(t, odd[i][1]);
		talk_free(t);
	}
}

Test(sensor_tls, no_name_at_all)
{
	struct talk *t = talk_new();
	size_t n = hello_of(NULL);

	talk_open(t);
	talk_say(t, TALK_CLIENT, hello, n);
	answer(t);
	talk_close(t);
	talk_finish(t);
	cr_expect_eq(talk_end(t)->name_missing, MISSING_NO_SNI);
	cr_expect(talk_end(t)->hides & HIDES_NO_SNI);
	talk_free(t);
}

/* Many hellos that never go on: the oldest of them make room, and say so; whoever comes then is
 * looked into as ever. */
Test(sensor_tls, without_room)
{
	struct talk *t = talk_new();
	size_t n = hello_of("shelf.example");
	static uint8_t part[2000];

	t->deaf = true;
	memcpy(part, "\x16\x03\x01\x3f\x00\x01\x00\x3e\xfc\x03\x03", 11);
	part[44] = 0x30; /* the cipher suites go on for long */
	for (uint32_t i = 0; i < 40000; i++) {
		talk_flow(t, (uint16_t)(1024 + i), 443);
		talk_flags(t, TALK_CLIENT, TCP_SYN);
		talk_say(t, TALK_CLIENT, part, sizeof part);
		t->time -= NS_PER_MS * 2; /* all at once */
	}
	cr_expect_gt(t->stats.streams_budget, 1000);
	uint64_t before = t->stats.streams_budget;
	t->deaf = false;
	talk_flow(t, 999, 443);
	talk_open(t);
	talk_say_in(t, TALK_CLIENT, hello, n, 50);
	cr_expect(t->stats.streams_budget - before < 100, "as much room as one more needs");
	answer(t);
	const struct record *first = talk_record(t, RECORD_CONN, 0),
			    *last = talk_record(t, RECORD_CONN, talk_records(t, RECORD_CONN) - 1);
	cr_assert(first && last);
	cr_expect_eq(first->flow.name_missing, MISSING_BUDGET);
	cr_expect(talk_is(last->flow.name, "shelf.example"));
	t->deaf = true;
	talk_free(t);
}
