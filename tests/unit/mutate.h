/* What every parser must stand: each prefix of a good message, and each single-byte mutation of it,
 * with the page behind the input out of bounds. */
#ifndef EGRET_TESTS_MUTATE_H
#define EGRET_TESTS_MUTATE_H

#include <stdbool.h>

#include "guard.h"

/* Calls `read` with every proper prefix (mutated == false), then with every byte replaced by a few
 * telling values. */
static inline void mutate_all(const uint8_t *data, size_t n,
			      void (*read)(const uint8_t *p, size_t n, bool mutated))
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	uint8_t *room = guard_copy(data, n), *end = room + n;

	for (size_t i = 0; i < n; i++) {
		memcpy(end - i, data, i);
		read(end - i, i, false);
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t v = 0; v <= sizeof values; v++) {
			memcpy(room, data, n);
			room[i] = v < sizeof values ? values[v] : (uint8_t)(room[i] ^ 0x01);
			read(room, n, true);
		}
	}
	guard_free(room);
}

#endif
