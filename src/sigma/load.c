#include "sigma/load.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/limits.h"
#include "sigma/document.h"
#include "sigma/rule_files.h"

struct sigma_arena {
	struct arena a;
};

struct loader {
	const struct sigma_load_options *o;
	struct sigma_rules *rules;
	struct arena *arena;
	size_t rule_room;
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

static const char *name_of(struct loader *l, const struct yaml_node *doc)
{
	static const char *const keys[] = {"title", "id", "name"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct yaml_node *n = yaml_get(doc, keys[i]);
		if (n && n->kind == YAML_SCALAR && n->text.n)
			return arena_text(l->arena, n->text);
	}
	return "";
}

static void read_rule(struct loader *l, struct reader *r, const struct yaml_node *doc)
{
	struct sigma_rules *out = l->rules;
	struct sigma_rule *rule = document_rule(r, doc);

	if (!rule)
		return;
	out->rule =
		arena_grow(l->arena, out->rule, out->rule_count, &l->rule_room, sizeof *out->rule);
	out->rule[out->rule_count++] = rule;
}

static void read_document(struct loader *l, const char *file, const struct yaml_node *doc)
{
	struct reader r = {
		.arena = l->arena,
		.expand = l->o->expand,
		.expand_context = l->o->expand_context,
		.file = file,
	};

	if (doc->kind != YAML_MAP)
		reader_fail(&r, doc->line, "a rule is a map");
	else if (yaml_get(doc, "action"))
		reader_fail(&r, yaml_get(doc, "action")->line,
			    "collections with 'action' are of Sigma 1: write each rule out");
	else
		read_rule(l, &r, doc);
	if (r.failed)
		refuse(l, file, r.line, name_of(l, doc), r.error.text);
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
			refuse(l, file, d.line, "", e.text);
		else if (d.root)
			read_document(l, file, d.root);
		arena_fini(&nodes);
	}
	arena_fini(&nodes);
	yaml_close(&y);
}

static struct loader loader_of(const struct sigma_load_options *o)
{
	struct sigma_rules *rules = mem_zalloc(sizeof *rules);

	rules->arena = mem_zalloc(sizeof *rules->arena);
	return (struct loader){.o = o, .rules = rules, .arena = &rules->arena->a};
}

struct sigma_rules *sigma_load(const struct sigma_load_options *o, struct error *e)
{
	struct loader l = loader_of(o);
	struct rule_files f = {0};

	for (size_t i = 0; i < o->path_count; i++) {
		size_t before = f.count;
		if (rule_files_add(&f, l.arena, o->paths[i], e)) {
			sigma_rules_free(l.rules);
			return NULL;
		}
		if (f.count == before)
			problem(&l, o->paths[i], 0, "", "no .yml or .yaml file in it");
	}
	for (size_t i = 0; i < f.count; i++) {
		struct error why;
		char *text;
		size_t n;

		if (file_read(f.path[i], LIMIT_RULE_FILE, &text, &n, &why)) {
			refuse(&l, f.path[i], 0, "", why.text);
			continue;
		}
		read_text(&l, f.path[i], (struct str){text, n});
		free(text);
	}
	return l.rules;
}

struct sigma_rules *sigma_load_text(const struct sigma_load_options *o, const char *name,
				    struct str text)
{
	struct loader l = loader_of(o);

	read_text(&l, arena_text(l.arena, str_of(name)), text);
	return l.rules;
}

void sigma_rules_free(struct sigma_rules *r)
{
	if (!r)
		return;
	arena_fini(&r->arena->a);
	free(r->arena);
	free(r);
}
