/* A record in one block of memory, with all it points to: to carry it to another thread, or keep it. */
#ifndef EGRET_CORE_RECORD_PACK_H
#define EGRET_CORE_RECORD_PACK_H

#include <stddef.h>

#include "core/record.h"

/* Bytes that record_pack needs. */
size_t record_packed_size(const struct record *r);
/* Writes it to out, aligned as a record is, with record_packed_size bytes of room. */
void record_pack(const struct record *r, void *out);
/* Makes the block a record in place: once, wherever it has been copied to in between. Valid as long
 * as the block is. */
const struct record *record_unpack(void *block);

#endif
