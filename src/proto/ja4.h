/* JA4 TLS client fingerprint (FoxIO, BSD 3-clause; the other JA4+ methods are not used). */
#ifndef EGRET_PROTO_JA4_H
#define EGRET_PROTO_JA4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define JA4_LIST_MAX 256 /* ciphers and extensions taken into account */

struct ja4_input {
	bool quic;
	uint16_t version;  /* highest offered, GREASE left out */
	bool sni;          /* extension 0 present */
	struct str alpn;   /* first offered value */
	uint16_t ciphers[JA4_LIST_MAX];    /* as offered, GREASE left out */
	uint16_t extensions[JA4_LIST_MAX]; /* types as offered, GREASE left out */
	uint16_t algorithms[JA4_LIST_MAX]; /* signature_algorithms in order, GREASE left out */
	uint16_t cipher_count, extension_count, algorithm_count;
};

/* Writes the 36 characters and a terminator. Sorts the lists of *in in place. */
void ja4_write(struct ja4_input *in, char out[40]);

#endif
