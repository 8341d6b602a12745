/* rules [COUNT ...]: how much it costs to hold events against so many rules, to compile them, and
 * to load them compiled. rules --write FILE COUNT: just writes so many rules. Rules are made like the public ones for log sources of the wire: lists of
 * host names and parts of them, ports, user agents and paths, with processes that the wire does not
 * know; events are host names that are looked up, and connections. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "sigma/engine.h"
#include "sigma/load.h"

#define EVENTS	    2000 /* few enough to stay in the cache, as fresh ones do */
#define VALUES	    8
#define TEXT	    64
#define SECONDS_MIN 1.0
#define HIT_ONE_IN  50 /* names of events that some rule looks for */

static uint64_t state;

static unsigned below(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A label that can be spoken: names of services look like this. */
static void word(char *out, unsigned syllables)
{
	static const char *const parts[] = {
		"ba",  "cor", "da",  "fi",    "gen",  "ho",   "in",   "ka",   "lo",    "mer",
		"net", "ok",  "pro", "qua",   "ri",   "sta",  "tor",  "ul",   "ver",   "wa",
		"xo",  "ya",  "zen", "cloud", "data", "drop", "file", "send", "share", "up",
		"b",   "c",   "d",   "f",     "g",    "h",    "j",    "k",    "l",     "m",
		"ack", "eft", "ing", "ond",   "ust",  "ale",  "eri",  "ito",  "ome",   "una",
	};

	*out = '\0';
	for (unsigned i = 0; i < syllables; i++)
		strcat(out, parts[below(sizeof parts / sizeof *parts)]);
}

static const char *domain(void)
{
	static const char *const ends[] = {"com", "net", "org", "io", "ru",
					   "xyz", "co",	 "nz",	"top"};
	static char out[TEXT];
	char name[40];

	word(name, 3 + below(3));
	snprintf(out, sizeof out, "%s.%s", name, ends[below(sizeof ends / sizeof *ends)]);
	return out;
}

static void list_names(FILE *f, const char *field)
{
	static const char *const modes[] = {"contains", "endswith", "endswith"};
	unsigned mode = below(3), count = 1 + below(12);

	fprintf(f, "    %s|%s:\n", field, modes[mode]);
	for (unsigned i = 0; i < count; i++)
		fprintf(f, "      - '%s%s'\n", mode ? "." : "", domain());
}

static void process(FILE *f)
{
	char name[40];

	word(name, 3);
	fprintf(f, "    Image|endswith: '\\%s.exe'\n", name);
}

static void connection_rule(FILE *f)
{
	fprintf(f, "  selection:\n    Initiated: 'true'\n");
	switch (below(4)) {
	case 0:
		fprintf(f, "    DestinationPort:\n      - %u\n      - %u\n", 1 + below(65535),
			1 + below(65535));
		process(f);
		break;
	case 1:
		process(f);
		fprintf(f,
			"  filter_local:\n    DestinationIp|cidr:\n      - 127.0.0.0/8\n"
			"      - 10.0.0.0/8\n      - %u.%u.0.0/16\n",
			1 + below(220), below(256));
		fprintf(f, "  condition: selection and not 1 of filter_*\n");
		return;
	default:
		list_names(f, "DestinationHostname");
		if (below(2))
			process(f);
	}
	fprintf(f, "  condition: selection\n");
}

static void dns_rule(FILE *f, const char *field)
{
	fprintf(f, "  selection:\n");
	list_names(f, field);
	if (below(2)) {
		fprintf(f, "  filter_main:\n    Image: null\n  filter_optional:\n");
		process(f);
		fprintf(f, "  condition: selection and not 1 of filter_*\n");
	} else {
		fprintf(f, "  condition: selection\n");
	}
}

static void http_rule(FILE *f, const char *agent, const char *uri)
{
	char a[40], b[40];

	fprintf(f, "  selection:\n");
	for (unsigned i = 0, count = 1 + below(4); i < count; i++) {
		word(a, 2);
		word(b, 3);
		if (i == 0)
			fprintf(f, "    %s|contains|all:\n", below(2) ? agent : uri);
		fprintf(f, "      - '%s/%u.%u'\n      - '/%s/'\n", a, below(10), below(100), b);
	}
	fprintf(f, "  condition: selection\n");
}

static char *make_rules(unsigned count, size_t *n)
{
	static const char *const sources[] = {"network_connection", "dns_query", "dns", "proxy",
					      "webserver"};
	char *text = NULL;
	FILE *f = open_memstream(&text, n);

	for (unsigned i = 0; i < count; i++) {
		unsigned kind = below(10);
		kind = kind < 4 ? 0 : kind < 7 ? 1 : kind - 5;
		fprintf(f,
			"---\ntitle: Rule %u\nid: 00000000-0000-4000-8000-%012u\nlogsource:\n"
			"  category: %s\n%slevel: medium\ndetection:\n",
			i, i, sources[kind], kind < 2 ? "  product: windows\n" : "");
		if (kind == 0)
			connection_rule(f);
		else if (kind < 3)
			dns_rule(f, kind == 1 ? "QueryName" : "query");
		else
			http_rule(f, kind == 3 ? "c-useragent" : "cs-user-agent",
				  kind == 3 ? "c-uri" : "cs-uri-query");
	}
	fclose(f);
	return text;
}

struct sample {
	struct event event;
	struct event_value value[VALUES];
	char text[VALUES][TEXT];
};

struct bench {
	struct sigma_rules *rules;
	struct fields *fields;
	struct sigma_engine *engine;
	struct sample *events;
	uint64_t found;
};

static void add(struct bench *b, struct sample *s, const char *field, const char *text)
{
	uint32_t i = s->event.count, number = fields_find(b->fields, str_of(field));

	if (number == FIELD_NONE)
		return;
	snprintf(s->text[i], TEXT, "%s", text);
	s->value[i] = (struct event_value){.field = number, .text = str_of(s->text[i])};
	s->event.count++;
}

static void add_number(struct bench *b, struct sample *s, const char *field, unsigned v)
{
	char text[16];
	uint32_t i = s->event.count;

	snprintf(text, sizeof text, "%u", v);
	add(b, s, field, text);
	s->value[i].kind = VALUE_NUMBER;
	s->value[i].number = v;
}

/* Names of which one in HIT_ONE_IN is in some rule. */
static const char *event_name(const char *const *sought, size_t count)
{
	static char out[TEXT];
	static const char *const hosts[] = {"www", "api", "cdn", "mail", "static.eu-west-1", "s3"};
	const char *host = hosts[below(sizeof hosts / sizeof *hosts)];

	if (count && below(HIT_ONE_IN) == 0) {
		const char *name = sought[below((unsigned)count)];
		snprintf(out, sizeof out, "%s%s%s", host, *name == '.' ? "" : ".", name);
	} else {
		snprintf(out, sizeof out, "%s.%s", host, domain());
	}
	return out;
}

struct names {
	const char **name;
	size_t count;
};

static void gather(struct names *n, const struct sigma_node *node)
{
	const struct sigma_leaf *l = node->leaf;

	for (size_t i = 0; i < node->count; i++)
		gather(n, node->child[i]);
	if (node->kind != NODE_LEAF || l->kind != LEAF_TEXT ||
	    (strcmp(l->field, "QueryName") && strcmp(l->field, "DestinationHostname")))
		return;
	const char *from = l->text.text + (l->text.wild[0] ? 1 : 0);
	size_t length = l->text.n - 1 - (l->text.wild[l->text.n - 1] ? 1 : 0);
	n->name = mem_resize(n->name, (n->count + 1) * sizeof *n->name);
	n->name[n->count++] = mem_strndup(from, length);
}

static uint64_t *unknown_of(struct bench *b)
{
	static const char *const names[] = {"Image", "User", "CommandLine", "ParentImage"};
	uint64_t *bits = mem_array(fields_count(b->fields) / 64 + 1, sizeof *bits);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		uint32_t f = fields_find(b->fields, str_of(names[i]));
		if (f != FIELD_NONE)
			bits[f / 64] |= UINT64_C(1) << f % 64;
	}
	return bits;
}

static void make_events(struct bench *b)
{
	static const struct logsource dns = {"dns_query", NULL, "sysmon"},
				      connection = {"network_connection", NULL, "sysmon"};
	uint64_t *unknown = unknown_of(b);
	uint32_t views[2] = {sigma_engine_view(b->engine, &dns, unknown),
			     sigma_engine_view(b->engine, &connection, unknown)};
	struct names sought = {0};

	for (size_t i = 0; i < b->rules->rule_count; i++)
		gather(&sought, b->rules->rule[i]->tree);
	b->events = mem_array(EVENTS, sizeof *b->events);
	for (unsigned i = 0; i < EVENTS; i++) {
		struct sample *s = &b->events[i];
		s->event = (struct event){
			.view = views[i % 2], .values = s->value, .unknown = unknown};
		const char *name = event_name(sought.name, sought.count);
		if (i % 2 == 0) {
			add(b, s, "QueryName", name);
			add(b, s, "QueryStatus", "0");
			continue;
		}
		char address[32];
		snprintf(address, sizeof address, "%u.%u.%u.%u", 1 + below(220), below(256),
			 below(256), below(256));
		add(b, s, "DestinationHostname", name);
		add(b, s, "DestinationIp", address);
		add_number(b, s, "DestinationPort", below(4) ? 443 : 80 + below(8000));
		add_number(b, s, "SourcePort", 32768 + below(28000));
		add(b, s, "Protocol", "tcp");
		add(b, s, "Initiated", "true");
		s->value[s->event.count - 1].kind = VALUE_BOOL;
	}
}

static void on_found(void *context, const struct event *e, const struct sigma_match *m)
{
	struct bench *b = context;

	(void)e, (void)m;
	b->found++;
}

static void on_problem(void *context, const char *file, unsigned line, const char *rule,
		       const char *text)
{
	(void)context;
	fprintf(stderr, "%s:%u: %s: %s\n", file, line, rule, text);
	exit(1);
}

static double megabytes(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* Returns the time it took. */
static double compile(struct bench *b, const char *text, size_t n, const char *folder)
{
	struct sigma_load_options load = {.problem = on_problem};
	struct sigma_engine_options o = {.cache_folder = folder, .problem = on_problem};
	struct error e;

	b->rules = sigma_load_text(&load, "rules", (struct str){text, n});
	b->fields = fields_new();
	double start = now(CLOCK_MONOTONIC);
	b->engine = sigma_engine_new(b->rules, b->fields, &o, &e);
	if (!b->engine) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	return now(CLOCK_MONOTONIC) - start;
}

static double time_events(struct bench *b, unsigned parity, unsigned step)
{
	/* others may use the machine, too */
	double start = now(CLOCK_PROCESS_CPUTIME_ID), end = start;
	uint64_t events = 0;

	while (end - start < SECONDS_MIN) {
		for (unsigned i = parity; i < EVENTS; i += step, events++)
			sigma_engine_run(b->engine, &b->events[i].event, on_found, b);
		end = now(CLOCK_PROCESS_CPUTIME_ID);
	}
	return (end - start) / (double)events * 1e9;
}

static void run(unsigned count, const char *folder, bool cold, double *cold_seconds)
{
	struct bench b = {0};
	size_t n;

	state = 42;
	char *text = make_rules(count, &n);
	double before = megabytes();
	double seconds = compile(&b, text, n, folder);
	if (cold) {
		*cold_seconds = seconds;
		return;
	}
	double memory = megabytes() - before;
	make_events(&b);
	time_events(&b, 0, 1); /* warm */
	struct sigma_engine_stats first = sigma_engine_stats(b.engine);
	b.found = 0;
	double all = time_events(&b, 0, 1), dns = time_events(&b, 0, 2),
	       connection = time_events(&b, 1, 2);
	struct sigma_engine_stats s = sigma_engine_stats(b.engine);
	double events = (double)(s.events - first.events);
	printf("%6u %8zu %5zu %9.2f %9.1f %7.0f %8.0f %8.0f %8.0f %9.2f %8.3f\n", count, s.patterns,
	       s.pattern_sets, *cold_seconds, seconds * 1e3, memory, all, dns, connection,
	       (double)(s.evaluated - first.evaluated) / events, (double)b.found / events);
}

/* In a process of its own: memory that a compiler has used is not given back. */
static void apart(unsigned count, const char *folder, bool cold, double *cold_seconds)
{
	int ends[2], status = 0;

	fflush(stdout);
	if (pipe(ends))
		exit(1);
	pid_t child = fork();
	if (child == 0) {
		run(count, folder, cold, cold_seconds);
		fflush(stdout);
		_exit(write(ends[1], cold_seconds, sizeof *cold_seconds) != sizeof *cold_seconds);
	}
	close(ends[1]);
	if (child < 0 ||
	    read(ends[0], cold_seconds, sizeof *cold_seconds) != sizeof *cold_seconds ||
	    waitpid(child, &status, 0) != child || status)
		exit(1);
	close(ends[0]);
}

static int write_rules(const char *path, unsigned count)
{
	size_t n;
	FILE *f = fopen(path, "w");

	state = 42;
	char *text = make_rules(count, &n);
	bool fine = f && fwrite(text, 1, n, f) == n;
	fine = f && fclose(f) == 0 && fine;
	free(text);
	if (!fine)
		perror(path);
	return !fine;
}

int main(int argc, char **argv)
{
	static const char *const usual[] = {"10", "100", "1000", "3000", "10000"};
	const char *const *counts = argc > 1 ? (const char *const *)argv + 1 : usual;
	int n = argc > 1 ? argc - 1 : (int)(sizeof usual / sizeof *usual);
	char folder[] = "/tmp/egret-bench-XXXXXX", command[64];

	if (argc == 4 && strcmp(argv[1], "--write") == 0)
		return write_rules(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	if (!mkdtemp(folder))
		return 1;
	printf("%6s %8s %5s %9s %9s %7s %8s %8s %8s %9s %8s\n", "rules", "patterns", "sets",
	       "cold s", "cached ms", "MB", "ns/event", "ns/dns", "ns/conn", "tried", "found");
	for (int i = 0; i < n; i++) {
		double cold_seconds = 0;
		unsigned count = (unsigned)strtoul(counts[i], NULL, 10);
		apart(count, folder, true, &cold_seconds);
		apart(count, folder, false, &cold_seconds);
	}
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0;
}
