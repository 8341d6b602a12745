#include "base/digest.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/mem.h"

struct digest {
	struct sha256_ctx sha;
};

_Static_assert(DIGEST_SIZE == SHA256_DIGEST_SIZE, "one size");

struct digest *digest_new(void)
{
	struct digest *d = mem_alloc(sizeof *d);

	sha256_init(&d->sha);
	return d;
}

void digest_add(struct digest *d, const void *data, size_t n)
{
	if (n)
		sha256_update(&d->sha, n, data);
}

void digest_add_u64(struct digest *d, uint64_t v)
{
	uint8_t b[8];

	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	digest_add(d, b, sizeof b);
}

void digest_add_field(struct digest *d, const void *data, size_t n)
{
	digest_add_u64(d, n);
	digest_add(d, data, n);
}

void digest_end(struct digest *d, uint8_t out[DIGEST_SIZE])
{
	sha256_digest(&d->sha, DIGEST_SIZE, out);
	free(d);
}

void digest_keyed(const uint8_t key[DIGEST_SIZE], const void *head, size_t head_n, const void *body,
		  size_t body_n, uint8_t out[DIGEST_SIZE])
{
	struct hmac_sha256_ctx h;

	hmac_sha256_set_key(&h, DIGEST_SIZE, key);
	if (head_n)
		hmac_sha256_update(&h, head_n, head);
	if (body_n)
		hmac_sha256_update(&h, body_n, body);
	hmac_sha256_digest(&h, DIGEST_SIZE, out);
}

bool digest_same(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE])
{
	return memeql_sec(a, b, DIGEST_SIZE);
}
