#include "sigma/rule_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/limits.h"

static int fail(struct error *e, const char *path)
{
	return error_set(e, "%.300s: %s", path, strerror(errno));
}

static int add(struct rule_files *f, struct arena *a, const char *path, struct error *e)
{
	if (f->count == LIMIT_RULE_FILES)
		return error_set(e, "%.300s: more than %u rule files", path, LIMIT_RULE_FILES);
	f->path = arena_grow(a, f->path, f->count, &f->room, sizeof *f->path);
	f->path[f->count++] = arena_text(a, str_of(path));
	return 0;
}

/* A folder and those that it is in. */
struct folder {
	const struct folder *up;
	dev_t device;
	ino_t number;
	int depth;
};

static int walk(struct rule_files *f, struct arena *a, const char *path, const struct folder *up,
		struct error *e);

/* Not alphasort: the order must not hang on the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* A folder that is linked to from inside of itself. */
static bool is_inside(const struct folder *self)
{
	for (const struct folder *up = self->up; up; up = up->up)
		if (up->device == self->device && up->number == self->number)
			return true;
	return false;
}

static int walk_folder(struct rule_files *f, struct arena *a, const char *path,
		       const struct folder *self, struct error *e)
{
	struct dirent **name;
	struct str folder = str_of(path);
	int failed = 0;

	if (is_inside(self))
		return 0;
	if (self->depth == LIMIT_FOLDER_DEPTH || ++f->folders > LIMIT_RULE_FILES)
		return error_set(e, "%.300s: too many folders in each other", path);
	int count = scandir(path, &name, visible, by_bytes);
	if (count < 0)
		return fail(e, path);
	while (folder.n > 1 && folder.p[folder.n - 1] == '/')
		folder.n--;
	for (int i = 0; i < count; i++) {
		if (!failed)
			failed = walk(
				f, a,
				arena_print(a, "%.*s/%s", (int)folder.n, folder.p, name[i]->d_name),
				self, e);
		free(name[i]);
	}
	free(name);
	return failed;
}

static int walk(struct rule_files *f, struct arena *a, const char *path, const struct folder *up,
		struct error *e)
{
	struct stat st;
	struct str name = str_of(path);

	if (stat(path, &st))
		return up ? 0 : fail(e, path); /* a link to nowhere is no rule */
	if (S_ISDIR(st.st_mode)) {
		struct folder self = {up, st.st_dev, st.st_ino, up ? up->depth + 1 : 0};
		return walk_folder(f, a, path, &self, e);
	}
	if (!up || (S_ISREG(st.st_mode) &&
		    (str_has_suffix(name, STR(".yml")) || str_has_suffix(name, STR(".yaml")))))
		return add(f, a, path, e);
	return 0;
}

int rule_files_add(struct rule_files *f, struct arena *a, const char *path, struct error *e)
{
	return walk(f, a, path, NULL, e);
}
