#include "gen_talk.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen_flow.h"
#include "gen_names.h"
#include "gen_random.h"
#include "gen_talk_parts.h"
#include "gen_truth.h"

static FILE *uploads;

void talk_open(const char *path)
{
	char full[4096];

	snprintf(full, sizeof full, "%s.uploads.tsv", path);
	uploads = fopen(full, "w");
	if (!uploads) {
		perror(full);
		exit(1);
	}
	fprintf(uploads, "proto\tclient\tcport\tserver\tsport\tname\tpayload_up\tpayload_down\n");
}

void talk_close(void)
{
	fclose(uploads);
}

struct ip talk_client(unsigned client, int is6)
{
	struct ip a = {{10, (uint8_t)(20 + (client >> 8) / 8), (uint8_t)(client >> 8),
			(uint8_t)(1 + (client & 255) % 254)}};

	if (is6) {
		a = (struct ip){{0x20, 0x01, 0x0d, 0xb8, 0x00, 0x20}};
		put16(a.b + 14, client);
	}
	return a;
}

struct ip talk_resolver(int is6, unsigned resolvers)
{
	if (is6)
		return (struct ip){{0x20, 0x01, 0x0d, 0xb8, 0x00, 0x20, [15] = 0x53}};
	return (struct ip){{10, 0, (uint8_t)random_below(resolvers), 53}};
}

void talk_spell(char *out, const char *name)
{
	strcpy(out, name);
	if (!random_one_of(20))
		return;
	for (; *out; out++)
		if (random_below(2))
			*out = (char)toupper((unsigned char)*out);
}

static uint16_t next_port(unsigned client)
{
	static uint32_t used[TALK_CLIENTS];

	return (uint16_t)(32768 + used[client]++ % (61000 - 32768));
}

struct flow *talk_flow(const struct talk *t, const struct ip *server, uint16_t port, int udp)
{
	struct ends e = {.is6 = t->is6, .client = talk_client(t->client, t->is6)};

	e.server = server ? *server : dns_address(t->name, t->is6, random_below(3));
	e.client_port = next_port(t->client);
	e.server_port = port;
	struct flow *f = flow_new(t->time, &e, udp);
	f->seq[UP] = (uint32_t)random_bits();
	f->seq[DOWN] = (uint32_t)random_bits();
	f->clock = random_bits() & 0x7fffffff;
	f->round_trip = (uint32_t)(4000 + random_exp(20000));
	f->gap = (uint32_t)(60 + random_exp(200));
	return f;
}

void talk_uploaded(const struct talk *t, const struct flow *f, const char *protocol)
{
	char client[64], server[64];
	int family = t->is6 ? AF_INET6 : AF_INET;

	inet_ntop(family, f->ends.client.b, client, sizeof client);
	inet_ntop(family, f->ends.server.b, server, sizeof server);
	fprintf(uploads, "%s\t%s\t%u\t%s\t%u\t%s\t%llu\t%llu\n", protocol, client,
		f->ends.client_port, server, f->ends.server_port, t->name,
		(unsigned long long)f->payload[UP], (unsigned long long)f->payload[DOWN]);
	truth.uploads++;
}

uint32_t talk_size(double median, double least, double most)
{
	double n = random_lognormal(median, 1.5);

	return (uint32_t)(n > most ? most : n < least ? least : n);
}

void talk_dns(const struct talk *t, uint16_t type, int rcode)
{
	static const struct ip nobody;
	struct talk own = *t;
	char asked[300];
	uint8_t message[DNS_MESSAGE];

	own.is6 = random_one_of(10);
	struct flow *f = talk_flow(&own, &nobody, 53, 1);
	struct dns_exchange x = {.type = type, .name = asked, .rcode = rcode};
	x.id = (uint16_t)random_bits();
	x.edns = random_below(10) < 7;
	f->ends.server = talk_resolver(own.is6, 2);
	talk_spell(asked, t->name);
	flow_say(f, UP, message, dns_query(message, &x));
	truth_name('D', t->name, &truth.service_dns);
	truth.dns_queries++;
	if (!random_one_of(200)) {
		int several = random_one_of(3);
		x.answers = 1 + (unsigned)several * random_below(4);
		if (random_percent(35)) {
			x.aliases = 1;
			x.aliases += random_one_of(3);
			x.aliases += random_one_of(9);
		}
		flow_say(f, DOWN, message, dns_response(message, &x));
		truth.dns_responses++;
	}
	f->round_trip = (uint32_t)(300 + random_exp(6000));
	flow_start(f);
}

static struct flow *inside(const struct talk *t, uint8_t net, uint16_t port, int udp)
{
	static const struct ip nobody;
	struct talk own = *t;

	own.is6 = 0;
	struct flow *f = talk_flow(&own, &nobody, port, udp);
	f->ends.server = (struct ip){{10, 0, net, (uint8_t)(1 + random_below(200))}};
	return f;
}

static void talk_snmp(const struct talk *t)
{
	struct flow *f = inside(t, 3, 161, 1);
	uint8_t get[] = "\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c\x02\x04\x12\x34\x56\x78\x02\x01"
			"\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00"
			"\x05\x00";

	flow_say(f, UP, get, sizeof get - 1);
	get[13] = 0xa2; /* an answer */
	flow_say(f, DOWN, get, sizeof get - 1);
	flow_start(f);
}

static void talk_ntp(const struct talk *t)
{
	struct flow *f = inside(t, 3, 123, 1);
	uint8_t message[48] = {0x23};

	flow_say(f, UP, message, sizeof message);
	message[0] = 0x24;
	message[1] = 2;
	random_bytes(message + 16, 32);
	flow_say(f, DOWN, message, sizeof message);
	flow_start(f);
}

static void talk_desktop(const struct talk *t, uint16_t port)
{
	struct flow *f = inside(t, 4, port, 0);

	for (int i = 0; i < 3; i++) {
		flow_fill(f, UP, CONTENT_RANDOM, 60 + random_below(1500));
		flow_fill(f, DOWN, CONTENT_RANDOM, 100 + (uint32_t)random_lognormal(2000, 1.2));
	}
	flow_start(f);
}

void talk_other(const struct talk *t)
{
	truth.other++;
	switch (random_below(4)) {
	case 0:
		talk_snmp(t);
		break;
	case 1:
		talk_ntp(t);
		break;
	case 2:
		talk_desktop(t, 3389);
		break;
	default:
		talk_desktop(t, 8443);
	}
}
