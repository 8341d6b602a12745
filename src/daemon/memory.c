#include "daemon/memory.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/live.h"
#include "capture/source.h"
#include "core/limits.h"
#include "core/state.h"
#include "daemon/control.h"
#include "daemon/cpus.h"
#include "daemon/metrics.h"
#include "daemon/overview.h"
#include "daemon/pipe.h"
#include "daemon/worker.h"
#include "event/line_in.h"
#include "output/findings_table.h"
#include "output/outlet.h"
#include "output/sink.h"
#include "sensor/sensor.h"

/* What nobody counts: libraries' own buffers, threads' stacks and heaps, and what the allocator
 * cannot give to others: a part of what it was asked for. */
#define SLACK	     (24 * MIB)
#define SLACK_THREAD MIB
#define SLACK_PART   32
/* Compiling patterns takes more than loading what was compiled: of 10,000 rules 200 MB, not 113 */
#define COMPILING 3

uint64_t memory_resident(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* (getrusage would tell of whoever started the process as well) */
uint64_t memory_peak(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib ? kib * 1024 : memory_resident();
}

static bool set(const char *text)
{
	return text && *text;
}

struct memory_counts memory_counts_of(const struct options *o, const struct config *c)
{
	struct memory_counts n = {
		.interfaces =
			(unsigned)(o->interfaces.count ? o->interfaces.count : c->interfaces.count),
		.workers = o->workers ? o->workers : (unsigned)c->workers};
	unsigned cpus = cpus_count();

	if (!n.interfaces)
		n.interfaces = 1;
	if (!n.workers)
		n.workers = cpus > 2 ? cpus - 1 : 1;
	if (n.workers > OVERVIEW_WORKERS_MAX)
		n.workers = OVERVIEW_WORKERS_MAX;
	n.outlets = set(c->findings_file) + set(c->findings_syslog) + c->findings_journal +
		    (set(c->records_file) || o->records) + set(c->records_syslog);
	if (!n.outlets)
		n.outlets = 1; /* standard output */
	return n;
}

static void add_slack(struct budget *b, unsigned threads)
{
	budget_add(b, "allocator, stacks, libraries", "1/32 of the rest, and 24 MiB",
		   budget_total(b) / SLACK_PART + SLACK + (uint64_t)threads * SLACK_THREAD);
}

void memory_replay(const struct generation *g, bool events, uint64_t loaded, struct budget *b)
{
	struct sensor_settings s = {.flow = flow_settings_default};

	budget_add(b, "program, lists, rules", "measured now", loaded);
	if (events)
		budget_add(b, "lines that are read", "fixed", line_in_memory());
	else
		sensor_memory(&s, b);
	analyst_memory(g->analyst, false, b);
	budget_add(b, "captures, output", "each capture read at a time: more",
		   source_memory() + sink_memory() + findings_table_memory());
	if (set(g->config.state))
		budget_add(b, "state when saved", "state", LIMIT_STATE);
	add_slack(b, 1);
}

/* Answers of the control socket and of the metrics' port: made, and copied to be sent. */
static uint64_t asked_memory(void)
{
	return CONTROL_CLIENTS_MAX * (2 * (uint64_t)CONTROL_ANSWER_MAX + 2 * CONTROL_LINE_MAX) +
	       METRICS_CLIENTS_MAX * (2 * (uint64_t)METRICS_TEXT_MAX + METRICS_HEAD_MAX +
				      sizeof(struct overview));
}

static void add_worker(const struct config *c, const struct memory_counts *n, struct budget *b)
{
	struct sensor_settings s = {.flow = flow_settings_default};
	struct budget one = {0};

	s.flow.flows_max = LIMIT_FLOWS / n->workers;
	sensor_memory(&s, &one);
	budget_add(&one, "records that wait", "record-ring, workers",
		   worker_memory(pipe_size(c->record_ring)));
	budget_add(&one, "rings of interfaces", "ring-size, snaplen, workers, interfaces",
		   n->interfaces * live_memory(c->ring_size, (uint32_t)c->snaplen));
	budget_join(b, &one, n->workers);
}

void memory_daemon(const struct generation *g, const struct memory_counts *n, uint64_t loaded,
		   struct budget *b)
{
	const struct config *c = &g->config;

	budget_add(b, "program, lists, rules", "measured now", loaded);
	budget_add(b, "the same, reloaded", "measured now; what compiling may add",
		   COMPILING * loaded);
	add_worker(c, n, b);
	analyst_memory(g->analyst, true, b);
	budget_add(b, "lines that wait", "queue-size, outlets",
		   n->outlets * outlet_memory(c->queue_size));
	budget_add(b, "control socket, metrics", "fixed", asked_memory());
	if (set(c->state))
		budget_add(b, "state when saved", "state", LIMIT_STATE);
	add_slack(b, 3 + n->workers + n->outlets);
}

static const struct budget_line *line_of(const struct budget *b, const char *part)
{
	for (unsigned i = 0; i < b->count; i++)
		if (strcmp(b->line[i].part, part) == 0)
			return &b->line[i];
	return NULL;
}

static void put_bytes(const struct budget_line *l, FILE *out)
{
	if (l)
		fprintf(out, " %9.1f", (double)l->bytes / MIB);
	else
		fprintf(out, " %9s", "-");
}

static void put_line(const struct budget *a, const struct budget *b, const char *part, FILE *out)
{
	const struct budget_line *x = line_of(a, part), *y = line_of(b, part);

	fprintf(out, "  %-30s", part);
	put_bytes(x, out);
	put_bytes(y, out);
	fprintf(out, "  %s\n", y ? y->set_by : x->set_by);
}

void memory_print(const struct budget *replay, const struct budget *daemon,
		  const struct memory_counts *n, FILE *out)
{
	fprintf(out, "\nmemory, at most (MiB):          replay    daemon  set by\n");
	for (unsigned i = 0; i < daemon->count; i++)
		put_line(replay, daemon, daemon->line[i].part, out);
	for (unsigned i = 0; i < replay->count; i++)
		if (!line_of(daemon, replay->line[i].part))
			put_line(replay, daemon, replay->line[i].part, out);
	struct budget_line sum[2] = {{.bytes = budget_total(replay)},
				     {.bytes = budget_total(daemon)}};
	fprintf(out, "  %-30s", "total");
	put_bytes(&sum[0], out);
	put_bytes(&sum[1], out);
	fprintf(out, "  %u worker%s, %u interface%s, %u outlet%s\n", n->workers,
		n->workers == 1 ? "" : "s", n->interfaces, n->interfaces == 1 ? "" : "s",
		n->outlets, n->outlets == 1 ? "" : "s");
}
