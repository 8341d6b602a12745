#include <stdio.h>

#include "gen_names.h"
#include "gen_random.h"
#include "gen_talk_parts.h"
#include "gen_truth.h"

static void say_request(struct flow *f, const struct talk *t, const char *method, uint32_t body)
{
	static const char *const agents[] = {
		("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		 "Chrome/139.0.0.0 Safari/537.36"),
		"Microsoft-Delivery-Optimization/10.1",
		"curl/8.5.0",
		"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
		"Debian APT-HTTP/1.3 (2.6.1)",
	};
	const char *agent = agents[random_below(5)];
	const char *tail = random_below(2) ? ".js" : "?q=1&v=3";
	uint32_t file = (uint32_t)random_bits();
	char head[3000];
	int n = sprintf(head,
			"%s /%s/%08x%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n"
			"Accept-Language: en-US,en;q=0.5\r\nConnection: keep-alive\r\n",
			method, names_syllable(), file, tail, t->name, agent);

	if (body)
		n += sprintf(head + n,
			     "Content-Type: application/octet-stream\r\nContent-Length: %u\r\n",
			     body);
	n += sprintf(head + n, "\r\n");
	flow_say(f, UP, head, (uint32_t)n);
	if (body)
		flow_fill(f, UP, CONTENT_RANDOM, body);
}

static void say_response(struct flow *f, uint32_t body)
{
	char head[500];
	int n = sprintf(
		head,
		"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Thu, 09 Oct 2025 08:53:20 GMT\r\n"
		"Content-Type: %s\r\nContent-Length: %u\r\nCache-Control: max-age=3600\r\n"
		"\r\n",
		random_below(2) ? "application/octet-stream" : "text/html; charset=utf-8", body);

	flow_say(f, DOWN, head, (uint32_t)n);
	flow_fill(f, DOWN, CONTENT_RANDOM, body);
}

void talk_http(const struct talk *t)
{
	struct flow *f = talk_flow(t, NULL, 80, 0);
	unsigned requests = t->upload ? 1 : 1 + random_below(3);

	for (unsigned i = 0; i < requests; i++) {
		if (t->upload)
			say_request(f, t, "PUT", t->upload);
		else if (random_one_of(12))
			say_request(f, t, "POST", 100 + random_below(3000));
		else
			say_request(f, t, "GET", 0);
		truth.http++;
		truth_name('H', t->name, &truth.service_http);
		say_response(f, 1 + (t->upload ? 200 : talk_size(5000, 0, 500000)));
	}
	if (t->upload)
		talk_uploaded(t, f, "http");
	f->end = random_percent(10) ? FLOW_RST : FLOW_FIN;
	flow_start(f);
}
