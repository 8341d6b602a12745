/* What the daemon may do from now on: a seccomp allowlist, Landlock rules, resource limits.
 *
 * Entered once, after all threads' needs are known and before packets are read; every thread made
 * later inherits it. */
#ifndef EGRET_DAEMON_SANDBOX_H
#define EGRET_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sandbox_options {
	const char *const *read;  /* files and folders that may be read (rules, lists, configuration) */
	size_t read_count;
	const char *const *write; /* folders in which files may be made, written, renamed, removed */
	size_t write_count;
	bool network;		  /* connects to remote sinks; else AF_UNIX and AF_PACKET sockets only */
	uint64_t files;		  /* RLIMIT_NOFILE */
};

/* What of it is in force, for the log and `egretctl status`. */
struct sandbox_state {
	bool seccomp;
	int landlock; /* ABI version; 0: the kernel has none */
};

/* -1 and an error when something that the kernel has cannot be put into force. Paths that do not
 * exist are left out. */
int sandbox_enter(const struct sandbox_options *o, struct sandbox_state *state, struct error *e);

/* Whether a path lies inside what the sandbox lets be read: a reload that names another one is
 * refused with that reason, since Landlock cannot be widened. */
bool sandbox_allows(const struct sandbox_options *o, const char *path);

#endif
