#include "sigma/condition.h"

/* Where `*` stands for any number of characters. Linear in each step: the last star is the only one
 * that is tried again. */
static bool fits(struct str pattern, struct str name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, again = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			again = n;
		} else if (p < pattern.n && pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++again;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static bool selected(struct str pattern, struct str name)
{
	bool hidden = name.n && name.p[0] == '_', asked = pattern.n && pattern.p[0] == '_';

	if (hidden && !asked)
		return false;
	return str_eq(pattern, STR("them")) || fits(pattern, name);
}

static const char *text_of(struct reader *r, struct str s)
{
	return arena_text(r->arena, s);
}

static struct sigma_node *build_selected(struct reader *r, const struct detections *d,
					 const struct expression *e, unsigned line)
{
	enum node_kind kind = e->quantifier == QUANTIFIER_ALL ? NODE_AND : NODE_OR;
	struct sigma_node *n = reader_node(r, kind, line, text_of(r, e->source));

	for (size_t i = 0; i < d->count; i++)
		if (selected(e->word, d->v[i].name)) {
			reader_child(r, n, d->v[i].tree);
			reader_weigh(r, d->v[i].nodes, line);
		}
	if (n->count == 0)
		return reader_fail(r, line, "condition: '%s' fits no selection", n->label);
	return r->failed ? NULL : n;
}

static bool is_any(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_ieq(s, str_of(*words)))
			return true;
	return false;
}

static struct sigma_node *build_named(struct reader *r, const struct detections *d,
				      const struct expression *e, unsigned line)
{
	static const char *const operators[] = {"and", "or", "not", NULL};

	for (size_t i = 0; i < d->count; i++)
		if (str_eq(e->word, d->v[i].name)) {
			reader_weigh(r, d->v[i].nodes, line);
			return r->failed ? NULL : d->v[i].tree;
		}
	if (is_any(e->word, operators))
		return reader_fail(r, line,
				   "condition: '%.*s': operators are written in lower case",
				   (int)e->word.n, e->word.p);
	return reader_fail(r, line, "condition: there is no selection '%.*s'", (int)e->word.n,
			   e->word.p);
}

struct sigma_node *condition_build(struct reader *r, const struct detections *d,
				   const struct expression *e, unsigned line)
{
	if (e->kind == NODE_LEAF && e->quantifier != QUANTIFIER_NONE)
		return build_selected(r, d, e, line);
	if (e->kind == NODE_LEAF)
		return build_named(r, d, e, line);
	struct sigma_node *n = reader_node(r, e->kind, line, NULL);
	for (const struct expression *x = e->first; x && !r->failed; x = x->next) {
		struct sigma_node *child = condition_build(r, d, x, line);
		if (!child)
			return NULL;
		reader_child(r, n, child);
	}
	return r->failed ? NULL : n;
}

static struct sigma_node *read_one(struct reader *r, const struct detections *d,
				   const struct yaml_node *text)
{
	if (text->kind != YAML_SCALAR || yaml_is_null(text))
		return reader_fail(r, text->line, "the condition is no text");
	struct expression *e = expression_read(r, text->text, text->line, true);
	return e ? condition_build(r, d, e, text->line) : NULL;
}

struct sigma_node *condition_read(struct reader *r, const struct detections *d,
				  const struct yaml_node *section)
{
	const struct yaml_node *c = yaml_get(section, "condition");

	if (yaml_is_null(c))
		return reader_fail(r, section->line, "there is no condition");
	if (c->kind != YAML_LIST)
		return read_one(r, d, c);
	if (c->count == 0)
		return reader_fail(r, c->line, "the list of conditions is empty");
	if (c->count == 1)
		return read_one(r, d, c->item[0]);
	struct sigma_node * or = reader_node(r, NODE_OR, c->line, NULL);
	for (size_t i = 0; i < c->count; i++) {
		struct sigma_node *n = read_one(r, d, c->item[i]);
		if (!n)
			return NULL;
		reader_child(r, or, n);
	}
	return or ;
}
