/* What a configuration holds: as a file, and beside another one. */
#include "daemon/config_part.h"

#include <string.h>

#include "base/writer.h"
#include "core/limits.h"

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

	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *k = &config_keys[i];
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

static void dump_value(const struct config *c, const struct config_key *k, FILE *out)
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
static bool is_unset(const struct config *c, const struct config_key *k)
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
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *k = &config_keys[i];
		fprintf(out, "# %s (default: %s%s%s)\n", k->help, k->standard,
			k->range[0] ? ", of " : "", k->range);
		fprintf(out, "%s%s: ", is_unset(c, &config_keys[i]) ? "# " : "",
			config_keys[i].key);
		dump_value(c, &config_keys[i], out);
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
