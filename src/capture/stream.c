#include "capture/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "capture/unpack.h"
#include "core/limits.h"

#define MAGIC 4 /* bytes that tell a compressed file */

/* Bytes straight from the file into the window. */
static size_t more_plain(struct stream *s, uint8_t *to, size_t room)
{
	ssize_t n = raw_read(&s->raw, to, room, &s->damage);

	s->ended = n <= 0;
	return n > 0 ? (size_t)n : 0;
}

static bool more_input(struct stream *s)
{
	ssize_t n = raw_read(&s->raw, s->packed, s->packed_room, &s->damage);

	s->packed_p = s->packed;
	s->packed_end = s->packed + (n > 0 ? n : 0);
	if (n == 0 && !s->unpack->whole && !s->damage.text[0])
		error_set(&s->damage, "cut short: the compressed data ends early, at byte %llu",
			  (unsigned long long)s->raw.offset);
	s->ended = n <= 0;
	return n > 0;
}

static size_t more_unpacked(struct stream *s, uint8_t *to, size_t room)
{
	for (;;) {
		struct error e = {""};
		struct unpack_io io = {.in = s->packed_p,
				       .in_left = (size_t)(s->packed_end - s->packed_p),
				       .out = to,
				       .room = room};
		int result = s->unpack->run(s->unpack, &io, &e);

		s->packed_p = io.in;
		if (result) {
			s->ended = true;
			error_set(&s->damage, "damaged before byte %llu of the compressed data: %s",
				  (unsigned long long)(s->raw.offset - io.in_left), e.text);
		}
		if (io.room < room || result)
			return room - io.room;
		if (!io.in_left && !more_input(s))
			return 0;
	}
}

/* Brings the unread bytes to the front of a window that has room for `need`. */
static void make_room(struct stream *s, size_t need)
{
	size_t left = stream_left(s);

	if (need > s->room) {
		size_t room = need + LIMIT_WINDOW_SMALL;
		uint8_t *window = mem_lines(room);
		memcpy(window, s->p, left);
		mem_lines_free(s->window, s->room);
		s->window = window;
		s->room = room;
	} else if (left) {
		memmove(s->window, s->p, left);
	}
	s->p = s->window;
	s->end = s->p + left;
}

bool stream_fill(struct stream *s, size_t need)
{
	if (stream_left(s) >= need)
		return true;
	if (s->ended)
		return false;
	make_room(s, need);
	while (stream_left(s) < need && !s->ended) {
		uint8_t *to = s->window + (s->end - s->window);
		size_t room = s->room - (size_t)(s->end - s->window);
		size_t n = s->unpack ? more_unpacked(s, to, room) : more_plain(s, to, room);
		s->end += n;
		s->made += n;
	}
	return stream_left(s) >= need;
}

/* The first bytes tell whether the window's content is the file, or the unpacker's input. */
static void detect(struct stream *s, size_t window)
{
	stream_fill(s, MAGIC);
	s->unpack = unpack_for(s->p, stream_left(s));
	if (!s->unpack)
		return;
	s->packed = s->window;
	s->packed_room = s->room;
	s->packed_p = s->p;
	s->packed_end = s->end;
	s->window = mem_lines(window);
	s->room = window;
	s->p = s->end = s->window;
	s->made = 0;
	s->ended = false;
}

static struct stream *stream_new(size_t window, size_t size)
{
	struct stream *s = mem_zalloc(sizeof *s);

	/* many small files may be open together; a little more than the file, to see its end */
	s->room = size && size < window ? size + MAGIC : window;
	s->window = mem_lines(s->room);
	s->p = s->end = s->window;
	return s;
}

struct stream *stream_open(const char *path, enum stream_use use, struct error *e)
{
	size_t window = use == STREAM_READ ? LIMIT_WINDOW : LIMIT_WINDOW_SMALL;
	struct raw raw;

	if (raw_open(&raw, path, use == STREAM_FRUGAL, e))
		return NULL;
	struct stream *s = stream_new(window, raw.size);
	s->raw = raw;
	detect(s, window);
	return s;
}

struct stream *stream_open_memory(const void *data, size_t n)
{
	struct stream *s = stream_new(LIMIT_WINDOW_SMALL, n);

	raw_open_memory(&s->raw, data, n);
	detect(s, LIMIT_WINDOW_SMALL);
	return s;
}

void stream_close(struct stream *s)
{
	if (s->unpack)
		s->unpack->free(s->unpack);
	raw_close(&s->raw);
	mem_lines_free(s->packed, s->packed_room);
	mem_lines_free(s->window, s->room);
	free(s);
}
