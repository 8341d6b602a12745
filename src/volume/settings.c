#include "volume/settings.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const struct setting_info setting_infos[] = {
#define SETTING(field, type, value, least, most, key, help)                                        \
	{key, help, SETTING_##type, value, least, most, offsetof(struct detector_settings, field)},
#include "volume/settings.def"
#undef SETTING
};

const unsigned setting_count = sizeof setting_infos / sizeof *setting_infos;

void settings_default(struct detector_settings *s)
{
	*s = (struct detector_settings){
#define SETTING(field, type, value, least, most, key, help) .field = (SETTING_C_##type)(value),
#include "volume/settings.def"
#undef SETTING
	};
}

static bool read_switch(struct str text, double *v)
{
	static const char *const words[2][4] = {{"no", "false", "off", "0"},
						{"yes", "true", "on", "1"}};

	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < 4; k++)
			if (str_ieq(text, str_of(words[i][k]))) {
				*v = i;
				return true;
			}
	return false;
}

static bool read_suffix(const char *p, double *v)
{
	static const char letters[] = "kMGT";
	const char *at = *p ? strchr(*p == 'K' ? "k" : letters, *p == 'K' ? 'k' : *p) : NULL;

	if (!*p)
		return true;
	if (!at)
		return false;
	unsigned power = *p == 'K' ? 1 : (unsigned)(at - letters) + 1;
	bool binary = p[1] == 'i';
	if (p[1 + binary] == 'B')
		p++;
	if (p[1 + binary])
		return false;
	for (; power; power--)
		*v *= binary ? 1024 : 1000;
	return true;
}

static bool read_number(struct str text, bool bytes, double *v)
{
	char z[32], *end;

	/* digits only at the start: strtod would take "nan", "inf" and 0x1p3 */
	if (!text.n || text.n >= sizeof z || memchr(text.p, 'x', text.n) ||
	    memchr(text.p, 'X', text.n))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	if (!strchr("-.0123456789", z[0]))
		return false;
	*v = strtod(z, &end);
	if (end == z || !isfinite(*v))
		return false;
	return bytes ? read_suffix(end, v) : !*end;
}

static void store(struct detector_settings *s, const struct setting_info *i, double v)
{
	char *p = (char *)s + i->offset;

	switch (i->type) {
	case SETTING_SWITCH:
		*(bool *)p = v != 0;
		break;
	case SETTING_BYTES:
		*(uint64_t *)(void *)p = (uint64_t)v;
		break;
	case SETTING_COUNT:
		*(uint32_t *)(void *)p = (uint32_t)v;
		break;
	case SETTING_OFFSET:
		*(int32_t *)(void *)p = (int32_t)v;
		break;
	case SETTING_RATIO:
		*(double *)(void *)p = v;
		break;
	}
}

int settings_set(struct detector_settings *s, struct str key, struct str text, struct error *e)
{
	for (unsigned k = 0; k < setting_count; k++) {
		const struct setting_info *i = &setting_infos[k];
		double v;

		if (!str_eq(key, str_of(i->key)))
			continue;
		if (i->type == SETTING_SWITCH) {
			if (!read_switch(text, &v))
				return error_set(e, "%s: '%.*s' is neither yes nor no", i->key,
						 text.n < 100 ? (int)text.n : 100, text.p);
		} else if (!read_number(text, i->type == SETTING_BYTES, &v) ||
			   (i->type != SETTING_RATIO && v != floor(v)) || v < i->least ||
			   v > i->most) {
			return error_set(e, "%s: '%.*s' is no %s from %.15g to %.15g", i->key,
					 text.n < 100 ? (int)text.n : 100, text.p,
					 i->type == SETTING_BYTES   ? "size"
					 : i->type == SETTING_RATIO ? "number"
								    : "whole number",
					 i->least, i->most);
		}
		store(s, i, v);
		return 0;
	}
	return error_set(e, "'%.*s' is no setting of the detectors", key.n < 100 ? (int)key.n : 100,
			 key.p);
}

double settings_get(const struct detector_settings *s, unsigned k)
{
	const char *p = (const char *)s + setting_infos[k].offset;

	switch (setting_infos[k].type) {
	case SETTING_SWITCH:
		return *(const bool *)p;
	case SETTING_BYTES:
		return (double)*(const uint64_t *)(const void *)p;
	case SETTING_COUNT:
		return *(const uint32_t *)(const void *)p;
	case SETTING_OFFSET:
		return *(const int32_t *)(const void *)p;
	case SETTING_RATIO:
		break;
	}
	return *(const double *)(const void *)p;
}

bool settings_same(const struct detector_settings *a, const struct detector_settings *b)
{
	for (unsigned i = 0; i < setting_count; i++)
		if (settings_get(a, i) != settings_get(b, i))
			return false;
	return true;
}
