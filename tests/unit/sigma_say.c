#include "sigma_say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigma/text.h"

char say_problems[16384];

static void problem(void *context, const char *file, unsigned line, const char *rule,
		    const char *text)
{
	size_t n = strlen(say_problems);

	(void)context;
	(void)file;
	snprintf(say_problems + n, sizeof say_problems - n, "%u: %s: %s\n", line, rule, text);
}

static bool expand(void *context, struct str name, void (*value)(void *context, struct str text),
		   void *value_context)
{
	(void)context;
	if (str_eq(name, STR("one"))) {
		value(value_context, STR("a"));
	} else if (str_eq(name, STR("two"))) {
		value(value_context, STR("b"));
		value(value_context, STR("c*"));
	} else {
		return str_eq(name, STR("none"));
	}
	return true;
}

struct sigma_rules *say_load(const char *text)
{
	struct sigma_load_options o = {.problem = problem, .expand = expand};

	say_problems[0] = '\0';
	return sigma_load_text(&o, "x.yml", str_of(text));
}

static void say_node(FILE *out, struct arena *a, const struct sigma_node *n);

static void say_number(FILE *out, const struct sigma_leaf *l)
{
	static const char *const parts[] = {"",	     ".minute", ".hour", ".day",
					    ".week", ".month",	".year"};
	static const char *const compare[] = {"<", "<=", ">", ">="};

	fprintf(out, "%s%s%.15g", parts[l->number.part],
		l->kind == LEAF_NUMBER ? "=" : compare[l->number.compare], l->number.value);
}

static void say_leaf(FILE *out, struct arena *a, const struct sigma_leaf *l)
{
	static const char *const fits[] = {"=@", "^@", "$@", "*@"};
	char address[ADDR_TEXT_MAX];

	fprintf(out, "%s", l->field ? l->field : "");
	switch (l->kind) {
	case LEAF_TEXT:
		fprintf(out, "%s'%s'", l->cased ? "==" : "=", sigma_text_print(a, &l->text));
		break;
	case LEAF_REGEX:
		fprintf(out, "~'%s'%s%s%s", l->regex.expression,
			l->regex.flags & REGEX_CASELESS ? "i" : "",
			l->regex.flags & REGEX_MULTILINE ? "m" : "",
			l->regex.flags & REGEX_DOTALL ? "s" : "");
		break;
	case LEAF_CIDR:
		fprintf(out, " in %s/%u", addr_text(&l->cidr.network, address),
			l->cidr.bits - (addr_is_v4(&l->cidr.network) ? 96 : 0));
		break;
	case LEAF_NUMBER:
	case LEAF_COMPARE:
		say_number(out, l);
		break;
	case LEAF_NULL:
		fprintf(out, " null");
		break;
	case LEAF_EMPTY:
		fprintf(out, " empty");
		break;
	case LEAF_PRESENT:
		fprintf(out, " present");
		break;
	case LEAF_EXISTS:
		fprintf(out, " exists");
		break;
	case LEAF_FIELDREF:
		fprintf(out, "%s%s%s", l->cased ? "=" : "", fits[l->ref.fit], l->ref.other);
		break;
	}
}

static void say_node(FILE *out, struct arena *a, const struct sigma_node *n)
{
	static const char *const kinds[] = {"and", "or", "not"};

	if (n->kind == NODE_LEAF) {
		say_leaf(out, a, n->leaf);
		return;
	}
	if (n->count == 1 && n->kind != NODE_NOT) {
		say_node(out, a, n->child[0]);
		return;
	}
	fprintf(out, "(%s", kinds[n->kind]);
	for (size_t i = 0; i < n->count; i++) {
		fputc(' ', out);
		say_node(out, a, n->child[i]);
	}
	fputc(')', out);
}

const char *say_tree(const struct sigma_node *n)
{
	static char said[65536];
	struct arena a;
	FILE *out = fmemopen(said, sizeof said, "w");

	arena_init(&a);
	say_node(out, &a, n);
	fclose(out);
	arena_fini(&a);
	return said;
}

const char *say_rule(const char *text)
{
	static char said[1024];
	struct sigma_rules *r = say_load(text);
	const char *tree = r->rule_count ? say_tree(r->rule[0]->tree) : NULL;

	sigma_rules_free(r);
	if (tree)
		return tree;
	/* "LINE: RULE: TEXT\n" */
	unsigned line = (unsigned)strtoul(say_problems, NULL, 10);
	char *what = strstr(say_problems, ": ");
	what = what ? strstr(what + 2, ": ") : NULL;
	snprintf(said, sizeof said, "%u: %.900s", line, what ? what + 2 : "nothing");
	said[strcspn(said, "\n")] = '\0';
	return said;
}

static void indent(FILE *out, const char *text, const char *blanks)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		fprintf(out, "%s%.*s\n", blanks, (int)strcspn(p, "\n"), p);
}

static const char *without_line(const char *said)
{
	const char *p = said;

	while (*p >= '0' && *p <= '9')
		p++;
	return p > said && p[0] == ':' ? p + 2 : said;
}

const char *say_detection(const char *section)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	fprintf(out, "title: T\nlogsource:\n    category: dns\ndetection:\n");
	indent(out, section, "    ");
	fclose(out);
	const char *said = without_line(say_rule(text));
	free(text);
	return said;
}

const char *say_selection(const char *items)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	fprintf(out, "sel:\n");
	indent(out, items, "    ");
	fprintf(out, "condition: sel\n");
	fclose(out);
	const char *said = say_detection(text);
	free(text);
	return said;
}
