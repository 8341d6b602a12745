/* A captured frame as a source hands it over. */
#ifndef EGRET_CAPTURE_FRAME_H
#define EGRET_CAPTURE_FRAME_H

#include <stdint.h>

struct frame {
	uint64_t time;       /* ns since 1970 */
	const uint8_t *data; /* not owned: valid until the source is asked again */
	uint32_t captured;   /* bytes at data */
	uint32_t length;     /* bytes on the wire; never below captured */
	uint32_t link;       /* LINKTYPE_ value as in the tcpdump.org registry, not DLT_ */
	uint32_t interface;  /* number within its file's section, 0 in a pcap file */
};

#endif
