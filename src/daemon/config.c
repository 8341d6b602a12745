#include "daemon/config_part.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/yaml.h"
#include "core/limits.h"
#include "daemon/config_value.h"
#include "daemon/size.h"

#define KEY_MAX 128

const struct config_key config_keys[] = {
#define CONFIG_RELOAD true
#define CONFIG_START  false
#define CONFIG(key, type, field, when, standard, range, help)                                      \
	{key, CONFIG_##type, offsetof(struct config, field), CONFIG_##when, standard, range, help},
#include "daemon/config.def"
#undef CONFIG
};

const unsigned config_key_count = sizeof config_keys / sizeof *config_keys;

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
static bool in_range(const struct config_key *k, uint64_t v)
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
	return read_amount(k->type, least, &low) && read_amount(k->type, k->range + n + 1, &high) &&
	       v >= low && v <= high;
}

/* Of any type but LIST; TEXT keeps `text`. False when it is none. */
static bool read_scalar(const struct config_key *k, void *at, const char *text)
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
	for (size_t i = 0; i < config_key_count; i++)
		if (config_keys[i].type != CONFIG_TEXT && config_keys[i].type != CONFIG_LIST)
			read_scalar(&config_keys[i], (char *)c + config_keys[i].offset,
				    config_keys[i].standard);
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

static void complain_value(struct reading *r, unsigned line, const struct config_key *k)
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
static void check_items(struct reading *r, const struct config_key *k, struct config_list *l)
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

static void read_value(struct reading *r, const struct config_key *k, const struct yaml_node *n)
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

static const struct config_key *find_key(const char *name)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (strcmp(config_keys[i].key, name) == 0)
			return &config_keys[i];
	return NULL;
}

static bool is_group(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < config_key_count; i++)
		if (strncmp(config_keys[i].key, name, n) == 0 && config_keys[i].key[n] == '.')
			return true;
	return strcmp(name, "detectors") == 0;
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
		const struct config_key *known = find_key(key);
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
			complain(r, map->key[i]->line,
				 is_group(key) ? "is a map of keys and values" : "is no key", key);
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
