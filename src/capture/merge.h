/* Many capture files as one stream in time order.
 *
 * A first glance at each file tells when it begins; it is opened when the stream gets there. At
 * most LIMIT_OPEN_FILES files hold a descriptor; if more overlap, the others open theirs for each
 * read. The order within a file is the file's own: a time that steps back is due at once, a single
 * one that jumps ahead is due with what follows it.
 */
#ifndef EGRET_CAPTURE_MERGE_H
#define EGRET_CAPTURE_MERGE_H

#include <stddef.h>

#include "capture/file_list.h"
#include "capture/filter.h"
#include "capture/frame.h"
#include "capture/report.h"

struct merge;

/* The list, the filter (NULL: none) and the report must outlive it. Reads the head of each file. */
struct merge *merge_new(struct file_list *files, struct filter *filter,
			const struct report *report);
void merge_free(struct merge *m);

/* Up to `room` (at least 1) frames that stay valid until the next call; 0 at the end. */
size_t merge_next(struct merge *m, struct frame *out, size_t room);

/* The path of the file that is being opened or read, for messages. */
const char *merge_current(const struct merge *m);

#endif
