#include "capture_make.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"
#include "capture/source.h"
#include "core/limits.h"

void bytes_free(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){.big = b->big};
}

static uint8_t *grow(struct bytes *b, size_t n)
{
	if (b->n + n > b->room) {
		b->room = 2 * (b->n + n);
		b->p = mem_resize(b->p, b->room);
	}
	b->n += n;
	return b->p + b->n - n;
}

void put(struct bytes *b, const void *p, size_t n)
{
	if (n)
		memcpy(grow(b, n), p, n);
}

void put16(struct bytes *b, uint16_t v)
{
	uint8_t low = (uint8_t)v, high = (uint8_t)(v >> 8);

	put(b, b->big ? &high : &low, 1);
	put(b, b->big ? &low : &high, 1);
}

void put32(struct bytes *b, uint32_t v)
{
	put16(b, (uint16_t)(b->big ? v >> 16 : v));
	put16(b, (uint16_t)(b->big ? v : v >> 16));
}

static void put_marks(struct bytes *b, size_t n, uint8_t mark)
{
	if (n)
		memset(grow(b, n), mark, n);
}

void pcap_header(struct bytes *b, uint32_t magic, uint32_t link)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, 4);
	put32(b, 0);
	put32(b, 0);
	put32(b, 262144);
	put32(b, link);
}

void pcap_packet(struct bytes *b, uint32_t seconds, uint32_t fraction, uint32_t captured,
		 uint32_t length, uint8_t mark)
{
	put32(b, seconds);
	put32(b, fraction);
	put32(b, captured);
	put32(b, length);
	put_marks(b, captured, mark);
}

void ng_block(struct bytes *b, uint32_t type, const struct bytes *body)
{
	uint32_t padding = (uint32_t)-body->n & 3;
	uint32_t total = (uint32_t)body->n + padding + 12;

	put32(b, type);
	put32(b, total);
	put(b, body->p, body->n);
	put_marks(b, padding, 0);
	put32(b, total);
}

void ng_section(struct bytes *b)
{
	struct bytes body = {.big = b->big};

	put32(&body, 0x1a2b3c4d);
	put16(&body, 1);
	put16(&body, 0);
	put32(&body, UINT32_MAX);
	put32(&body, UINT32_MAX);
	ng_block(b, 0x0a0d0d0a, &body);
	bytes_free(&body);
}

void ng_interface(struct bytes *b, uint16_t link, uint32_t snaplen, uint8_t resolution,
		  int64_t offset)
{
	struct bytes body = {.big = b->big};
	uint64_t o = (uint64_t)offset;

	put16(&body, link);
	put16(&body, 0);
	put32(&body, snaplen);
	if (resolution != 6 || offset) {
		put16(&body, 2); /* a name, of a length that needs padding */
		put16(&body, 5);
		put(&body, "tap77\0\0\0", 8);
		put16(&body, 9);
		put16(&body, 1);
		put(&body, (uint8_t[4]){resolution}, 4);
		put16(&body, 14);
		put16(&body, 8);
		put32(&body, (uint32_t)(b->big ? o >> 32 : o));
		put32(&body, (uint32_t)(b->big ? o : o >> 32));
		put32(&body, 0);
	}
	ng_block(b, 1, &body);
	bytes_free(&body);
}

void ng_packet(struct bytes *b, uint32_t interface, uint64_t units, uint32_t captured,
	       uint32_t length, uint8_t mark)
{
	struct bytes body = {.big = b->big};

	put32(&body, interface);
	put32(&body, (uint32_t)(units >> 32));
	put32(&body, (uint32_t)units);
	put32(&body, captured);
	put32(&body, length);
	put_marks(&body, captured, mark);
	ng_block(b, 6, &body);
	bytes_free(&body);
}

void ng_simple(struct bytes *b, uint32_t captured, uint32_t length, uint8_t mark)
{
	struct bytes body = {.big = b->big};

	put32(&body, length);
	put_marks(&body, captured, mark);
	ng_block(b, 3, &body);
	bytes_free(&body);
}

void ng_obsolete(struct bytes *b, uint16_t interface, uint64_t units, uint32_t captured,
		 uint32_t length, uint8_t mark)
{
	struct bytes body = {.big = b->big};

	put16(&body, interface);
	put16(&body, 7); /* drops */
	put32(&body, (uint32_t)(units >> 32));
	put32(&body, (uint32_t)units);
	put32(&body, captured);
	put32(&body, length);
	put_marks(&body, captured, mark);
	ng_block(b, 2, &body);
	bytes_free(&body);
}

void pack_gzip(struct bytes *to, const void *p, size_t n)
{
	z_stream z = {0};
	size_t room = n + n / 8 + 1024, start = to->n;

	deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = grow(to, room);
	z.avail_out = (uInt)room;
	deflate(&z, Z_FINISH);
	to->n = start + room - z.avail_out;
	deflateEnd(&z);
}

void pack_zstd(struct bytes *to, const void *p, size_t n)
{
	size_t room = ZSTD_compressBound(n), start = to->n;
	uint8_t *at = grow(to, room);

	to->n = start + ZSTD_compress(at, room, p, n, 3);
}

static char *name_storage(void)
{
	static char names[8][4096];
	static unsigned turn;

	return names[turn++ % 8];
}

const char *folder_make(void)
{
	char *name = name_storage();

	snprintf(name, 4096, "%s/capture-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	char *made = mkdtemp(name);
	if (!made)
		abort();
	return mem_strndup(made, strlen(made));
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void folder_remove(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free((char *)(uintptr_t)folder);
}

const char *in_folder(const char *folder, const char *name)
{
	char *path = name_storage();

	snprintf(path, 4096, "%s/%s", folder, name);
	return path;
}

void write_file(const char *path, const struct bytes *b)
{
	FILE *f = fopen(path, "wb");

	if (!f || (b->n && fwrite(b->p, b->n, 1, f) != 1) || fclose(f))
		abort();
}

void seen_free(struct seen *s)
{
	free(s->frames);
	*s = (struct seen){0};
}

static void note_problem(void *context, const char *file, const char *text)
{
	struct seen *s = context;

	s->problems++;
	snprintf(s->problem, sizeof s->problem, "%s", text);
	snprintf(s->file, sizeof s->file, "%s", file);
}

static bool all_marked(const struct frame *f)
{
	for (uint32_t i = 1; i < f->captured; i++)
		if (f->data[i] != f->data[0])
			return false;
	return true;
}

static void note_frame(struct seen *s, const struct frame *f)
{
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->frames = mem_resize(s->frames, s->room * sizeof *s->frames);
	}
	s->torn |= !all_marked(f);
	s->frames[s->count++] = (struct seen_frame){
		.time = f->time,
		.captured = f->captured,
		.length = f->length,
		.link = f->link,
		.interface = f->interface,
		.mark = f->captured ? f->data[0] : 0,
	};
}

void see_paths(struct seen *s, const char *const *paths, size_t count, const char *filter,
	       size_t room)
{
	struct source_files_options o = {.paths = paths,
					 .path_count = count,
					 .filter = filter,
					 .problem = note_problem,
					 .context = s};
	struct frame frames[LIMIT_BATCH];
	size_t n;

	*s = (struct seen){0};
	struct source *source = source_open_files(&o, &s->stats, &s->error);
	if (!source)
		return;
	s->opened = true;
	while ((n = source_next(source, frames, room)))
		for (size_t i = 0; i < n; i++)
			note_frame(s, &frames[i]);
	source_close(source);
}

void see(struct seen *s, const char *path)
{
	see_paths(s, &path, 1, NULL, LIMIT_BATCH);
}

void see_bytes(struct seen *s, const struct bytes *b)
{
	char path[64];
	int fd = memfd_create("made", MFD_CLOEXEC);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	write_file(path, b);
	see(s, path);
	close(fd);
}
