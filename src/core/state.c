#include "core/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"

#define MAGIC	   "EGRET-ST"
#define MAGIC_SIZE 8
#define FORMAT	   1
#define NAME_SIZE  16
#define HEAD_SIZE  (MAGIC_SIZE + 4 + 4 + 8 + DIGEST_SIZE)
#define HALF	   ".part"
#define HALF_AGE   3600 /* seconds after which a half-written file is a dead one's */

static int fail(struct error *e, const char *folder, const char *what)
{
	return error_set(e, "%.300s: %s: %s", folder, what, strerror(errno));
}

/* encoding */

/* Of all but the digest itself. */
static void digest_of(const uint8_t *file, size_t n, uint8_t out[DIGEST_SIZE])
{
	struct digest *d = digest_new();

	digest_add(d, file, HEAD_SIZE - DIGEST_SIZE);
	digest_add(d, file + HEAD_SIZE, n - HEAD_SIZE);
	digest_end(d, out);
}

static void put_u64(uint8_t *to, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

static void encode_one(const struct state_section *s, struct bytes *out)
{
	char name[NAME_SIZE] = {0};
	size_t n = strlen(s->name);

	memcpy(name, s->name, n < NAME_SIZE ? n : NAME_SIZE);
	bytes_add(out, name, sizeof name);
	bytes_u32le(out, s->version);
	bytes_u32le(out, 0);
	bytes_u64le(out, 0);
	size_t from = out->n;
	s->save(s->owner, out);
	if (!out->full)
		put_u64(out->p + from - 8, out->n - from);
}

int state_gather(const struct state_section *s, size_t n, struct bytes *out, struct error *e)
{
	uint8_t nothing[8 + DIGEST_SIZE] = {0};

	bytes_init(out, LIMIT_STATE);
	bytes_add(out, MAGIC, MAGIC_SIZE);
	bytes_u32le(out, FORMAT);
	bytes_u32le(out, (uint32_t)n);
	bytes_add(out, nothing, sizeof nothing);
	for (size_t i = 0; i < n; i++)
		encode_one(&s[i], out);
	if (out->full) {
		bytes_fini(out);
		return error_set(e, "the state is larger than %u MiB", LIMIT_STATE / MIB);
	}
	put_u64(out->p + MAGIC_SIZE + 8, out->n - HEAD_SIZE);
	return 0;
}

void state_seal(struct bytes *file)
{
	digest_of(file->p, file->n, file->p + HEAD_SIZE - DIGEST_SIZE);
}

int state_encode(const struct state_section *s, size_t n, struct bytes *out, struct error *e)
{
	if (state_gather(s, n, out, e))
		return -1;
	state_seal(out);
	return 0;
}

/* decoding */

static const struct state_section *section_of(const struct state_section *s, size_t n,
					      const char name[NAME_SIZE])
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(s[i].name, name, NAME_SIZE) == 0)
			return &s[i];
	return NULL;
}

static int decode_one(const struct state_section *s, size_t n, struct cursor *c, uint32_t *seen,
		      struct error *e)
{
	const uint8_t *name = cur_take(c, NAME_SIZE);
	uint32_t version = cur_u32le(c), zero = cur_u32le(c);
	uint64_t length = cur_u64le(c);

	if (c->bad || zero || length > cur_left(c))
		return error_set(e, "a section is cut short");
	struct cursor in = cur_sub(c, (size_t)length);
	const struct state_section *x = section_of(s, n, (const char *)name);
	if (!x)
		return 0;
	if (*seen >> (x - s) & 1)
		return error_set(e, "section %s is there twice", x->name);
	*seen |= UINT32_C(1) << (x - s);
	if (version > x->version)
		return error_set(e, "section %s is of version %u, newer than %u", x->name, version,
				 x->version);
	struct error why = {""};
	if (x->load(x->owner, &in, version, &why))
		return error_set(e, "section %s: %.300s", x->name, why.text);
	if (in.bad || cur_left(&in))
		return error_set(e, "section %s has a wrong length", x->name);
	return 0;
}

int state_decode(const struct state_section *s, size_t n, const void *file, size_t size,
		 struct error *e)
{
	struct cursor c = cur_of(file, size);
	const uint8_t *magic = cur_take(&c, MAGIC_SIZE);
	uint32_t format = cur_u32le(&c), count = cur_u32le(&c), seen = 0;
	uint64_t length = cur_u64le(&c);
	const uint8_t *said = cur_take(&c, DIGEST_SIZE);
	uint8_t is[DIGEST_SIZE];

	if (c.bad || memcmp(magic, MAGIC, MAGIC_SIZE) != 0)
		return error_set(e, "no state of egret's");
	if (format != FORMAT)
		return error_set(e, "format %u, not %u", format, FORMAT);
	if (length != cur_left(&c) || n > STATE_SECTIONS_MAX)
		return error_set(e, "%zu bytes where %llu should be", cur_left(&c),
				 (unsigned long long)length);
	digest_of(file, size, is);
	if (!digest_same(said, is))
		return error_set(e, "damaged: the digest differs");
	for (uint32_t i = 0; i < count; i++)
		if (decode_one(s, n, &c, &seen, e))
			return -1;
	return cur_left(&c) ? error_set(e, "bytes after the last section") : 0;
}

/* the folder */

/* -1 with an error; `make`: when missing. */
static int open_folder(const char *folder, bool make, struct error *e)
{
	struct stat st;

	if (make && mkdir(folder, 0700) && errno != EEXIST)
		return fail(e, folder, "cannot be made");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, folder, "cannot be opened");
	if (fstat(fd, &st) || !file_ours_alone(&st)) {
		close(fd);
		return error_set(e, "%.300s: belongs to somebody else, or others may write to it",
				 folder);
	}
	return fd;
}

/* Removes what writers that were killed have left. */
static void sweep(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	time_t now = time(NULL);

	if (!d && copy >= 0)
		close(copy);
	for (struct dirent *x; d && (x = readdir(d)) != NULL;) {
		struct stat st;

		if (str_has_prefix(str_of(x->d_name), STR("." STATE_FILE ".")) &&
		    str_has_suffix(str_of(x->d_name), STR(HALF)) &&
		    fstatat(dir, x->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    st.st_mtim.tv_sec < now - HALF_AGE)
			unlinkat(dir, x->d_name, 0);
	}
	if (d)
		closedir(d);
}

int state_write(const char *folder, const struct bytes *file, struct error *e)
{
	char half[64];
	uint64_t random;
	int dir = open_folder(folder, true, e), result = 0;

	if (dir < 0)
		return -1;
	sweep(dir);
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		random = (uint64_t)getpid();
	snprintf(half, sizeof half, "." STATE_FILE ".%016llx" HALF, (unsigned long long)random);
	int fd = openat(dir, half, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		result = fail(e, folder, "no file can be made");
		close(dir);
		return result;
	}
	if (!file_write_all(fd, file->p, file->n) || fsync(fd))
		result = fail(e, folder, "the state cannot be written");
	if (close(fd) && !result)
		result = fail(e, folder, "the state cannot be written");
	if (!result && renameat(dir, half, dir, STATE_FILE))
		result = fail(e, folder, "the state cannot be put in place");
	if (result)
		unlinkat(dir, half, 0);
	else if (fsync(dir))
		result = fail(e, folder, "cannot be synced");
	close(dir);
	return result;
}

int state_save(const char *folder, const struct state_section *s, size_t n, struct error *e)
{
	struct bytes file;

	if (state_encode(s, n, &file, e))
		return -1;
	int result = state_write(folder, &file, e);
	bytes_fini(&file);
	return result;
}

/* The file's bytes, to be freed. NULL and an error; *none when there is no file. */
static void *read_state(int dir, size_t *size, bool *none, struct error *e)
{
	/* O_NONBLOCK: a FIFO of that name must not hold us up */
	int fd = openat(dir, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	void *p = NULL;

	*none = fd < 0 && errno == ENOENT;
	if (fd < 0) {
		error_set(e, "%s", strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !file_ours_alone(&st))
		error_set(e, "no plain file of our own that nobody else may write to");
	else if (st.st_size > (off_t)LIMIT_STATE)
		error_set(e, "larger than %u MiB", LIMIT_STATE / MIB);
	else
		p = mem_alloc((size_t)st.st_size + 1);
	*size = p ? (size_t)st.st_size : 0;
	if (p && !file_read_all(fd, p, *size)) {
		error_set(e, "cannot be read");
		free(p);
		p = NULL;
	}
	close(fd);
	return p;
}

static enum state_outcome refuse(int dir, const char *folder, const struct state_section *s,
				 size_t n, const char *why, struct error *e)
{
	bool kept = dir >= 0 && renameat(dir, STATE_FILE, dir, STATE_BAD) == 0;

	for (size_t i = 0; i < n; i++)
		if (s[i].reset)
			s[i].reset(s[i].owner);
	error_set(e, "%.200s/" STATE_FILE ": %.200s%s", folder, why,
		  kept ? " (kept as " STATE_BAD ")" : "");
	return STATE_REFUSED;
}

enum state_outcome state_load(const char *folder, const struct state_section *s, size_t n,
			      struct error *e)
{
	struct error why = {""};
	struct stat st;
	size_t size;
	bool none;

	if (stat(folder, &st) && errno == ENOENT)
		return STATE_EMPTY;
	int dir = open_folder(folder, false, e);
	if (dir < 0)
		return STATE_REFUSED; /* nothing was read, nothing is to be reset */
	void *file = read_state(dir, &size, &none, &why);
	enum state_outcome outcome = STATE_LOADED;
	if (!file && none)
		outcome = STATE_EMPTY;
	else if (!file || state_decode(s, n, file, size, &why))
		outcome = refuse(dir, folder, s, n, why.text, e);
	free(file);
	close(dir);
	return outcome;
}
