/* The frames of a client's Initial packet: RFC 9000 sections 12.4 and 19. */
#ifndef EGRET_PROTO_QUIC_FRAMES_H
#define EGRET_PROTO_QUIC_FRAMES_H

#include "base/cursor.h"
#include "proto/quic_stream.h"

/* Adds what the CRYPTO frames of a decrypted payload carry to the stream. Reads up to the first
 * frame that is malformed or not allowed in an Initial packet; what came before it counts. */
void quic_frames_read(struct cursor payload, struct quic_stream *s);

#endif
