/* A line and what goes with it, as they lie in the queue of an outlet that takes notes. */
#ifndef EGRET_OUTPUT_OUTLET_ENTRY_H
#define EGRET_OUTPUT_OUTLET_ENTRY_H

#include "output/line_ring.h"
#include "output/outlet.h"

struct outlet_entry {
	uint64_t time;		  /* ns since 1970 when it was put */
	int severity;		  /* RFC 5424 */
	struct str line, message; /* line: without its newline; message: empty when there is none */
	struct {
		struct str key, value;
	} field[OUTLET_FIELDS_MAX];
	unsigned field_count;
};

#define OUTLET_SEVERITY 6 /* of a line without a note: informational */

bool outlet_entry_put(struct line_ring *r, uint64_t time, struct str line,
		      const struct outlet_note *note);

/* Where an entry is put together again; zeroed is empty. */
struct outlet_scratch {
	char *bytes;
	size_t room;
};
void outlet_scratch_free(struct outlet_scratch *s);

/* The entry that begins at `at`, which is not the head. Its texts lie in the scratch. Returns where
 * the next one begins. */
uint64_t outlet_entry_get(const struct line_ring *r, uint64_t at, struct outlet_scratch *s,
			  struct outlet_entry *out);

#endif
