/* Whole files and folders of files, for lists and rules that people write. */
#ifndef EGRET_BASE_FILE_H
#define EGRET_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/str.h"

/* Reads a file of at most `limit` bytes. The text is the caller's to free; it is also terminated.
 * 0, or -1 and an error that names the file. */
int file_read(const char *path, size_t limit, char **text, size_t *n, struct error *e);

/* The files that `path` stands for: itself, or, when it is a folder, those in it whose names end
 * with `ending` and do not begin with a dot, in byte order of their names. */
struct file_names {
	char **path;
	size_t count;
};

/* An empty folder is an error, for it is more likely a mistake than meant. */
int file_names_get(struct file_names *f, const char *path, struct str ending, struct error *e);
void file_names_free(struct file_names *f);

/* Belongs to us or root, and nobody else may write it. */
bool file_ours_alone(const struct stat *st);
/* All n bytes, whatever interrupts; false at the end of the file or an error. */
bool file_read_all(int fd, void *to, size_t n);
bool file_write_all(int fd, const void *from, size_t n);

#endif
