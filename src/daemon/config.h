/* The configuration file, egret.yaml(5): YAML, checked against one table (config.def, and
 * volume/settings.def below "detectors:"). The command line wins over it. */
#ifndef EGRET_DAEMON_CONFIG_H
#define EGRET_DAEMON_CONFIG_H

#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "detect/ruleset.h"
#include "volume/settings.h"

struct config_list {
	const char **text; /* terminated; in the configuration's arena */
	unsigned *line;	   /* where each stands */
	size_t count;
	bool set;
};

#define CONFIG_C_TEXT	const char *
#define CONFIG_C_SWITCH bool
#define CONFIG_C_SIZE	uint64_t
#define CONFIG_C_LIST	struct config_list

struct config {
	struct config_list domains, rules, home;
	struct config_list allow_clients, allow_servers, allow_services, allow_tenants, own_tenants;
	const char *cache, *state; /* NULL: not set; "": none */
	bool strict;
	uint64_t threshold[4];
	struct detector_settings detectors;
	struct ruleset_list *lists; /* "lists:", for %name% in rules */
	size_t list_count;
	const char *file; /* NULL: there is none */
	struct arena arena;
};

/* What is wrong with a key: all of them are told. */
typedef void config_problem(void *context, const char *file, unsigned line, const char *text);

/* The defaults. */
void config_init(struct config *c);
void config_fini(struct config *c);

/* Reads a file over what is there. The number of problems told; -1 and an error when the file
 * cannot be read. */
int config_read(struct config *c, const char *path, config_problem *problem, void *context,
		struct error *e);
/* The same for its text. */
int config_parse(struct config *c, const char *file, struct str text, config_problem *problem,
		 void *context);

/* Prints every key with its value and meaning, as a file that could be read again. */
void config_dump(const struct config *c, FILE *out);

#endif
