/* Capture files made for tests, and what a source reads from them. */
#ifndef EGRET_TESTS_CAPTURE_MAKE_H
#define EGRET_TESTS_CAPTURE_MAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/stats.h"

/* Bytes that grow; zero-initialised is empty. */
struct bytes {
	uint8_t *p;
	size_t n, room;
	bool big; /* byte order of the numbers put in */
};

void bytes_free(struct bytes *b);
void put(struct bytes *b, const void *p, size_t n);
void put16(struct bytes *b, uint16_t v);
void put32(struct bytes *b, uint32_t v);

#define PCAP_MICRO 0xa1b2c3d4
#define PCAP_NANO 0xa1b23c4d
#define PCAP_MODIFIED 0xa1b2cd34

void pcap_header(struct bytes *b, uint32_t magic, uint32_t link);
/* A packet of `captured` bytes, all of the value `mark`, and of `length` on the wire. */
void pcap_packet(struct bytes *b, uint32_t seconds, uint32_t fraction, uint32_t captured,
		 uint32_t length, uint8_t mark);

/* A block; the body is padded to 4 bytes. */
void ng_block(struct bytes *b, uint32_t type, const struct bytes *body);
void ng_section(struct bytes *b);
/* resolution 6 and offset 0 leave the options out. */
void ng_interface(struct bytes *b, uint16_t link, uint32_t snaplen, uint8_t resolution,
		  int64_t offset);
void ng_packet(struct bytes *b, uint32_t interface, uint64_t units, uint32_t captured,
	       uint32_t length, uint8_t mark);
void ng_simple(struct bytes *b, uint32_t captured, uint32_t length, uint8_t mark);
void ng_obsolete(struct bytes *b, uint16_t interface, uint64_t units, uint32_t captured,
		 uint32_t length, uint8_t mark);

/* Appends the packed form of n bytes as one gzip member or zstd frame. */
void pack_gzip(struct bytes *to, const void *p, size_t n);
void pack_zstd(struct bytes *to, const void *p, size_t n);

/* A folder of its own, gone with everything in it after folder_remove. Paths are built in static
 * storage that lasts for the next 8 calls. */
const char *folder_make(void);
void folder_remove(const char *folder);
const char *in_folder(const char *folder, const char *name);
void write_file(const char *path, const struct bytes *b);

struct seen_frame {
	uint64_t time;
	uint32_t captured, length, link, interface;
	uint8_t mark; /* of its bytes, 0 when it has none */
};

/* All that a source gave. */
struct seen {
	struct seen_frame *frames;
	size_t count, room;
	unsigned problems;
	char problem[512]; /* the last one */
	char file[4096];   /* the file it was about */
	struct stats stats;
	struct error error; /* when the source did not open */
	bool opened;
	bool torn; /* a frame's bytes changed before the batch was over, or were not all its mark */
};

void seen_free(struct seen *s);
/* Reads files to their end, up to `room` frames a call. */
void see_paths(struct seen *s, const char *const *paths, size_t count, const char *filter,
	       size_t room);
void see(struct seen *s, const char *path);
/* Reads a file of these bytes. */
void see_bytes(struct seen *s, const struct bytes *b);

#endif
