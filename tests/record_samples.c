/* Prints records of every kind as lines, for the checks against the schema: full, minimal, random
 * and oversized ones. With a number: that many random records of each kind. With "sysmon" before
 * it: as events of Windows. With "bench": times the writing of a typical record of each kind, and
 * the making of its events for rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/stats_record.h"
#include "event/wire.h"
#include "output/record_json.h"
#include "output/sysmon.h"
#include "unit/overview_sample.h"
#include "unit/samples.h"

static struct record_json state;
static struct sysmon_out *sysmon; /* not NULL: print its lines instead */
static char line[RECORD_JSON_MAX];

static void print(const struct record *r)
{
	size_t n = sysmon ? sysmon_json(sysmon, r, line, sizeof line)
			  : record_json(&state, r, line, sizeof line);

	fwrite(line, 1, n, stdout);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench(struct sample *s)
{
	enum { TURNS = 300000 };
	char id[COMMUNITY_ID_MAX];

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		size_t n = 0;
		sample_full(s, k);
		if (k == RECORD_DNS)
			s->r.dns.answers_kept = 2; /* a CNAME and its address */
		double began = seconds();
		for (int i = 0; i < TURNS; i++) {
			s->r.time += 1000000;
			n += record_json(&state, &s->r, line, sizeof line);
		}
		printf("%-5s %6.0f ns, %zu bytes\n", record_kind_name(k),
		       (seconds() - began) / TURNS * 1e9, n / TURNS);
	}
	double began = seconds();
	for (int i = 0; i < TURNS; i++) {
		s->r.tuple.sport++;
		tuple_community_id(&s->r.tuple, id);
	}
	printf("of it the Community ID %6.0f ns\n", (seconds() - began) / TURNS * 1e9);
}

struct made {
	uint64_t events, values;
};

static void take(void *context, enum wire_view v, bool encrypted, struct event *e)
{
	struct made *m = context;

	(void)v;
	(void)encrypted;
	m->events++;
	m->values += e->count;
}

/* A minute of a daemon: usual, silent, as full as it gets, the first one. */
static void print_stats(void)
{
	struct overview *before = calloc(1, sizeof *before), *o = calloc(1, sizeof *o);

	overview_sample(before, 1);
	overview_sample(o, 2);
	fwrite(line, 1, stats_record(before, o, line, sizeof line), stdout);
	fwrite(line, 1, stats_record(o, o, line, sizeof line), stdout);
	fwrite(line, 1, stats_record(NULL, before, line, sizeof line), stdout);
	overview_sample_full(o);
	fwrite(line, 1, stats_record(NULL, o, line, sizeof line), stdout);
	*o = (struct overview){0};
	fwrite(line, 1, stats_record(NULL, o, line, sizeof line), stdout);
	free(before);
	free(o);
}

/* The events that rules are held against, with the fields that public rules name. */
static void bench_views(struct sample *s)
{
	enum { TURNS = 1000000 };
	static const char *const names[] = {
		"query", "answer", "record_type", "QueryName", "Image", "EventID", "Initiated",
		"DestinationHostname", "DestinationPort", "DestinationIp", "CommandLine", "Protocol",
		"ParentImage", "SourcePort", "SourceIp", "User", "SourceHostname", "SourceIsIpv6",
		"DestinationIsIpv6", "c-uri", "c-useragent", "cs-method", "cs-host", "cs-uri",
		"sc-status", "c-uri-extension", "cs-cookie", "c-uri-query", "dst_ip", "cs-uri-stem",
		"cs-uri-query", "cs-user-agent", "cs-referer", "cs-username", "cs-content-type", "action",
		"blocked", "dst_port", "src_ip", "answers", "rejected", "qtype_name", "Z", "id.resp_p",
		"resp_mime_types", "uri", "user_agent", "method", "host", "id.resp_h",
		"request_body_len", "status_code", "client_header_names", "certificate.serial",
		"egret.client", "egret.service", "egret.tier", "egret.delta.upload"};
	static const struct wire_service service = {
		.service = "Dropbox", .category = "cloud-storage", .role = "storage", .tier = 'B'};
	struct fields *fields = fields_new();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fields_add(fields, str_of(names[i]));
	struct wire *w = wire_new(fields);
	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		struct made m = {0};
		sample_full(s, k);
		s->r.tuple.proto = PROTO_TCP;
		if (k == RECORD_DNS)
			s->r.dns.answers_kept = 2;
		else if (k == RECORD_CONN)
			s->r.flow.end = END_NOT;
		double began = seconds();
		for (int i = 0; i < TURNS; i++)
			wire_events(w, &s->r, &service, ~0u, false, take, &m);
		printf("%-5s as %.0f events with %.0f values %6.0f ns\n", record_kind_name(k),
		       (double)m.events / TURNS, (double)m.values / TURNS,
		       (seconds() - began) / TURNS * 1e9);
	}
	wire_free(w);
	fields_free(fields);
}

int main(int argc, char **argv)
{
	struct sample *s = sample_new();
	static const uint8_t bytes[] = {'a', '\\', '"', '\n', 0x9b, 0xff, 0xc3};

	if (argc > 1 && strcmp(argv[1], "bench") == 0) {
		bench(s);
		bench_views(s);
		sample_free(s);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "sysmon") == 0) {
		sysmon = sysmon_new(NULL);
		argc--;
		argv++;
	}
	uint64_t randoms = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000;
	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		sample_full(s, k);
		print(&s->r);
		sample_minimal(s, k);
		print(&s->r);
		for (size_t i = 0; i < sizeof bytes; i++) {
			sample_huge(s, k, bytes[i]);
			print(&s->r);
		}
		for (uint64_t i = 0; i < randoms; i++) {
			sample_random(s, k, i * RECORD_KINDS + k);
			print(&s->r);
		}
	}
	if (!sysmon)
		print_stats();
	sysmon_free(sysmon);
	sample_free(s);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
