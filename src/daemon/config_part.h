/* The table of keys, for the files of the configuration alone. */
#ifndef EGRET_DAEMON_CONFIG_PART_H
#define EGRET_DAEMON_CONFIG_PART_H

#include "daemon/config.h"

enum config_type {
	CONFIG_TEXT,
	CONFIG_SWITCH,
	CONFIG_NUMBER,
	CONFIG_SIZE,
	CONFIG_DURATION,
	CONFIG_WORD,
	CONFIG_LIST
};

struct config_key {
	const char *key;
	enum config_type type;
	size_t offset;
	bool reload; /* puts it into force */
	const char *standard, *range, *help;
};

extern const struct config_key config_keys[];
extern const unsigned config_key_count;

#endif
