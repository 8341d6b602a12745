/* A daemon without packets, for the tests of egretctl and the metrics: control socket, metrics and
 * an analyst in a thread of its own that has heard of some uploads.
 *
 *	control_daemon SOCKET LIST-FILE
 *
 * Prints the port of the metrics, and ends with `egretctl stop`. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/command.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "unit/overview_sample.h"

struct daemon {
	struct loop control, listening; /* the second one is the analyst's */
	struct analyst *analyst;
	bool ill;
	/* a reload that goes on */
	struct event *reloaded;
	command_told *told;
	void *told_arg;
	unsigned reloads;
};

static void overview(void *context, struct overview *out)
{
	(void)context;
	overview_sample(out, 7);
}

static const char *health(void *context)
{
	return ((struct daemon *)context)->ill ? "made ill" : NULL;
}

struct errand {
	struct daemon *d;
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

static void there(void *context)
{
	struct errand *e = context;

	e->fn(e->arg, e->d->analyst);
	loop_post(&e->d->control, over, e);
}

static void ask(void *context, errand_fn *fn, errand_done *done, void *arg)
{
	struct daemon *d = context;
	struct errand *e = malloc(sizeof *e);

	*e = (struct errand){d, fn, done, arg};
	loop_post(&d->listening, there, e);
}

static void on_reloaded(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	struct error e;

	(void)fd, (void)what;
	error_set(&e, "egret.yaml:1: this is the second time");
	d->told(d->told_arg, d->reloads > 1 ? &e : NULL);
	d->told = NULL;
}

static void reload(void *context, command_told *told, void *arg)
{
	struct daemon *d = context;
	struct timeval t = {.tv_usec = 300000};
	struct error e;

	if (d->told) {
		error_set(&e, "a reload goes on already");
		told(arg, &e);
		return;
	}
	d->reloads++;
	d->told = told;
	d->told_arg = arg;
	event_add(d->reloaded, &t);
}

static void reopen(void *context, command_told *told, void *arg)
{
	struct error e;

	(void)context;
	error_set(&e, "findings.file: no space left");
	told(arg, &e);
}

static bool set_log_level(void *context, const char *word)
{
	((struct daemon *)context)->ill = strcmp(word, "error") == 0;
	return *word;
}

static void explain(void *context, struct str what, struct bytes *out, command_told *told, void *arg)
{
	(void)context;
	bytes_print(out, "[%.*s]\n", (int)what.n, what.p);
	told(arg, NULL);
}

static void stop(void *context)
{
	loop_leave(&((struct daemon *)context)->control);
}

static void upload(struct analyst *a, uint8_t client, const char *name, uint64_t up)
{
	struct record r = {.kind = RECORD_CONN, .time = UINT64_C(1700006400000000000)};
	static uint64_t flow;

	r.flow_id = ++flow;
	r.start = r.end = r.time;
	r.tuple.src = addr_v4((const uint8_t[]){10, 0, 0, client});
	r.tuple.dst = addr_v4((const uint8_t[]){203, 0, 113, 5});
	r.tuple.sport = 40000;
	r.tuple.dport = 443;
	r.tuple.proto = PROTO_TCP;
	r.flow = (struct record_flow){.name = str_of(name), .name_source = NAME_SNI, .app = APP_TLS};
	analyst_take(a, &r);
	r.flow.sequence = 1;
	r.flow.up.bytes = r.flow.delta_up = up;
	r.flow.end = END_CLOSED;
	analyst_take(a, &r);
}

static int fail(const struct error *e)
{
	fprintf(stderr, "control_daemon: %s\n", e->text);
	return 1;
}

static int run(struct daemon *d, const char *path)
{
	struct command_env env = {.context = d,
				  .overview = overview,
				  .ask = ask,
				  .reload = reload,
				  .reopen = reopen,
				  .set_log_level = set_log_level,
				  .explain = explain,
				  .stop = stop};
	struct control_options c = {.path = path, .answer = command_answer, .context = &env};
	struct metrics_options m = {
		.listen = "127.0.0.1:0", .overview = overview, .health = health, .context = d};
	struct error e;

	struct control *control = control_open(d->control.base, &c, &e);
	if (!control)
		return fail(&e);
	struct metrics *metrics = metrics_open(d->control.base, &m, &e);
	if (!metrics || loop_start(&d->listening, "analyst", -1, &e))
		return fail(&e);
	printf("%u\n", metrics_port(metrics));
	fflush(stdout);
	loop_here(&d->control);
	loop_stop(&d->listening);
	control_close(control);
	metrics_close(metrics);
	return 0;
}

int main(int argc, char **argv)
{
	struct daemon d = {0};
	struct error e;

	if (argc != 3)
		return 2;
	alarm(300);
	signal(SIGPIPE, SIG_IGN);
	struct domain_set *set = domain_set_load(
		&(struct domain_set_options){.paths = (const char *const[]){argv[2]}, .path_count = 1},
		&e);
	if (!set)
		return fail(&e);
	if (loop_init(&d.control, &e) || loop_init(&d.listening, &e))
		return fail(&e);
	d.reloaded = evtimer_new(d.control.base, on_reloaded, &d);
	d.analyst = analyst_new(&(struct analyst_options){
		.set = set, .threshold = {1, 1000, 1000000, UINT64_MAX}, .window = 86400000000000});
	upload(d.analyst, 1, "shelf.example", 300000000);
	upload(d.analyst, 2, "drop.example", 20000000);
	int status = run(&d, argv[1]);
	analyst_free(d.analyst);
	domain_set_free(set);
	event_free(d.reloaded);
	loop_fini(&d.listening);
	loop_fini(&d.control);
	return status;
}
