#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static int fail(struct error *e, const char *path)
{
	return error_set(e, "%.300s: %s", path, strerror(errno));
}

int file_read(const char *path, size_t limit, char **text, size_t *n, struct error *e)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return fail(e, path);

	size_t room = 64 * 1024, used = 0;
	char *p = mem_alloc(room + 1);
	for (size_t got; used <= limit && (got = fread(p + used, 1, room - used, f)) > 0;) {
		used += got;
		if (used == room)
			p = mem_resize(p, (room *= 2) + 1);
	}
	int failed = ferror(f) ? fail(e, path) : 0;
	if (!failed && used > limit)
		failed = error_set(e, "%.300s: larger than %zu bytes", path, limit);
	fclose(f);
	if (failed) {
		free(p);
		return failed;
	}
	p[used] = '\0';
	*text = p;
	*n = used;
	return 0;
}

/* Not alphasort: the order must not hang on the locale. */
static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add(struct file_names *f, const char *folder, size_t n, const char *name)
{
	size_t room = n + strlen(name) + 2;
	char *full = mem_alloc(room);

	snprintf(full, room, "%.*s/%s", (int)n, folder, name);
	f->path = mem_resize(f->path, (f->count + 1) * sizeof(char *));
	f->path[f->count++] = full;
}

static int read_folder(struct file_names *f, const char *path, struct str ending, struct error *e)
{
	DIR *d = opendir(path);
	if (!d)
		return fail(e, path);

	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	errno = 0;
	for (struct dirent *x; (x = readdir(d)) != NULL; errno = 0) {
		struct str name = str_of(x->d_name);

		if (name.p[0] != '.' && name.n > ending.n && str_has_suffix(name, ending))
			add(f, path, n, name.p);
	}
	int failed = errno ? fail(e, path) : 0;
	closedir(d);
	if (!failed && f->count == 0)
		failed =
			error_set(e, "%.300s: no *%.*s files in it", path, (int)ending.n, ending.p);
	if (failed)
		file_names_free(f);
	else
		qsort(f->path, f->count, sizeof(char *), by_bytes);
	return failed;
}

int file_names_get(struct file_names *f, const char *path, struct str ending, struct error *e)
{
	struct stat st;

	*f = (struct file_names){0};
	if (stat(path, &st))
		return fail(e, path);
	if (S_ISDIR(st.st_mode))
		return read_folder(f, path, ending, e);
	f->path = mem_array(1, sizeof(char *));
	f->path[f->count++] = mem_strndup(path, strlen(path));
	return 0;
}

void file_names_free(struct file_names *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->path[i]);
	free(f->path);
	*f = (struct file_names){0};
}

bool file_ours_alone(const struct stat *st)
{
	return (st->st_uid == geteuid() || st->st_uid == 0) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

bool file_read_all(int fd, void *to, size_t n)
{
	for (char *p = to; n;) {
		ssize_t got = read(fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got, n -= (size_t)got;
	}
	return true;
}

bool file_write_all(int fd, const void *from, size_t n)
{
	for (const char *p = from; n;) {
		ssize_t put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		p += put, n -= (size_t)put;
	}
	return true;
}
