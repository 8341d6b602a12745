/* What the two file formats have in common towards the reader above them.
 *
 * <format>_next(file, stream, out, room, want) decodes frames that lie in the stream's window,
 * without ever moving it, and moves stream->p past what it decoded. It returns their number. When
 * that is 0, `want` says why: how many bytes must lie at stream->p for it to go on, or what damage
 * it stands at. It stands still there: asked again, it says the same.
 */
#ifndef EGRET_CAPTURE_FORMAT_H
#define EGRET_CAPTURE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/error.h"

struct want {
	size_t bytes;
	const char *inside;  /* what those bytes belong to: "a packet", for messages */
	struct error damage; /* without the offset; "" = none */
};

/* A field in the byte order of the file; the caller has checked the bound. */
static inline uint32_t order_u32(const uint8_t *p, bool big)
{
	uint32_t v = load_be32(p);
	return big ? v : __builtin_bswap32(v);
}

static inline uint16_t order_u16(const uint8_t *p, bool big)
{
	uint16_t v = load_be16(p);
	return big ? v : __builtin_bswap16(v);
}

#endif
