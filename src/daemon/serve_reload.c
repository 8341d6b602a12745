/* Another generation of configuration, lists and rules, made beside the running one. */
#include "daemon/serve_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/notify.h"

struct attempt {
	struct serve *s;
	struct generation next;
	size_t refused; /* rules, in the generation in force */
	uint64_t config_problems;
	bool done;
	char problem[256], rule[200]; /* the first of each */
};

static void tell(void *context, const char *file, unsigned line, const char *rule, const char *text)
{
	struct attempt *a = context;
	char at[16] = "";

	if (line) /* else it is the file as a whole */
		snprintf(at, sizeof at, ":%u", line);
	if (!rule && a->config_problems++ == 0)
		snprintf(a->problem, sizeof a->problem, "%.100s%s: %.100s", file, at, text);
	if (rule && !a->rule[0])
		snprintf(a->rule, sizeof a->rule, "%.100s%s: %.60s", file, at, text);
	log_say(&a->s->log, LOG_LEVEL_WARNING, "%s%s: %s%s%s", file, at, rule ? rule : "",
		rule ? ": " : "", text);
}

static void fail(struct attempt *a, const char *text)
{
	if (!a->problem[0])
		snprintf(a->problem, sizeof a->problem, "%.250s", text);
}

/* What Landlock was entered with cannot be widened. */
static bool in_reach(struct attempt *a, const struct config_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (a->s->config.sandbox && !sandbox_allows(&a->s->sandbox, l->text[i])) {
			snprintf(
				a->problem, sizeof a->problem,
				"%.160s lies outside of what the sandbox was started with; restart",
				l->text[i]);
			return false;
		}
	return true;
}

/* So that nobody waits for what does not come. */
static void tell_waiting(struct attempt *a)
{
	char keys[400];

	if (config_wait(&a->s->config, &a->next.config, keys, sizeof keys))
		log_say(&a->s->log, LOG_LEVEL_WARNING, "changed, but waits for a restart: %s",
			keys);
}

static bool load(struct attempt *a)
{
	struct error e;

	if (generation_load(&a->next, a->s->o, false, tell, a, &e)) {
		fail(a, e.text);
		return false;
	}
	if (a->config_problems)
		return false;
	/* a rule that was in force and is broken now must not vanish silently */
	if (a->next.rules && a->next.rules->refused > a->refused) {
		snprintf(a->problem, sizeof a->problem, "more rules are refused than before: %s",
			 a->rule);
		return false;
	}
	return in_reach(a, &a->next.config.rules) && in_reach(a, &a->next.config.domains);
}

static void ended(void *context);
static void begin(struct serve *s);

static void attempt(void *context)
{
	struct attempt *a = context;

	if (load(a)) {
		tell_waiting(a);
		a->refused = a->next.rules ? a->next.rules->refused : 0;
		a->s->log.level = (int)a->next.config.log_level + LOG_LEVEL_ERROR;
		a->done = analysis_swap(a->s->analysis, &a->next);
		if (!a->done)
			fail(a, "the analyst did not answer");
	}
	generation_free(&a->next);
	loop_post(&a->s->control, ended, a);
}

/* And those who asked meanwhile wait for the next one. */
static void tell_waiters(struct serve_reload *r, const char *problem)
{
	struct error e;

	if (problem)
		error_set(&e, "%s", problem);
	for (unsigned i = 0; i < r->waiters[0]; i++)
		r->waiting[0][i].told(r->waiting[0][i].arg, problem ? &e : NULL);
	memcpy(r->waiting[0], r->waiting[1], sizeof r->waiting[0]);
	r->waiters[0] = r->waiters[1];
	r->waiters[1] = 0;
}

static void ended(void *context)
{
	struct attempt *a = context;
	struct serve *s = a->s;
	struct serve_reload *r = &s->reload;
	bool again = r->again;

	r->running = r->again = false;
	if (s->stopping) {
		tell_waiters(r, "the daemon is stopping");
		free(a);
		return;
	}
	memcpy(r->problem, a->problem, sizeof r->problem);
	if (a->done) {
		r->generation++;
		r->loaded = clock_wall();
		r->refused = a->refused;
		for (unsigned i = 0; i < s->workers; i++)
			worker_set_rare_dns(s->worker[i], analysis_wants_dns_text(s->analysis));
		log_say(&s->log, LOG_LEVEL_NOTICE, "configuration, lists and rules are read again");
	} else {
		r->failures++;
		log_say(&s->log, LOG_LEVEL_ERROR, "not reloaded, the old rules stay in force: %s",
			a->problem);
	}
	notify_ready();
	tell_waiters(r, a->done ? NULL : a->problem);
	free(a);
	if (again)
		begin(s);
}

static void begin(struct serve *s)
{
	struct attempt *a = mem_zalloc(sizeof *a);

	notify_reloading();
	s->reload.running = true;
	a->s = s;
	a->refused = s->reload.refused;
	loop_post(&s->background, attempt, a);
}

void serve_reload(void *context, command_told *told, void *arg)
{
	struct serve *s = context;
	struct serve_reload *r = &s->reload;
	struct error e;

	if (s->stopping || (told && r->waiters[r->running] == CONTROL_CLIENTS_MAX)) {
		error_set(&e, s->stopping ? "the daemon is stopping" : "too many wait for it");
		if (told)
			told(arg, &e);
		return;
	}
	if (told)
		r->waiting[r->running][r->waiters[r->running]++] = (struct waiter){told, arg};
	if (r->running)
		r->again = true;
	else
		begin(s);
}

int serve_load(struct serve *s, struct generation *g, struct error *e)
{
	struct attempt a = {.s = s};
	int failed = generation_load(g, s->o, false, tell, &a, e);

	/* it outlives this call */
	g->problem = NULL;
	g->context = NULL;
	if (!failed && a.config_problems)
		failed = error_set(e, "%s", a.problem);
	s->reload.generation = 1;
	s->reload.loaded = clock_wall();
	s->reload.refused = g->rules ? g->rules->refused : 0;
	return failed;
}
