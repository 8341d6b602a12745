#include "sigma/modifier.h"

static const struct {
	const char *name;
	enum modifier mod;
} names[] = {
	{"all", MOD_ALL},
	{"neq", MOD_NEQ},
	{"expand", MOD_EXPAND},
	{"contains", MOD_CONTAINS},
	{"startswith", MOD_STARTSWITH},
	{"endswith", MOD_ENDSWITH},
	{"cased", MOD_CASED},
	{"re", MOD_RE},
	{"i", MOD_RE_I},
	{"ignorecase", MOD_RE_I},
	{"m", MOD_RE_M},
	{"multiline", MOD_RE_M},
	{"s", MOD_RE_S},
	{"dotall", MOD_RE_S},
	{"cidr", MOD_CIDR},
	{"exists", MOD_EXISTS},
	{"lt", MOD_LT},
	{"lte", MOD_LTE},
	{"gt", MOD_GT},
	{"gte", MOD_GTE},
	{"base64", MOD_BASE64},
	{"base64offset", MOD_BASE64OFFSET},
	{"wide", MOD_UTF16LE},
	{"utf16le", MOD_UTF16LE},
	{"utf16be", MOD_UTF16BE},
	{"utf16", MOD_UTF16},
	{"windash", MOD_WINDASH},
	{"fieldref", MOD_FIELDREF},
	{"minute", MOD_MINUTE},
	{"hour", MOD_HOUR},
	{"day", MOD_DAY},
	{"week", MOD_WEEK},
	{"month", MOD_MONTH},
	{"year", MOD_YEAR},
};

static bool add(struct reader *r, struct chain *c, struct str name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!str_eq(name, str_of(names[i].name)))
			continue;
		if (c->count == MODIFIERS_MAX)
			return reader_fail(r, c->line, "'%s' has too many modifiers", c->label);
		c->mod[c->count] = names[i].mod;
		c->name[c->count++] = names[i].name;
		c->has |= UINT64_C(1) << names[i].mod;
		return true;
	}
	return reader_fail(r, c->line, "'%s': there is no modifier '%.*s'", c->label, (int)name.n,
			   name.p);
}

#define BIT(m) (UINT64_C(1) << (m))
/* These say how values are linked, and change none. */
#define LINKING (BIT(MOD_ALL) | BIT(MOD_NEQ))
/* These ask something of one field. */
#define OF_FIELD                                                                                   \
	(BIT(MOD_EXISTS) | BIT(MOD_LT) | BIT(MOD_LTE) | BIT(MOD_GT) | BIT(MOD_GTE) |               \
	 BIT(MOD_FIELDREF) | BIT(MOD_MINUTE) | BIT(MOD_HOUR) | BIT(MOD_DAY) | BIT(MOD_WEEK) |      \
	 BIT(MOD_MONTH) | BIT(MOD_YEAR))

static bool check(struct reader *r, const struct chain *c)
{
	uint64_t before = 0;

	for (size_t i = 0; i < c->count; i++) {
		enum modifier m = c->mod[i];

		if ((m == MOD_RE || m == MOD_CIDR) && before & ~LINKING)
			return reader_fail(r, c->line, "'%s': %s has to be the first modifier",
					   c->label, c->name[i]);
		if (m == MOD_EXISTS && c->has & ~(LINKING | BIT(MOD_EXISTS)))
			return reader_fail(r, c->line, "'%s': exists goes with no other modifier",
					   c->label);
		if (!c->field && BIT(m) & OF_FIELD)
			return reader_fail(r, c->line, "'%s': %s needs a field", c->label,
					   c->name[i]);
		before |= BIT(m);
	}
	return true;
}

bool chain_read(struct reader *r, struct chain *c, const struct yaml_node *key, unsigned line)
{
	*c = (struct chain){.label = "keyword", .line = line};
	if (!key)
		return true;
	struct str rest = key->text;
	const char *bar = memchr(rest.p, '|', rest.n);
	size_t n = bar ? (size_t)(bar - rest.p) : rest.n;

	c->label = arena_text(r->arena, key->text);
	c->line = key->line;
	if (n)
		c->field = arena_text(r->arena, (struct str){rest.p, n});
	while (n < rest.n) {
		rest = (struct str){rest.p + n + 1, rest.n - n - 1};
		bar = memchr(rest.p, '|', rest.n);
		n = bar ? (size_t)(bar - rest.p) : rest.n;
		if (!add(r, c, (struct str){rest.p, n}))
			return false;
	}
	return check(r, c);
}
