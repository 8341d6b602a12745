/* The pcapng file format (draft-ietf-opsawg-pcapng): any number of sections in either byte order,
 * each with its own interfaces of any link type, snaplen and time resolution. Read are enhanced,
 * simple and (obsolete) packet blocks; all other blocks are skipped. */
#ifndef EGRET_CAPTURE_PCAPNG_FILE_H
#define EGRET_CAPTURE_PCAPNG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/format.h"
#include "capture/frame.h"
#include "capture/stream.h"

struct ng_interface;

struct pcapng_file {
	struct ng_interface *interfaces; /* of the current section */
	uint32_t count, room;
	bool big;        /* the section is big-endian */
	uint32_t skip;   /* bytes left of a block that is skipped piece by piece; 0 = none */
	uint32_t total;  /* length of that block */
	uint64_t time;   /* of the last packet: simple packets have none of their own */
};

/* Whether a file that begins with these 4 bytes is one. */
bool pcapng_file_is(const uint8_t *magic);
void pcapng_file_init(struct pcapng_file *f);
void pcapng_file_fini(struct pcapng_file *f);
/* See capture/format.h. */
size_t pcapng_file_next(struct pcapng_file *f, struct stream *s, struct frame *out, size_t room,
			struct want *want);

#endif
