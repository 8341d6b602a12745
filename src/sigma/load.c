#include "sigma/load.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/limits.h"
#include "sigma/correlation.h"
#include "sigma/document.h"
#include "sigma/rule_files.h"
#include "sigma/rule_filter.h"
#include "sigma/rule_names.h"

struct sigma_arena {
	struct arena a;
};

/* What is read, until all of it is linked. */
struct loader {
	const struct sigma_load_options *o;
	struct sigma_rules *rules;
	struct arena *arena;
	struct arena own; /* for the time of loading */
	struct rule_names names;
	size_t rule_room;
	struct rule_filter_target *target; /* one for each rule */
	size_t target_room;
	struct correlation_draft **correlation;
	size_t correlations, correlation_room;
	struct rule_filter_draft **filter;
	size_t filters, filter_room;
};

static void problem(struct loader *l, const char *file, unsigned line, const char *rule,
		    const char *text)
{
	if (l->o->problem)
		l->o->problem(l->o->problem_context, file, line, rule, text);
}

static void refuse(struct loader *l, const char *file, unsigned line, const char *rule,
		   const char *text)
{
	l->rules->refused++;
	problem(l, file, line, rule, text);
}

static const char *title_of(const struct rule_info *i)
{
	return *i->title ? i->title : *i->id ? i->id : i->name;
}

static void read_rule(struct loader *l, struct reader *r, const struct yaml_node *doc)
{
	struct sigma_rules *out = l->rules;
	struct sigma_rule *rule = document_rule(r, doc);

	if (!rule)
		return;
	out->rule =
		arena_grow(l->arena, out->rule, out->rule_count, &l->rule_room, sizeof *out->rule);
	l->target =
		arena_grow(&l->own, l->target, out->rule_count, &l->target_room, sizeof *l->target);
	rule_names_add(&l->names, NAMED_RULE, out->rule_count, &rule->info);
	l->target[out->rule_count] = (struct rule_filter_target){NULL, r->nodes};
	out->rule[out->rule_count++] = rule;
}

static void read_correlation(struct loader *l, struct reader *r, const struct yaml_node *doc)
{
	struct correlation_draft *d = correlation_read(r, doc);

	if (!d)
		return;
	l->correlation = arena_grow(&l->own, l->correlation, l->correlations, &l->correlation_room,
				    sizeof(struct correlation_draft *));
	rule_names_add(&l->names, NAMED_CORRELATION, l->correlations, &d->c->info);
	l->correlation[l->correlations++] = d;
}

static void read_filter(struct loader *l, struct reader *r, const struct yaml_node *doc)
{
	struct rule_filter_draft *f = rule_filter_read(r, doc);

	if (!f)
		return;
	l->filter = arena_grow(&l->own, l->filter, l->filters, &l->filter_room,
			       sizeof(struct rule_filter_draft *));
	rule_names_add(&l->names, NAMED_FILTER, l->filters, &f->info);
	l->filter[l->filters++] = f;
}

/* What can be said of a document that is refused. */
static struct rule_info brief_info(struct loader *l, const char *file, const struct yaml_node *doc)
{
	struct reader r = {.arena = &l->own};

	return (struct rule_info){
		.title = reader_text(&r, doc, "title"),
		.id = reader_text(&r, doc, "id"),
		.name = reader_text(&r, doc, "name"),
		.file = file,
		.line = doc->line,
	};
}

/* `scratch` is the arena of the document's nodes. */
static void read_document(struct loader *l, struct arena *scratch, const char *file,
			  const struct yaml_node *doc)
{
	struct rule_info info = brief_info(l, file, doc);
	bool again = *info.id && rule_names_find_id(&l->names, info.id);
	struct reader r = {
		.arena = l->arena,
		.scratch = scratch,
		.expand = l->o->expand,
		.expand_context = l->o->expand_context,
		.file = file,
	};

	if (doc->kind != YAML_MAP)
		reader_fail(&r, doc->line, "a rule is a map");
	else if (yaml_get(doc, "action"))
		reader_fail(&r, yaml_get(doc, "action")->line,
			    "collections with 'action' are of Sigma 1: write each rule out");
	else if (again)
		reader_fail(&r, doc->line, "the id %s is that of %s already", info.id,
			    rule_names_find_id(&l->names, info.id)->file);
	else if (yaml_get(doc, "correlation"))
		read_correlation(l, &r, doc);
	else if (yaml_get(doc, "filter"))
		read_filter(l, &r, doc);
	else
		read_rule(l, &r, doc);
	if (!r.failed)
		return;
	if (!again)
		rule_names_add(&l->names, NAMED_REFUSED, 0, &info);
	refuse(l, file, r.line, title_of(&info), r.error.text);
}

/* The title of what is no YAML, if a line says it. */
static const char *title_in(struct loader *l, struct str source)
{
	const char *const end = source.p + source.n;

	for (const char *p = source.p, *feed; p < end; p = feed + 1) {
		feed = memchr(p, '\n', (size_t)(end - p));
		if (!feed)
			feed = end;
		struct str line = {p, (size_t)(feed - p)}, key = STR("title:");
		if (str_has_prefix(line, key))
			return arena_text(l->arena,
					  str_trim((struct str){p + key.n, line.n - key.n}));
	}
	return "";
}

static void refuse_correlation(void *context, const struct rule_info *info, unsigned line,
			       const char *text)
{
	refuse(context, info->file, line, title_of(info), text);
}

static void filter_says(void *context, const struct rule_info *info, unsigned line,
			const char *text)
{
	problem(context, info->file, line, title_of(info), text);
}

/* All documents are read: they may name each other. */
static struct sigma_rules *finish(struct loader *l)
{
	struct rule_filter_use use = {
		.names = &l->names,
		.arena = l->arena,
		.rules = l->rules,
		.target = l->target,
		.left = LIMIT_FILTER_USES,
		.problem = filter_says,
		.context = l,
	};

	for (size_t i = 0; i < l->filters; i++)
		l->rules->filters += rule_filter_apply(l->filter[i], &use) > 0;
	correlation_link(l->correlation, l->correlations, &l->names, l->arena, l->rules,
			 refuse_correlation, l);
	rule_names_fini(&l->names);
	arena_fini(&l->own);
	return l->rules;
}

static void read_text(struct loader *l, const char *file, struct str text)
{
	struct arena nodes;
	struct yaml y;
	struct yaml_document d;
	struct error e;
	enum yaml_result result;

	yaml_open(&y, text);
	arena_init(&nodes);
	while ((result = yaml_next(&y, &nodes, &d, &e)) != YAML_END) {
		if (result == YAML_BAD)
			refuse(l, file, d.line, title_in(l, d.source), e.text);
		else if (d.root)
			read_document(l, &nodes, file, d.root);
		arena_clear(&nodes);
	}
	arena_fini(&nodes);
	yaml_close(&y);
}

static void loader_init(struct loader *l, const struct sigma_load_options *o)
{
	struct sigma_rules *rules = mem_zalloc(sizeof *rules);

	rules->arena = mem_zalloc(sizeof *rules->arena);
	*l = (struct loader){.o = o, .rules = rules, .arena = &rules->arena->a};
	arena_init(&l->own);
	rule_names_init(&l->names, &l->own);
}

static int find_files(struct loader *l, struct rule_files *f, struct error *e)
{
	const struct sigma_load_options *o = l->o;

	for (size_t i = 0; i < o->path_count; i++) {
		size_t before = f->count;
		if (rule_files_add(f, l->arena, o->paths[i], e))
			return -1;
		if (f->count == before)
			problem(l, o->paths[i], 0, "", "no .yml or .yaml file in it");
	}
	return 0;
}

/* The error begins with the file's path, as what is made of it will. */
static void refuse_file(struct loader *l, const char *path, const struct error *why)
{
	size_t n = strlen(path);
	bool named = strncmp(why->text, path, n) == 0 && strncmp(why->text + n, ": ", 2) == 0;

	refuse(l, path, 0, "", why->text + (named ? n + 2 : 0));
}

struct sigma_rules *sigma_load(const struct sigma_load_options *o, struct error *e)
{
	struct rule_files f = {0};
	struct loader l;

	loader_init(&l, o);
	if (find_files(&l, &f, e)) {
		sigma_rules_free(finish(&l));
		return NULL;
	}
	for (size_t i = 0; i < f.count; i++) {
		struct error why;
		char *text;
		size_t n;

		if (file_read(f.path[i], LIMIT_RULE_FILE, &text, &n, &why)) {
			refuse_file(&l, f.path[i], &why);
			continue;
		}
		read_text(&l, f.path[i], (struct str){text, n});
		free(text);
	}
	return finish(&l);
}

struct sigma_rules *sigma_load_text(const struct sigma_load_options *o, const char *name,
				    struct str text)
{
	struct loader l;

	loader_init(&l, o);
	read_text(&l, arena_text(l.arena, str_of(name)), text);
	return finish(&l);
}

void sigma_rules_free(struct sigma_rules *r)
{
	if (!r)
		return;
	arena_fini(&r->arena->a);
	free(r->arena);
	free(r);
}
