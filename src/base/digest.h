/* SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104). */
#ifndef EGRET_BASE_DIGEST_H
#define EGRET_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

/* A digest under way: new, any number of adds, end. */
struct digest;

struct digest *digest_new(void);
void digest_add(struct digest *d, const void *data, size_t n);
/* Adds a number in eight bytes, little-endian on every machine. */
void digest_add_u64(struct digest *d, uint64_t v);
/* Adds a length and then the bytes, so that neighbouring fields cannot run into each other. */
void digest_add_field(struct digest *d, const void *data, size_t n);
/* Also frees it. */
void digest_end(struct digest *d, uint8_t out[DIGEST_SIZE]);

/* The keyed digest of head and body put together. */
void digest_keyed(const uint8_t key[DIGEST_SIZE], const void *head, size_t head_n, const void *body,
		  size_t body_n, uint8_t out[DIGEST_SIZE]);

/* Compares in a time that does not depend on where the two differ. */
bool digest_same(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE]);

#endif
