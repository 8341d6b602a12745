#include "gen_dns.h"

#include <stdio.h>
#include <string.h>

#include "gen_random.h"
#include "gen_truth.h"

#define NAME  300
#define ASKED 0xc00c /* a pointer to the question's name */

static uint8_t *put_name(uint8_t *p, const char *name)
{
	while (*name) {
		uint32_t n = (uint32_t)strcspn(name, ".");
		p = put_bytes(put8(p, n), name, n);
		name += name[n] ? n + 1 : n;
	}
	return put8(p, 0);
}

static uint8_t *put_question(uint8_t *p, const struct dns_exchange *x, uint16_t flags)
{
	p = put16(put16(put16(p, x->id), flags), 1);
	p = put16(put32(p, 0), x->edns ? 1 : 0);
	return put16(put16(put_name(p, x->name), x->type), 1);
}

static uint8_t *put_edns(uint8_t *p, const struct dns_exchange *x)
{
	if (!x->edns)
		return p;
	return put16(put32(put16(put16(put8(p, 0), DNS_OPT), 1232), 0), 0);
}

uint32_t dns_query(uint8_t *p, const struct dns_exchange *x)
{
	return (uint32_t)(put_edns(put_question(p, x, 0x0100), x) - p);
}

struct ip dns_address(const char *name, int is6, unsigned i)
{
	static const uint8_t first[] = {13, 23, 34, 52, 54, 99, 104, 142, 151, 172, 185, 198};
	uint64_t h = name_hash(name) + i * 0x9e3779b97f4a7c15ull;
	struct ip a = {0};

	if (is6) {
		a.b[0] = 0x2a;
		put32(a.b + 2, (uint32_t)__builtin_bswap32((uint32_t)h));
		a.b[14] = (uint8_t)(h >> 32);
		a.b[15] = (uint8_t)(h >> 40);
		return a;
	}
	a.b[0] = first[h % 12];
	a.b[1] = (uint8_t)(h >> 8);
	if (a.b[0] == 172) /* not 172.16 to 172.31, which are private */
		a.b[1] = (uint8_t)(64 + (h >> 8 & 127));
	else if (a.b[0] == 198)
		a.b[1] = (uint8_t)(41 + (h >> 8 & 3));
	a.b[2] = (uint8_t)(h >> 16);
	a.b[3] = (uint8_t)(1 + (h >> 24) % 250);
	return a;
}

/* The head of a record; its data's length is filled in by record_end. */
static uint8_t *record_begin(uint8_t *p, uint16_t owner, uint16_t type, uint32_t ttl)
{
	return put32(put16(put16(put16(p, owner), type), 1), ttl) + 2;
}

static void record_end(uint8_t *data, const uint8_t *end)
{
	put16(data - 2, (uint32_t)(end - data));
}

/* A label before a name that stands elsewhere. */
static uint8_t *put_label(uint8_t *p, const char *label, uint16_t pointer)
{
	uint32_t n = (uint32_t)strlen(label);

	return put16(put_bytes(put8(p, n), label, n), pointer);
}

/* CNAMEs, the last of which leads to a delivery network; returns the answers' owner. */
static uint16_t put_aliases(uint8_t **at, const uint8_t *message, const struct dns_exchange *x)
{
	uint16_t owner = ASKED;
	char from[NAME], to[NAME];
	uint8_t *p = *at;

	snprintf(from, sizeof from, "%s", x->name);
	for (unsigned i = 0; i < x->aliases; i++) {
		uint64_t h = name_hash(from);
		if (i == x->aliases - 1)
			snprintf(to, sizeof to, "d%08x%05x.cdn%u.example-edge.net", (uint32_t)h,
				 (uint32_t)(h >> 40) & 0xfffff, (uint32_t)h & 7);
		else
			snprintf(to, sizeof to, "%.60s.edge%u.trafficmgr.example", x->name, i);
		uint8_t *data = record_begin(p, owner, DNS_CNAME, 300);
		p = put_name(data, to);
		record_end(data, p);
		owner = (uint16_t)(0xc000 | (data - message));
		memcpy(from, to, sizeof from);
		truth.dns_cnames++;
	}
	*at = p;
	return owner;
}

static uint8_t *put_text(uint8_t *p)
{
	char text[200];
	unsigned last = random_below(255), first = random_below(9);
	int n = sprintf(text,
			"v=spf1 include:_spf%u.example.com include:mail.example.net "
			"ip4:198.51.100.%u ~all",
			first, last);

	return put_bytes(put8(p, (unsigned)n), text, (uint32_t)n);
}

static uint8_t *put_data(uint8_t *p, const struct dns_exchange *x, unsigned i, uint16_t owner)
{
	char text[80];

	switch (x->type) {
	case DNS_A:
		return put_bytes(p, dns_address(x->name, 0, i).b, 4);
	case DNS_AAAA:
		return put_bytes(p, dns_address(x->name, 1, i).b, 16);
	case DNS_HTTPS:
		p = put16(put16(put8(put16(p, 1), 0), 1), 6);
		return put_bytes(p, "\x02h3\x02h2", 6);
	case DNS_PTR:
		sprintf(text, "host-%u.customers.example.net",
			(uint32_t)name_hash(x->name) & 0xffffff);
		return put_name(p, text);
	case DNS_MX:
		sprintf(text, "mx%u", 1 + i);
		return put_label(put16(p, 10 * (i + 1)), text, owner);
	case DNS_TXT:
		return put_text(p);
	case DNS_SRV: /* compressed, as some servers do */
		return put_label(put16(put16(put16(p, 0), 100), 443), "srv", owner);
	case DNS_NS:
		sprintf(text, "ns%u", 1 + i);
		return put_label(p, text, owner);
	default:
		return random_bytes(p, 8);
	}
}

static unsigned answers_of(const struct dns_exchange *x)
{
	if (x->type == DNS_HTTPS && name_hash(x->name) & 1)
		return 0;
	if (x->type == DNS_HTTPS || x->type == DNS_PTR || x->type == DNS_TXT)
		return 1;
	return x->answers;
}

/* The SOA of a negative answer. */
static uint8_t *put_authority(uint8_t *p, const struct dns_exchange *x)
{
	const char *dot = strchr(x->name, '.');
	uint16_t zone = (uint16_t)(dot ? ASKED + (dot - x->name) + 1 : ASKED);
	uint8_t *data = record_begin(p, zone, DNS_SOA, 900);

	p = put_label(put_label(data, "ns1", zone), "hostmaster", zone);
	p = put32(put32(put32(put32(put32(p, 2025010100), 7200), 900), 1209600), 900);
	record_end(data, p);
	return p;
}

uint32_t dns_response(uint8_t *message, const struct dns_exchange *x)
{
	uint8_t *p = put_question(message, x, (uint16_t)(0x8180 | x->rcode));
	unsigned count = 0;

	if (!x->rcode) {
		uint16_t owner = ASKED;
		if (x->type == DNS_A || x->type == DNS_AAAA || x->type == DNS_HTTPS) {
			owner = put_aliases(&p, message, x);
			count = x->aliases;
		}
		unsigned answers = answers_of(x);
		for (unsigned i = 0; i < answers; i++) {
			uint32_t ttl = 60 + random_below(3600);
			uint8_t *data = record_begin(p, owner, x->type, ttl);
			p = put_data(data, x, i, owner);
			record_end(data, p);
		}
		count += answers;
	}
	int negative = x->rcode == 3 || (!x->rcode && count == 0);
	if (negative)
		p = put_authority(p, x);
	put16(put16(message + 6, count), negative);
	return (uint32_t)(put_edns(p, x) - message);
}
