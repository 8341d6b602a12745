/* The rule files that paths stand for: the files themselves, and what ends with .yml or .yaml in
 * folders and the folders in them. */
#ifndef EGRET_SIGMA_RULE_FILES_H
#define EGRET_SIGMA_RULE_FILES_H

#include "base/arena.h"
#include "base/error.h"

struct rule_files {
	char **path;
	size_t count, room, folders;
};

/* Adds those of `path`, which are in the arena, each folder in byte order of the names. Names that
 * begin with a dot are left out, and so are links to a folder that they are in. -1 and an error
 * that names it when a folder or `path` itself cannot be opened, or there are too many. */
int rule_files_add(struct rule_files *f, struct arena *a, const char *path, struct error *e);

#endif
