/* The state folder: what must outlive a restart, in one file of sections.
 *
 *	magic "EGRET-ST" | format u32 | sections u32 | length of the rest u64 | SHA-256 of all else
 *	each section: name, 16 bytes zero padded | version u32 | 0 u32 | length u64 | its bytes
 *
 * All numbers little-endian on every machine. The file is written beside, synced and renamed over
 * the old one, and the folder is synced: whoever is killed at any moment leaves the old or the new
 * state. A file that is damaged, foreign, too large or not ours is refused with a reason and kept
 * as egret.state.bad (the last one only). The digest finds damage; against forgery the folder and
 * the file must belong to us or root and be writable by nobody else. */
#ifndef EGRET_CORE_STATE_H
#define EGRET_CORE_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/error.h"
#include "core/limits.h"

#define STATE_FILE	   "egret.state"
#define STATE_BAD	   "egret.state.bad"
#define STATE_SECTIONS_MAX 32

struct state_section {
	const char *name; /* at most 16 bytes */
	uint32_t version; /* that save writes */
	void *owner;
	void (*save)(const void *owner, struct bytes *out);
	/* Reads a section of a version <= its own. 0, or -1 and an error. It must leave the cursor
	 * at its end, good. */
	int (*load)(void *owner, struct cursor *in, unsigned version, struct error *e);
	/* Back to nothing learned: called when any section refuses. */
	void (*reset)(void *owner);
};

enum state_outcome {
	STATE_EMPTY, /* there was none */
	STATE_LOADED,
	STATE_REFUSED, /* set aside, all sections are reset; the error says why */
};

/* The file's bytes. -1 and an error when they would pass LIMIT_STATE. Encoding and writing are
 * apart, so that the thread that owns the sections need not wait for the disk. */
int state_encode(const struct state_section *s, size_t n, struct bytes *out, struct error *e);
/* The same in two steps: the digest, which takes a good part of the time, needs the sections no more.
 */
int state_gather(const struct state_section *s, size_t n, struct bytes *out, struct error *e);
void state_seal(struct bytes *file);
/* Puts such bytes into the folder, which is made (0700) when missing. 0, or -1 and an error; the
 * old state is then untouched. */
int state_write(const char *folder, const struct bytes *file, struct error *e);
int state_save(const char *folder, const struct state_section *s, size_t n, struct error *e);

/* Hands a file's bytes to the sections. Sections in the file that are not asked for are passed
 * over; those asked for that are not in it are left as they are. -1 and an error when the bytes or
 * a section refuse; sections may then hold half of it. */
int state_decode(const struct state_section *s, size_t n, const void *file, size_t size,
		 struct error *e);
enum state_outcome state_load(const char *folder, const struct state_section *s, size_t n,
			      struct error *e);

#endif
