/* Which outlets the configuration asks for. */
#include "daemon/serve_inner.h"

#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "core/limits.h"

#define CLOSE_WAIT  (5 * NS_PER_S) /* of all of them together */
#define LOOK_MS	    20		   /* between two looks whether files are open again */
#define REOPEN_WAIT (8 * NS_PER_S) /* less than who asks waits for an answer */

static void problem(void *context, const char *name, const char *text)
{
	struct serve *s = context;

	log_say(&s->log, LOG_LEVEL_WARNING, "%s: %s", name, text);
}

static void recovered(void *context, const char *name, const char *text)
{
	struct serve *s = context;

	log_say(&s->log, LOG_LEVEL_NOTICE, "%s: %s", name, text);
}

static struct outlet *open_one(struct serve *s, enum outlet_kind kind, const char *name,
			       const char *target, struct error *e)
{
	const struct config *c = &s->config;
	struct serve_outlets *all = &s->outlets;
	struct outlet_options o = {.kind = kind,
				   .name = name,
				   .target = target,
				   .queue = c->queue_size,
				   .rotate_size = c->rotate_size == UINT64_MAX ? 0 : c->rotate_size,
				   .rotate_interval = c->rotate_interval,
				   .rotate_keep = (unsigned)c->rotate_keep,
				   .compress = c->rotate_compress,
				   .problem = problem,
				   .recovered = recovered,
				   .context = s};

	if (kind == OUTLET_FILE && strcmp(target, "-") == 0)
		o.kind = OUTLET_STDOUT;
	struct outlet *out = outlet_open(&o, e);
	if (!out)
		return NULL;
	all->name[all->count] = name;
	all->file[all->count] = o.kind == OUTLET_FILE;
	all->all[all->count++] = out;
	return out;
}

static int add(struct serve *s, bool records, enum outlet_kind kind, const char *name,
	       const char *target, struct error *e)
{
	struct serve_outlets *all = &s->outlets;

	if (!target || !*target)
		return 0;
	struct outlet *out = open_one(s, kind, name, target, e);
	if (!out)
		return -1;
	if (records)
		all->records[all->record_count++] = out;
	else
		all->findings[all->finding_count++] = out;
	return 0;
}

int serve_open_outlets(struct serve *s, struct error *e)
{
	const struct config *c = &s->config;
	const char *records = s->o->records ? s->o->records : c->records_file;
	const char *findings = c->findings_file;

	/* started by hand, findings are what one wants to see */
	if (!findings && !c->findings_syslog && !c->findings_journal &&
	    !(records && strcmp(records, "-") == 0))
		findings = "-";
	return add(s, false, OUTLET_FILE, "findings.file", findings,
		   e) || add(s, false, OUTLET_SYSLOG, "findings.syslog", c->findings_syslog, e) ||
			       add(s, false, OUTLET_JOURNAL, "findings.journal",
				   c->findings_journal ? "journal" : NULL, e) ||
			       add(s, true, OUTLET_FILE, "records.file", records, e) ||
			       add(s, true, OUTLET_SYSLOG, "records.syslog", c->records_syslog, e)
		       ? -1
		       : 0;
}

static void tell_waiters(struct serve_outlets *all, const struct error *e)
{
	for (unsigned i = 0; i < all->waiters; i++)
		all->waiting[i].told(all->waiting[i].arg, e);
	all->waiters = 0;
}

/* False: there is a file whose lines still go to the old one. -1 in *failed, and an error, when one
 * could not be opened. */
static bool are_open(struct serve_outlets *all, int *failed, struct error *e)
{
	bool open = true;

	*failed = 0;
	for (unsigned i = 0; i < all->count; i++) {
		struct outlet_counts now;
		if (!all->file[i])
			continue;
		outlet_count(all->all[i], &now);
		open &= !now.reopening;
		if (now.reopening || now.errors > all->errors[i])
			*failed = error_set(e, "%s: %s", all->name[i],
					    *now.problem ? now.problem : "is written to still");
	}
	return open;
}

/* It is the writers' threads that open files, each when it has written what belongs into the old
 * one. */
static void look(evutil_socket_t fd, short what, void *context)
{
	static const struct timeval soon = {.tv_usec = LOOK_MS * 1000};
	struct serve *s = context;
	struct serve_outlets *all = &s->outlets;
	struct error e;
	int failed;

	(void)fd;
	(void)what;
	if (!are_open(all, &failed, &e) && clock_steady() - all->since < REOPEN_WAIT)
		event_add(all->look, &soon);
	else
		tell_waiters(all, failed ? &e : NULL);
}

static void wait_for(struct serve *s, command_told *told, void *arg)
{
	struct serve_outlets *all = &s->outlets;

	if (!all->look)
		all->look = evtimer_new(s->control.base, look, s);
	all->waiting[all->waiters++] = (struct waiter){told, arg};
	look(-1, 0, s);
}

void serve_reopen(void *context, command_told *told, void *arg)
{
	struct serve *s = context;
	struct serve_outlets *all = &s->outlets;
	struct error e;

	for (unsigned i = 0; i < all->count; i++) {
		struct outlet_counts now;
		outlet_count(all->all[i], &now);
		if (!all->waiters)
			all->errors[i] = now.errors;
		outlet_reopen(all->all[i]);
	}
	all->since = clock_steady();
	if (told && all->waiters < CONTROL_CLIENTS_MAX) {
		wait_for(s, told, arg);
	} else if (told) {
		error_set(&e, "too many wait for it");
		told(arg, &e);
	}
}

uint64_t serve_close_outlets(struct serve *s)
{
	uint64_t lost = 0;
	struct error e;

	if (s->outlets.look)
		event_free(s->outlets.look);
	s->outlets.look = NULL;
	error_set(&e, "the daemon is stopping");
	tell_waiters(&s->outlets, &e);
	for (unsigned i = 0; i < s->outlets.count; i++)
		outlet_end(s->outlets.all[i], CLOSE_WAIT);
	for (unsigned i = 0; i < s->outlets.count; i++)
		lost += outlet_close(s->outlets.all[i], CLOSE_WAIT);
	s->outlets.count = 0;
	return lost;
}
