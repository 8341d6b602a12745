/* The sandbox's two halves, for sandbox.c alone. */
#ifndef EGRET_DAEMON_SANDBOX_PART_H
#define EGRET_DAEMON_SANDBOX_PART_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "daemon/sandbox.h"

/* seccomp: what may be called. *in_force is false, and nothing is done, when the kernel has none.
 */
int sandbox_calls(const struct sandbox_options *o, bool *in_force, struct error *e);

/* Landlock: what may be opened. *abi is 0, and nothing is done, when the kernel has none. */
int sandbox_files(const struct sandbox_options *o, int *abi, struct error *e);

/* What is granted for a path to be read: itself when it is a folder; the folder that a file is in,
 * since editors and package managers put a new file in the old one's place; never the root folder
 * because of a file in it. Without symbolic links. False when there is nothing there. */
bool sandbox_granted(const char *path, char out[PATH_MAX]);

#endif
