#include "daemon/serve.h"

#include <errno.h>
#include <event2/event.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/limits.h"
#include "daemon/cpus.h"
#include "daemon/memory.h"
#include "daemon/notify.h"
#include "daemon/paths.h"
#include "daemon/privileges.h"
#include "daemon/serve_inner.h"

#define FILES_MAX 4096 /* descriptors: rule files and lists are read one by one */

/* ---- the configuration of the start ---- */

static void wrong(void *context, const char *file, unsigned line, const char *text)
{
	struct serve *s = context;

	s->failed = true;
	log_say(&s->log, LOG_LEVEL_ERROR, "%s:%u: %s", file, line, text);
}

static bool is_there(const struct serve *s, const char *interface)
{
	for (unsigned i = 0; i < s->interfaces; i++)
		if (strcmp(s->interface[i], interface) == 0)
			return true;
	return false;
}

static int read_config(struct serve *s, struct error *e)
{
	const struct options *o = s->o;
	const struct config *c = &s->config;

	if (o->config && config_read(&s->config, o->config, wrong, s, e) < 0)
		return -1;
	if (s->failed)
		return error_set(e, "%s is not as it should be", o->config);
	s->log.level = (int)c->log_level + LOG_LEVEL_ERROR;
	const char **names = o->interfaces.count ? o->interfaces.path : c->interfaces.text;
	size_t n = o->interfaces.count ? o->interfaces.count : c->interfaces.count;
	if (!n)
		return error_set(e, "%s sets no interfaces, and there is no -i INTERFACE",
				 o->config);
	if (n > OVERVIEW_INTERFACES_MAX)
		return error_set(e, "more than %d interfaces", OVERVIEW_INTERFACES_MAX);
	for (size_t i = 0; i < n; i++) {
		if (is_there(s, names[i]))
			return error_set(e, "interface %s is there twice", names[i]);
		s->interface[s->interfaces++] = names[i];
	}
	s->workers = memory_counts_of(o, c).workers;
	return 0;
}

bool serve_wanted(const struct options *o)
{
	return o->interfaces.count || (o->config && !o->captures.count && !o->events.count);
}

/* ---- least privilege ---- */

static void may_read(struct serve *s, const char *path)
{
	if (path && *path && s->sandbox.read_count < SERVE_PATHS_MAX)
		s->read[s->sandbox.read_count++] = path;
}

static void may_write(struct serve *s, const char *path)
{
	if (path && *path && s->sandbox.write_count < SERVE_PATHS_MAX)
		s->write[s->sandbox.write_count++] = path;
}

/* The folder of a file, in the arena of the configuration. */
static const char *folder_of(struct serve *s, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || !*path || strcmp(path, "-") == 0)
		return NULL;
	if (!slash)
		return ".";
	return arena_text(&s->config.arena,
			  (struct str){path, slash == path ? 1 : (size_t)(slash - path)});
}

static void may_read_all(struct serve *s, const struct path_list *given,
			 const struct config_list *set, const char *standard)
{
	for (size_t i = 0; i < given->count; i++)
		may_read(s, given->path[i]);
	for (size_t i = 0; i < set->count; i++)
		may_read(s, set->text[i]);
	may_read(s, standard);
}

static bool is_remote(const char *target)
{
	return target && strstr(target, "://");
}

static void list_paths(struct serve *s, char rooms[3][PATH_MAX])
{
	const struct config *c = &s->config;
	const struct options *o = s->o;
	const char *cache = o->cache ? o->cache : c->cache ? c->cache : paths_cache(rooms[2]);

	s->sandbox =
		(struct sandbox_options){.read = s->read, .write = s->write, .files = FILES_MAX};
	may_read(s, folder_of(s, o->config));
	may_read_all(s, &o->domains, &c->domains, paths_domains(rooms[0]));
	may_read_all(s, &o->rules, &c->rules, paths_rules(rooms[1]));
	may_write(s, cache);
	may_write(s, c->state);
	may_write(s, folder_of(s, c->findings_file));
	may_write(s, folder_of(s, o->records ? o->records : c->records_file));
	may_write(s, folder_of(s, c->control_socket));
	/* sockets of syslog and the journal */
	may_write(s, "/run/systemd/journal");
	if (!is_remote(c->findings_syslog))
		may_write(s, folder_of(s, c->findings_syslog));
	if (!is_remote(c->records_syslog))
		may_write(s, folder_of(s, c->records_syslog));
	s->sandbox.network = is_remote(c->findings_syslog) || is_remote(c->records_syslog);
}

/* The user that was asked for has to exist; the usual one is for an installation that made it. */
static const char *user_of(const struct serve *s)
{
	const char *user = s->config.user;

	if (user)
		return user;
	return getpwnam("egret") ? "egret" : "nobody";
}

static int drop_privileges(struct serve *s, struct error *e)
{
	struct privileges_options p = {.user = user_of(s), .keep_net_raw = true};
	bool root = geteuid() == 0;

	if (privileges_drop(&p, e))
		return -1;
	/* whoever is root wonders about files that are not permitted */
	if (root && geteuid() != 0)
		log_say(&s->log, LOG_LEVEL_INFO, "runs as user %s", p.user);
	return 0;
}

static int enter_sandbox(struct serve *s, struct error *e)
{
	char rooms[3][PATH_MAX];

	if (!s->config.sandbox)
		return 0;
	list_paths(s, rooms);
	if (sandbox_enter(&s->sandbox, &s->confined, e))
		return -1;
	log_say(&s->log, LOG_LEVEL_INFO, "sandbox: seccomp %s, Landlock %s",
		s->confined.seccomp ? "on" : "off",
		s->confined.landlock ? "on" : "not in this kernel");
	return 0;
}

/* ---- threads ---- */

struct gone {
	struct serve *s;
	unsigned interface, index;
	char why[ERROR_TEXT_MAX];
};

static void on_gone(void *context)
{
	struct gone *g = context;

	links_gone(&g->s->links, g->interface, g->index, g->why);
	free(g);
}

/* In a worker's thread. */
static void gone(void *context, unsigned interface, unsigned index, const char *why)
{
	struct gone *g = mem_alloc(sizeof *g);
	struct serve *s = context;

	g->s = s;
	g->interface = interface;
	g->index = index;
	snprintf(g->why, sizeof g->why, "%s", why);
	loop_post(&s->control, on_gone, g);
}

static int make_workers(struct serve *s, struct error *e)
{
	struct worker_options o = {.flows_max = LIMIT_FLOWS / s->workers,
				   .ring = pipe_size(s->config.record_ring),
				   .gone = gone,
				   .context = s};
	unsigned wanted = s->workers;

	for (s->workers = 0; s->workers < wanted; s->workers++) {
		unsigned i = s->workers;
		o.number = i;
		o.cpu = s->config.affinity ? cpus_nth(i) : -1;
		s->worker[i] = worker_new(&o, e);
		if (!s->worker[i])
			return -1;
		s->pipe[i] = worker_pipe(s->worker[i]);
	}
	return 0;
}

static int open_links(struct serve *s, struct error *e)
{
	const struct config *c = &s->config;
	struct links_options o = {
		.names = s->interface,
		.count = s->interfaces,
		.live = {.filter = s->o->filter ? s->o->filter : c->filter,
			 .snaplen = (uint32_t)c->snaplen,
			 .ring = c->ring_size,
			 .promiscuous = c->promiscuous,
			 .spread = c->fanout ? LIVE_SPREAD_HASH : LIVE_SPREAD_INNER},
		.workers = s->worker,
		.worker_count = s->workers,
		.log = &s->log};

	if (o.live.filter && !*o.live.filter)
		o.live.filter = NULL;
	return links_open(&s->links, &o, e);
}

/* (what was loaded was loaded a moment ago, and little else was done) */
static uint64_t memory_bound(const struct serve *s)
{
	struct memory_counts n = {s->workers, s->interfaces, s->outlets.count};
	struct budget b = {0};

	memory_daemon(analysis_first(s->analysis), &n, memory_peak(), &b);
	return budget_total(&b);
}

static int make_analysis(struct serve *s, struct error *e)
{
	const struct config *c = &s->config;
	struct analysis_options o = {.pipes = s->pipe,
				     .pipe_count = s->workers,
				     .finding_outlets = s->outlets.finding_count,
				     .record_outlets = s->outlets.record_count,
				     .format = s->o->format ? s->o->format
							    : (enum record_format)c->records_format,
				     .window = c->window,
				     .strict = s->o->strict,
				     .state = c->state && *c->state ? c->state : NULL,
				     .state_interval = c->state_interval,
				     .background = &s->background,
				     .log = &s->log};
	struct generation first;

	memcpy(o.findings, s->outlets.findings, sizeof o.findings);
	memcpy(o.records, s->outlets.records, sizeof o.records);
	if (serve_load(s, &first, e)) {
		generation_free(&first);
		return -1;
	}
	s->analysis = analysis_new(&o, &first, e);
	if (!s->analysis)
		return -1;
	s->memory_bound = memory_bound(s);
	return 0;
}

/* ---- signals ---- */

static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct serve *s = context;

	(void)what;
	switch (number) {
	case SIGHUP:
		serve_reload(s, NULL, NULL);
		break;
	case SIGUSR1:
		serve_reopen(s, NULL, NULL);
		break;
	default:
		log_say(&s->log, LOG_LEVEL_NOTICE, "stopping");
		notify_stopping();
		loop_leave(&s->control);
	}
}

/* The first of them from early on: without a handler they would end a daemon that loads its rules
 * yet. */
static const int signals[SERVE_SIGNALS] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};
#define SIGNALS_EARLY 2

/* A daemon that no signal reaches could not be stopped. */
static int await_signals(struct serve *s, size_t from, size_t to, struct error *e)
{
	for (size_t i = from; i < to; i++) {
		s->event[i] = evsignal_new(s->control.base, signals[i], on_signal, s);
		if (!s->event[i] || event_add(s->event[i], NULL))
			return error_set(e, "signals cannot be waited for: %s", strerror(errno));
	}
	return 0;
}

static void every_second(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	serve_tick(context);
}

static void count(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	serve_put_stats(context);
}

static int start_timers(struct serve *s, struct error *e)
{
	static const struct timeval second = {.tv_sec = 1};
	struct timeval interval = {.tv_sec = (time_t)(s->config.stats_interval / NS_PER_S)};
	struct event **tick = &s->event[SERVE_SIGNALS], **counting = tick + 1;

	*tick = event_new(s->control.base, -1, EV_PERSIST, every_second, s);
	*counting = event_new(s->control.base, -1, EV_PERSIST, count, s);
	if (!*tick || !*counting || event_add(*tick, &second) ||
	    (s->outlets.record_count && event_add(*counting, &interval)))
		return error_set(e, "no timers for the daemon");
	return 0;
}

/* ---- life ---- */

static int start_all(struct serve *s, struct error *e)
{
	/* (no port is bound from within the sandbox) */
	if (read_config(s, e) || drop_privileges(s, e) || loop_init(&s->control, e) ||
	    await_signals(s, 0, SIGNALS_EARLY, e) || serve_open_control(s, e) ||
	    enter_sandbox(s, e) || loop_init(&s->background, e) || serve_open_outlets(s, e) ||
	    make_workers(s, e) || make_analysis(s, e) || open_links(s, e) ||
	    loop_start(&s->background, "background", -1, e))
		return -1;
	for (unsigned i = 0; i < s->workers; i++)
		worker_set_rare_dns(s->worker[i], analysis_wants_dns_text(s->analysis));
	if (analysis_start(s->analysis, e))
		return -1;
	for (unsigned i = 0; i < s->workers; i++)
		if (worker_start(s->worker[i], e))
			return -1;
	return await_signals(s, SIGNALS_EARLY, SERVE_SIGNALS, e) || start_timers(s, e) ? -1 : 0;
}

static void run(struct serve *s)
{
	s->alive = clock_steady();
	notify_ready();
	log_say(&s->log, LOG_LEVEL_INFO, "capturing on %u interface%s with %u worker%s",
		s->interfaces, s->interfaces == 1 ? "" : "s", s->workers,
		s->workers == 1 ? "" : "s");
	log_say(&s->log, LOG_LEVEL_INFO, "memory: at most %llu MiB",
		(unsigned long long)(s->memory_bound / MIB));
	loop_here(&s->control);
}

/* Workers first: what they still have goes to the analyst, what comes of it to the outlets, and the
 * state to the background. */
static void stop_threads(struct serve *s)
{
	s->stopping = true;
	serve_close_control(s);
	for (unsigned i = 0; i < s->workers && s->worker[i]; i++)
		worker_stop(s->worker[i]);
	if (s->analysis)
		analysis_stop(s->analysis);
	loop_stop(&s->background);
	if (s->analysis) {
		struct analysis_view v;
		analysis_look(s->analysis, &v);
		s->failed |= v.unsaved;
	}
	uint64_t lost = serve_close_outlets(s);
	if (lost)
		log_say(&s->log, LOG_LEVEL_WARNING, "%llu lines could not be written any more",
			(unsigned long long)lost);
	s->failed |= lost != 0;
}

/* Loops go in an order in which what is still in a mailbox finds what it is about. */
static void free_all(struct serve *s)
{
	for (size_t i = 0; i < SERVE_EVENTS; i++)
		if (s->event[i])
			event_free(s->event[i]);
	loop_fini(&s->background);
	loop_fini(&s->control);
	analysis_free(s->analysis);
	for (unsigned i = 0; i < OVERVIEW_WORKERS_MAX; i++)
		worker_free(s->worker[i]);
	config_fini(&s->config);
	free(s->counted);
	free(s);
}

int serve_run(const struct options *o)
{
	struct serve *s = mem_zalloc(sizeof *s);
	struct error e;
	int status = EXIT_FINE;

	s->o = o;
	s->started = clock_wall();
	log_init(&s->log, LOG_LEVEL_INFO);
	config_init(&s->config);
	signal(SIGPIPE, SIG_IGN);
	if (start_all(s, &e)) {
		log_say(&s->log, LOG_LEVEL_ERROR, "%s", e.text);
		status = EXIT_UNUSABLE;
	} else {
		run(s);
	}
	stop_threads(s);
	if (!status && s->failed)
		status = EXIT_DAMAGED;
	free_all(s);
	return status;
}
