/* TLS records for tests. */
#ifndef EGRET_TESTS_TLS_BUILD_H
#define EGRET_TESTS_TLS_BUILD_H

#include "wire.h"

/* A message in records of at most `size` bytes. */
static inline void tls_frame(struct wire *out, const struct wire *message, size_t size)
{
	for (size_t at = 0; at < message->n; at += size) {
		const size_t n = size < message->n - at ? size : message->n - at;
		wire_number(out, 0x160301, 3);
		wire_number(out, n, 2);
		wire_bytes(out, message->b + at, n);
	}
}

#endif
