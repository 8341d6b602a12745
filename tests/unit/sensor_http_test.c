/* HTTP/1 as the sensor hears it: heads told, bodies passed over, on any port. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

static struct talk *t;

static void setup(void)
{
	t = talk_new();
	talk_flow(t, 40000, 8123);
	talk_open(t);
}

static void teardown(void)
{
	talk_free(t);
}

TestSuite(sensor_http, .init = setup, .fini = teardown);

static void end(void)
{
	talk_close(t);
	talk_finish(t);
}

/* The i-th request, its target and status. */
static void told(unsigned i, const char *target, uint16_t status)
{
	const struct record *r = talk_record(t, RECORD_HTTP, i);

	cr_assert(r, "request %u is not told", i);
	cr_expect(talk_is(r->http.target, target), "request %u: %.*s", i, (int)r->http.target.n,
		  r->http.target.p);
	cr_expect_eq(r->http.status, status, "request %u: %u", i, r->http.status);
}

Test(sensor_http, requests_in_turn_with_bodies)
{
	talk_text(t, TALK_CLIENT,
		  "POST /1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 30\r\n\r\n"
		  "GET /not-a-request HTTP/1.1\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.1 201 Made\r\nContent-Length: 10\r\n\r\nHTTP/1.1 5");
	talk_text(t, TALK_CLIENT, "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	end();
	cr_expect_eq(talk_records(t, RECORD_HTTP), 2);
	told(0, "/1", 201);
	told(1, "/2", 404);
	cr_expect_eq(talk_end(t)->app, APP_HTTP);
	cr_expect_eq(talk_end(t)->name_source, NAME_HTTP);
}

Test(sensor_http, pipelined_and_byte_by_byte)
{
	static const char asks[] =
		"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n"
		"PUT /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n1f\r\nGET /no HTTP/1.1\r\nHost: a\r\n\r\n  \r\n0\r\nX: y\r\n\r\n"
		"GET /4 HTTP/1.1\r\nHost: a\r\n\r\nGET /5 HTTP/1.1\r\nHost: a\r\n\r\n";
	static const char answers[] =
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
		"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx"
		"HTTP/1.1 204 Empty\r\nContent-Length: 77\r\n\r\n"
		"HTTP/1.1 304 Same\r\nContent-Length: 88\r\n\r\n";
	static const size_t sizes[] = {1, 2, 3, 17, 100, 1000};

	for (unsigned i = 0; i < 6; i++) {
		talk_say_in(t, TALK_CLIENT, asks, sizeof asks - 1, sizes[i]);
		talk_say_in(t, TALK_SERVER, answers, sizeof answers - 1, sizes[i]);
		end();
		cr_expect_eq(talk_records(t, RECORD_HTTP), 5, "in %zu", sizes[i]);
		told(0, "/1", 200);
		told(1, "/2", 200);
		told(2, "/3", 201);
		told(3, "/4", 204);
		told(4, "/5", 304);
		teardown();
		setup();
	}
}

Test(sensor_http, a_body_that_was_not_captured)
{
	static const uint8_t part[1000];

	talk_text(t, TALK_CLIENT,
		  "PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000000\r\n\r\n");
	for (uint64_t sent = 0; sent < 5000000000; sent += 10000000) {
		talk_lose(t, TALK_CLIENT, 10000000 - 1000);
		talk_say(t, TALK_CLIENT, part, sizeof part);
		talk_ack(t, TALK_SERVER);
	}
	talk_text(t, TALK_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	talk_text(t, TALK_CLIENT, "GET /2 HTTP/1.1\r\nHost: b\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	end();
	cr_expect_eq(talk_records(t, RECORD_HTTP), 2);
	told(1, "/2", 200);
	cr_expect_gt(talk_end(t)->up.bytes, 5000000000);
}

Test(sensor_http, an_answer_without_length_goes_to_the_end)
{
	talk_text(t, TALK_CLIENT, "GET /1 HTTP/1.0\r\nHost: a\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.0 200 OK\r\n\r\nsome text\n");
	for (int i = 0; i < 50; i++)
		talk_text(t, TALK_SERVER, "more text that is no head\n");
	end();
	cr_expect_eq(talk_records(t, RECORD_HTTP), 1);
	told(0, "/1", 200);
}

/* Each host's bytes are told under its name: the deltas, added up by name. */
Test(sensor_http, hosts_in_turn_get_their_own_bytes)
{
	char text[4200];
	uint64_t sum[2] = {0};

	for (int i = 0; i < 6; i++) {
		int n = snprintf(text, sizeof text,
				 "PUT /%d HTTP/1.1\r\nHost: %c\r\nContent-Length: %d\r\n\r\n", i,
				 'a' + i % 2, 1000 + i % 2 * 2000);
		memset(text + n, 'x', 3000);
		talk_say(t, TALK_CLIENT, text, (size_t)n);
		talk_ack(t, TALK_SERVER);
		talk_say(t, TALK_CLIENT, text + n, 1000 + (size_t)(i % 2) * 2000);
		talk_text(t, TALK_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	}
	end();
	uint64_t total = 0;
	for (unsigned i = 0; i < t->count; i++) {
		const struct record *r = &t->record[i];
		if (r->kind != RECORD_FLOW && r->kind != RECORD_CONN)
			continue;
		total += r->flow.delta_up;
		if (r->flow.name.n == 1)
			sum[r->flow.name.p[0] - 'a'] += r->flow.delta_up;
	}
	cr_expect_eq(total, talk_end(t)->up.bytes);
	/* but for heads, which belong to the one before */
	cr_expect(sum[0] >= 3000 && sum[0] < 3400, "a: %lu", (unsigned long)sum[0]);
	cr_expect(sum[1] >= 9000 && sum[1] < 9400, "b: %lu", (unsigned long)sum[1]);
}

Test(sensor_http, an_upgrade_ends_it)
{
	talk_text(t, TALK_CLIENT, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n");
	for (int i = 0; i < 200; i++) {
		talk_text(t, TALK_CLIENT, "\x82\x85\1\2\3\4hello");
		talk_text(t, TALK_SERVER, "\x82\5hello");
	}
	end();
	cr_expect_eq(talk_records(t, RECORD_HTTP), 1);
	told(0, "/ws", 101);
	cr_expect(talk_is(talk_end(t)->name, "a"));
}

Test(sensor_http, a_refused_connect_is_http_still)
{
	talk_text(t, TALK_CLIENT, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n");
	talk_text(t, TALK_CLIENT, "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.1 200 OK\r\n\r\n");
	talk_text(t, TALK_CLIENT, "SSH-2.0-x\r\n");
	end();
	cr_expect_eq(talk_records(t, RECORD_HTTP), 2);
	told(0, "a.example:443", 407);
	told(1, "b.example:443", 200);
	cr_expect(talk_is(talk_end(t)->name, "b.example"));
}

/* Two lengths that differ are a way to hide the next request: whatever it is, it is found again. */
Test(sensor_http, a_request_with_two_lengths_hides_none)
{
	talk_text(t, TALK_CLIENT,
		  "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
		  "Content-Length: 100000\r\n\r\nhello");
	talk_text(t, TALK_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	talk_text(t, TALK_CLIENT, "PUT /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n");
	talk_text(t, TALK_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	end();
	told(0, "/1", 200);
	told(1, "/2", 200);
}

Test(sensor_http, a_lost_segment_costs_one_request)
{
	for (int i = 0; i < 10; i++) {
		char text[100];
		int n = snprintf(text, sizeof text, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
		if (i == 4)
			talk_lose(t, TALK_CLIENT, (size_t)n);
		else
			talk_say(t, TALK_CLIENT, text, (size_t)n);
		talk_text(t, TALK_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		t->time += 200 * NS_PER_MS;
	}
	end();
	cr_expect_eq(talk_records(t, RECORD_HTTP), 9);
}

Test(sensor_http, more_requests_than_are_remembered)
{
	for (int i = 0; i < 40; i++)
		talk_text(t, TALK_CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < 40; i++)
		talk_text(t, TALK_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	end();
	cr_expect_eq(talk_records(t, RECORD_HTTP), 40);
}

Test(sensor_http, an_incomplete_head_still_names)
{
	talk_text(t, TALK_CLIENT, "POST /up HTTP/1.1\r\nHost: a.example\r\nX-Long: ...");
	end();
	cr_expect_eq(talk_records(t, RECORD_HTTP), 1);
	cr_expect(talk_is(talk_end(t)->name, "a.example"));
}

Test(sensor_http, odd_hosts_come_out_escaped)
{
	talk_text(t, TALK_CLIENT, "GET / HTTP/1.1\r\nHost: a\x1b[31m\xc3\xa4\\b\r\n\r\n");
	end();
	cr_expect(talk_is(talk_end(t)->name, "a\\027[31m\\195\\164\\092b"));
}

Test(sensor_http, ssh_is_known)
{
	talk_text(t, TALK_SERVER, "SSH-2.0-OpenSSH_9\r\n");
	talk_text(t, TALK_CLIENT, "SSH-2.0-OpenSSH_9\r\n");
	end();
	cr_expect_eq(talk_end(t)->app, APP_SSH);
	cr_expect_eq(talk_end(t)->name_missing, MISSING_PROTOCOL);
}
