#include "gen_truth.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gen_names.h"
#include "gen_packet.h"
#include "gen_random.h"

struct truth truth;

/* An open hash of "KIND<tab>name". */
struct mention {
	char *text;
	uint32_t count;
};

static struct mention *mentions;
static uint32_t mention_room, mention_count;

static struct mention *find(const char *text)
{
	uint32_t at = (uint32_t)name_hash(text) & (mention_room - 1);

	while (mentions[at].text && strcmp(mentions[at].text, text))
		at = (at + 1) & (mention_room - 1);
	return &mentions[at];
}

static void grow(void)
{
	struct mention *old = mentions;
	uint32_t n = mention_room;

	mention_room = n ? 2 * n : 1u << 16;
	mentions = calloc(mention_room, sizeof *mentions);
	for (uint32_t i = 0; i < n; i++)
		if (old[i].text)
			*find(old[i].text) = old[i];
	free(old);
}

void truth_name(char kind, const char *name, uint64_t *of_services)
{
	char text[400] = {kind, '\t'};
	size_t n = 0;

	if ((mention_count + 1) * 2 > mention_room)
		grow();
	for (; name[n] && n < 390; n++)
		text[2 + n] = (char)tolower((unsigned char)name[n]);
	text[2 + n] = '\0';
	struct mention *m = find(text);
	if (!m->text) {
		m->text = strdup(text);
		mention_count++;
	}
	m->count++;
	if (names_is_service(name))
		++*of_services;
}

static uint64_t distinct(char kind)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < mention_room; i++)
		n += mentions[i].text && mentions[i].text[0] == kind;
	return n;
}

static void write_counts(FILE *f)
{
	const struct {
		const char *name;
		uint64_t count;
	} lines[] = {
		{"packets", packets},
		{"wire_bytes", packet_wire_bytes},
		{"file_bytes", packet_file_bytes},
		{"flows", truth.flows},
		{"tls_flows", truth.tls},
		{"tls_sni", truth.tls_sni},
		{"tls_sni_distinct", distinct('T')},
		{"tls12_flows", truth.tls12},
		{"tls_pq_split_hello", truth.tls_pq},
		{"quic_flows", truth.quic},
		{"quic_sni_distinct", distinct('Q')},
		{"quic_multi_initial", truth.quic_multi},
		{"http_requests", truth.http},
		{"http_host_distinct", distinct('H')},
		{"dns_queries", truth.dns_queries},
		{"dns_responses", truth.dns_responses},
		{"dns_qname_distinct", distinct('D')},
		{"dns_cname_rrs", truth.dns_cnames},
		{"other_flows", truth.other},
		{"rule_dns", truth.service_dns},
		{"rule_tls", truth.service_tls},
		{"rule_quic", truth.service_quic},
		{"rule_http", truth.service_http},
		{"upload_flows", truth.uploads},
		{"retransmits", truth.retransmits},
		{"two_packet_flows", truth.two_packets},
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		fprintf(f, "%-22s %llu\n", lines[i].name, (unsigned long long)lines[i].count);
}

static FILE *create(const char *path, const char *suffix)
{
	char full[4096];

	snprintf(full, sizeof full, "%s%s", path, suffix);
	FILE *f = fopen(full, "w");
	if (!f) {
		perror(full);
		exit(1);
	}
	return f;
}

void truth_write(const char *path)
{
	FILE *f = create(path, ".truth.txt");

	write_counts(f);
	fclose(f);
	write_counts(stdout);
	if (!mention_count)
		return;
	f = create(path, ".names.tsv");
	for (uint32_t i = 0; i < mention_room; i++)
		if (mentions[i].text)
			fprintf(f, "%s\t%u\n", mentions[i].text, mentions[i].count);
	fclose(f);
}
