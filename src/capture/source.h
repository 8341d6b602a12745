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
 * first packet, and at most LIMIT_OPEN_FILES hold a descriptor, so any number of rotated or
 * overlapping files is read. Within one file the order is the file's own. The same file named twice
 * is read once. `filter` is a pcap-filter(7) expression, or NULL; it must compile for a link type
 * that the files begin with, and leaves out packets of those for which it does not.
 *
 * Opening reads the head of every file, so it waits for the first packet of a pipe. NULL and an
 * error when a path does not exist, cannot be read, or the filter does not compile.
 *
 * A damaged file is no error: it is read up to the damage, reported through `problem`, counted in
 * stats.files_damaged, and the next file goes on. So is a file that was named and is empty or no
 * capture, and one inside a folder that cannot be read. stats must outlive the source.
 *
 * Memory: LIMIT_WINDOW for each of LIMIT_OPEN_FILES files that overlap in time, LIMIT_WINDOW_SMALL
 * for each one more, twice that and the unpacker's state (at most LIMIT_ZSTD_WINDOW_LOG) if packed.
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
/* The most memory that it takes when one file is read at a time, zstd compressed. */
size_t source_memory(void);

#endif
