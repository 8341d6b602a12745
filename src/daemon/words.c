#include "daemon/words.h"

#define SECOND UINT64_C(1000000000)

bool words_number(struct str word, uint64_t most, uint64_t *out)
{
	uint64_t v = 0;

	if (!word.n || word.n > 19)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(word.p[i] - '0');
	}
	*out = v;
	return v <= most;
}

bool words_span(struct str word, uint64_t *ns)
{
	static const struct {
		char letter;
		uint32_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	uint64_t v;

	if (word.n < 2)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		uint64_t unit = units[i].seconds * SECOND;
		if (word.p[word.n - 1] != units[i].letter)
			continue;
		if (!words_number((struct str){word.p, word.n - 1}, WORDS_SPAN_MAX / unit, &v) ||
		    !v)
			return false;
		*ns = v * unit;
		return true;
	}
	return false;
}

static const struct words_option *option_of(struct str word, const struct words_option *option,
					    size_t options, struct str *value)
{
	for (size_t i = 0; i < options; i++) {
		struct str name = str_of(option[i].name);
		if (!str_has_prefix(word, name))
			continue;
		if (word.n == name.n) {
			*value = (struct str){NULL, 0};
			return &option[i];
		}
		if (word.p[name.n] == '=') {
			*value = (struct str){word.p + name.n + 1, word.n - name.n - 1};
			return &option[i];
		}
	}
	return NULL;
}

static int too_many(struct str word, struct error *e)
{
	return error_set(e, "one word too many: %.*s", (int)(word.n > 64 ? 64 : word.n), word.p);
}

int words_split(const struct str *word, size_t count, const struct words_option *option,
		size_t options, struct str *others, size_t room, size_t *found, struct error *e)
{
	*found = 0;
	for (size_t i = 0; i < count; i++) {
		struct str value;
		const struct words_option *o = option_of(word[i], option, options, &value);

		if (!o && str_has_prefix(word[i], STR("--")))
			return error_set(e, "no option %.*s",
					 (int)(word[i].n > 64 ? 64 : word[i].n), word[i].p);
		if (!o && *found == room)
			return too_many(word[i], e);
		if (!o) {
			others[(*found)++] = word[i];
			continue;
		}
		if (o->value->p)
			return error_set(e, "%s stands twice", o->name);
		if (!value.p && ++i < count)
			value = word[i];
		if (!value.p)
			return error_set(e, "%s lacks its value", o->name);
		*o->value = value;
	}
	for (size_t i = 0; i < options; i++)
		if (option[i].needed && !option[i].value->n)
			return error_set(e, "%s is needed", option[i].name);
	return 0;
}
