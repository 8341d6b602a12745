#include "match/match_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/limits.h"

#define MAGIC "egretHS1"
#define ENDING ".hsdb"
#define HALF ".part"
#define NAME_DIGITS 32 /* of the digest's 64: a name need not tell the whole */
#define NAME_ROOM 64
#define HALF_AGE 3600 /* seconds after which a half-written file is a dead one's */

/* What stands before the bytes. Native byte order: so is the compiled set. */
struct head {
	char magic[8];
	uint64_t length;
};

#define HEAD_SIZE (sizeof(struct head) + DIGEST_SIZE)

static void name_of(const uint8_t digest[DIGEST_SIZE], char out[NAME_ROOM])
{
	for (unsigned i = 0; i < NAME_DIGITS / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	memcpy(out + NAME_DIGITS, ENDING, sizeof ENDING);
}

static void seal(const uint8_t digest[DIGEST_SIZE], const struct head *h, const void *bytes,
		 size_t n, uint8_t out[DIGEST_SIZE])
{
	static const char purpose[] = "egret cache key";
	uint8_t key[DIGEST_SIZE];
	struct digest *d = digest_new();

	digest_add_field(d, purpose, sizeof purpose);
	digest_add_field(d, digest, DIGEST_SIZE);
	digest_end(d, key);
	digest_keyed(key, h, sizeof *h, bytes, n, out);
}

static int open_folder(const char *folder)
{
	struct stat st;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, &st) || !file_ours_alone(&st))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Read into memory, not mapped: what was checked must not change afterwards. */
static void *read_file(int fd, const uint8_t digest[DIGEST_SIZE], size_t *n)
{
	uint8_t said[DIGEST_SIZE], is[DIGEST_SIZE];
	struct stat st;
	struct head h;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !file_ours_alone(&st))
		return NULL;
	if (st.st_size <= (off_t)HEAD_SIZE || st.st_size > (off_t)LIMIT_CACHE_FILE)
		return NULL;
	size_t length = (size_t)st.st_size - HEAD_SIZE;
	if (!file_read_all(fd, &h, sizeof h) || memcmp(h.magic, MAGIC, sizeof h.magic) ||
	    h.length != length || !file_read_all(fd, said, sizeof said))
		return NULL;

	void *bytes = mem_alloc(length);
	if (file_read_all(fd, bytes, length)) {
		seal(digest, &h, bytes, length, is);
		if (digest_same(said, is)) {
			*n = length;
			return bytes;
		}
	}
	free(bytes);
	return NULL;
}

void *match_cache_read(const char *folder, const uint8_t digest[DIGEST_SIZE], size_t *n)
{
	char name[NAME_ROOM];
	int dir = open_folder(folder);
	void *bytes = NULL;

	if (dir < 0)
		return NULL;
	name_of(digest, name);
	/* O_NONBLOCK: a FIFO of that name must not hold us up */
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		bytes = read_file(fd, digest, n);
		if (bytes)
			(void)futimens(fd, NULL); /* used: pruning goes by age */
		close(fd);
	}
	close(dir);
	return bytes;
}

/* Goes through the folder once: removes what half-written files the dead have left, counts the
 * rest and finds the one longest unused. */
static unsigned survey(int dir, char oldest[NAME_ROOM])
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	struct timespec least = {0};
	unsigned count = 0;
	time_t now = time(NULL);

	if (!d && copy >= 0)
		close(copy);
	for (struct dirent *x; d && (x = readdir(d)) != NULL;) {
		struct str name = str_of(x->d_name);
		struct stat st;
		bool half = str_has_suffix(name, STR(HALF));

		if ((!half && !str_has_suffix(name, STR(ENDING))) || name.n >= NAME_ROOM ||
		    fstatat(dir, name.p, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		if (half) {
			if (st.st_mtim.tv_sec < now - HALF_AGE)
				unlinkat(dir, name.p, 0);
			continue;
		}
		if (count++ == 0 || st.st_mtim.tv_sec < least.tv_sec ||
		    (st.st_mtim.tv_sec == least.tv_sec && st.st_mtim.tv_nsec < least.tv_nsec)) {
			least = st.st_mtim;
			memcpy(oldest, name.p, name.n + 1);
		}
	}
	if (d)
		closedir(d);
	return count;
}

static void prune(int dir)
{
	char oldest[NAME_ROOM];

	while (survey(dir, oldest) > LIMIT_CACHE_FILES)
		if (unlinkat(dir, oldest, 0))
			return;
}

static bool write_file(int dir, const char *name, const uint8_t digest[DIGEST_SIZE],
		       const void *bytes, size_t n)
{
	struct head h = {.magic = MAGIC, .length = n};
	uint8_t sealed[DIGEST_SIZE];
	char half[NAME_ROOM];
	uint64_t random;

	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return false;
	snprintf(half, sizeof half, ".%016llx" HALF, (unsigned long long)random);
	int fd = openat(dir, half, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	seal(digest, &h, bytes, n, sealed);
	bool good = file_write_all(fd, &h, sizeof h) && file_write_all(fd, sealed, sizeof sealed) &&
		    file_write_all(fd, bytes, n) && fsync(fd) == 0;
	good = close(fd) == 0 && good && renameat(dir, half, dir, name) == 0;
	if (!good)
		unlinkat(dir, half, 0);
	return good;
}

bool match_cache_write(const char *folder, const uint8_t digest[DIGEST_SIZE], const void *bytes,
		       size_t n)
{
	char name[NAME_ROOM];

	if (n == 0 || n > LIMIT_CACHE_FILE - HEAD_SIZE)
		return false;
	if (mkdir(folder, 0700) && errno != EEXIST)
		return false;
	int dir = open_folder(folder);
	if (dir < 0)
		return false;
	name_of(digest, name);
	bool good = write_file(dir, name, digest, bytes, n);
	if (good) {
		(void)fsync(dir);
		prune(dir);
	}
	close(dir);
	return good;
}
