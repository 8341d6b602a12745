/* A destination of lines that never makes its caller wait: a bounded queue, and a thread of its own
 * that writes. A slow or dead destination loses its own lines, counted, and touches nothing else.
 *
 * One thread puts lines in; any thread may ask for counts, a reopening, or the level of the queue. */
#ifndef EGRET_OUTPUT_OUTLET_H
#define EGRET_OUTPUT_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum outlet_kind {
	OUTLET_FILE,	/* appended to; `target` is its path */
	OUTLET_STDOUT,
	OUTLET_SYSLOG,	/* RFC 5424; `target`: a path of a UNIX socket, udp://HOST:PORT (RFC 5426) or
			   tcp://HOST:PORT (RFC 6587, octet counting) */
	OUTLET_JOURNAL, /* systemd's, with fields */
};

struct outlet_options {
	enum outlet_kind kind;
	const char *name;	  /* for messages and metrics: "findings.file" */
	const char *target;
	uint64_t queue;		  /* bytes of lines that may wait */
	/* files only */
	uint64_t rotate_size;	  /* bytes; 0: never */
	uint64_t rotate_interval; /* ns of wall clock; 0: never */
	unsigned rotate_keep;	  /* old files kept; 0: all */
	bool compress;		  /* old files with zstd */
	void (*problem)(void *context, const char *name, const char *text); /* any thread; may be NULL */
	void *context;
};

struct outlet_field {
	const char *key; /* journal: [A-Z0-9_]; syslog: SD-PARAM name */
	struct str value;
};

#define OUTLET_FIELDS_MAX 16

/* What goes with a line to syslog and journal; files get the line alone. */
struct outlet_note {
	int severity;	    /* RFC 5424: 0 to 7 */
	struct str message; /* for people; empty: the line */
	struct outlet_field field[OUTLET_FIELDS_MAX];
	unsigned field_count;
};

struct outlet;

/* NULL and an error when it cannot be opened now and that is the user's mistake (no such folder, not
 * permitted); a server that is away is no error: it is tried again. */
struct outlet *outlet_open(const struct outlet_options *o, struct error *e);

/* Copies; never waits. `line` ends with its newline. `note` may be NULL. False when the queue was
 * full: the line is lost and counted. */
bool outlet_put(struct outlet *o, const char *line, size_t n, const struct outlet_note *note);

/* Files: what was put before goes to the old file, what is put after to the new one at the same
 * path. */
void outlet_reopen(struct outlet *o);

struct outlet_counts {
	uint64_t lines, bytes; /* written out */
	uint64_t lost;	       /* lines that were not: the queue was full, or writing failed */
	uint64_t errors;       /* failed writes, connections, rotations */
	uint64_t queued;       /* bytes that wait now */
	bool failing;	       /* the last try failed */
	char problem[128];     /* its text; "": none so far */
};
void outlet_count(struct outlet *o, struct outlet_counts *out);

/* Writes what waits, for up to `wait` ns, then gives up. Returns lines lost by that. */
uint64_t outlet_close(struct outlet *o, uint64_t wait);

#endif
