#include "sigma/value.h"

#include "base/utf8.h"
#include "sigma/alternative.h"
#include "sigma/text.h"

static bool refuse(struct reader *r, const struct chain *c, unsigned line, const char *what)
{
	return reader_fail(r, line, "'%s': %s", c->label, what);
}

static bool only_many(const struct sigma_text *t)
{
	return t->n == 1 && t->wild[0] && t->text[0] == TEXT_MANY;
}

static bool fill_text(struct reader *r, const struct chain *c, const struct alternative *a,
		      unsigned line, struct sigma_leaf *l)
{
	struct sigma_text t = a->text;

	if (!c->field && !a->starts && !a->ends)
		t = sigma_text_open(r->arena, t, true, true);
	t = sigma_text_squeeze(r->arena, t);
	/* only what utf16 modifiers make can be anything else */
	if (!utf8_valid((struct str){t.text, t.n}))
		return refuse(r, c, line,
			      "the encoded value is no text: base64 or base64offset has to follow");
	if (!c->field && (t.n == 0 || only_many(&t)))
		return refuse(r, c, line, "would be found in every event");
	l->kind = t.n == 0 ? LEAF_EMPTY : only_many(&t) ? LEAF_PRESENT : LEAF_TEXT;
	l->text = t;
	l->cased = a->cased;
	return true;
}

static bool fill_simple(struct reader *r, const struct chain *c, const struct alternative *a,
			unsigned line, struct sigma_leaf *l)
{
	struct alternative as_text = *a;

	switch (a->kind) {
	case ALTERNATIVE_NULL:
		if (!c->field)
			return refuse(r, c, line, "null needs a field");
		l->kind = LEAF_NULL;
		return true;
	case ALTERNATIVE_BOOL:
		as_text.text = sigma_text_literal(r->arena, str_of(a->truth ? "true" : "false"));
		return fill_text(r, c, &as_text, line, l);
	default: /* a number */
		if (!c->field) {
			as_text.text = sigma_text_literal(r->arena, a->raw);
			return fill_text(r, c, &as_text, line, l);
		}
		l->kind = LEAF_NUMBER;
		l->number.value = a->number;
		l->number.part = a->part;
		return true;
	}
}

static bool fill(struct reader *r, const struct chain *c, const struct alternative *a,
		 unsigned line, struct sigma_leaf *l)
{
	l->field = c->field;
	switch (a->kind) {
	case ALTERNATIVE_TEXT:
		return fill_text(r, c, a, line, l);
	case ALTERNATIVE_REGEX:
		l->kind = LEAF_REGEX;
		l->regex.expression = a->regex;
		l->regex.flags = a->flags;
		return true;
	case ALTERNATIVE_CIDR:
		l->kind = LEAF_CIDR;
		l->cidr.network = a->network;
		l->cidr.bits = a->bits;
		return true;
	case ALTERNATIVE_EXISTS:
		l->kind = LEAF_EXISTS;
		return true;
	case ALTERNATIVE_COMPARE:
		l->kind = LEAF_COMPARE;
		l->number.value = a->number;
		l->number.compare = a->compare;
		l->number.part = a->part;
		return true;
	case ALTERNATIVE_FIELDREF:
		l->kind = LEAF_FIELDREF;
		l->cased = a->cased;
		l->ref.other = a->other;
		l->ref.fit = a->starts && a->ends ? FIT_CONTAINS
			     : a->starts	  ? FIT_STARTS
			     : a->ends		  ? FIT_ENDS
						  : FIT_EQUAL;
		return true;
	default:
		return fill_simple(r, c, a, line, l);
	}
}

static struct sigma_node *leaf(struct reader *r, const struct chain *c, const struct alternative *a,
			       unsigned line)
{
	bool none = a->kind == ALTERNATIVE_NULL && a->raw.n == 0;
	const char *label = reader_label(r, c->label, none ? STR("null") : a->raw);
	struct sigma_node *n = reader_node(r, NODE_LEAF, line, label);

	if (!fill(r, c, a, line, n->leaf))
		return NULL;
	if (a->kind != ALTERNATIVE_EXISTS || a->truth)
		return n;
	struct sigma_node *not = reader_node(r, NODE_NOT, line, label);
	n->label = NULL;
	reader_child(r, not, n);
	return not ;
}

/* One value: a leaf, or an OR of what the modifiers made of it. */
static struct sigma_node *one(struct reader *r, const struct chain *c,
			      const struct yaml_node *value)
{
	struct alternatives all;

	if (!alternatives_read(r, c, value, &all))
		return NULL;
	if (all.count == 1)
		return leaf(r, c, &all.v[0], value->line);
	struct sigma_node * or
		= reader_node(r, NODE_OR, value->line, reader_label(r, c->label, value->text));
	for (size_t i = 0; i < all.count && !r->failed; i++) {
		struct sigma_node *n = leaf(r, c, &all.v[i], value->line);
		if (!n)
			return NULL;
		reader_child(r, or, n);
	}
	return or ;
}

/* An empty list, which no modifier has anything to do with. */
static struct sigma_node *no_value(struct reader *r, const struct chain *c, unsigned line)
{
	const struct alternative null = {.kind = ALTERNATIVE_NULL};

	return leaf(r, c, &null, line);
}

/* A list: OR, with `all` AND. */
static struct sigma_node *several(struct reader *r, const struct chain *c,
				  const struct yaml_node *list)
{
	bool all = chain_has(c, MOD_ALL);
	struct sigma_node *n = reader_node(r, all ? NODE_AND : NODE_OR, list->line, c->label);

	for (size_t i = 0; i < list->count && !r->failed; i++) {
		const struct yaml_node *value = list->item[i];

		/* the specification: null is a type of its own and stands alone */
		if (yaml_is_null(value))
			return reader_fail(r, value->line, "'%s': null cannot be part of a list",
					   c->label);
		struct sigma_node *child = one(r, c, value);
		if (!child)
			return NULL;
		reader_child(r, n, child);
	}
	return n;
}

static struct sigma_node *read_values(struct reader *r, const struct chain *c,
				      const struct yaml_node *value)
{
	struct sigma_node *n;

	if (value->kind != YAML_LIST)
		n = one(r, c, value);
	else if (value->count == 0)
		n = no_value(r, c, value->line);
	else if (value->count == 1)
		n = one(r, c, value->item[0]);
	else
		n = several(r, c, value);
	if (!n || r->failed)
		return NULL;
	if (!chain_has(c, MOD_NEQ))
		return n;
	struct sigma_node *not = reader_node(r, NODE_NOT, value->line, c->label);
	reader_child(r, not, n);
	return not ;
}

struct sigma_node *value_read(struct reader *r, const struct yaml_node *key,
			      const struct yaml_node *value)
{
	struct chain c;

	return chain_read(r, &c, key, key->line) ? read_values(r, &c, value) : NULL;
}

struct sigma_node *value_read_keywords(struct reader *r, const struct yaml_node *value)
{
	struct chain c;

	return chain_read(r, &c, NULL, value->line) ? read_values(r, &c, value) : NULL;
}
