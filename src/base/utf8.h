/* UTF-8, strictly (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#ifndef EGRET_BASE_UTF8_H
#define EGRET_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The bytes of the character that begins at `p`, and the character; 0 when there is none within
 * `n` bytes. */
size_t utf8_read(const char *p, size_t n, uint32_t *c);
/* Writes at most 4 bytes and says how many. */
size_t utf8_write(char *p, uint32_t c);
bool utf8_valid(struct str s);
/* The longest start of at most `n` bytes that does not cut a character. */
size_t utf8_cut(struct str s, size_t n);

#endif
