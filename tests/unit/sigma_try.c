#include "sigma_try.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static const struct logsource test_source = {.category = "test"};

static void add(char *to, size_t room, const char *text)
{
	size_t n = strlen(to);

	snprintf(to + n, room - n, "%s", text);
}

static void on_problem(void *context, const char *file, unsigned line, const char *rule,
		       const char *text)
{
	struct trial *t = context;
	char whole[700];

	(void)file;
	snprintf(whole, sizeof whole, "%u: %s: %s\n", line, rule, text);
	add(t->problems, sizeof t->problems, whole);
}

struct trial *trial_new(const char *yaml, const struct sigma_engine_options *o)
{
	struct trial *t = mem_zalloc(sizeof *t);
	struct sigma_engine_options options = o ? *o : (struct sigma_engine_options){0};
	struct sigma_load_options load = {.problem = on_problem, .problem_context = t};
	struct error e;

	options.problem = on_problem;
	options.problem_context = t;
	t->fields = fields_new();
	t->rules = sigma_load_text(&load, "rules.yml", str_of(yaml));
	cr_assert(t->rules);
	t->engine = sigma_engine_new(t->rules, t->fields, &options, &e);
	cr_assert(t->engine, "%s", e.text);
	cr_assert_lt(fields_count(t->fields), 64 * sizeof t->unknown / sizeof *t->unknown);
	return t;
}

void trial_free(struct trial *t)
{
	sigma_engine_free(t->engine);
	sigma_rules_free(t->rules);
	fields_free(t->fields);
	free(t);
}

void trial_unknown(struct trial *t, const char *field)
{
	uint32_t f = fields_find(t->fields, str_of(field));

	if (f != FIELD_NONE)
		t->unknown[f / 64] |= UINT64_C(1) << f % 64;
}

static struct event_value value_of(struct trial *t, char *line)
{
	size_t n = strcspn(line, "=~");
	struct event_value v = {.field = fields_find(t->fields, (struct str){line, n})};

	v.wire = line[n] == '~';
	if (!line[n]) {
		v.kind = VALUE_NULL;
	} else if (line[n + 1] == '#') {
		v.kind = VALUE_NUMBER;
		v.text = str_of(line + n + 2);
		v.number = strtod(v.text.p, NULL);
	} else if (line[n + 1] == '!') {
		v.kind = VALUE_BOOL;
		v.text = str_of(line + n + 2);
	} else {
		v.text = str_of(line + n + 1);
	}
	for (char *p = line + n; *p; p++)
		*p = *p == '\v' ? '\n' : *p;
	for (char *p = line + n; (p = strchr(p, '\x01'));)
		*p = '\0';
	return v;
}

void trial_event(struct trial *t, struct try_event *e, const char *values)
{
	char *rest = e->text, *line;

	e->event = (struct event){.values = e->value, .unknown = t->unknown};
	cr_assert_lt(strlen(values), sizeof e->text);
	strcpy(e->text, values);
	while (*rest) {
		line = strsep(&rest, "\n");
		cr_assert_lt(e->event.count, TRY_VALUES);
		e->value[e->event.count++] = value_of(t, line);
		if (!rest)
			break;
	}
}

static void on_found(void *context, const struct event *e, const struct sigma_match *m)
{
	struct trial *t = context;

	(void)e;
	add(t->found, sizeof t->found, t->rules->rule[m->rule]->info.title);
	add(t->found, sizeof t->found, m->possible ? "?" : "");
	for (unsigned i = 0; i < m->hangs_on_count; i++) {
		add(t->found, sizeof t->found, i ? ", " : " (");
		add(t->found, sizeof t->found, m->hangs_on[i]);
	}
	add(t->found, sizeof t->found, m->hangs_on_count ? ")\n" : "\n");
	for (unsigned i = 0; i < m->because_count; i++) {
		add(t->because, sizeof t->because, m->because[i]);
		add(t->because, sizeof t->because, "\n");
	}
}

const char *trial_run(struct trial *t, const struct logsource *source, const char *values)
{
	struct try_event e;

	trial_event(t, &e, values);
	e.event.view = sigma_engine_view(t->engine, source, t->unknown);
	t->found[0] = t->because[0] = '\0';
	sigma_engine_run(t->engine, &e.event, on_found, t);
	return t->found;
}

const char *try_detection(const char *section, const char *unknown, const char *values)
{
	static char yaml[8192], result[8192];

	snprintf(yaml, sizeof yaml, "title: r\nlogsource:\n  category: test\ndetection:\n%s\n",
		 section);
	struct trial *t = trial_new(yaml, NULL);
	for (const char *p = unknown; p && *p; p += strcspn(p, " "), p += *p == ' ') {
		char *name = mem_strndup(p, strcspn(p, " "));
		trial_unknown(t, name);
		free(name);
	}
	const char *found = trial_run(t, &test_source, values);
	if (t->problems[0])
		snprintf(result, sizeof result, "%s", t->problems);
	else
		strcpy(result, !*found ? "no" : strchr(found, '?') ? "possible" : "yes");
	trial_free(t);
	return result;
}

const char *try_selection(const char *items, const char *values)
{
	char section[8192] = "  selection:\n";

	for (const char *p = items; *p;) {
		size_t n = strcspn(p, "\n");
		add(section, sizeof section, "    ");
		snprintf(section + strlen(section), sizeof section - strlen(section), "%.*s\n",
			 (int)n, p);
		p += n + (p[n] == '\n');
	}
	add(section, sizeof section, "  condition: selection");
	return try_detection(section, NULL, values);
}
