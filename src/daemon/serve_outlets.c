/* Which outlets the configuration asks for. */
#include "daemon/serve_inner.h"

#include <string.h>

#include "core/limits.h"

#define CLOSE_WAIT (5 * NS_PER_S) /* of all of them together */

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
	return add(s, false, OUTLET_FILE, "findings.file", findings, e) ||
			       add(s, false, OUTLET_SYSLOG, "findings.syslog", c->findings_syslog, e) ||
			       add(s, false, OUTLET_JOURNAL, "findings.journal",
				   c->findings_journal ? "journal" : NULL, e) ||
			       add(s, true, OUTLET_FILE, "records.file", records, e) ||
			       add(s, true, OUTLET_SYSLOG, "records.syslog", c->records_syslog, e)
		       ? -1
		       : 0;
}

void serve_reopen_outlets(struct serve *s)
{
	for (unsigned i = 0; i < s->outlets.count; i++)
		outlet_reopen(s->outlets.all[i]);
}

uint64_t serve_close_outlets(struct serve *s)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < s->outlets.count; i++)
		outlet_end(s->outlets.all[i], CLOSE_WAIT);
	for (unsigned i = 0; i < s->outlets.count; i++)
		lost += outlet_close(s->outlets.all[i], CLOSE_WAIT);
	s->outlets.count = 0;
	return lost;
}
