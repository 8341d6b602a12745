/* What the daemon may do from now on: a seccomp allowlist, Landlock rules, resource limits.
 *
 * Entered once, by the only thread, after privileges_drop; threads made later inherit it.
 *
 * Calls outside the list fail (EPERM; ENOSYS where libraries then take an older way); those that
 * only somebody who took the process over would try end it: another program, another process, the
 * memory of others, mounts, modules, other users, more capabilities. Memory is writable or
 * executable, never both, and no code is mapped any more. Below a grant nothing is executable. */
#ifndef EGRET_DAEMON_SANDBOX_H
#define EGRET_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sandbox_options {
	/* What may be read (rules, lists, configuration): folders, or files with the folders they
	 * are in. What libc, libpcap and the journal need is added. NULLs are left out, here and
	 * below. */
	const char *const *read;
	size_t read_count;
	/* Folders in which files may be made, read, written, renamed and removed. */
	const char *const *write;
	size_t write_count;
	bool network;	 /* connects to remote sinks and asks for their addresses; else sockets are
			    AF_UNIX and AF_PACKET only */
	uint16_t listen; /* TCP port that is still to be bound, with a socket of AF_INET or AF_INET6
			    that cannot connect; 0: none, other ports never */
	uint64_t files;	 /* RLIMIT_NOFILE, as far as the hard limit goes; 0: as it is */
};

/* What of it is in force, for the log and `egretctl status`. */
struct sandbox_state {
	bool seccomp;
	int landlock; /* ABI version; 0: the kernel has none */
};

/* -1 and an error when something that the kernel has cannot be put into force, or other threads
 * run already: do not go on. Paths that do not exist, or that we may not reach, are left out. */
int sandbox_enter(const struct sandbox_options *o, struct sandbox_state *state, struct error *e);

/* Whether a path lies inside what the sandbox lets be read (or written): a reload that names
 * another one is refused with that reason, since Landlock cannot be widened. `o` as it was entered
 * with. A file that is not there yet is inside when its folder is. */
bool sandbox_allows(const struct sandbox_options *o, const char *path);

#endif
