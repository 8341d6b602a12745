/* How long the analyst's thread is held up by a reload, and by encoding its state: with everything
 * as full as it gets (or N thousandths of that), under the same lists, and under lists that number
 * services otherwise and have lost one.
 *
 *	adopt [N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/limits.h"
#include "detect/analyst.h"

#define SERVICES 8
#define NAMES	 (1000 * 1000)
#define FLOWS	 (1000 * 1000)
#define CLIENTS	 (250 * 1000)
#define START	 (UINT64_C(1772409600) * NS_PER_S)

static const char rules_text[] =
	"title: open\nid: open\nname: open\nlevel: low\nlogsource:\n    category: firewall\n"
	"detection:\n    a:\n        egret.tier: 'B'\n    condition: a\n---\n"
	"title: count\nid: count\nlevel: low\ncorrelation:\n    type: event_count\n"
	"    generate: true\n    rules: [open]\n    timespan: 30d\n    condition: {gte: 100000000}\n"
	"---\n"
	"title: values\nid: values\nlevel: low\ncorrelation:\n    type: value_count\n"
	"    generate: true\n    rules: [open]\n    timespan: 30d\n"
	"    condition: {field: source.ip, gte: 100000000}\n---\n"
	"title: sum\nid: sum\nlevel: low\ncorrelation:\n    type: value_sum\n"
	"    generate: true\n    rules: [open]\n    timespan: 30d\n"
	"    condition: {field: source.port, gte: 100000000000}\n---\n"
	"title: groups\nid: groups\nlevel: low\ncorrelation:\n    type: event_count\n"
	"    generate: true\n    rules: [open]\n    group-by: [source.ip]\n    timespan: 30d\n"
	"    condition: {gte: 100000000}\n";

struct world {
	struct domain_set *set;
	struct ruleset *rules;
	struct analyst *analyst;
};

static char folder[] = "/tmp/egret-adopt-XXXXXX";

static void die(const char *what)
{
	fprintf(stderr, "adopt: %s\n", what);
	exit(1);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		die(path);
}

/* Other lists: one service before the others, and the last one is gone. */
static struct world world_new(bool others)
{
	char lists[4096], list_path[128], rule_path[128];
	const char *list_paths[] = {list_path}, *rule_paths[] = {rule_path};
	struct detector_settings settings;
	struct world w;
	struct error e;
	size_t n = 0;

	for (int i = others ? -1 : 0; i < SERVICES - others; i++)
		n += (size_t)snprintf(lists + n, sizeof lists - n,
				      "[S%d]\ncategory cloud-storage\ntier B\nweb s%d.example\n",
				      i + 1, i + 1);
	snprintf(list_path, sizeof list_path, "%s/lists.list", folder);
	snprintf(rule_path, sizeof rule_path, "%s/rules.yml", folder);
	write_text(list_path, lists);
	write_text(rule_path, rules_text);
	settings_default(&settings);
	w.set = domain_set_load(
		&(struct domain_set_options){.paths = list_paths, .path_count = 1}, &e);
	w.rules = w.set ? ruleset_new(&(struct ruleset_options){.paths = rule_paths,
								.path_count = 1,
								.services = w.set},
				      &e)
			: NULL;
	if (!w.rules)
		die(e.text);
	w.analyst = analyst_new(&(struct analyst_options){
		.set = w.set,
		.rules = w.rules,
		.detectors = &settings,
		.threshold = {10000000, 100000000, 500000000, UINT64_MAX}});
	return w;
}

static void world_free(struct world *w)
{
	analyst_free(w->analyst);
	ruleset_free(w->rules);
	domain_set_free(w->set);
}

static struct addr address(uint8_t net, uint32_t n)
{
	return addr_v4((uint8_t[]){net, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static void fill_names(struct analyst *a, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char name[64];
		struct dns_answer answer = {.type = 1,
					    .class = 1,
					    .ttl = 86400,
					    .section = DNS_ANSWER,
					    .has_address = true,
					    .address = address(100, i)};
		struct record r = {.kind = RECORD_DNS,
				   .time = START + i,
				   .start = START + i,
				   .tuple = {.src = address(10, i % CLIENTS), .dport = 53}};
		int n = snprintf(name, sizeof name, "host%u.example.org", i);
		answer.name = (struct str){name, (size_t)n};
		r.dns = (struct record_dns){.question = answer.name,
					    .qtype = 1,
					    .qclass = 1,
					    .asked = true,
					    .answered = true,
					    .answers = &answer,
					    .answers_kept = 1};
		analyst_take(a, &r);
	}
}

static void fill_flows(struct analyst *a, uint32_t count, uint32_t clients)
{
	for (uint32_t i = 0; i < count; i++) {
		char name[64];
		struct record r = {.kind = RECORD_CONN,
				   .time = START + NS_PER_S + i * UINT64_C(1000),
				   .start = START + NS_PER_S + i * UINT64_C(1000),
				   .flow_id = i + 1,
				   .tuple = {.src = address(10, i % clients),
					     .dst = address(100, i),
					     .sport = (uint16_t)(i % 50000 + 1000),
					     .dport = 443,
					     .proto = PROTO_TCP}};
		/* one service a client */
		int n = snprintf(name, sizeof name, "s%u.example", i % clients % SERVICES + 1);
		r.flow.name = (struct str){name, (size_t)n};
		r.flow.name_source = NAME_SNI;
		r.flow.app = APP_TLS;
		r.flow.up.bytes = r.flow.delta_up = 1000000;
		analyst_take(a, &r);
	}
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void reload(struct world *w, bool others)
{
	struct world next = world_new(others);
	double start = now_ms();

	analyst_adopt(next.analyst, w->analyst);
	printf("adopt under %-12s %8.1f ms\n", others ? "other lists" : "the same", now_ms() - start);
	start = now_ms();
	world_free(w);
	printf("freeing the old one     %8.1f ms\n", now_ms() - start);
	*w = next;
}

static void save(struct world *w)
{
	struct state_section from[ANALYST_SECTIONS], to[ANALYST_SECTIONS];
	struct world next = world_new(false);
	size_t n = analyst_sections(w->analyst, ANALYST_ALL, from);
	struct bytes file;
	struct error e;

	analyst_sections(next.analyst, ANALYST_ALL, to);
	for (size_t i = 0; i < n; i++) {
		double start = now_ms();
		if (state_gather(&from[i], 1, &file, &e))
			die(e.text);
		double middle = now_ms();
		state_seal(&file);
		double sealed = now_ms();
		if (state_decode(&to[i], 1, file.p, file.n, &e))
			die(e.text);
		printf("%-12s %8.1f MB, encoded in %7.1f ms, sealed in %7.1f ms, "
		       "decoded in %7.1f ms\n",
		       from[i].name, (double)file.n / 1e6, middle - start, sealed - middle,
		       now_ms() - sealed);
		bytes_fini(&file);
	}
	world_free(&next);
}

int main(int argc, char **argv)
{
	uint32_t part = argc > 1 ? (uint32_t)atoi(argv[1]) : 1000;
	char command[64];

	if (!mkdtemp(folder))
		die(folder);
	struct world w = world_new(false);
	double start = now_ms();
	fill_names(w.analyst, NAMES / 1000 * part);
	fill_flows(w.analyst, FLOWS / 1000 * part, CLIENTS / 1000 * part);
	struct analyst_summary s = analyst_summary(w.analyst);
	printf("%u names, %u flows of %u clients, %llu findings, %llu evicted: %.0f ms\n",
	       NAMES / 1000 * part, FLOWS / 1000 * part, CLIENTS / 1000 * part,
	       (unsigned long long)s.rule_findings, (unsigned long long)s.correlation_evicted,
	       now_ms() - start);
	save(&w);
	reload(&w, false);
	reload(&w, true);
	reload(&w, false);
	world_free(&w);
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command) ? 1 : 0;
}
