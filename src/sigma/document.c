#include "sigma/document.h"

#include "sigma/condition.h"

static const char *const levels[] = {
	[LEVEL_NONE] = "",     [LEVEL_INFORMATIONAL] = "informational",
	[LEVEL_LOW] = "low",   [LEVEL_MEDIUM] = "medium",
	[LEVEL_HIGH] = "high", [LEVEL_CRITICAL] = "critical",
};

const char *sigma_level_name(enum sigma_level l)
{
	return levels[l];
}

static bool read_level(struct reader *r, const struct yaml_node *doc, enum sigma_level *level)
{
	struct str name = str_of(reader_text(r, doc, "level"));

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (str_ieq(name, str_of(levels[i]))) {
			*level = (enum sigma_level)i;
			return true;
		}
	return reader_fail(r, yaml_get(doc, "level")->line, "there is no level '%s'", name.p);
}

static bool read_tags(struct reader *r, const struct yaml_node *doc, struct rule_info *info)
{
	const struct yaml_node *list = yaml_get(doc, "tags");
	size_t count = yaml_is_null(list) ? 0 : list->kind == YAML_LIST ? list->count : 1;
	const char **tags = arena_array(r->arena, count + 1, sizeof *tags);

	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *tag = list->kind == YAML_LIST ? list->item[i] : list;
		if (tag->kind != YAML_SCALAR)
			return reader_fail(r, tag->line, "a tag is no text");
		tags[i] = arena_text(r->arena, tag->text);
	}
	info->tags = tags;
	return true;
}

bool document_info(struct reader *r, const struct yaml_node *doc, struct rule_info *info)
{
	info->file = r->file;
	info->line = doc->line;
	info->title = reader_text(r, doc, "title");
	info->id = reader_text(r, doc, "id");
	info->name = reader_text(r, doc, "name");
	info->description = reader_text(r, doc, "description");
	info->status = reader_text(r, doc, "status");
	if (!*info->title)
		return reader_fail(r, doc->line, "there is no title");
	return read_level(r, doc, &info->level) && read_tags(r, doc, info) && !r->failed;
}

/* NULL when it is not stated. */
static const char *lower_text(struct reader *r, const struct yaml_node *map, const char *key)
{
	struct str s = str_of(reader_text(r, map, key));
	char *out = arena_alloc(r->arena, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		out[i] = ascii_lower(s.p[i]);
	return s.n ? out : NULL;
}

bool document_logsource(struct reader *r, const struct yaml_node *doc, struct logsource *source)
{
	const struct yaml_node *n = yaml_get(doc, "logsource");

	if (yaml_is_null(n))
		return reader_fail(r, doc->line, "there is no logsource");
	if (n->kind != YAML_MAP)
		return reader_fail(r, n->line, "'logsource' is no map");
	source->category = lower_text(r, n, "category");
	source->product = lower_text(r, n, "product");
	source->service = lower_text(r, n, "service");
	if (!source->category && !source->product && !source->service)
		return reader_fail(r, n->line,
				   "the logsource states no category, product or service");
	return !r->failed;
}

struct sigma_rule *document_rule(struct reader *r, const struct yaml_node *doc)
{
	struct sigma_rule *rule = arena_alloc(r->arena, sizeof *rule);
	const struct yaml_node *section = yaml_get(doc, "detection");
	struct detections d;

	if (!document_info(r, doc, &rule->info) || !document_logsource(r, doc, &rule->logsource))
		return NULL;
	if (yaml_is_null(section))
		return reader_fail(r, doc->line, "there is no detection");
	if (section->kind != YAML_MAP)
		return reader_fail(r, section->line, "'detection' is no map");
	if (!detections_read(r, section, NULL, &d))
		return NULL;
	rule->tree = condition_read(r, &d, section);
	return r->failed ? NULL : rule;
}
