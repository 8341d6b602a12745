/* The few fields of a certificate that name a server: a bounded DER walk (X.690), no decoding of
 * anything else, no allocation. RFC 5280 sections 4.1.2.4, 4.1.2.6 and 4.2.1.6. */
#ifndef EGRET_PROTO_X509_H
#define EGRET_PROTO_X509_H

#include "base/cursor.h"
#include "core/record.h"
#include "proto/parse.h"

struct x509_names {
	struct str subject; /* common name of the subject, raw bytes; n == 0: none */
	struct str issuer;  /* common name of the issuer, else its organisation */
	struct str_list names; /* subjectAltName dNSName entries */
};

/* `der` is one whole certificate: DONE or BAD. Results point into it. */
enum parse x509_names_of(struct cursor der, struct x509_names *out);

#endif
