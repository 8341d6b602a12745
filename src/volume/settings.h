/* What can be set about the detectors: settings.def is the table, this its reading. */
#ifndef EGRET_VOLUME_SETTINGS_H
#define EGRET_VOLUME_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum setting_type {
	SETTING_SWITCH,
	SETTING_BYTES,
	SETTING_COUNT,
	SETTING_OFFSET, /* a whole number that may be negative */
	SETTING_RATIO,
};

#define SETTING_C_SWITCH bool
#define SETTING_C_BYTES	 uint64_t
#define SETTING_C_COUNT	 uint32_t
#define SETTING_C_OFFSET int32_t
#define SETTING_C_RATIO	 double

struct detector_settings {
#define SETTING(field, type, value, least, most, key, help) SETTING_C_##type field;
#include "volume/settings.def"
#undef SETTING
};

struct setting_info {
	const char *key, *help;
	enum setting_type type;
	double value, least, most; /* the default and its bounds, both included */
	uint32_t offset;	   /* of the field in struct detector_settings */
};

extern const struct setting_info setting_infos[];
extern const unsigned setting_count;

void settings_default(struct detector_settings *s);

/* Sets one by its key. Switches take yes, no, true, false, on, off, 1, 0; bytes a number with an
 * optional k, M, G or T (powers of 1000) or Ki, Mi, Gi, Ti. 0, or -1 and an error that names the
 * key and what it may be; the settings are then as before. */
int settings_set(struct detector_settings *s, struct str key, struct str text, struct error *e);

bool settings_same(const struct detector_settings *a, const struct detector_settings *b);

/* The value of the i-th of setting_infos. */
double settings_get(const struct detector_settings *s, unsigned i);

#endif
