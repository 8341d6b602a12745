/* The daemon as the control socket and the metrics see it. */
#include "daemon/serve_inner.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/explain.h"
#include "daemon/stats_record.h"

static void overview(void *context, struct overview *out)
{
	serve_overview(context, out);
}

static const char *health(void *context)
{
	return serve_problem(context);
}

struct errand {
	struct serve *s;
	errand_fn *fn;
	errand_done *done;
	void *arg;
};

static void over(void *context)
{
	struct errand *e = context;

	e->done(e->arg);
	free(e);
}

static void run(void *context, struct generation *now)
{
	struct errand *e = context;

	e->fn(e->arg, now->analyst);
	loop_post(&e->s->control, over, e);
}

static void ask(void *context, errand_fn *fn, errand_done *done, void *arg)
{
	struct serve *s = context;
	struct errand *e = mem_alloc(sizeof *e);

	*e = (struct errand){s, fn, done, arg};
	analysis_ask(s->analysis, run, e);
}

static const char *service_called(void *context, struct str name)
{
	const struct serve *s = context;

	return analysis_service(s->analysis, name);
}

static bool set_log_level(void *context, const char *word)
{
	struct serve *s = context;
	enum log_level level;

	if (!log_level_of(word, &level))
		return false;
	s->log.level = level;
	return true;
}

static void stop(void *context)
{
	loop_leave(&((struct serve *)context)->control);
}

struct explaining {
	struct serve *s;
	struct str what;
	struct bytes *out;
	command_told *told;
	void *arg;
	char *text;
	size_t n;
	bool failed;
	struct error e;
};

static void explained(void *context)
{
	struct explaining *x = context;

	bytes_add(x->out, x->text, x->n);
	x->told(x->arg, x->failed ? &x->e : NULL);
	free(x->text);
	free(x);
}

static void explain_there(void *context, struct generation *now)
{
	static const struct logsource as;
	struct explaining *x = context;
	FILE *out = open_memstream(&x->text, &x->n);

	if (out) {
		x->failed = explain(now, &as, x->what, out, &x->e) != 0;
		fclose(out);
	} else {
		x->failed = error_set(&x->e, "out of memory") != 0;
	}
	loop_post(&x->s->control, explained, x);
}

static void explain_it(void *context, struct str what, struct bytes *out, command_told *told,
		       void *arg)
{
	struct serve *s = context;
	struct explaining *x = mem_zalloc(sizeof *x);

	*x = (struct explaining){.s = s, .what = what, .out = out, .told = told, .arg = arg};
	analysis_ask(s->analysis, explain_there, x);
}

int serve_open_control(struct serve *s, struct error *e)
{
	const struct config *c = &s->config;
	struct metrics_options m = {
		.listen = c->metrics_listen, .overview = overview, .health = health, .context = s};
	struct control_options o = {.path = c->control_socket,
				    .group = c->control_group,
				    .answer = command_answer,
				    .context = &s->env};

	s->env = (struct command_env){.context = s,
				      .overview = overview,
				      .ask = ask,
				      .service = service_called,
				      .reload = serve_reload,
				      .reopen = serve_reopen,
				      .set_log_level = set_log_level,
				      .explain = explain_it,
				      .stop = stop};
	if (o.path && *o.path && !(s->socket = control_open(s->control.base, &o, e)))
		return -1;
	if (m.listen && *m.listen && !(s->metrics = metrics_open(s->control.base, &m, e)))
		return -1;
	return 0;
}

void serve_close_control(struct serve *s)
{
	if (s->socket)
		control_close(s->socket);
	if (s->metrics)
		metrics_close(s->metrics);
	s->socket = NULL;
	s->metrics = NULL;
}

void serve_put_stats(struct serve *s)
{
	char *line = mem_alloc(STATS_RECORD_MAX);
	struct overview *now = mem_alloc(sizeof *now);

	serve_overview(s, now);
	analysis_put_line(s->analysis, line, stats_record(s->counted, now, line, STATS_RECORD_MAX));
	free(line);
	free(s->counted);
	s->counted = now;
}
