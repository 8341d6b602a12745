#include <stdlib.h>
#include <zstd.h>

#include "base/mem.h"
#include "capture/unpack.h"
#include "core/limits.h"

struct zst {
	struct unpack base;
	ZSTD_DStream *z;
};

static int zstd_run(struct unpack *u, struct unpack_io *io, struct error *e)
{
	struct zst *d = (struct zst *)u;
	ZSTD_inBuffer in = {.src = io->in, .size = io->in_left};
	ZSTD_outBuffer out = {.dst = io->out, .size = io->room};

	if (!d->z)
		return error_set(e, "out of memory");
	/* asked with nothing in hand between frames, the library would begin the next one */
	if (u->whole && !io->in_left)
		return 0;
	size_t result = ZSTD_decompressStream(d->z, &out, &in);
	io->in += in.pos;
	io->in_left -= in.pos;
	io->out += out.pos;
	io->room -= out.pos;
	if (ZSTD_isError(result))
		return error_set(e, "%s", ZSTD_getErrorName(result));
	u->whole = result == 0;
	return 0;
}

static void zstd_free(struct unpack *u)
{
	ZSTD_freeDStream(((struct zst *)u)->z);
	free(u);
}

struct unpack *unpack_zstd_new(void)
{
	struct zst *d = mem_zalloc(sizeof *d);

	d->base.run = zstd_run;
	d->base.free = zstd_free;
	d->z = ZSTD_createDStream();
	if (d->z)
		ZSTD_DCtx_setParameter(d->z, ZSTD_d_windowLogMax, LIMIT_ZSTD_WINDOW_LOG);
	return &d->base;
}

/* (zstd_decompress.c: the window, a block of 128 KiB twice, and some tables) */
size_t unpack_memory(void)
{
	return ((size_t)1 << LIMIT_ZSTD_WINDOW_LOG) + MIB;
}
