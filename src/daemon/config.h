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

struct config {
	struct config_list interfaces;
	const char *filter;
	uint64_t workers;
	bool affinity, promiscuous;
	unsigned fanout; /* number of the word, as all WORDs */
	uint64_t snaplen, ring_size, record_ring;
	uint64_t state_interval; /* ns, as all DURATIONs; never: 0 */
	const char *findings_file, *findings_syslog, *records_file, *records_syslog;
	bool findings_journal;
	unsigned records_format;
	uint64_t rotate_size, rotate_interval, rotate_keep, queue_size;
	bool rotate_compress;
	uint64_t stats_interval, tell_interval, tell_growth, window;
	const char *control_socket, *control_group, *metrics_listen, *user;
	bool sandbox;
	unsigned log_level;
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

/* The keys that differ and wait for the next start, with commas in between, terminated and cut at
 * the room. Returns how many. */
size_t config_wait(const struct config *was, const struct config *is, char *out, size_t room);

/* Prints every key with its value and meaning, as a file that could be read again. */
void config_dump(const struct config *c, FILE *out);

#endif
