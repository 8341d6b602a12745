#include "daemon/config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/writer.h"
#include "base/yaml.h"
#include "core/limits.h"
#include "daemon/config_value.h"
#include "daemon/size.h"

#define KEY_MAX 128

enum config_type {
	CONFIG_TEXT,
	CONFIG_SWITCH,
	CONFIG_NUMBER,
	CONFIG_SIZE,
	CONFIG_DURATION,
	CONFIG_WORD,
	CONFIG_LIST
};

static const struct key {
	const char *key;
	enum config_type type;
	size_t offset;
	bool reload; /* puts it into force */
	const char *standard, *range, *help;
} keys[] = {
#define CONFIG_RELOAD true
#define CONFIG_START  false
#define CONFIG(key, type, field, when, standard, range, help)                                      \
	{key,	   CONFIG_##type, offsetof(struct config, field), CONFIG_##when, standard,         \
	 range,	   help},
#include "daemon/config.def"
#undef CONFIG
};

#define KEYS (sizeof keys / sizeof *keys)

static bool read_switch(bool *out, struct str text)
{
	static const char *const words[] = {"no", "false", "off", "yes", "true", "on"};

	for (size_t i = 0; i < 6; i++)
		if (str_ieq(text, str_of(words[i]))) {
			*out = i >= 3;
			return true;
		}
	return false;
}

/* The number of a word in "one|two|three". */
static bool read_word(unsigned *out, const char *text, const char *words)
{
	size_t length = strlen(text);

	for (unsigned i = 0; *words; i++) {
		size_t n = strcspn(words, "|");
		if (n == length && memcmp(words, text, n) == 0) {
			*out = i;
			return true;
		}
		words += n + (words[n] == '|');
	}
	return false;
}

static bool read_amount(enum config_type type, const char *text, uint64_t *out)
{
	char *end;

	if (type == CONFIG_SIZE)
		return size_parse(text, out);
	if (type == CONFIG_DURATION)
		return size_duration(text, out);
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end;
}

/* "LEAST-MOST", in the words of the type. What may be never by default may always be. */
static bool in_range(const struct key *k, uint64_t v)
{
	char least[32];
	uint64_t low, high;
	size_t n = strcspn(k->range, "-");
	uint64_t never = k->type == CONFIG_DURATION ? 0 : UINT64_MAX;

	if (!k->range[n] || n >= sizeof least)
		return true;
	if (v == never && strcmp(k->standard, "never") == 0)
		return true;
	memcpy(least, k->range, n);
	least[n] = '\0';
	return read_amount(k->type, least, &low) &&
	       read_amount(k->type, k->range + n + 1, &high) && v >= low && v <= high;
}

/* Of any type but LIST; TEXT keeps `text`. False when it is none. */
static bool read_scalar(const struct key *k, void *at, const char *text)
{
	uint64_t v;

	switch (k->type) {
	case CONFIG_TEXT:
		*(const char **)at = text;
		return true;
	case CONFIG_SWITCH:
		return read_switch(at, str_of(text));
	case CONFIG_WORD:
		return read_word(at, text, k->range);
	default:
		if (!read_amount(k->type, text, &v) || !in_range(k, v))
			return false;
		*(uint64_t *)at = v;
		return true;
	}
}

void config_init(struct config *c)
{
	*c = (struct config){0};
	arena_init(&c->arena);
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].type != CONFIG_TEXT && keys[i].type != CONFIG_LIST)
			read_scalar(&keys[i], (char *)c + keys[i].offset, keys[i].standard);
	settings_default(&c->detectors);
}

void config_fini(struct config *c)
{
	arena_fini(&c->arena);
}

struct reading {
	struct config *c;
	const char *file;
	config_problem *problem;
	void *context;
	int problems;
};

static void complain(struct reading *r, unsigned line, const char *what, const char *key)
{
	char text[ERROR_TEXT_MAX];

	snprintf(text, sizeof text, "%s%s%s", key, *key ? ": " : "", what);
	r->problems++;
	if (r->problem)
		r->problem(r->context, r->file, line, text);
}

/* A scalar, or a list of them. */
static bool read_list(struct reading *r, struct config_list *l, const struct yaml_node *n)
{
	struct arena *a = &r->c->arena;
	const struct yaml_node *const *item = (const struct yaml_node *const *)n->item;
	size_t count = n->kind == YAML_LIST ? n->count : 1;

	if (n->kind == YAML_MAP)
		return false;
	if (n->kind == YAML_SCALAR)
		item = &n;
	*l = (struct config_list){.set = true};
	l->text = arena_array(a, count + 1, sizeof *l->text);
	l->line = arena_array(a, count + 1, sizeof *l->line);
	if (yaml_is_null(n))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (item[i]->kind != YAML_SCALAR)
			return false;
		l->line[l->count] = item[i]->line;
		l->text[l->count++] = arena_text(a, item[i]->text);
	}
	return true;
}

static void complain_value(struct reading *r, unsigned line, const struct key *k)
{
	static const char *const what[] = {
		[CONFIG_SWITCH] = "is yes or no",
		[CONFIG_NUMBER] = "is a number",
		[CONFIG_SIZE] = "is a size such as 10M, or never",
		[CONFIG_DURATION] = "is a time such as 90s, 5m, 12h or 7d",
		[CONFIG_WORD] = "is one of",
	};
	char text[ERROR_TEXT_MAX];

	if (k->range[0])
		snprintf(text, sizeof text, "%s%s %s", what[k->type],
			 k->type == CONFIG_WORD ? "" : ", within", k->range);
	else
		snprintf(text, sizeof text, "%s", what[k->type]);
	complain(r, line, text, k->key);
}

/* Those that are none are left out. */
static void check_items(struct reading *r, const struct key *k, struct config_list *l)
{
	size_t kept = 0;
	struct error e;

	for (size_t i = 0; i < l->count; i++) {
		if (config_value(k->key, l->text[i], &e)) {
			complain(r, l->line[i], e.text, k->key);
			continue;
		}
		l->line[kept] = l->line[i];
		l->text[kept++] = l->text[i];
	}
	l->count = kept;
}

static void read_value(struct reading *r, const struct key *k, const struct yaml_node *n)
{
	void *at = (char *)r->c + k->offset;
	struct error e;

	if (k->type == CONFIG_LIST) {
		if (!read_list(r, at, n))
			complain(r, n->line, "is a list of strings", k->key);
		check_items(r, k, at);
		return;
	}
	if (n->kind != YAML_SCALAR) {
		complain(r, n->line, "is one value", k->key);
		return;
	}
	const char *text = yaml_is_null(n) ? "" : arena_text(&r->c->arena, n->text);
	if (!read_scalar(k, at, text))
		complain_value(r, n->line, k);
	else if (k->type == CONFIG_TEXT && config_value(k->key, text, &e))
		complain(r, n->line, e.text, k->key);
}

static void read_lists(struct reading *r, const struct yaml_node *n)
{
	struct arena *a = &r->c->arena;
	struct config_list l;

	if (n->kind != YAML_MAP) {
		complain(r, n->line, "is a map of names and lists", "lists");
		return;
	}
	r->c->lists = arena_array(a, n->count + 1, sizeof *r->c->lists);
	r->c->list_count = 0;
	for (size_t i = 0; i < n->count; i++) {
		if (!read_list(r, &l, n->item[i])) {
			complain(r, n->item[i]->line, "is a list of strings", n->key[i]->text.p);
			continue;
		}
		r->c->lists[r->c->list_count++] = (struct ruleset_list){
			.name = arena_text(a, n->key[i]->text), .values = l.text, .count = l.count};
	}
}

static void read_detector(struct reading *r, const char *key, const struct yaml_node *n)
{
	struct error e;

	if (n->kind != YAML_SCALAR)
		complain(r, n->line, "is one value", key);
	else if (settings_set(&r->c->detectors, str_of(key), n->text, &e))
		complain(r, n->line, e.text, "");
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].key, name) == 0)
			return &keys[i];
	return NULL;
}

/* Keys of maps inside maps are joined by dots: thresholds.A, detectors.burst.enabled. */
static void read_map(struct reading *r, const char *prefix, const struct yaml_node *map)
{
	static const char detectors[] = "detectors.";
	size_t n = sizeof detectors - 1;
	char key[KEY_MAX];

	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *item = map->item[i];
		int length = snprintf(key, sizeof key, "%s%s%s", prefix, *prefix ? "." : "",
				      map->key[i]->text.p);
		const struct key *known = find_key(key);
		if (length < 0 || length >= KEY_MAX)
			complain(r, map->key[i]->line, "is no key", prefix);
		else if (strcmp(key, "lists") == 0)
			read_lists(r, item);
		else if (known)
			read_value(r, known, item);
		else if (item->kind == YAML_MAP)
			read_map(r, key, item);
		else if (strncmp(key, detectors, n) == 0)
			read_detector(r, key + n, item);
		else
			complain(r, map->key[i]->line, "is no key", key);
	}
}

int config_parse(struct config *c, const char *file, struct str text, config_problem *problem,
		 void *context)
{
	struct reading r = {.c = c, .file = file, .problem = problem, .context = context};
	struct yaml_document d;
	struct yaml y;
	struct error e;
	enum yaml_result result;

	yaml_open(&y, text);
	while ((result = yaml_next(&y, &c->arena, &d, &e)) != YAML_END) {
		if (result == YAML_BAD)
			complain(&r, d.line, e.text, "");
		else if (d.root && d.root->kind != YAML_MAP && !yaml_is_null(d.root))
			complain(&r, d.root->line, "the configuration is a map of keys and values",
				 "");
		else if (d.root && d.root->kind == YAML_MAP)
			read_map(&r, "", d.root);
	}
	yaml_close(&y);
	return r.problems;
}

int config_read(struct config *c, const char *path, config_problem *problem, void *context,
		struct error *e)
{
	char *text;
	size_t n;

	if (file_read(path, LIMIT_CONFIG_FILE, &text, &n, e))
		return -1;
	c->file = arena_text(&c->arena, str_of(path));
	int problems = config_parse(c, c->file, (struct str){text, n}, problem, context);
	free(text);
	return problems;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_list(const struct config_list *a, const struct config_list *b)
{
	if (a->set != b->set || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->text[i], b->text[i]) != 0)
			return false;
	return true;
}

static bool same_value(enum config_type type, const void *a, const void *b)
{
	switch (type) {
	case CONFIG_TEXT:
		return same_text(*(const char *const *)a, *(const char *const *)b);
	case CONFIG_LIST:
		return same_list(a, b);
	case CONFIG_SWITCH:
		return *(const bool *)a == *(const bool *)b;
	case CONFIG_WORD:
		return *(const unsigned *)a == *(const unsigned *)b;
	default:
		return *(const uint64_t *)a == *(const uint64_t *)b;
	}
}

size_t config_wait(const struct config *was, const struct config *is, char *out, size_t room)
{
	struct writer w = wr_of(out, room - 1);
	size_t count = 0;

	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];
		if (k->reload || same_value(k->type, (const char *)was + k->offset,
					    (const char *)is + k->offset))
			continue;
		wr_text(&w, count++ ? ", " : "");
		wr_text(&w, k->key);
	}
	out[wr_length(&w)] = '\0';
	return count;
}

static void dump_text(const char *text, FILE *out)
{
	fputc('\'', out);
	for (; *text; text++)
		fputs(*text == '\'' ? "''" : (char[]){*text, '\0'}, out);
	fputc('\'', out);
}

static void dump_word(unsigned number, const char *words, FILE *out)
{
	while (number--)
		words += strcspn(words, "|") + 1;
	fprintf(out, "%.*s", (int)strcspn(words, "|"), words);
}

static void dump_value(const struct config *c, const struct key *k, FILE *out)
{
	const void *at = (const char *)c + k->offset;
	const struct config_list *l = at;
	char size[32];

	switch (k->type) {
	case CONFIG_TEXT:
		if (*(const char *const *)at)
			dump_text(*(const char *const *)at, out);
		return;
	case CONFIG_SWITCH:
		fputs(*(const bool *)at ? "yes" : "no", out);
		return;
	case CONFIG_NUMBER:
		fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
		return;
	case CONFIG_DURATION:
		if (*(const uint64_t *)at)
			fprintf(out, "%llus",
				(unsigned long long)(*(const uint64_t *)at / NS_PER_S));
		else
			fputs("never", out);
		return;
	case CONFIG_WORD:
		dump_word(*(const unsigned *)at, k->range, out);
		return;
	case CONFIG_SIZE:
		snprintf(size, sizeof size, "%llu", (unsigned long long)*(const uint64_t *)at);
		fputs(*(const uint64_t *)at == UINT64_MAX ? "never" : size, out);
		return;
	case CONFIG_LIST:
		fputc('[', out);
		for (size_t i = 0; i < l->count; i++) {
			fputs(i ? ", " : "", out);
			dump_text(l->text[i], out);
		}
		fputc(']', out);
	}
}

/* Keys without a value stand as comments, so that the default holds when it is read. */
static bool is_unset(const struct config *c, const struct key *k)
{
	const void *at = (const char *)c + k->offset;

	return (k->type == CONFIG_TEXT && !*(const char *const *)at) ||
	       (k->type == CONFIG_LIST && !((const struct config_list *)at)->set);
}

static void dump_detectors(const struct config *c, FILE *out)
{
	fputs("detectors:\n", out);
	for (unsigned i = 0; i < setting_count; i++) {
		double v = settings_get(&c->detectors, i);
		const struct setting_info *s = &setting_infos[i];
		if (s->type == SETTING_SWITCH)
			fprintf(out, "  %s: %s", s->key, v != 0 ? "yes" : "no");
		else
			fprintf(out, "  %s: %.15g", s->key, v);
		fprintf(out, "  # %s\n", s->help);
	}
}

void config_dump(const struct config *c, FILE *out)
{
	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];
		fprintf(out, "# %s (default: %s%s%s)\n", k->help, k->standard,
			k->range[0] ? ", of " : "", k->range);
		fprintf(out, "%s%s: ", is_unset(c, &keys[i]) ? "# " : "", keys[i].key);
		dump_value(c, &keys[i], out);
		fputs("\n", out);
	}
	if (c->list_count)
		fputs("lists:\n", out);
	for (size_t i = 0; i < c->list_count; i++) {
		fprintf(out, "  ");
		dump_text(c->lists[i].name, out);
		fputs(": [", out);
		for (size_t k = 0; k < c->lists[i].count; k++) {
			fputs(k ? ", " : "", out);
			dump_text(c->lists[i].values[k], out);
		}
		fputs("]\n", out);
	}
	dump_detectors(c, out);
}
