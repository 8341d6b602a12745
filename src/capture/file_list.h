/* The capture files that paths and folders name, each once. */
#ifndef EGRET_CAPTURE_FILE_LIST_H
#define EGRET_CAPTURE_FILE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "capture/report.h"

struct lane;

struct file_entry {
	char *path;     /* "-" is standard input */
	uint64_t first; /* when it begins: left to the merge, as is */
	struct lane *lane; /* the file, if it had to be kept open */
	uint32_t order; /* as they were named; within a folder by name */
	bool in_folder; /* found, not named: it may be something else */
	bool regular;
	bool again; /* the same file as an earlier one */
	dev_t device;
	ino_t inode;
};

struct file_list {
	struct file_entry *entries;
	size_t count, room;
};

void file_list_init(struct file_list *l);
void file_list_fini(struct file_list *l);

/* Adds a file, or the files of a folder and of the folders in it (symbolic links to folders are
 * followed only when named). -1 and an error when the path cannot be read; what cannot be read
 * inside a folder is reported instead. */
int file_list_add(struct file_list *l, const char *path, const struct report *report,
		  struct error *e);
/* After the last one: drops files that are there twice, with a note. */
void file_list_finish(struct file_list *l, const struct report *report);

#endif
