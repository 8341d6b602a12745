/* The pcap file format (draft-ietf-opsawg-pcap): both byte orders, micro- and nanoseconds, the
 * modified format 0xa1b2cd34 with its longer packet headers, and the old versions whose two lengths
 * are swapped. */
#ifndef EGRET_CAPTURE_PCAP_FILE_H
#define EGRET_CAPTURE_PCAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/format.h"
#include "capture/frame.h"
#include "capture/stream.h"

#define PCAP_FILE_HEADER 24

enum pcap_lengths { PCAP_LENGTHS_KEPT, PCAP_LENGTHS_SWAPPED, PCAP_LENGTHS_EITHER };

struct pcap_file {
	uint32_t link;
	uint32_t unit;        /* ns of one unit of the fraction */
	uint32_t header;      /* bytes of a packet header */
	enum pcap_lengths lengths;
	bool big;             /* big-endian */
};

/* Whether a file that begins with these 4 bytes is one. */
bool pcap_file_is(const uint8_t *magic);
/* From the first PCAP_FILE_HEADER bytes of such a file. -1 and an error for an unknown version. */
int pcap_file_init(struct pcap_file *f, const uint8_t *header, struct error *e);
/* See capture/format.h. */
size_t pcap_file_next(const struct pcap_file *f, struct stream *s, struct frame *out, size_t room,
		      struct want *want);

#endif
