#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"
#include "capture/unpack.h"

struct gzip {
	struct unpack base;
	z_stream z;
	bool ready;   /* z is initialised */
	bool padding; /* zeros were seen after a member: nothing but zeros may follow */
};

/* Between two members: skips padding. -1 when what follows is neither padding nor a member. */
static int next_member(struct gzip *g, struct unpack_io *io, struct error *e)
{
	while (io->in_left && io->in[0] == 0) {
		g->padding = true;
		io->in++;
		io->in_left--;
	}
	if (!io->in_left)
		return 0;
	if (g->padding || io->in[0] != 0x1f)
		return error_set(e, "something else follows the gzip data");
	inflateReset(&g->z);
	g->base.whole = false;
	return 0;
}

static int gzip_run(struct unpack *u, struct unpack_io *io, struct error *e)
{
	struct gzip *g = (struct gzip *)u;

	if (!g->ready)
		return error_set(e, "out of memory");
	if (u->whole) {
		if (next_member(g, io, e))
			return -1;
		if (u->whole)
			return 0;
	}
	uInt in = io->in_left > UINT_MAX ? UINT_MAX : (uInt)io->in_left;
	uInt room = io->room > UINT_MAX ? UINT_MAX : (uInt)io->room;
	g->z.next_in = (Bytef *)(uintptr_t)io->in;
	g->z.avail_in = in;
	g->z.next_out = io->out;
	g->z.avail_out = room;
	int result = inflate(&g->z, Z_NO_FLUSH);
	io->in += in - g->z.avail_in;
	io->in_left -= in - g->z.avail_in;
	io->out += room - g->z.avail_out;
	io->room -= room - g->z.avail_out;
	if (result == Z_STREAM_END)
		u->whole = true;
	else if (result != Z_OK && result != Z_BUF_ERROR)
		return error_set(e, "%s", g->z.msg ? g->z.msg : "the gzip data is damaged");
	return 0;
}

static void gzip_free(struct unpack *u)
{
	struct gzip *g = (struct gzip *)u;

	if (g->ready)
		inflateEnd(&g->z);
	free(g);
}

struct unpack *unpack_gzip_new(void)
{
	struct gzip *g = mem_zalloc(sizeof *g);

	g->base.run = gzip_run;
	g->base.free = gzip_free;
	g->ready = inflateInit2(&g->z, 16 + MAX_WBITS) == Z_OK; /* 16: gzip alone, not zlib */
	return &g->base;
}
