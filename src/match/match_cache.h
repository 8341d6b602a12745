/* Compiled pattern sets kept in a folder, so that a start does not compile them again.
 *
 * A file is named by a digest of all that it was made from. It is used only if
 *  - the folder and the file belong to us or root, and neither group nor others may write them,
 *  - it is a regular file and no symbolic link, and not larger than LIMIT_CACHE_FILE,
 *  - its keyed digest (HMAC-SHA-256) is right.
 * The key is derived from the digest that names the file, not from a secret: it tells damage,
 * half-written files and files that were swapped or renamed, before their bytes reach a library
 * that trusts them. Against other users stand owner and permissions alone.
 *
 * Nothing here is ever fatal: without a usable file the caller compiles.
 */
#ifndef EGRET_MATCH_MATCH_CACHE_H
#define EGRET_MATCH_MATCH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

/* The bytes kept under this digest, the caller's to free; NULL when there are none to be trusted. */
void *match_cache_read(const char *folder, const uint8_t digest[DIGEST_SIZE], size_t *n);

/* Keeps bytes: written beside, synced, then renamed into place; mode 0600. Makes the folder (0700)
 * when only its last part is missing. Removes the files longest unused beyond LIMIT_CACHE_FILES.
 * False when it could not be done. */
bool match_cache_write(const char *folder, const uint8_t digest[DIGEST_SIZE], const void *bytes,
		       size_t n);

#endif
