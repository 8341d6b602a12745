/* The bytes of a file as they lie on disk: a path, standard input, or memory. */
#ifndef EGRET_CAPTURE_RAW_H
#define EGRET_CAPTURE_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct raw {
	uint64_t offset; /* bytes read so far */
	uint64_t size;   /* of a regular file when it was opened; 0 = not known */
	bool regular;    /* can be opened again */

	/* private */
	const char *path;
	int fd;         /* -1: not open now */
	bool frugal;    /* give the descriptor back after each read */
	bool borrowed;  /* standard input: not ours to close */
	bool ended;     /* nothing more to read */
	dev_t device;   /* which file it was, to tell when the path names another one */
	ino_t inode;
	const uint8_t *memory;
};

/* `path` is kept, not copied; "-" is standard input. A frugal regular file holds no descriptor
 * between reads. -1 and an error that does not name the path. */
int raw_open(struct raw *r, const char *path, bool frugal, struct error *e);
/* Reads from memory that must outlive it. */
void raw_open_memory(struct raw *r, const void *data, size_t n);
void raw_close(struct raw *r);

/* Up to `room` (at least 1) bytes, as soon as there are any; 0 at the end, -1 and an error. */
ssize_t raw_read(struct raw *r, void *to, size_t room, struct error *e);

#endif
