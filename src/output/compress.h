/* A file compressed with zstd (RFC 8878), for reading with zstdcat. */
#ifndef EGRET_OUTPUT_COMPRESS_H
#define EGRET_OUTPUT_COMPRESS_H

#include <stdatomic.h>
#include <stdbool.h>

/* Bytes that compressing takes: the library's windows and tables at its usual level. */
#define COMPRESS_MEMORY ((size_t)16 << 20)

#include "base/error.h"

/* Writes `to`, which must not be there, with the mode and times of `from`, and syncs it. On
 * failure, or once *stop is set, it is removed again. Names are relative to the folder. */
int compress_file(int folder, const char *from, const char *to, const _Atomic bool *stop,
		  struct error *e);

#endif
