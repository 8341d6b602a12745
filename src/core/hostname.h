/* Host names in one form: lower case, no trailing dot, printable ASCII only.
 *
 * Bytes outside 0x21..0x7e, the backslash, and a dot inside a DNS label are written \DDD (RFC 1035
 * section 5.1), so a name is safe on a terminal, distinct names stay distinct, and every dot in it
 * is a label boundary. The root is ".".
 */
#ifndef EGRET_CORE_HOSTNAME_H
#define EGRET_CORE_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cursor.h"
#include "base/str.h"

#define HOSTNAME_MAX 1024 /* room for 255 bytes, each escaped in four, and a terminator */

/* From text (SNI, Host, a certificate): trims one trailing dot, folds case, escapes. Cuts at 255
 * bytes of input. Returns the length written; out is terminated. 0 = empty. */
size_t hostname_from_text(struct str in, char out[HOSTNAME_MAX]);

/* Text of a HTTP Host or a CONNECT target: as above, without port, user info and the brackets of
 * an IPv6 literal. *port gets the port, or 0. */
size_t hostname_from_authority(struct str in, char out[HOSTNAME_MAX], uint16_t *port);

/* An address written as a name is no name. */
bool hostname_is_address(struct str name);

/* From DNS wire form (RFC 1035 section 3.1), following compression pointers (section 4.1.4) inside
 * `message`, each strictly backwards and at most 128 of them, so that a name costs a bounded time.
 * `c` stands inside `message`; moves it past the name as it stands there. Returns the length
 * written, or 0 with c->bad set when malformed. `out` may be written beyond the length. */
size_t hostname_from_dns(struct cursor message, struct cursor *c, char out[HOSTNAME_MAX]);

#endif
