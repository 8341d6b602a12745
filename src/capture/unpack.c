#include "capture/unpack.h"

#include <string.h>

struct unpack *unpack_for(const uint8_t *head, size_t n)
{
	static const uint8_t zstd_frame[4] = {0x28, 0xb5, 0x2f, 0xfd};
	static const uint8_t zstd_skippable[3] = {0x2a, 0x4d, 0x18};

	if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b)
		return unpack_gzip_new();
	if (n < 4)
		return NULL;
	if (memcmp(head, zstd_frame, 4) == 0)
		return unpack_zstd_new();
	if ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, zstd_skippable, 3) == 0)
		return unpack_zstd_new();
	return NULL;
}
