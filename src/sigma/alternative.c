#include "sigma/alternative.h"

#include <math.h>

#include "core/limits.h"
#include "sigma/encode.h"
#include "sigma/text.h"

/* One modifier at work on all alternatives. */
struct work {
	struct reader *r;
	const struct chain *c;
	const char *name; /* of the modifier */
	unsigned line;
	struct alternatives out; /* what encodings put in the place of an alternative */
	struct alternative now;	 /* that one */
};

static bool refuse(struct work *w, const char *what)
{
	return reader_fail(w->r, w->line, "'%s': %s %s", w->c->label, w->name, what);
}

static bool add(struct work *w, const struct alternative *a)
{
	struct alternatives *out = &w->out;

	if (out->count >= LIMIT_RULE_VARIANTS)
		return refuse(w, "makes too many texts of the value");
	if (!reader_take(w->r, a->text.n, w->line))
		return false;
	out->v = arena_grow(w->r->scratch, out->v, out->count, &out->room, sizeof *out->v);
	out->v[out->count++] = *a;
	return true;
}

static void add_text(void *context, struct sigma_text t)
{
	struct work *w = context;
	struct alternative a = w->now;

	a.text = t;
	add(w, &a);
}

/* The modifiers for all types of values take numbers and truths as they are written. */
static bool make_text(struct work *w, struct alternative *a)
{
	if (a->kind == ALTERNATIVE_NUMBER && a->part == PART_NONE)
		a->text = sigma_text_literal(w->r->arena, a->raw);
	else if (a->kind == ALTERNATIVE_BOOL)
		a->text = sigma_text_literal(w->r->arena, str_of(a->truth ? "true" : "false"));
	else
		return a->kind == ALTERNATIVE_TEXT;
	a->kind = ALTERNATIVE_TEXT;
	return true;
}

static bool place(struct work *w, struct alternative *a, bool starts, bool ends)
{
	if (a->kind != ALTERNATIVE_REGEX && a->kind != ALTERNATIVE_FIELDREF && !make_text(w, a))
		return refuse(w, "takes no such value");
	a->starts |= starts;
	a->ends |= ends;
	if (a->kind == ALTERNATIVE_TEXT)
		a->text = sigma_text_open(w->r->arena, a->text, !starts, !ends);
	/* an expression is looked for anywhere, so that contains has nothing to add */
	else if (a->kind == ALTERNATIVE_REGEX && (starts || ends))
		a->regex = arena_print(w->r->arena, "%s(?:%s)%s", starts ? "\\A" : "", a->regex,
				       ends ? "\\z" : "");
	else if (a->kind == ALTERNATIVE_FIELDREF && !starts && !ends)
		a->starts = a->ends = true;
	return add(w, a);
}

static bool make_cased(struct work *w, struct alternative *a)
{
	if (a->kind != ALTERNATIVE_FIELDREF && !make_text(w, a))
		return refuse(w, "takes no such value");
	a->cased = true;
	return add(w, a);
}

static bool make_regex(struct work *w, struct alternative *a)
{
	if (a->kind == ALTERNATIVE_NULL)
		return refuse(w, "takes no null");
	if (memchr(a->raw.p, '\0', a->raw.n))
		return refuse(w, "takes no NUL character: write \\x00");
	a->kind = ALTERNATIVE_REGEX;
	a->regex = a->raw.p;
	return add(w, a);
}

static bool add_flag(struct work *w, struct alternative *a, unsigned flag)
{
	if (a->kind != ALTERNATIVE_REGEX)
		return refuse(w, "goes with re only");
	a->flags |= flag;
	return add(w, a);
}

static bool host_bits(const struct alternative *a)
{
	for (unsigned i = a->bits; i < 128; i++)
		if (a->network.b[i / 8] >> (7 - i % 8) & 1)
			return true;
	return false;
}

static bool make_cidr(struct work *w, struct alternative *a)
{
	char text[ADDR_TEXT_MAX];
	const char *slash = a->raw.n ? memchr(a->raw.p, '/', a->raw.n) : NULL;
	size_t n = slash ? (size_t)(slash - a->raw.p) : a->raw.n;

	if (a->kind == ALTERNATIVE_NULL || n >= sizeof text || memchr(a->raw.p, '\0', a->raw.n))
		return refuse(w, "takes a network like 10.0.0.0/8 or fe80::/10");
	memcpy(text, a->raw.p, n);
	text[n] = '\0';
	if (!addr_parse(text, &a->network))
		return refuse(w, "takes a network like 10.0.0.0/8 or fe80::/10");
	/* "::ffff:0:0/96" is written as IPv6 and counts as such */
	unsigned above = strchr(text, ':') ? 0 : 96, bits = 0;
	const char *p = slash ? slash + 1 : NULL;
	for (; p && *p >= '0' && *p <= '9' && bits <= 128; p++)
		bits = bits * 10 + (unsigned)(*p - '0');
	if (p && (*p || p == slash + 1 || bits + above > 128))
		return refuse(w, "has a prefix length that is none");
	a->bits = p ? above + bits : 128;
	if (host_bits(a))
		return refuse(w, "has bits set behind the prefix");
	a->kind = ALTERNATIVE_CIDR;
	return add(w, a);
}

static bool make_exists(struct work *w, struct alternative *a)
{
	if (a->kind != ALTERNATIVE_BOOL)
		return refuse(w, "takes true or false");
	a->kind = ALTERNATIVE_EXISTS;
	return add(w, a);
}

static bool make_compare(struct work *w, struct alternative *a, enum compare compare)
{
	if (a->kind != ALTERNATIVE_NUMBER)
		return refuse(w, "takes a number, without quotes");
	a->kind = ALTERNATIVE_COMPARE;
	a->compare = compare;
	return add(w, a);
}

static bool make_part(struct work *w, struct alternative *a, enum time_part part)
{
	if (a->kind != ALTERNATIVE_NUMBER || a->part != PART_NONE || a->number != floor(a->number))
		return refuse(w, "takes a whole number, without quotes");
	a->part = part;
	return add(w, a);
}

static bool make_ref(struct work *w, struct alternative *a)
{
	if (a->kind != ALTERNATIVE_TEXT || sigma_text_wild(&a->text) || a->text.n == 0 ||
	    memchr(a->text.text, '\0', a->text.n))
		return refuse(w, "takes the name of a field");
	a->kind = ALTERNATIVE_FIELDREF;
	a->other = a->text.text; /* terminated */
	return add(w, a);
}

static bool make_base64(struct work *w, struct alternative *a, bool offset)
{
	size_t before = w->out.count;

	if (a->kind != ALTERNATIVE_TEXT)
		return refuse(w, "takes a text");
	if (sigma_text_wild(&a->text))
		return refuse(w, "takes no wildcards");
	if (!offset) {
		a->text = encode_base64(w->r->arena, a->text);
		return add(w, a);
	}
	for (unsigned i = 0; i < 3; i++) {
		struct sigma_text t = encode_base64_offset(w->r->arena, a->text, i);
		w->now = *a;
		if (t.n)
			add_text(w, t);
	}
	return w->out.count > before || refuse(w, "takes no empty text");
}

static bool make_utf16(struct work *w, struct alternative *a, enum utf16 kind)
{
	if (a->kind != ALTERNATIVE_TEXT || !encode_utf16(w->r->arena, a->text, kind, &a->text))
		return refuse(w, "takes a text");
	return add(w, a);
}

static bool make_windash(struct work *w, struct alternative *a)
{
	if (a->kind != ALTERNATIVE_TEXT)
		return refuse(w, "takes a text");
	size_t texts = (LIMIT_RULE_BYTES - w->r->bytes) / (a->text.n + 1);
	if (texts > LIMIT_RULE_VARIANTS - w->out.count)
		texts = LIMIT_RULE_VARIANTS - w->out.count;
	w->now = *a;
	if (!encode_windash(w->r->arena, a->text, texts, add_text, w))
		return refuse(w, "makes too many texts of the value");
	return !w->r->failed;
}

static bool apply(struct work *w, enum modifier m, struct alternative *a)
{
	switch (m) {
	case MOD_ALL:
	case MOD_NEQ:
	case MOD_EXPAND:
		return add(w, a); /* done elsewhere */
	case MOD_CONTAINS:
		return place(w, a, false, false);
	case MOD_STARTSWITH:
		return place(w, a, true, false);
	case MOD_ENDSWITH:
		return place(w, a, false, true);
	case MOD_CASED:
		return make_cased(w, a);
	case MOD_RE:
		return make_regex(w, a);
	case MOD_RE_I:
		return add_flag(w, a, REGEX_CASELESS);
	case MOD_RE_M:
		return add_flag(w, a, REGEX_MULTILINE);
	case MOD_RE_S:
		return add_flag(w, a, REGEX_DOTALL);
	case MOD_CIDR:
		return make_cidr(w, a);
	case MOD_EXISTS:
		return make_exists(w, a);
	case MOD_LT:
	case MOD_LTE:
	case MOD_GT:
	case MOD_GTE:
		return make_compare(w, a, COMPARE_LT + (m - MOD_LT));
	case MOD_BASE64:
	case MOD_BASE64OFFSET:
		return make_base64(w, a, m == MOD_BASE64OFFSET);
	case MOD_UTF16LE:
	case MOD_UTF16BE:
	case MOD_UTF16:
		return make_utf16(w, a, UTF16_LITTLE + (m - MOD_UTF16LE));
	case MOD_WINDASH:
		return make_windash(w, a);
	case MOD_FIELDREF:
		return make_ref(w, a);
	case MOD_MINUTE:
	case MOD_HOUR:
	case MOD_DAY:
	case MOD_WEEK:
	case MOD_MONTH:
	case MOD_YEAR:
		return make_part(w, a, PART_MINUTE + (m - MOD_MINUTE));
	}
	return false;
}

/* The value as YAML has it. */
static bool start(struct reader *r, const struct chain *c, const struct yaml_node *value,
		  struct alternatives *out)
{
	struct alternative a = {.kind = ALTERNATIVE_TEXT, .raw = value->text};
	bool regex = chain_has(c, MOD_RE);

	if (yaml_is_null(value))
		a.kind = ALTERNATIVE_NULL;
	else if (yaml_bool(value, &a.truth))
		a.kind = ALTERNATIVE_BOOL;
	else if (yaml_number(value, &a.number))
		a.kind = ALTERNATIVE_NUMBER;
	if (a.kind == ALTERNATIVE_TEXT && chain_has(c, MOD_EXPAND)) {
		if (!placeholders_expand(r, value, regex, out))
			return false;
	} else {
		/* the tree of the file goes, the rule stays */
		a.raw.p = arena_text(r->arena, a.raw);
		out->v = arena_grow(r->scratch, out->v, out->count, &out->room, sizeof *out->v);
		out->v[out->count++] = a;
	}
	for (size_t i = 0; i < out->count; i++) {
		out->v[i].kind = a.kind;
		if (a.kind == ALTERNATIVE_TEXT)
			out->v[i].text = sigma_text_parse(r->arena, out->v[i].raw);
	}
	return true;
}

bool alternatives_read(struct reader *r, const struct chain *c, const struct yaml_node *value,
		       struct alternatives *out)
{
	*out = (struct alternatives){0};
	if (value->kind != YAML_SCALAR)
		return reader_fail(r, value->line, "'%s': a value is a text, number or null",
				   c->label);
	if (!start(r, c, value, out))
		return false;
	for (size_t i = 0; i < c->count; i++) {
		struct work w = {.r = r, .c = c, .name = c->name[i], .line = value->line};

		for (size_t k = 0; k < out->count; k++)
			if (!apply(&w, c->mod[i], &out->v[k]))
				return false;
		if (r->failed)
			return false;
		*out = w.out;
	}
	return true;
}
