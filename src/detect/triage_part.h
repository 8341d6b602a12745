/* The inside of triage, for its own files. */
#ifndef EGRET_DETECT_TRIAGE_PART_H
#define EGRET_DETECT_TRIAGE_PART_H

#include "base/hindex.h"
#include "base/pool.h"
#include "core/networks.h"
#include "detect/triage.h"
#include "volume/lru.h"

/* An ack or a mute. */
struct mark {
	char id[FINDING_ID_MAX];
	uint8_t verdict;
	uint32_t user;
	uint64_t time, until, up, matches;
	char *reason; /* owned */
	struct lru_link order, ack;
};

struct allowed {
	char *service, *tenant, *clients, *reason; /* owned */
	uint64_t hash;				   /* of the service */
	struct networks networks;
	uint64_t until;
	uint32_t number;
};

enum triage_action { ACT_ACK, ACT_MUTE, ACT_UNMUTE, ACT_SANCTION, ACT_REVOKE, ACT_REOPEN, ACTIONS };

struct audited {
	uint64_t time, until;
	uint32_t user;
	uint8_t action;
	char id[FINDING_ID_MAX];
	char *service, *tenant, *clients, *reason; /* owned */
};

struct triage {
	struct pool marks;
	struct hindex index; /* by series */
	struct lru order;    /* the newest word is the newest */
	struct lru acks;     /* of them those that are acks: the oldest makes room */
	struct allowed *allowed;
	size_t allowed_count, allowed_room;
	uint32_t last_number;
	uint64_t tidied; /* when what has run out was last looked for */
	struct audited *audit; /* a ring once it is full */
	size_t audit_count, audit_first, audit_room;
};

static inline struct mark *triage_mark_at(const struct triage *t, uint32_t n)
{
	return pool_at(&t->marks, n);
}

bool triage_is_id(const char id[FINDING_ID_MAX]);
/* Takes the place of what was said of it before; NULL and an error at the bound. */
struct mark *triage_put_mark(struct triage *t, const char id[FINDING_ID_MAX],
			     enum triage_verdict verdict, struct error *e);
/* A copy of a text, cut. */
char *triage_text(struct str s, size_t most);
int triage_put_sanction(struct triage *t, const struct sanction *s, struct error *e);
struct audited *triage_put_audit(struct triage *t);

#endif
