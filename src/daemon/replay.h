/* Replays capture files: source → sensor → analyst → output, in one thread. */
#ifndef EGRET_DAEMON_REPLAY_H
#define EGRET_DAEMON_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay_options {
	const char **paths; /* capture files and folders */
	size_t path_count;
	const char *filter;  /* pcap-filter(7), NULL: none */
	const char *records; /* where records go: a file, "-", NULL: nowhere */
	bool json;           /* findings as JSON lines */
	bool quiet;          /* no summary */
	uint64_t threshold[4]; /* bytes by tier; UINT64_MAX: never */
	const char **domains; /* list files and folders */
	size_t domain_count;
	const char *cache_dir; /* of compiled lists; NULL: none */
};

enum {
	EXIT_FINE = 0,
	EXIT_DAMAGED = 1, /* a capture file or an output was not read or written whole */
	EXIT_UNUSABLE = 2, /* nothing could be done: wrong options, no such file */
};

int replay_run(const struct replay_options *o);
/* Prints what the lists say about a name. */
int replay_explain(const struct replay_options *o, const char *name);

#endif
