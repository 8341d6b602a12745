#include "sigma/expression.h"

#include "core/limits.h"

struct parser {
	struct reader *r;
	struct str text;
	unsigned line;
	bool quantifiers;
	size_t at;
	struct str token; /* a parenthesis or a word; empty at the end */
	unsigned depth;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str token_at(const struct parser *p, size_t at)
{
	struct str s = p->text;

	while (at < s.n && is_blank(s.p[at]))
		at++;
	size_t from = at;
	if (at < s.n && (s.p[at] == '(' || s.p[at] == ')'))
		at++;
	else
		while (at < s.n && !is_blank(s.p[at]) && s.p[at] != '(' && s.p[at] != ')')
			at++;
	return (struct str){s.p + from, at - from};
}

/* Offset behind the current token. */
static size_t behind(const struct parser *p)
{
	return (size_t)(p->token.p + p->token.n - p->text.p);
}

static void advance(struct parser *p)
{
	p->token = token_at(p, behind(p));
}

static bool is(const struct parser *p, const char *word)
{
	return str_eq(p->token, str_of(word));
}

static void *fail(struct parser *p, const char *what)
{
	struct str t = p->token;

	if (t.n == 0)
		return reader_fail(p->r, p->line, "condition, at its end: %s", what);
	return reader_fail(p->r, p->line, "condition, at '%.*s': %s", (int)t.n, t.p, what);
}

static struct expression *node(struct parser *p, enum node_kind kind)
{
	struct expression *e = arena_alloc(p->r->arena, sizeof *e);

	e->kind = kind;
	return e;
}

static bool is_operator(struct str t)
{
	return str_ieq(t, STR("and")) || str_ieq(t, STR("or")) || str_ieq(t, STR("not"));
}

/* "1 of x": what is quantified; a word that is not followed by "of" is a name like any other. */
static struct expression *read_quantified(struct parser *p, bool *is_one)
{
	struct str first = p->token, of = token_at(p, behind(p));
	bool all = is(p, "all");

	*is_one = p->quantifiers && str_eq(of, STR("of"));
	if (!*is_one)
		return NULL;
	if (!all && !is(p, "1") && !is(p, "any"))
		return fail(p, "only 1, any and all can stand before 'of'");
	p->token = of;
	advance(p);
	if (p->token.n == 0 || is(p, "(") || is(p, ")"))
		return fail(p, "a pattern or 'them' has to follow 'of'");
	struct expression *e = node(p, NODE_LEAF);
	e->quantifier = all ? QUANTIFIER_ALL : QUANTIFIER_ANY;
	e->word = p->token;
	e->source = (struct str){first.p, (size_t)(p->token.p + p->token.n - first.p)};
	advance(p);
	return e;
}

static struct expression *read_or(struct parser *p);

static struct expression *read_operand(struct parser *p)
{
	bool quantified;

	if (is(p, "(")) {
		advance(p);
		struct expression *e = read_or(p);
		if (!e)
			return NULL;
		if (!is(p, ")"))
			return fail(p, "a parenthesis is not closed");
		advance(p);
		return e;
	}
	if (p->token.n == 0 || is(p, ")") || is(p, "and") || is(p, "or"))
		return fail(p, "a name is missing");
	struct expression *e = read_quantified(p, &quantified);
	if (quantified)
		return e;
	struct str word = p->token;
	advance(p);
	if (is_operator(word) && p->token.n && !is(p, ")") && !is(p, "and") && !is(p, "or")) {
		p->token = word;
		return fail(p, "operators are written in lower case");
	}
	e = node(p, NODE_LEAF);
	e->word = e->source = word;
	return e;
}

static struct expression *read_not(struct parser *p)
{
	if (++p->depth > LIMIT_RULE_DEPTH)
		return fail(p, "nested too deep");
	struct expression *e;
	if (is(p, "not")) {
		advance(p);
		e = node(p, NODE_NOT);
		e->first = read_not(p);
		if (!e->first)
			e = NULL;
	} else {
		e = read_operand(p);
	}
	p->depth--;
	return e;
}

/* a OPERATOR b OPERATOR c: one node with all of them, or the only one itself. */
static struct expression *read_chain(struct parser *p, enum node_kind kind, const char *operator,
				     struct expression * (*operand)(struct parser *p))
{
	struct expression *first = operand(p), *last = first;

	if (!first || !is(p, operator))
		return first;
	struct expression *e = node(p, kind);
	e->first = first;
	while (is(p, operator)) {
		advance(p);
		struct expression *more = operand(p);
		if (!more)
			return NULL;
		last->next = more;
		last = more;
	}
	return e;
}

static struct expression *read_and(struct parser *p)
{
	return read_chain(p, NODE_AND, "and", read_not);
}

static struct expression *read_or(struct parser *p)
{
	return read_chain(p, NODE_OR, "or", read_and);
}

struct expression *expression_read(struct reader *r, struct str text, unsigned line,
				   bool quantifiers)
{
	struct parser p = {
		.r = r, .text = text, .line = line, .quantifiers = quantifiers, .token = text};

	p.token.n = 0;
	if (text.n && memchr(text.p, '|', text.n))
		return reader_fail(r, line,
				   "condition: aggregations behind '|' (count, near, …) are "
				   "obsolete: write a correlation");
	advance(&p);
	struct expression *e = read_or(&p);
	if (!e)
		return NULL;
	if (p.token.n == 0)
		return e;
	if (is(&p, ")"))
		return fail(&p, "a parenthesis too many");
	if (is(&p, "near"))
		return fail(&p, "near is obsolete: write a temporal correlation");
	if (is_operator(p.token))
		return fail(&p, is(&p, "not") ? "and or or has to stand before not"
					      : "operators are written in lower case");
	return fail(&p, "and or or is missing");
}
