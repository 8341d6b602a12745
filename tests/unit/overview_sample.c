#include "overview_sample.h"

#include <stdio.h>
#include <string.h>

#define MINUTE UINT64_C(60000000000)
#define START  UINT64_C(1772409600000000000)

static void add_interface(struct overview *o, const char *name, uint64_t n)
{
	struct overview_interface *i = &o->interface[o->interfaces++];

	snprintf(i->name, sizeof i->name, "%s", name);
	i->open = true;
	i->received = 100000 * n;
	i->ring_lost = 30 * n;
	i->nic_lost = 7 * n;
	i->reopened = n / 10;
}

static void add_outlet(struct overview *o, const char *name, uint64_t n)
{
	o->outlet[o->outlets].name = name;
	o->outlet[o->outlets++].counts = (struct outlet_counts){
		.lines = 11 * n, .bytes = 5000 * n, .lost = n / 5, .errors = n / 6, .queued = 17};
}

static void analyst(struct analyst_summary *a, uint64_t n)
{
	a->up = 9000 * n;
	for (unsigned i = 0; i <= NAME_CERT; i++)
		a->up_by_source[i] = (1000 + i) * n;
	a->up_to_services = 4000 * n;
	a->connections = 55 * n;
	a->named = 44 * n;
	a->names_evicted = 2 * n;
	a->accounts_refused = 3 * n;
	a->flows_untracked = 4 * n;
	a->rule_findings = 5 * n;
	a->findings_refused = 6 * n;
	a->correlation_evicted = 7 * n;
	a->regex_limit = 8 * n;
}

void overview_sample(struct overview *o, unsigned minute)
{
	uint64_t n = minute + 1;

	*o = (struct overview){.version = "0.1.0", .started = START, .now = START + minute * MINUTE};
	for (unsigned i = 0; i < stat_count; i++)
		((uint64_t *)&o->stats)[i] = (1000 + i) * n;
	o->workers = 2;
	for (unsigned i = 0; i < o->workers; i++)
		o->worker[i] = (struct overview_worker){.packets = (50000 + i) * n,
							.records = (600 + i) * n,
							.ring_used = 4096 + i,
							.ring_size = 1 << 24,
							.mark = o->now - i};
	add_interface(o, "eth0", n);
	add_interface(o, "eth1", 2 * n);
	add_outlet(o, "findings.file", n);
	add_outlet(o, "records.syslog", 2 * n);
	o->records_taken = 1200 * n;
	for (unsigned k = 0; k < RECORD_KINDS; k++)
		o->records_lost[k] = (10 + k) * n;
	o->records_late = 9 * n;
	o->updates_put_off = 8 * n;
	o->bytes_unattributed = 77 * n;
	o->unattributed[0] = (struct overview_client){
		.client = addr_v4((const uint8_t[]){10, 0, 0, 9}), .up = 50 * n, .down = n, .records = n};
	o->unattributed[1] = (struct overview_client){.up = 27 * n, .records = 2 * n};
	o->delay.least = 1000000;
	o->depth.least = 4096;
	for (unsigned i = 0; i < 100 * n; i++) {
		histogram_add(&o->delay, (uint64_t)i * i * 100000);
		histogram_add(&o->depth, (uint64_t)i * 1000);
	}
	analyst(&o->analyst, n);
	o->generation = 3;
	o->loaded = START + 5;
	o->reload_failures = n / 3;
	o->state_failures = n / 2;
	o->unsaved = true;
	o->services = 567;
	o->rules = 321;
	o->correlations = 12;
	o->rules_refused = 1;
	o->memory = 123456789;
	o->cpu = 1234567890 * n;
	o->seccomp = true;
	o->landlock = 3;
}

void overview_sample_full(struct overview *o)
{
	overview_sample(o, 1);
	o->workers = OVERVIEW_WORKERS_MAX;
	while (o->interfaces < OVERVIEW_INTERFACES_MAX)
		add_interface(o, "a\"b\\\n\xff" "c", 1);
	while (o->outlets < OVERVIEW_OUTLETS_MAX)
		add_outlet(o, "records.file", 1);
	o->interface[1].open = false;
	o->interface[2].quiet = true;
	o->outlet[1].counts.failing = true;
	strcpy(o->outlet[1].counts.problem, "connection \"refused\"\n");
	strcpy(o->reload_problem, "egret.yaml:3: no key \"ruels\"");
	memset(&o->stats, 0x7f, sizeof o->stats);
}
