#include <stdlib.h>

#include "proto/socks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static volatile unsigned sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct socks_request r;
	struct cursor c = cur_of(data, n);
	bool granted;

	if (socks_client(&c, &r) == PARSE_DONE) {
		if (!r.name.n && !r.has_address)
			abort();
	} else if (c.p != data) {
		abort();
	}
	for (size_t i = 0; i < r.name.n; i++)
		sink += (unsigned char)r.name.p[i];
	for (uint8_t version = 4; version <= 5; version++) {
		c = cur_of(data, n);
		if (socks_server(&c, version, &granted) != PARSE_DONE && granted)
			abort();
	}
	return 0;
}
