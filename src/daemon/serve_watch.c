/* What the daemon looks at once a second, and what it says of itself. */
#include "daemon/memory.h"
#include "daemon/serve_inner.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/limits.h"
#include "daemon/notify.h"

#define STUCK (10 * NS_PER_S) /* without a beat of a thread */

/* All members of an interface together. */
static void add_counts(struct live_counts *sum, const struct live_counts *c)
{
	sum->received += c->received;
	sum->ring_lost += c->ring_lost;
	sum->nic_lost += c->nic_lost;
}

static void sum_counts(struct serve *s, struct live_counts sum[OVERVIEW_INTERFACES_MAX])
{
	memset(sum, 0, OVERVIEW_INTERFACES_MAX * sizeof *sum);
	for (unsigned w = 0; w < s->workers; w++) {
		struct worker_view v;
		worker_look(s->worker[w], &v);
		for (unsigned i = 0; i < s->interfaces; i++)
			add_counts(&sum[i], &v.interface[i]);
	}
}

/* Findings of this second say what share of it was lost. */
static void tell_loss(struct serve *s, const struct live_counts sum[OVERVIEW_INTERFACES_MAX])
{
	struct analyst_loss l = {.start = s->looked, .end = clock_wall()};
	uint64_t received = 0, lost = 0;

	for (unsigned i = 0; i < s->interfaces; i++) {
		received += sum[i].received + sum[i].nic_lost;
		lost += sum[i].ring_lost + sum[i].nic_lost;
	}
	l.packets = received - s->received;
	l.lost = lost - s->lost;
	if (s->looked && received >= s->received && lost >= s->lost && l.packets)
		analysis_note_loss(s->analysis, &l);
	s->received = received;
	s->lost = lost;
	s->looked = l.end;
}

/* Whether every thread on the way of a packet has moved since it was looked at last. */
static void watch_beats(struct serve *s)
{
	bool all = true;

	for (unsigned i = 0; i <= s->workers; i++) {
		uint64_t beats =
			i < s->workers ? worker_beats(s->worker[i]) : analysis_beats(s->analysis);
		all &= beats != s->beats[i];
	}
	if (!all)
		return;
	for (unsigned i = 0; i <= s->workers; i++)
		s->beats[i] =
			i < s->workers ? worker_beats(s->worker[i]) : analysis_beats(s->analysis);
	s->alive = clock_steady();
}

const char *serve_problem(const struct serve *s)
{
	if (clock_steady() - s->alive > STUCK)
		return "a thread makes no progress";
	return links_problem(&s->links);
}

static void tell_manager(struct serve *s)
{
	const char *problem = serve_problem(s);
	char text[160];

	snprintf(text, sizeof text, "%u interface%s, %u worker%s, generation %llu%s%s",
		 s->interfaces, s->interfaces == 1 ? "" : "s", s->workers,
		 s->workers == 1 ? "" : "s", (unsigned long long)s->reload.generation,
		 problem ? "; " : "", problem ? problem : "");
	notify_status(text);
	if (clock_steady() - s->alive <= STUCK)
		notify_alive();
}

void serve_tick(struct serve *s)
{
	struct live_counts sum[OVERVIEW_INTERFACES_MAX];

	sum_counts(s, sum);
	links_tick(&s->links, sum);
	tell_loss(s, sum);
	watch_beats(s);
	tell_manager(s);
}

static void look_at_workers(struct serve *s, struct overview *out)
{
	struct live_counts sum[OVERVIEW_INTERFACES_MAX] = {0};

	out->workers = s->workers;
	for (unsigned w = 0; w < s->workers; w++) {
		struct worker_view v;
		worker_look(s->worker[w], &v);
		stats_add(&out->stats, &v.stats);
		out->updates_put_off += v.put_off;
		out->worker[w] = (struct overview_worker){.packets = v.stats.packets,
							  .records = v.records,
							  .ring_used = v.ring_used,
							  .ring_size = v.ring_size,
							  .mark = v.mark};
		for (unsigned k = 0; k < RECORD_KINDS; k++)
			out->records_lost[k] += v.lost[k];
		for (unsigned i = 0; i < s->interfaces; i++)
			add_counts(&sum[i], &v.interface[i]);
	}
	out->interfaces = s->interfaces;
	for (unsigned i = 0; i < s->interfaces; i++) {
		const struct link *k = &s->links.link[i];
		struct overview_interface *to = &out->interface[i];
		*to = (struct overview_interface){.open = k->open,
						  .quiet = k->quiet,
						  .received = sum[i].received,
						  .ring_lost = sum[i].ring_lost,
						  .nic_lost = sum[i].nic_lost,
						  .reopened = k->reopened};
		memcpy(to->name, k->name, sizeof to->name);
	}
}

static void look_at_analyst(struct serve *s, struct overview *out)
{
	struct analysis_view v;

	analysis_look(s->analysis, &v);
	out->records_taken = v.taken;
	out->records_late = v.late;
	out->bytes_unattributed = v.unattributed;
	memcpy(out->unattributed, v.unattributed_by, sizeof out->unattributed);
	out->delay = v.delay;
	out->depth = v.depth;
	out->analyst = v.summary;
	out->services = v.services;
	out->rules = v.rules;
	out->correlations = v.correlations;
	out->rules_refused = v.refused;
	out->state_failures = v.state_failures;
	out->unsaved = v.unsaved;
}

void serve_overview(struct serve *s, struct overview *out)
{
	*out = (struct overview){.version = PACKAGE_VERSION,
				 .now = clock_wall(),
				 .started = s->started,
				 .generation = s->reload.generation,
				 .loaded = s->reload.loaded,
				 .reload_failures = s->reload.failures,
				 .memory = memory_resident(),
				 .memory_bound = s->memory_bound,
				 .cpu = clock_cpu(),
				 .seccomp = s->confined.seccomp,
				 .landlock = s->confined.landlock};
	memcpy(out->reload_problem, s->reload.problem, sizeof out->reload_problem);
	look_at_workers(s, out);
	look_at_analyst(s, out);
	out->outlets = s->outlets.count;
	for (unsigned i = 0; i < s->outlets.count; i++) {
		out->outlet[i].name = s->outlets.name[i];
		outlet_count(s->outlets.all[i], &out->outlet[i].counts);
	}
}
