/* A destination of lines that never makes its caller wait: a bounded queue, and a thread of its own
 * that writes. A slow or dead destination loses its own lines, counted, and touches nothing else.
 *
 * One thread puts lines in; any thread may ask for counts, a reopening, or the level of the queue.
 *
 * What waits is written at once when nothing was written lately, else after at most 50 ms, so that
 * a busy outlet writes much at a time. When the queue is full it is the new line that is lost.
 * While a destination fails (disk full, server away) the lines stay in the queue, it is tried again
 * after 0.25 s, doubling up to 10 s, and what waited follows in order once it works.
 *
 * Files: the bytes on the disk are always whole lines, but for the moment of a write: what a full
 * disk tore is cut off again and written later. A file that was removed or replaced without
 * outlet_reopen is noticed within a second; after 10 s more without it, in which lines wait as long
 * as half the queue is free, the path is opened anew. Nothing is synced: what was written outlives
 * the program, not the machine.
 *
 * Own rotation renames PATH to PATH.YYYYMMDD-HHMMSS[.N] (UTC, of the moment), compresses it to
 * ….zst in a thread of low priority, and removes the oldest beyond rotate_keep; what a crash left
 * half done is finished at the next start. A file grows beyond rotate_size only when a single line
 * is longer. Intervals begin at multiples of the interval since 1970 UTC, so a day at midnight UTC;
 * the first line of a new one rotates.
 *
 * Syslog over UDP, and over TCP what is on its way when the connection breaks, can be lost without
 * a trace (RFC 5426 section 3.1, RFC 6587 section 3): a line counts as written once the kernel has
 * it. A message over UDP is at most 2048 bytes (RFC 5424 section 6.1), over others 64 KiB; cut
 * ones end with "...". Text is UTF-8 without a byte order mark, which most receivers would take for
 * part of the message; control characters and what is not UTF-8 become U+FFFD. On a UNIX stream
 * socket messages end with a newline (RFC 6587 section 3.4.2). */
#ifndef EGRET_OUTPUT_OUTLET_H
#define EGRET_OUTPUT_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum outlet_kind {
	OUTLET_FILE, /* appended to; `target` is its path (a named pipe or a device, too) */
	OUTLET_STDOUT,
	OUTLET_SYSLOG,	/* RFC 5424; `target`: a path of a UNIX socket, udp://HOST[:PORT] (RFC 5426)
			   or tcp://HOST[:PORT] (RFC 6587, octet counting); an IPv6 address in [] */
	OUTLET_JOURNAL, /* systemd's, with fields; `target`: its socket's path; anything else: the
			   usual */
};

/* A name of our own needs an enterprise number of our own (RFC 5424 section 7.2.2), which there is
 * none of: 32473 is the one that stands for "any" in documents (RFC 5612). */
#define OUTLET_SD_ID "egret@32473"

struct outlet_options {
	enum outlet_kind kind;
	const char *name; /* for messages and metrics: "findings.file" */
	const char *target;
	uint64_t queue; /* bytes of lines that may wait; all of it is used in time */
	/* files only */
	uint64_t rotate_size;	  /* bytes; 0: never */
	uint64_t rotate_interval; /* ns of wall clock; 0: never */
	unsigned rotate_keep;	  /* old files kept; 0: all */
	bool compress;		  /* old files with zstd */
	/* syslog only */
	const char *sd_id; /* of the structured data; NULL: OUTLET_SD_ID */
	/* Any thread; may be NULL. `problem` hears when something begins to fail (the same text at
	 * most once a minute), `recovered` when it works again; NULL: `problem` hears that, too. */
	void (*problem)(void *context, const char *name, const char *text);
	void (*recovered)(void *context, const char *name, const char *text);
	void *context;
};

struct outlet_field {
	const char *key; /* [A-Z0-9_], as the journal wants it; those that begin with EGRET_ go to
			    syslog as well, without that and in lower case: EGRET_RULE_ID is
			    rule_id="…" */
	struct str value;
};

#define OUTLET_FIELDS_MAX 16

/* What goes with a line to syslog and journal; files get the line alone. */
struct outlet_note {
	int severity;	    /* RFC 5424: 0 to 7 */
	struct str message; /* for people; empty: the line. The journal has both, the line as
			       EGRET_JSON */
	struct outlet_field field[OUTLET_FIELDS_MAX];
	unsigned field_count;
};

struct outlet;

/* NULL and an error when it cannot be opened now and that is the user's mistake (no such folder,
 * not permitted); a server that is away is no error: it is tried again. Opens files as whoever it
 * is called by: drop privileges first. */
struct outlet *outlet_open(const struct outlet_options *o, struct error *e);

/* Whether that can be the target of OUTLET_SYSLOG: 0, or -1 and an error. */
int outlet_syslog_target(const char *target, struct error *e);

/* Copies; never waits: no lock is taken, and at most one line in 50 ms or 64 KiB costs a system
 * call, to wake the writer. `line` ends with its newline and holds no other. `note` may be NULL.
 * False when the queue was full: the line is lost and counted. */
bool outlet_put(struct outlet *o, const char *line, size_t n, const struct outlet_note *note);

/* Files: what was put before goes to the old file, what is put after to the new one at the same
 * path. It is the writer that does it, soon: `reopening` below says when it is done. When the new
 * one cannot be opened the old one goes on. */
void outlet_reopen(struct outlet *o);

#define OUTLET_PROBLEM_MAX 256

struct outlet_counts {
	uint64_t lines, bytes; /* written out; bytes: of the lines, without what goes with them */
	uint64_t lost;	       /* lines that were not: the queue was full */
	uint64_t errors;       /* failed writes, connections, rotations */
	uint64_t queued;       /* bytes that wait now */
	bool failing;	       /* the last try failed */
	bool reopening;	       /* outlet_reopen was called and lines still go to the old file */
	char problem[OUTLET_PROBLEM_MAX]; /* its text; "": none so far */
};
void outlet_count(struct outlet *o, struct outlet_counts *out);

/* Nothing more will be put: it has `wait` ns from now to write what waits. Does not wait itself, so
 * that several outlets can end side by side. */
void outlet_end(struct outlet *o, uint64_t wait);
/* Writes what waits, for up to `wait` ns (outlet_end's, if that was called before), then gives up.
 * Returns lines lost by that. A writer that hangs in the kernel is left behind after another 0.2 s.
 */
uint64_t outlet_close(struct outlet *o, uint64_t wait);

/* The most memory that one takes, compressing of old files included. */
size_t outlet_memory(uint64_t queue);

#endif
