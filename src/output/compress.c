#include "output/compress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/file.h"
#include "base/mem.h"

#define LEVEL 3 /* the library's own choice: lines of JSON become a tenth, at 300 MB/s and more */

struct job {
	int in, out;
	ZSTD_CCtx *z;
	char *from, *to; /* buffers of the sizes that the library likes */
	size_t from_room, to_room;
};

static ssize_t fill(struct job *j)
{
	ssize_t n;

	do
		n = read(j->in, j->from, j->from_room);
	while (n < 0 && errno == EINTR);
	return n;
}

/* One piece; the last one ends the frame. */
static int squeeze(struct job *j, size_t n, bool last, struct error *e)
{
	ZSTD_inBuffer in = {.src = j->from, .size = n};
	size_t left;

	do {
		ZSTD_outBuffer out = {.dst = j->to, .size = j->to_room};
		left = ZSTD_compressStream2(j->z, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return error_set(e, "%s", ZSTD_getErrorName(left));
		if (!file_write_all(j->out, j->to, out.pos))
			return error_set(e, "%s", strerror(errno));
	} while (last ? left != 0 : in.pos < in.size);
	return 0;
}

static int copy(struct job *j, const _Atomic bool *stop, struct error *e)
{
	ssize_t n;

	if (!j->z)
		return error_set(e, "out of memory");
	ZSTD_CCtx_setParameter(j->z, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(j->z, ZSTD_c_checksumFlag, 1);
	while ((n = fill(j)) > 0) {
		if (atomic_load(stop))
			return error_set(e, "interrupted");
		if (squeeze(j, (size_t)n, false, e))
			return -1;
	}
	if (n < 0)
		return error_set(e, "%s", strerror(errno));
	return squeeze(j, 0, true, e);
}

static int run(struct job *j, const _Atomic bool *stop, struct error *e)
{
	struct stat st;

	j->z = ZSTD_createCCtx();
	j->from_room = ZSTD_CStreamInSize();
	j->to_room = ZSTD_CStreamOutSize();
	j->from = mem_alloc(j->from_room);
	j->to = mem_alloc(j->to_room);
	int failed = copy(j, stop, e);
	if (!failed &&
	    (fstat(j->in, &st) || fchmod(j->out, st.st_mode & 0777) ||
	     futimens(j->out, (struct timespec[]){st.st_atim, st.st_mtim}) || fsync(j->out)))
		failed = error_set(e, "%s", strerror(errno));
	free(j->from);
	free(j->to);
	ZSTD_freeCCtx(j->z);
	return failed;
}

int compress_file(int folder, const char *from, const char *to, const _Atomic bool *stop,
		  struct error *e)
{
	struct job j = {.in = openat(folder, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
	struct error why;

	if (j.in < 0)
		return error_set(e, "compressing %.200s: %s", from, strerror(errno));
	j.out = openat(folder, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (j.out < 0) {
		int failed = error_set(e, "compressing %.200s: %s", from, strerror(errno));
		close(j.in);
		return failed;
	}
	int failed = run(&j, stop, &why);
	if (failed) {
		error_set(e, "compressing %.200s: %.200s", from, why.text);
		unlinkat(folder, to, 0);
	}
	close(j.in);
	close(j.out);
	return failed;
}
