#include "daemon/analysis.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/limits.h"
#include "core/state.h"
#include "daemon/lineup.h"
#include "output/finding_json.h"
#include "output/finding_note.h"
#include "output/record_json.h"
#include "output/sysmon.h"

#define BUDGET	  20000 /* records before others get a turn */
#define PULL_MS	  10	/* between two looks into the rings: they are not polled by packets */
#define TELL_MS	  1000
#define ANSWER_NS (5 * NS_PER_S)

struct analysis {
	struct analysis_options o;
	struct loop loop;
	struct event *pull, *tell, *save;
	struct lineup lineup;
	struct generation now;
	struct record_json json;
	struct sysmon_out *sysmon; /* NULL: records are written as our own */
	bool saving;		   /* a state is on its way to the disk */
	_Atomic bool unsaved;	   /* the last one did not get there */
	_Atomic uint64_t state_failures;
	struct analysis_view live; /* the thread's own */
	pthread_mutex_t lock;	   /* of view */
	struct analysis_view view;
	char line[RECORD_JSON_MAX];
};

_Static_assert(RECORD_JSON_MAX >= FINDING_JSON_MAX && RECORD_JSON_MAX >= SYSMON_JSON_MAX,
	       "one line fits, whatever it tells");

/* ---- what goes out ---- */

static void put_record(void *context, const struct record *r)
{
	struct analysis *a = context;
	size_t n = a->sysmon ? sysmon_json(a->sysmon, r, a->line, sizeof a->line)
			     : record_json(&a->json, r, a->line, sizeof a->line);

	for (unsigned i = 0; n && i < a->o.record_outlets; i++)
		outlet_put(a->o.records[i], a->line, n, NULL);
}

static void put_finding(void *context, const struct finding *f)
{
	struct analysis *a = context;
	struct finding_note note;
	size_t n = finding_json(f, a->line, sizeof a->line);

	a->live.findings += f->told == 0;
	finding_note(f, &note);
	for (unsigned i = 0; i < a->o.finding_outlets; i++)
		outlet_put(a->o.findings[i], a->line, n, &note.note);
}

static void tell_findings(struct analysis *a, bool all)
{
	const struct config *c = &a->now.config;
	struct analyst_telling telling = {.interval = c->tell_interval,
					  .growth = (double)c->tell_growth};
	uint64_t now = lineup_mark(&a->lineup);

	if (all) /* the last word of this run: whatever has changed */
		telling.interval = 0;
	analyst_tell(a->now.analyst, now == UINT64_MAX ? clock_wall() : now, &telling, put_finding,
		     a);
}

/* ---- what comes in ---- */

static void note_unattributed(struct analysis *a, const struct pipe_loss *l)
{
	struct overview_client *by = a->live.unattributed_by;
	unsigned i = 0, least = 0;

	a->live.unattributed += l->up;
	for (; i < OVERVIEW_CLIENTS_MAX && by[i].records; i++) {
		if (addr_eq(&by[i].client, &l->client))
			break;
		least = by[i].up < by[least].up ? i : least;
	}
	if (i == OVERVIEW_CLIENTS_MAX) {
		if (by[least].up >= l->up)
			return;
		i = least;
		by[i] = (struct overview_client){0};
	}
	by[i].client = l->client;
	by[i].up += l->up;
	by[i].down += l->down;
	by[i].records += l->records;
}

static bool take_some(struct analysis *a)
{
	uint64_t now = clock_wall();

	for (unsigned i = 0; i < BUDGET; i++) {
		struct pipe_message m = lineup_next(&a->lineup);
		if (m.kind == PIPE_NOTHING)
			return false;
		if (m.kind == PIPE_LOSS) {
			note_unattributed(a, m.loss);
			continue;
		}
		a->live.taken++;
		histogram_add(&a->live.delay, now > m.record->time ? now - m.record->time : 0);
		analyst_take(a->now.analyst, m.record);
	}
	return true;
}

static void publish(struct analysis *a)
{
	struct analysis_view *v = &a->live;

	v->late = a->lineup.late;
	v->summary = analyst_summary(a->now.analyst);
	v->services = domain_set_services(a->now.set);
	v->rules = a->now.rules ? a->now.rules->rules->rule_count : 0;
	v->correlations = a->now.rules ? a->now.rules->rules->correlation_count : 0;
	v->refused = a->now.rules ? a->now.rules->refused : 0;
	pthread_mutex_lock(&a->lock);
	a->view = *v;
	pthread_mutex_unlock(&a->lock);
}

static void arm(struct event *e, unsigned ms)
{
	event_add(e, &(struct timeval){.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000});
}

static void pull(evutil_socket_t fd, short what, void *context)
{
	struct analysis *a = context;
	uint64_t depth = 0, mark;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < a->o.pipe_count; i++)
		depth += ring_used(&a->o.pipes[i]->ring);
	histogram_add(&a->live.depth, depth);
	bool more = take_some(a);
	mark = lineup_mark(&a->lineup);
	if (!more && mark && mark != UINT64_MAX)
		analyst_tick(a->now.analyst, mark);
	arm(a->pull, more ? 0 : PULL_MS);
}

static void tell(evutil_socket_t fd, short what, void *context)
{
	struct analysis *a = context;

	(void)fd;
	(void)what;
	tell_findings(a, false);
	publish(a);
}

/* ---- what outlives it ---- */

static void load_state(struct analysis *a)
{
	struct state_section sections[ANALYST_SECTIONS];
	size_t n = analyst_sections(a->now.analyst, ANALYST_ALL, sections);
	struct error e;

	if (a->o.state && state_load(a->o.state, sections, n, &e) == STATE_REFUSED)
		log_say(a->o.log, LOG_LEVEL_WARNING, "%s: what was learned before is set aside",
			e.text);
}

struct saving {
	struct analysis *a;
	struct bytes file;
};

static void saved(void *context)
{
	((struct analysis *)context)->saving = false;
}

static void not_saved(struct analysis *a, const char *what, const char *why)
{
	log_say(a->o.log, LOG_LEVEL_ERROR, "%s%s", what, why);
	atomic_store(&a->unsaved, true);
	atomic_fetch_add(&a->state_failures, 1);
}

static void write_state(void *context)
{
	struct saving *s = context;
	struct error e;

	state_seal(&s->file);
	if (state_write(s->a->o.state, &s->file, &e))
		not_saved(s->a, "", e.text);
	else
		atomic_store(&s->a->unsaved, false);
	bytes_fini(&s->file);
	loop_post(&s->a->loop, saved, s->a);
	free(s);
}

/* (The disk takes them one after the other.) Encoding is this thread's, the disk is the
 * background's. */
static struct saving *encode_state(struct analysis *a)
{
	struct state_section sections[ANALYST_SECTIONS];
	size_t n = analyst_sections(a->now.analyst, ANALYST_ALL, sections);
	struct saving *s = mem_zalloc(sizeof *s);
	struct error e;

	s->a = a;
	if (state_gather(sections, n, &s->file, &e) == 0)
		return s;
	not_saved(a, "state is not saved: ", e.text);
	free(s);
	return NULL;
}

static void post_state(struct analysis *a)
{
	struct saving *s = encode_state(a);

	if (!s)
		return;
	a->saving = true;
	loop_post(a->o.background, write_state, s);
}

static void save(evutil_socket_t fd, short what, void *context)
{
	struct analysis *a = context;

	(void)fd;
	(void)what;
	if (!a->saving) /* else the disk is slow */
		post_state(a);
}

/* ---- life ---- */

static void start_generation(struct analysis *a, struct generation *g)
{
	struct analyst_options options = {
		.next = {.take = a->o.record_outlets ? put_record : NULL, .context = a},
		.strict = a->o.strict,
		.window = a->o.window};

	generation_start(g, &options);
}

static int add_events(struct analysis *a, struct error *e)
{
	static const struct timeval second = {.tv_sec = TELL_MS / 1000};
	struct timeval interval = {.tv_sec = (time_t)(a->o.state_interval / NS_PER_S)};

	a->pull = event_new(a->loop.base, -1, 0, pull, a);
	a->tell = event_new(a->loop.base, -1, EV_PERSIST, tell, a);
	a->save = event_new(a->loop.base, -1, EV_PERSIST, save, a);
	if (!a->pull || !a->tell || !a->save)
		return error_set(e, "no event loop: out of memory");
	arm(a->pull, PULL_MS);
	event_add(a->tell, &second);
	if (a->o.state && interval.tv_sec)
		event_add(a->save, &interval);
	return 0;
}

struct analysis *analysis_new(const struct analysis_options *o, const struct generation *first,
			      struct error *e)
{
	struct analysis *a = mem_zalloc(sizeof *a);

	a->o = *o;
	a->now = *first;
	a->live.delay.least = NS_PER_MS;
	a->live.depth.least = 1024;
	pthread_mutex_init(&a->lock, NULL);
	lineup_init(&a->lineup, o->pipes, o->pipe_count);
	if (o->format == FORMAT_SYSMON && o->record_outlets)
		a->sysmon = sysmon_new(NULL);
	start_generation(a, &a->now);
	load_state(a);
	publish(a);
	if (loop_init(&a->loop, e) || add_events(a, e)) {
		analysis_free(a);
		return NULL;
	}
	return a;
}

const struct generation *analysis_first(const struct analysis *a)
{
	return &a->now;
}

int analysis_start(struct analysis *a, struct error *e)
{
	return loop_start(&a->loop, "analyst", -1, e);
}

static void finish(void *context)
{
	struct analysis *a = context;

	while (take_some(a))
		;
	tell_findings(a, true);
	publish(a);
	if (a->o.state)
		post_state(a);
}

void analysis_stop(struct analysis *a)
{
	if (!a->loop.started)
		return;
	loop_post(&a->loop, finish, a);
	loop_stop(&a->loop);
}

void analysis_free(struct analysis *a)
{
	if (!a)
		return;
	if (a->pull)
		event_free(a->pull);
	if (a->tell)
		event_free(a->tell);
	if (a->save)
		event_free(a->save);
	loop_fini(&a->loop);
	lineup_fini(&a->lineup);
	generation_free(&a->now);
	sysmon_free(a->sysmon);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* ---- what others ask ---- */

struct question {
	struct analysis *a;
	analysis_question *ask;
	void *context;
};

static void answer(void *context)
{
	struct question *q = context;

	q->ask(q->context, &q->a->now);
	free(q);
}

void analysis_ask(struct analysis *a, analysis_question *ask, void *context)
{
	struct question *q = mem_alloc(sizeof *q);

	*q = (struct question){a, ask, context};
	loop_post(&a->loop, answer, q);
}

const char *analysis_service(const struct analysis *a, struct str name)
{
	const struct domain_set *set = a->now.set;

	for (unsigned i = 0; i < domain_set_services(set); i++) {
		const char *there = domain_set_service(set, i)->name;
		if (str_ieq(str_of(there), name))
			return there;
	}
	return NULL;
}

struct exchange {
	struct analysis *a;
	struct generation *next;
};

static void exchange(void *context)
{
	struct exchange *x = context;
	struct generation old = x->a->now;

	analyst_adopt(x->next->analyst, old.analyst);
	x->a->now = *x->next;
	*x->next = old;
	publish(x->a);
}

bool analysis_swap(struct analysis *a, struct generation *next)
{
	struct exchange x = {a, next};

	start_generation(a, next);
	return loop_call(&a->loop, exchange, &x, ANSWER_NS);
}

struct news {
	struct analysis *a;
	struct analyst_loss loss;
	size_t n;
	char line[];
};

static void take_loss(void *context)
{
	struct news *n = context;

	analyst_note_loss(n->a->now.analyst, &n->loss);
	free(n);
}

void analysis_note_loss(struct analysis *a, const struct analyst_loss *l)
{
	struct news *n = mem_zalloc(sizeof *n);

	n->a = a;
	n->loss = *l;
	loop_post(&a->loop, take_loss, n);
}

static void take_line(void *context)
{
	struct news *n = context;

	for (unsigned i = 0; i < n->a->o.record_outlets; i++)
		outlet_put(n->a->o.records[i], n->line, n->n, NULL);
	free(n);
}

void analysis_put_line(struct analysis *a, const char *line, size_t length)
{
	struct news *n = mem_zalloc(sizeof *n + length);

	n->a = a;
	n->n = length;
	memcpy(n->line, line, length);
	loop_post(&a->loop, take_line, n);
}

bool analysis_wants_dns_text(struct analysis *a)
{
	return a->o.record_outlets || analyst_wants_dns_text(a->now.analyst);
}

void analysis_look(struct analysis *a, struct analysis_view *out)
{
	pthread_mutex_lock(&a->lock);
	*out = a->view;
	pthread_mutex_unlock(&a->lock);
	out->state_failures = atomic_load(&a->state_failures);
	out->unsaved = atomic_load(&a->unsaved);
}

uint64_t analysis_beats(const struct analysis *a)
{
	return a->loop.beats;
}
