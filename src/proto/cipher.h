/* Names of TLS cipher suites, as in IANA's registry: those that are met in practice. */
#ifndef EGRET_PROTO_CIPHER_H
#define EGRET_PROTO_CIPHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define CIPHER_TEXT_MAX 8

/* "TLS_AES_128_GCM_SHA256", or "0xc0ff", written into out, for one without a name here. */
const char *cipher_name(uint16_t suite, char out[CIPHER_TEXT_MAX]);
/* The other way round. False when it is no such text. */
bool cipher_number(struct str name, uint16_t *suite);

#endif
