/* A capture file as one sliding window of bytes, unpacked on the way when it is gzip or zstd.
 *
 * A reader parses the bytes from p to end in place and moves p; what it hands out points into the
 * window and stays valid until stream_fill or stream_close. Whatever a file claims, memory is the
 * window (it grows to the largest `need` asked for) and the unpacker's state.
 */
#ifndef EGRET_CAPTURE_STREAM_H
#define EGRET_CAPTURE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "capture/raw.h"

struct unpack;

struct stream {
	const uint8_t *p;     /* next byte; the reader moves it, never past end */
	const uint8_t *end;   /* end of the bytes in the window */
	struct error damage;  /* why nothing more comes though the file is not at its end; "" = none */

	/* private */
	uint8_t *window;
	size_t room;          /* bytes at window */
	uint64_t made;        /* bytes that came into the window so far */
	bool ended;           /* nothing more comes */
	struct unpack *unpack; /* NULL: not compressed */
	uint8_t *packed;      /* input of the unpacker */
	size_t packed_room;
	const uint8_t *packed_p, *packed_end;
	struct raw raw;
};

enum stream_use {
	STREAM_READ,   /* to its end */
	STREAM_GLANCE, /* only the head: small window */
	STREAM_FRUGAL, /* to its end, with a small window and no descriptor between reads */
};

/* `path` is kept, not copied; "-" is standard input. NULL and an error that does not name it. */
struct stream *stream_open(const char *path, enum stream_use use, struct error *e);
/* Over memory that must outlive the stream. */
struct stream *stream_open_memory(const void *data, size_t n);
void stream_close(struct stream *s);

/* True when at least `need` bytes lie at p. Reads what it takes and may move the window. False at
 * the end of the file or at damage; fewer bytes, all there are, lie at p then. */
bool stream_fill(struct stream *s, size_t need);

static inline size_t stream_left(const struct stream *s)
{
	return (size_t)(s->end - s->p);
}

/* Where p is in the unpacked file. */
static inline uint64_t stream_offset(const struct stream *s)
{
	return s->made - stream_left(s);
}

static inline bool stream_packed(const struct stream *s)
{
	return s->unpack != NULL;
}

#endif
