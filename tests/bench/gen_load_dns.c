#include <stdio.h>

#include "gen_flow.h"
#include "gen_load.h"
#include "gen_names.h"
#include "gen_random.h"
#include "gen_talk.h"
#include "gen_truth.h"

#define NAME 300

struct question {
	char name[NAME];
	uint16_t type;
	int rcode;
};

static void put_base32(char *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = "abcdefghijklmnopqrstuvwxyz234567"[random_below(32)];
	out[n] = '\0';
}

/* A name that carries data out. */
static void choose_tunnel(struct question *q)
{
	char first[64], second[64];

	put_base32(first, 40 + random_below(20));
	put_base32(second, 20 + random_below(30));
	snprintf(q->name, NAME, "%s.%s.t.%s", first, second, names_first(50));
	q->type = random_below(2) ? DNS_TXT : DNS_A;
}

static void choose_reverse(struct question *q)
{
	unsigned d = 1 + random_below(220), c = random_below(255), b = random_below(255),
		 a = random_below(255);

	sprintf(q->name, "%u.%u.%u.%u.in-addr.arpa", a, b, c, d);
	q->type = DNS_PTR;
}

/* Out of a thousand. */
static uint16_t type_of(unsigned share)
{
	static const struct {
		unsigned below;
		uint16_t type;
	} types[] = {{630, DNS_A},  {850, DNS_AAAA}, {930, DNS_HTTPS}, {950, DNS_TXT},
		     {965, DNS_MX}, {975, DNS_SRV},  {985, DNS_NS}};
	unsigned i = 0;

	while (share >= types[i].below)
		i++;
	return types[i].type;
}

static void choose_name(struct question *q, unsigned share)
{
	const char *name = names_popular();

	if (share >= 985) {
		choose_tunnel(q);
	} else {
		q->type = type_of(share);
		if (random_one_of(10)) { /* a name nobody asked for before */
			unsigned low = (uint32_t)random_bits() & 0xffff;
			snprintf(q->name, NAME, "%08x%04x.%s", (uint32_t)random_bits(), low, name);
		} else {
			snprintf(q->name, NAME, "%s%s", q->type == DNS_SRV ? "_ldap._tcp." : "",
				 name);
		}
	}
	if (random_percent(8))
		q->rcode = 3;
	else if (random_one_of(200))
		q->rcode = 2;
}

static struct ends choose_ends(void)
{
	struct ends e = {.is6 = random_one_of(10)};

	e.client = talk_client(random_below(20000), e.is6);
	e.client_port = (uint16_t)(1024 + random_below(64000));
	e.server_port = 53;
	e.server = talk_resolver(e.is6, 4);
	return e;
}

static void respond(struct flow *f, struct dns_exchange *x)
{
	uint8_t message[DNS_MESSAGE];

	if (random_percent(35)) {
		x->aliases = 1;
		x->aliases += (unsigned)random_one_of(2);
		x->aliases += (unsigned)random_one_of(4);
		x->aliases += (unsigned)random_one_of(8);
	}
	int several = random_one_of(2);
	x->answers = 1 + (unsigned)several * random_below(5);
	flow_say(f, DOWN, message, dns_response(message, x));
	truth.dns_responses++;
}

static void exchange(uint64_t now)
{
	unsigned share = random_below(1000);
	struct question q = {.rcode = 0};
	char asked[NAME];
	uint8_t message[DNS_MESSAGE];

	if (share < 30)
		choose_reverse(&q);
	else
		choose_name(&q, share);
	talk_spell(asked, q.name);
	struct ends e = choose_ends();
	struct dns_exchange x = {.type = q.type, .name = asked, .rcode = q.rcode};
	x.id = (uint16_t)random_bits();
	x.edns = random_below(10) < 7;
	struct flow *f = flow_new(now, &e, 1);
	f->round_trip = (uint32_t)(300 + random_exp(8000));
	flow_say(f, UP, message, dns_query(message, &x));
	truth_name('D', q.name, &truth.service_dns);
	truth.dns_queries++;
	if (!random_one_of(200))
		respond(f, &x);
	flow_start(f);
}

void load_dns(double scale)
{
	uint32_t exchanges = (uint32_t)(1150000 * scale);
	uint64_t now = 0;

	names_init(400000, 0.9);
	for (uint32_t i = 0; i < exchanges; i++) {
		now += (uint64_t)random_exp(40);
		flows_run(now);
		exchange(now);
	}
	flows_finish();
}
