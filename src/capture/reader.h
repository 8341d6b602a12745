/* Frames of one capture file, whatever its format, up to its end or its damage. */
#ifndef EGRET_CAPTURE_READER_H
#define EGRET_CAPTURE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "capture/frame.h"
#include "capture/stream.h"

struct reader;

enum reader_refusal {
	READER_FOREIGN, /* no capture file */
	READER_UNTOLD,  /* empty, or damaged compression: nobody can tell */
	READER_BROKEN,  /* a capture file that is damaged in its header, or of an unknown version */
};

/* Takes the stream over, also when it fails. NULL, why, and an error text. */
struct reader *reader_open(struct stream *s, enum reader_refusal *why, struct error *e);
void reader_close(struct reader *r);

/* Up to `room` (at least 1) frames that point into the window. With `refill` false the window is
 * left alone, so frames from earlier calls stay valid, and 0 means that it is used up. With
 * `refill` true, frames from earlier calls are gone, and 0 means the end. */
size_t reader_next(struct reader *r, struct frame *out, size_t room, bool refill);
/* No call will give a frame any more. */
bool reader_ended(const struct reader *r);
/* After the end: what is wrong with the file, for a person, or NULL. */
const char *reader_problem(const struct reader *r);

#endif
