/* Selections: maps (all of their fields), lists (any of their items), and words to look for in the
 * whole event. */
#include "sigma/condition.h"
#include "sigma/value.h"

static struct sigma_node *read_definition(struct reader *r, const struct yaml_node *n,
					  const char *label);

static struct sigma_node *read_map(struct reader *r, const struct yaml_node *map, const char *label)
{
	struct sigma_node *and = reader_node(r, NODE_AND, map->line, label);

	for (size_t i = 0; i < map->count && !r->failed; i++) {
		struct sigma_node *child = value_read(r, map->key[i], map->item[i]);
		if (!child)
			return NULL;
		reader_child(r, and, child);
	}
	return and;
}

static bool only_scalars(const struct yaml_node *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->item[i]->kind != YAML_SCALAR)
			return false;
	return true;
}

static struct sigma_node *read_list(struct reader *r, const struct yaml_node *list,
				    const char *label)
{
	struct sigma_node * or = reader_node(r, NODE_OR, list->line, label);

	for (size_t i = 0; i < list->count && !r->failed; i++) {
		struct sigma_node *child = read_definition(r, list->item[i], NULL);
		if (!child)
			return NULL;
		reader_child(r, or, child);
	}
	return or ;
}

static struct sigma_node *read_keywords(struct reader *r, const struct yaml_node *n,
					const char *label)
{
	struct sigma_node *words = value_read_keywords(r, n);

	if (!words || !label)
		return words;
	/* a leaf keeps its own label below that of the selection */
	if (words->kind == NODE_OR) {
		words->label = label;
		return words;
	}
	struct sigma_node * or = reader_node(r, NODE_OR, n->line, label);
	reader_child(r, or, words);
	return or ;
}

static struct sigma_node *read_definition(struct reader *r, const struct yaml_node *n,
					  const char *label)
{
	if (n->kind != YAML_SCALAR && n->count == 0)
		return reader_fail(r, n->line, "a selection is empty");
	if (n->kind == YAML_MAP)
		return read_map(r, n, label);
	if (n->kind == YAML_SCALAR || only_scalars(n))
		return read_keywords(r, n, label);
	return read_list(r, n, label);
}

bool detections_read(struct reader *r, const struct yaml_node *section, const char *skip,
		     struct detections *out)
{
	*out = (struct detections){.v = arena_array(r->arena, section->count, sizeof *out->v)};
	for (size_t i = 0; i < section->count; i++) {
		struct str name = section->key[i]->text;
		size_t before = r->nodes;

		if (str_eq(name, STR("condition")) || str_eq(name, STR("timeframe")) ||
		    (skip && str_eq(name, str_of(skip))))
			continue;
		char *label = arena_text(r->arena, name);
		struct sigma_node *tree = read_definition(r, section->item[i], label);
		if (!tree)
			return false;
		out->v[out->count++] = (struct detection){{label, name.n}, tree, r->nodes - before};
	}
	if (out->count == 0)
		return reader_fail(r, section->line, "there is no selection");
	return !r->failed;
}
