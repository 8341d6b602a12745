#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

struct told {
	int count;
	unsigned line;
	char text[ERROR_TEXT_MAX];
};

static void hear(void *context, const char *file, unsigned line, const char *text)
{
	struct told *t = context;

	cr_expect_str_eq(file, "egret.yaml");
	t->count++;
	t->line = line;
	snprintf(t->text, sizeof t->text, "%s", text);
}

static struct told parse(struct config *c, const char *text)
{
	struct told t = {0};
	int problems = config_parse(c, "egret.yaml", str_of(text), hear, &t);

	cr_expect_eq(problems, t.count);
	return t;
}

Test(config, keys_of_every_type)
{
	struct config c;

	config_init(&c);
	struct told t = parse(&c, "rules: [a.yml, b]\n"
				  "domains: one\n"
				  "cache: ''\n"
				  "strict: yes\n"
				  "thresholds: {A: 5M, B: never}\n"
				  "home-networks: []\n"
				  "lists:\n"
				  "  admins: [ada, bob]\n"
				  "detectors:\n"
				  "  burst: {enabled: no, upload-a: 7M}\n");
	cr_assert_eq(t.count, 0, "%u: %s", t.line, t.text);
	cr_assert_eq(c.rules.count, 2);
	cr_expect_str_eq(c.rules.text[1], "b");
	cr_expect_eq(c.domains.count, 1);
	cr_expect_str_eq(c.cache, "");
	cr_expect(c.strict);
	cr_expect_eq(c.threshold[0], 5000000);
	cr_expect_eq(c.threshold[1], UINT64_MAX);
	cr_expect_eq(c.threshold[2], 500000000, "what is not said keeps its default");
	cr_expect(c.home.set && !c.home.count);
	cr_assert_eq(c.list_count, 1);
	cr_expect_str_eq(c.lists[0].name, "admins");
	cr_expect_eq(c.lists[0].count, 2);
	cr_expect_not(c.detectors.burst);
	cr_expect_eq(c.detectors.burst_a, 7000000);
	config_fini(&c);
}

Test(config, keys_that_wait_for_a_restart)
{
	struct config was, is;
	char keys[100];

	config_init(&was);
	config_init(&is);
	parse(&was, "interfaces: [a]\nworkers: 1\nfanout: hash\nrules: [x]\nstate: /s\n");
	parse(&is, "interfaces: [a]\nworkers: 1\nfanout: hash\nrules: [y]\nstate: /s\n"
		   "thresholds: {A: 1M}\ntell: {interval: 1h}\nstrict: yes\n");
	cr_expect_eq(config_wait(&was, &is, keys, sizeof keys), 0, "%s", keys);
	parse(&is, "interfaces: [a, b]\nworkers: 2\nfanout: inner\nstate:\nsandbox: no\n"
		   "filter: tcp\n");
	cr_expect_eq(config_wait(&was, &is, keys, sizeof keys), 6);
	cr_expect_str_eq(keys, "interfaces, filter, workers, fanout, state, sandbox");
	config_fini(&was);
	config_fini(&is);
}

Test(config, values_that_their_users_take)
{
	struct config c;

	config_init(&c);
	struct told t = parse(&c, "filter: vlan and not port 9200\n"
				  "home-networks: [10.0.0.0/8, 2001:db8::/32]\n"
				  "allow: {clients: 10.0.9.1, tenants: [SharePoint:Contoso, acme]}\n"
				  "metrics: {listen: '[::1]:0'}\n"
				  "findings: {syslog: /dev/log}\n"
				  "records: {syslog: 'tcp://[2001:db8::1]:514'}\n");
	cr_expect_eq(t.count, 0, "%u: %s", t.line, t.text);
	cr_expect_eq(c.home.count, 2);
	config_fini(&c);
	config_init(&c);
	t = parse(&c, "filter: ''\nmetrics: {listen: ''}\nfindings: {syslog: }\n");
	cr_expect_eq(t.count, 0, "nothing is a value, too: %s", t.text);
	t = parse(&c, "filter: wlan type data\n");
	cr_expect_eq(t.count, 0, "there are interfaces for that: %s", t.text);
	config_fini(&c);
}

Test(config, mistakes_are_told_with_their_lines_and_the_rest_holds)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *part;
	} cases[] = {
		{"strict: yes\nruels: x\n", 2, "ruels"},
		{"strict: maybe\n", 1, "yes or no"},
		{"thresholds:\n  A: much\n", 2, "thresholds.A"},
		{"thresholds: 1M\n", 1, "thresholds: is a map"},
		{"detectors: on\n", 1, "detectors: is a map"},
		{"thresholds:\n  E: 1M\n", 2, "thresholds.E"},
		{"rules: {a: b}\n", 1, "rules"},
		{"strict: [yes]\n", 1, "one value"},
		{"detectors:\n  burst:\n    upload-a: -1\n", 3, "burst.upload-a"},
		{"detectors:\n  nothing: 1\n", 2, "nothing"},
		{"lists: [a]\n", 1, "lists"},
		{"workers: 2\nfilter: host and\n", 2, "filter: "},
		{"home-networks: [10.0.0.0/8,\n  10.0.0.0/99]\n", 2, "home-networks: "},
		{"allow:\n  clients: [10.0.0.1/8]\n", 2, "allow.clients: "},
		{"allow: {servers: [nowhere]}\n", 1, "allow.servers: "},
		{"allow: {services: ['']}\n", 1, "allow.services: "},
		{"allow: {tenants: [box, 'nokind:x']}\n", 1, "allow.tenants: "},
		{"own-tenants: ['sharepoint:']\n", 1, "own-tenants: "},
		{"metrics: {listen: localhost}\n", 1, "metrics.listen: "},
		{"findings:\n  syslog: ftp://x\n", 2, "findings.syslog: "},
		{"records: {syslog: 'udp://x:y'}\n", 1, "records.syslog: "},
		{"ring-size: 3G\n", 1, "ring-size"},
		{"- a\n- b\n", 1, "map"},
		{"a: [\n", 0, ""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config c;
		config_init(&c);
		struct told t = parse(&c, cases[i].text);
		cr_expect_eq(t.count, 1, "case %zu: %d problems", i, t.count);
		if (cases[i].line)
			cr_expect_eq(t.line, cases[i].line, "case %zu: line %u", i, t.line);
		cr_expect(strstr(t.text, cases[i].part), "case %zu: %s", i, t.text);
		config_fini(&c);
	}
}

static char *dump(const struct config *c)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	config_dump(c, f);
	fclose(f);
	return text;
}

Test(config, what_is_dumped_reads_back_the_same)
{
	struct config c, again;

	config_init(&c);
	parse(&c, "rules: [it's, b]\nthresholds: {C: 3G}\nlists: {x: [a, 'b c']}\n"
		  "detectors: {cusum: {alarm: 7.5}, hoard: {enabled: off}}\nstrict: true\n");
	char *first = dump(&c);
	config_init(&again);
	struct told t = parse(&again, first);
	cr_assert_eq(t.count, 0, "%u: %s\n%s", t.line, t.text, first);
	char *second = dump(&again);
	cr_expect_str_eq(first, second);
	cr_expect_eq(again.threshold[2], UINT64_C(3000000000));
	cr_expect_eq(again.detectors.cusum_alarm, 7.5);
	free(first);
	free(second);
	config_fini(&c);
	config_fini(&again);
}

Test(config, numbers_times_and_words_of_the_daemon)
{
	struct config c;

	config_init(&c);
	cr_expect_eq(c.window, 86400 * UINT64_C(1000000000));
	cr_expect_eq(c.rotate_size, UINT64_MAX);
	cr_expect_eq(c.rotate_interval, 0);
	cr_expect_eq(c.fanout, 0);
	cr_expect(c.promiscuous);
	struct told t = parse(&c, "workers: 4\n"
				  "ring-size: 128M\n"
				  "fanout: hash\n"
				  "rotate: {interval: 1h30m, size: never, keep: 3}\n"
				  "log-level: debug\n");
	cr_assert_eq(t.count, 0, "%u: %s", t.line, t.text);
	cr_expect_eq(c.workers, 4);
	cr_expect_eq(c.ring_size, 128000000);
	cr_expect_eq(c.fanout, 1);
	cr_expect_eq(c.rotate_interval, 5400 * UINT64_C(1000000000));
	cr_expect_eq(c.rotate_keep, 3);
	cr_expect_eq(c.log_level, 4);
	config_fini(&c);
}

Test(config, what_is_out_of_range_is_told_and_not_taken)
{
	static const char *const wrong[] = {"workers: 65",	    "workers: -1",
					    "workers: two",	    "fanout: flow",
					    "ring-size: 10",	    "ring-size: never",
					    "state-interval: 0s",   "state-interval: never",
					    "rotate.interval: 5",   "threshold-window: 99999999w",
					    "log-level: ''",	    "promiscuous: maybe"};
	struct config c;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		config_init(&c);
		struct told t = parse(&c, wrong[i]);
		cr_expect_eq(t.count, 1, "%s", wrong[i]);
		cr_expect_eq(t.line, 1);
		cr_expect_eq(c.workers, 0);
		cr_expect_eq(c.state_interval, 300 * UINT64_C(1000000000));
		config_fini(&c);
	}
}
