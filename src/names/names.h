/* Which names an address had for a client, learned from DNS answers.
 *
 * Keyed by (client, address): on shared addresses only what this client asked for tells which of
 * many services it speaks to. A second table keyed by the address alone answers for clients whose
 * own queries were not seen; that is a weak hint and marked as such.
 *
 * Both tables are arrays of sets, each two cache lines with room for four names of whatever keys
 * fall on it; the one that expires first makes room. A key is 64 bits of a keyed hash: nobody can
 * aim for an equal one, and chance needs 2^32 of them. Names lie in a ring that overwrites its
 * oldest, so learning allocates nothing and forgetting costs nothing. What is forgotten while it
 * still holds is counted.
 */
#ifndef EGRET_NAMES_NAMES_H
#define EGRET_NAMES_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/hash.h"
#include "core/addr.h"
#include "core/record.h"

#define NAMES_WAYS 4

struct name_use {
	uint64_t key;     /* 0: empty */
	uint64_t name;    /* place in the ring of what was asked for, plus 1 */
	uint16_t via;     /* bytes before `name` at which its telling alias stands, 0: none */
	uint16_t mark;    /* of the name: another one's is another as a rule */
	/* s since 1970 */
	uint32_t learned; /* when it was told first of the time it has held without a break */
	uint32_t told;	  /* when it was told last */
	uint32_t expires; /* slack included */
};

struct name_table {
	struct name_use *uses;
	uint32_t mask; /* sets - 1 */
};

struct names {
	struct hash_key key;
	struct name_table own, any;
	uint8_t *ring;
	uint64_t head; /* bytes ever written; a place is valid while it is within the ring of it */
	/* where names that come again and again stand */
	struct name_place {
		uint64_t hash, place;
	} *recent;
	struct name_queue *queue;
};

/* `limit` names of (client, address) pairs are kept, a quarter as many of addresses. */
void names_init(struct names *n, uint32_t limit);
void names_fini(struct names *n);
/* The most memory that it takes. */
size_t names_memory(uint32_t limit);

#define NAMES_BATCH 64

/* What one answer told a client. */
struct name_lesson {
	struct addr client;
	struct str name; /* that was asked for */
	struct str via;  /* a name in its CNAME chain that the learner found telling, may be empty */
	uint64_t time;   /* ns */
	unsigned count;
	struct {
		struct addr address;
		uint32_t ttl;      /* seconds */
		uint64_t own, any; /* keys, by names_prepare */
	} item[NAMES_BATCH];
	uint64_t hash; /* of name, keyed: what it comes from is the learner's choice */
};

/* Works out the keys of everything but `via`, and has their memory fetched meanwhile. */
void names_prepare(const struct names *n, struct name_lesson *lesson);
/* Takes a prepared lesson: into a short queue, while the memory comes. */
void names_learn(struct names *n, const struct name_lesson *lesson);

/* How many were forgotten while they still held. */
uint64_t names_evicted(const struct names *n);

/* All that is known, as a section of the state folder (core/state.h). The key goes with it: the
 * folder is nobody else's. */
#define NAMES_STATE_VERSION 1
void names_save(const struct names *n, struct bytes *out);
/* Into names that have learned nothing yet. 0, or -1 and an error. */
int names_load(struct names *n, struct cursor *in, struct error *e);

struct name_answer {
	enum name_source source; /* NAME_DNS_CLIENT, NAME_DNS_ANY or NAME_NONE */
	struct str name, via;
	struct str other[NAMES_WAYS]; /* other names that held then too */
	unsigned others;
};

/* The name that `address` had for `client` at `time` (ns): the one told last of those that held.
 * Texts are valid until the next names_learn. */
struct name_answer names_find(const struct names *n, const struct addr *client,
			      const struct addr *address, uint64_t time);

#endif
