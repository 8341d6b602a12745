#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/str.h"
#include "core/limits.h"
#include "match/match_cache.h"
#include "fixture.h"

static const uint8_t digest[DIGEST_SIZE] = {0xab, 0xcd, 1, 2, 3};
static const char kept[] = "what was kept";

static char *folder, path[4096];

static void setup(void)
{
	folder = fixture_folder();
	snprintf(path, sizeof path, "%s/abcd0102030000000000000000000000.hsdb", folder);
	cr_assert(match_cache_write(folder, digest, kept, sizeof kept));
	cr_assert_eq(access(path, F_OK), 0);
}

static void teardown(void)
{
	fixture_remove(folder);
}

TestSuite(match_cache, .init = setup, .fini = teardown);

static bool readable_as(const uint8_t d[DIGEST_SIZE])
{
	size_t n = 0;
	char *bytes = match_cache_read(folder, d, &n);
	bool good = bytes && n == sizeof kept && memcmp(bytes, kept, n) == 0;

	cr_expect(!bytes || good);
	free(bytes);
	return good;
}

static bool readable(void)
{
	return readable_as(digest);
}

static size_t load(uint8_t *to, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t n = fread(to, 1, room, f);

	fclose(f);
	return n;
}

/* In place, so that owner and mode stay. */
static void store(const uint8_t *from, size_t n)
{
	FILE *f = fopen(path, "wb");

	cr_assert_eq(fwrite(from, 1, n, f), n);
	fclose(f);
}

Test(match_cache, keeps_privately)
{
	struct stat st;

	cr_expect(readable());
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
}

Test(match_cache, any_changed_byte_is_seen)
{
	uint8_t good[256], bad[256];
	size_t n = load(good, sizeof good);

	cr_assert_gt(n, sizeof kept);
	for (size_t i = 0; i < n; i++) {
		memcpy(bad, good, n);
		bad[i] ^= 0x10;
		store(bad, n);
		cr_expect_not(readable(), "byte %zu", i);
	}
	store(good, n);
	cr_expect(readable());
}

Test(match_cache, any_other_length_is_seen)
{
	uint8_t bytes[256] = {0};
	size_t n = load(bytes, sizeof bytes);

	for (size_t i = 0; i < n; i++) {
		store(bytes, i);
		cr_expect_not(readable(), "cut to %zu", i);
	}
	store(bytes, n + 1);
	cr_expect_not(readable());
}

Test(match_cache, a_file_under_another_name_is_seen)
{
	uint8_t other[DIGEST_SIZE], tail[DIGEST_SIZE];
	char moved[4200];

	memcpy(other, digest, sizeof other);
	other[0] ^= 1;
	cr_expect_not(readable_as(other));
	snprintf(moved, sizeof moved, "%s/aacd0102030000000000000000000000.hsdb", folder);
	cr_assert_eq(rename(path, moved), 0);
	cr_expect_not(readable_as(other));
	/* the name shows half of the digest, the seal covers all */
	cr_assert_eq(rename(moved, path), 0);
	memcpy(tail, digest, sizeof tail);
	tail[DIGEST_SIZE - 1] ^= 1;
	cr_expect_not(readable_as(tail));
	cr_expect(readable());
}

Test(match_cache, others_must_not_be_able_to_write_it)
{
	static const mode_t bad[] = {0620, 0602, 0666, 0660};

	for (size_t i = 0; i < 4; i++) {
		chmod(path, bad[i]);
		cr_expect_not(readable(), "%04o", (unsigned)bad[i]);
	}
	chmod(path, 0644);
	cr_expect(readable());
	chmod(folder, 0770);
	cr_expect_not(readable());
	cr_expect_not(match_cache_write(folder, digest, kept, sizeof kept));
	chmod(folder, 0755);
	cr_expect(readable());
}

Test(match_cache, owner)
{
	if (geteuid() != 0)
		cr_skip_test("needs root to give files away");
	cr_assert_eq(chown(path, 12345, 12345), 0);
	cr_expect_not(readable());
	cr_assert_eq(chown(path, 0, 0), 0);
	cr_expect(readable());
	cr_assert_eq(chown(folder, 12345, 12345), 0);
	cr_expect_not(readable());
}

Test(match_cache, only_regular_files)
{
	char real[4200];

	snprintf(real, sizeof real, "%s/real", folder);
	cr_assert_eq(rename(path, real), 0);
	cr_assert_eq(symlink("real", path), 0);
	cr_expect_not(readable());
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_not(readable()); /* and does not wait for a writer */
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_not(readable());
	/* a folder is in the way of the rename too */
	cr_expect_not(match_cache_write(folder, digest, kept, sizeof kept));
}

Test(match_cache, folders_that_cannot_be)
{
	char sub[4200];
	struct stat st;
	size_t n;

	snprintf(sub, sizeof sub, "%s/new", folder);
	cr_expect(match_cache_write(sub, digest, kept, sizeof kept));
	cr_assert_eq(stat(sub, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	snprintf(sub, sizeof sub, "%s/no/where", folder);
	cr_expect_not(match_cache_write(sub, digest, kept, sizeof kept));
	cr_expect_null(match_cache_read(sub, digest, &n));
	cr_expect_not(match_cache_write(path, digest, kept, sizeof kept)); /* a file */
	cr_expect_null(match_cache_read(path, digest, &n));
	cr_expect_not(match_cache_write("/proc/self", digest, kept, sizeof kept));
	cr_expect_not(match_cache_write(folder, digest, kept, 0));
}

static unsigned files_in(const char *ending)
{
	DIR *d = opendir(folder);
	unsigned count = 0;

	for (struct dirent *x; (x = readdir(d)) != NULL;)
		count += str_has_suffix(str_of(x->d_name), str_of(ending));
	closedir(d);
	return count;
}

Test(match_cache, does_not_grow_without_bound)
{
	uint8_t other[DIGEST_SIZE] = {0};
	char half[4200];

	/* the one of each test is used now and then, so it stays */
	for (unsigned i = 1; i < LIMIT_CACHE_FILES + 8; i++) {
		other[0] = (uint8_t)i;
		other[1] = (uint8_t)(i >> 8);
		cr_expect(match_cache_write(folder, other, kept, sizeof kept));
		if (i % 64 == 1) {
			usleep(5000); /* the clock of file times is coarse */
			cr_expect(readable());
			usleep(5000);
		}
	}
	cr_expect_eq(files_in(".hsdb"), LIMIT_CACHE_FILES);
	cr_expect(readable_as(other));
	other[0] = 1;
	other[1] = 0;
	cr_expect_not(readable_as(other));

	snprintf(half, sizeof half, "%s/.0123456789abcdef.part", folder);
	fixture_write(folder, ".0123456789abcdef.part", "left by a crash");
	fixture_write(folder, ".1123456789abcdef.part", "being written");
	const struct timespec long_ago[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
	cr_assert_eq(utimensat(AT_FDCWD, half, long_ago, 0), 0);
	cr_expect(match_cache_write(folder, other, kept, sizeof kept));
	cr_expect_eq(files_in(".part"), 1);
	cr_expect_eq(access(half, F_OK), -1);
}
