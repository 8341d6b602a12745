/* What the encoding modifiers make of a text (specification 2.1.0, modifiers appendix). */
#ifndef EGRET_SIGMA_ENCODE_H
#define EGRET_SIGMA_ENCODE_H

#include "sigma/text.h"

/* Of a text without wildcards. */
struct sigma_text encode_base64(struct arena *a, struct sigma_text t);
/* What of its encoding stays the same when `offset` (0 to 2) bytes stand before it and any behind;
 * empty when nothing does. */
struct sigma_text encode_base64_offset(struct arena *a, struct sigma_text t, unsigned offset);

enum utf16 {
	UTF16_LITTLE,
	UTF16_BIG,
	UTF16_MARKED, /* little, behind a byte order mark */
};
/* The bytes of the encoding, which need not be text any more. Wildcards stay. False when the text
 * is no UTF-8. */
bool encode_utf16(struct arena *a, struct sigma_text t, enum utf16 kind, struct sigma_text *out);

/* Where an option begins ("\B[-/]\b", also behind a wildcard) any of - / and the three long dashes
 * may stand. Calls each() for every combination: five for every option, in order. False when they
 * would be more than `limit`. */
bool encode_windash(struct arena *a, struct sigma_text t, size_t limit,
		    void (*each)(void *context, struct sigma_text t), void *context);

#endif
