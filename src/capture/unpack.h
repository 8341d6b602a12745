/* Streaming decompression behind one interface: gzip (RFC 1952) and Zstandard (RFC 8878). */
#ifndef EGRET_CAPTURE_UNPACK_H
#define EGRET_CAPTURE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct unpack_io {
	const uint8_t *in; /* moved past what was taken */
	size_t in_left;
	uint8_t *out; /* moved past what was made */
	size_t room;  /* at least 1 */
};

struct unpack {
	/* Takes input, makes output, or both; neither only when it needs more input. -1 and an
	 * error when the data is damaged. */
	int (*run)(struct unpack *u, struct unpack_io *io, struct error *e);
	void (*free)(struct unpack *u);
	bool whole; /* the input may end here: all members or frames begun so far are complete */
};

/* By the first bytes of a file (4 are enough); NULL when it is not compressed. */
struct unpack *unpack_for(const uint8_t *head, size_t n);

/* Several members one after the other are one stream; zeros after the last are padding. */
struct unpack *unpack_gzip_new(void);
/* Several frames are one stream, skippable frames are skipped; the window is at most
 * LIMIT_ZSTD_WINDOW_LOG. */
struct unpack *unpack_zstd_new(void);

/* The most memory that one takes. */
size_t unpack_memory(void);

#endif
