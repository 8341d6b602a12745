#include "output/rotate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/limits.h"
#include "output/compress.h"

#define STAMP	   15 /* YYYYMMDD-HHMMSS */
#define NUMBER_MAX 999999u
#define PACKED	   ".zst"
#define HALF	   ".zst.tmp"

void rotate_clock_set(struct rotate_clock *c, uint64_t time)
{
	c->period = c->interval ? time / c->interval : 0;
}

bool rotate_clock_due(struct rotate_clock *c, uint64_t now)
{
	uint64_t period = c->interval ? now / c->interval : 0;
	bool due = period > c->period;

	if (period < c->period)
		c->period = period;
	return due;
}

static bool there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* In none of its forms. */
static bool is_free(const char *path)
{
	char form[PATH_MAX + sizeof HALF];

	if (there(path))
		return false;
	snprintf(form, sizeof form, "%s" PACKED, path);
	if (there(form))
		return false;
	snprintf(form, sizeof form, "%s" HALF, path);
	return !there(form);
}

/* 0, or -1 and errno. */
static int rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* a file system without the flag: is_free has looked a moment ago */
	return rename(from, to);
}

int rotate_away(const char *path, uint64_t now, struct error *e)
{
	char stamp[STAMP + 1], to[PATH_MAX];
	time_t s = (time_t)(now / NS_PER_S);
	struct tm t;

	gmtime_r(&s, &t);
	strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &t);
	for (unsigned n = 0; n <= NUMBER_MAX; n++) {
		int length = n ? snprintf(to, sizeof to, "%s.%s.%u", path, stamp, n) :
				 snprintf(to, sizeof to, "%s.%s", path, stamp);
		if ((size_t)length >= sizeof to)
			return error_set(e, "rotation: the path is too long");
		if (!is_free(to))
			continue;
		if (rename_new(path, to) == 0)
			return 0;
		if (errno != EEXIST)
			return error_set(e, "rotation: %s", strerror(errno));
	}
	return error_set(e, "rotation: no name is free");
}

/* One old file in its forms. */
struct old {
	char stamp[STAMP];
	unsigned number;
	char *name; /* without ending */
	bool plain, packed, half;
};

struct olds {
	struct old *old;
	size_t count;
};

static bool digits(const char **p, const char *end, size_t least, size_t most, unsigned *value)
{
	size_t n = 0;

	for (*value = 0; *p < end && n < most && **p >= '0' && **p <= '9'; n++)
		*value = *value * 10 + (unsigned)(*(*p)++ - '0');
	return n >= least;
}

/* BASE.YYYYMMDD-HHMMSS[.N][.zst[.tmp]] */
static bool read_name(struct str name, struct str base, struct old *out)
{
	const char *p = name.p + base.n + 1, *end = name.p + name.n;
	unsigned date, time;

	*out = (struct old){0};
	if (!str_has_prefix(name, base) || name.n < base.n + 1 + STAMP || name.p[base.n] != '.')
		return false;
	memcpy(out->stamp, p, STAMP);
	if (!digits(&p, end, 8, 8, &date) || *p++ != '-' || !digits(&p, end, 6, 6, &time))
		return false;
	if (end - p >= 2 && p[0] == '.' && p[1] >= '1' && p[1] <= '9') {
		p++;
		digits(&p, end, 1, 6, &out->number);
	}
	struct str ending = {p, (size_t)(end - p)};
	out->plain = ending.n == 0;
	out->packed = str_eq(ending, STR(PACKED));
	out->half = str_eq(ending, STR(HALF));
	if (!out->plain && !out->packed && !out->half)
		return false;
	out->name = mem_strndup(name.p, (size_t)(p - name.p));
	return true;
}

static int newest_first(const void *a, const void *b)
{
	const struct old *x = a, *y = b;
	int order = memcmp(y->stamp, x->stamp, STAMP);

	return order ? order : (y->number > x->number) - (y->number < x->number);
}

/* Forms of the same file become one entry. */
static void merge(struct olds *o)
{
	size_t n = 0;

	if (o->count)
		qsort(o->old, o->count, sizeof *o->old, newest_first);
	for (size_t i = 0; i < o->count; i++) {
		struct old *x = &o->old[i], *last = n ? &o->old[n - 1] : NULL;
		if (last && newest_first(last, x) == 0) {
			last->plain |= x->plain;
			last->packed |= x->packed;
			last->half |= x->half;
			free(x->name);
		} else {
			o->old[n++] = *x;
		}
	}
	o->count = n;
}

static int list(struct olds *o, int folder, struct str base, struct error *e)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct old x;

	*o = (struct olds){0};
	if (!d) {
		if (fd >= 0)
			close(fd);
		return error_set(e, "rotation: cannot look for old files: %s", strerror(errno));
	}
	for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
		if (!read_name(str_of(entry->d_name), base, &x))
			continue;
		o->old = mem_resize(o->old, (o->count + 1) * sizeof *o->old);
		o->old[o->count++] = x;
	}
	closedir(d);
	merge(o);
	return 0;
}

static int drop(int folder, const struct old *x, const char *ending, struct error *e)
{
	char name[NAME_MAX + sizeof HALF];

	snprintf(name, sizeof name, "%s%s", x->name, ending);
	if (unlinkat(folder, name, 0) && errno != ENOENT)
		return error_set(e, "rotation: cannot remove %.200s: %s", name, strerror(errno));
	return 0;
}

/* What is left of an earlier try goes first; the plain file goes when the other is whole. */
static int pack(int folder, const struct old *x, const _Atomic bool *stop, struct error *e)
{
	char packed[NAME_MAX + sizeof HALF], half[NAME_MAX + sizeof HALF];

	snprintf(packed, sizeof packed, "%s" PACKED, x->name);
	snprintf(half, sizeof half, "%s" HALF, x->name);
	if (!x->packed) {
		if (compress_file(folder, x->name, half, stop, e))
			return -1;
		if (renameat(folder, half, folder, packed) || fsync(folder))
			return error_set(e, "rotation: %.200s: %s", packed, strerror(errno));
	}
	return drop(folder, x, "", e);
}

static int tidy(int folder, struct olds *o, unsigned keep, bool compress, const _Atomic bool *stop,
		struct error *e)
{
	int failed = 0;

	for (size_t i = 0; i < o->count && !atomic_load(stop); i++) {
		struct old *x = &o->old[i];
		bool old = keep && i >= keep;

		if (x->half)
			failed |= drop(folder, x, HALF, e);
		if (old && x->packed)
			failed |= drop(folder, x, PACKED, e);
		if (old && x->plain)
			failed |= drop(folder, x, "", e);
	}
	/* room is made before more is taken; one that fails does not keep the others */
	for (size_t i = 0; i < o->count && !(keep && i >= keep) && !atomic_load(stop); i++)
		if (compress && o->old[i].plain)
			failed |= pack(folder, &o->old[i], stop, e);
	return failed;
}

int rotate_tidy(const char *path, unsigned keep, bool compress, const _Atomic bool *stop,
		struct error *e)
{
	const char *slash = strrchr(path, '/');
	char *parent = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : NULL;
	int folder = open(parent ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct olds o;
	int failed;

	free(parent);
	if (folder < 0)
		return error_set(e, "rotation: cannot look for old files: %s", strerror(errno));
	failed = list(&o, folder, str_of(slash ? slash + 1 : path), e);
	if (!failed)
		failed = tidy(folder, &o, keep, compress, stop, e);
	for (size_t i = 0; i < o.count; i++)
		free(o.old[i].name);
	free(o.old);
	close(folder);
	return failed;
}
