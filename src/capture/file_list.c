#include "capture/file_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/limits.h"

void file_list_init(struct file_list *l)
{
	*l = (struct file_list){0};
}

void file_list_fini(struct file_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->entries[i].path);
	free(l->entries);
}

static void add_file(struct file_list *l, const char *path, const struct stat *st, bool in_folder)
{
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		l->entries = mem_resize(l->entries, l->room * sizeof *l->entries);
	}
	l->entries[l->count] = (struct file_entry){
		.path = mem_strndup(path, strlen(path)),
		.order = (uint32_t)l->count,
		.in_folder = in_folder,
		.regular = S_ISREG(st->st_mode),
		.device = st->st_dev,
		.inode = st->st_ino,
	};
	l->count++;
}

static int not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* not by locale: the order must not depend on it */
}

static int add_folder(struct file_list *l, const char *path, unsigned depth,
		      const struct report *report, struct error *e);

static void add_found(struct file_list *l, const char *path, unsigned depth,
		      const struct report *report)
{
	struct error e;
	struct stat st, target;

	if (lstat(path, &st) || stat(path, &target)) {
		error_set(&e, "cannot be read: %s", strerror(errno));
		report_damage(report, path, e.text);
	} else if (S_ISREG(target.st_mode)) {
		add_file(l, path, &target, true);
	} else if (S_ISDIR(st.st_mode)) {
		if (add_folder(l, path, depth, report, &e))
			report_damage(report, path, e.text);
	} else {
		report_note(report, path, "is neither a file nor a folder: skipped");
	}
}

static int add_folder(struct file_list *l, const char *path, unsigned depth,
		      const struct report *report, struct error *e)
{
	struct dirent **found;

	if (depth == LIMIT_FOLDER_DEPTH)
		return error_set(e, "folders are nested too deep");
	int n = scandir(path, &found, not_dots, by_name);
	if (n < 0)
		return error_set(e, "cannot be read: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		size_t room = strlen(path) + strlen(found[i]->d_name) + 2;
		char *inner = mem_alloc(room);
		snprintf(inner, room, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
			 found[i]->d_name);
		add_found(l, inner, depth + 1, report);
		free(inner);
		free(found[i]);
	}
	free(found);
	return 0;
}

int file_list_add(struct file_list *l, const char *path, const struct report *report,
		  struct error *e)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		for (size_t i = 0; i < l->count; i++)
			if (strcmp(l->entries[i].path, "-") == 0)
				return error_set(e, "standard input (-) can be read only once");
		add_file(l, path, &(struct stat){0}, false);
		return 0;
	}
	if (stat(path, &st))
		return error_set(e, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		struct error inner;
		if (add_folder(l, path, 0, report, &inner))
			return error_set(e, "%s: %s", path, inner.text);
		return 0;
	}
	if (access(path, R_OK))
		return error_set(e, "%s: %s", path, strerror(errno));
	add_file(l, path, &st, false);
	return 0;
}

static int by_file(const void *va, const void *vb)
{
	const struct file_entry *a = va, *b = vb;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int by_order(const void *va, const void *vb)
{
	const struct file_entry *a = va, *b = vb;

	return a->order < b->order ? -1 : 1;
}

void file_list_finish(struct file_list *l, const struct report *report)
{
	size_t kept = 0;

	if (l->count < 2)
		return;
	qsort(l->entries, l->count, sizeof *l->entries, by_file);
	for (size_t i = 1; i < l->count; i++) {
		struct file_entry *a = &l->entries[i - 1], *b = &l->entries[i];
		b->again = a->regular && b->regular && a->device == b->device &&
			   a->inode == b->inode;
	}
	qsort(l->entries, l->count, sizeof *l->entries, by_order);
	for (size_t i = 0; i < l->count; i++) {
		if (l->entries[i].again) {
			report_note(report, l->entries[i].path, "is given more than once: read once");
			free(l->entries[i].path);
		} else {
			l->entries[kept++] = l->entries[i];
		}
	}
	l->count = kept;
}
