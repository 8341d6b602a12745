#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gen_flow.h"
#include "gen_load.h"
#include "gen_names.h"
#include "gen_random.h"
#include "gen_talk.h"
#include "gen_tls.h"

static uint16_t address_type(int is6)
{
	return is6 ? DNS_AAAA : DNS_A;
}

/* 50 kB to 5 MB to a service, after its name was asked for. */
static void upload(struct talk t)
{
	t.name = names_service();
	talk_dns(&t, address_type(t.is6), 0);
	t.upload = (uint32_t)(50000 * exp(random_unit() * log(100.0)));
	t.time += 20000;
	if (random_one_of(12))
		talk_http(&t);
	else
		talk_tls(&t);
}

/* Returns when the connection may begin. */
static uint64_t look_up(struct talk t)
{
	uint64_t start = t.time;

	talk_dns(&t, address_type(t.is6), 0);
	uint64_t answered = (uint64_t)((double)start + (3000 + random_exp(12000)));
	if (random_percent(15)) {
		t.time = start + random_below(900);
		talk_dns(&t, DNS_HTTPS, 0);
	}
	if (random_percent(20)) {
		t.time = start + random_below(900);
		talk_dns(&t, address_type(!t.is6), 0);
	}
	return answered;
}

/* Names that do not exist, and addresses' names. */
static void look_up_others(struct talk t)
{
	uint64_t start = t.time;
	char name[300];

	t.name = name;
	if (random_percent(5)) {
		snprintf(name, sizeof name, "%s.corp.example.internal", names_syllable());
		t.time = start + random_below(5000);
		talk_dns(&t, DNS_A, 3);
	}
	if (random_percent(3)) {
		unsigned c = random_below(8), b = random_below(250), a = random_below(250);
		sprintf(name, "%u.%u.%u.10.in-addr.arpa", a, b, c);
		t.time = start + random_below(5000);
		talk_dns(&t, DNS_PTR, 0);
	}
}

static void visit(const struct talk *t)
{
	unsigned kind = random_below(100);

	if (kind < 72)
		talk_tls(t);
	else if (kind < 84)
		talk_quic(t);
	else if (kind < 93)
		talk_http(t);
	else
		talk_other(t);
}

void load_mix(const char *path, double scale)
{
	uint32_t connections = (uint32_t)(31000 * scale), uploads = (uint32_t)(260 * scale);
	uint32_t uploaded = 0;
	double duration = 60e6 * scale;
	uint64_t now = 0;

	talk_open(path);
	names_init(50000, 0.95);
	tls_authority_init();
	for (uint32_t i = 0; i < connections; i++) {
		now += (uint64_t)random_exp(duration / connections);
		flows_run(now);
		struct talk t = {.time = now, .client = random_below(TALK_CLIENTS)};
		t.name = names_popular();
		t.is6 = random_one_of(10);
		if ((uint64_t)uploaded * connections < (uint64_t)uploads * i) {
			uploaded++;
			upload(t);
		}
		uint64_t start = random_percent(75) ? look_up(t) : now;
		look_up_others(t);
		t.time = start;
		visit(&t);
	}
	flows_finish();
	talk_close();
}
