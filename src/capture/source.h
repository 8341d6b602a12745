/* Where frames come from: capture files here, live interfaces later, behind one interface. */
#ifndef EGRET_CAPTURE_SOURCE_H
#define EGRET_CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "capture/frame.h"
#include "core/stats.h"

struct source;

/* Files and folders, `-` for standard input (at most once). Folders are read recursively; what is
 * no capture file inside a folder is skipped with a note. Formats are told by content: pcap (both
 * byte orders, micro- and nanoseconds, the modified 0xa1b2cd34 format), pcapng (several sections,
 * interfaces, link types), each also gzip or zstd compressed.
 *
 * All files are merged into one stream in time order: a file is opened when the stream reaches its
 * first packet, so any number of rotated files needs few descriptors. Within one file the order is
 * the file's own. `filter` is a pcap-filter(7) expression, or NULL.
 *
 * NULL and an error when a path does not exist, cannot be read, or the filter does not compile. A
 * damaged file is no error here: it is read up to the damage, reported through `problem`, and the
 * next file goes on.
 */
struct source_files_options {
	const char *const *paths;
	size_t path_count;
	const char *filter; /* NULL: none */
	/* Called once per problem with a line for a person; `file` names the file. May be NULL. */
	void (*problem)(void *context, const char *file, const char *text);
	void *context;
};

struct source *source_open_files(const struct source_files_options *o, struct stats *stats,
				 struct error *e);

/* Fills up to `room` frames (at most LIMIT_BATCH are returned) that stay valid until the next call.
 * Returns their number, 0 at the end. Never blocks except on the file itself. */
size_t source_next(struct source *s, struct frame *out, size_t room);

void source_close(struct source *s);

#endif
