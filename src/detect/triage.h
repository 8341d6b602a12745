/* What a defender said of findings: seen (ack), not wanted for a time (mute), or a use that is
 * allowed (sanction). A muted finding keeps counting, and is told again at ten times the volume it
 * was muted at. In the analyst's thread.
 *
 * An ack is of one finding. A mute is of the rule, client and service: it holds for the findings of
 * later windows as well (their ids share the first FINDING_SERIES digits), each of which reopens at
 * ten times the volume of the one that was muted. The last word on a finding holds: an ack takes
 * the place of a mute, and the other way round. Volumes below TRIAGE_LEAST count as that.
 *
 * A sanction is of one service, and of findings that are about it alone: not of several services at
 * once (fan-out), nor of correlations that do not group by it. With a tenant, it is of findings all
 * of whose upload is known to be that tenant's. */
#ifndef EGRET_DETECT_TRIAGE_H
#define EGRET_DETECT_TRIAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/error.h"
#include "detect/finding.h"

#define TRIAGE_MAX	  65536 /* acks and mutes together */
#define TRIAGE_SANCTIONS  4096
#define TRIAGE_REASON_MAX 256
#define TRIAGE_AUDIT_MAX  4096 /* the latest entries kept */
#define TRIAGE_TIMES	  10
#define TRIAGE_LEAST	  100000 /* bytes */
#define TRIAGE_TEXT_MAX	  256	 /* bytes of a service, tenant or network */

struct triage;

struct triage *triage_new(void);
void triage_free(struct triage *t);
/* The most memory that it takes. */
size_t triage_memory(void);

/* Who says so, for the audit trail. */
struct triage_who {
	uint64_t time;	   /* wall clock, ns */
	uint32_t user;	   /* uid */
	struct str reason; /* at most TRIAGE_REASON_MAX bytes are kept */
};

/* `up`: the finding's upload at that moment; `matches` for those without. 0, or -1 and an error. */
int triage_ack(struct triage *t, const char id[FINDING_ID_MAX], uint64_t up, uint64_t matches,
	       const struct triage_who *who, struct error *e);
/* `until`: ns since 1970. */
int triage_mute(struct triage *t, const char id[FINDING_ID_MAX], uint64_t up, uint64_t matches,
		uint64_t until, const struct triage_who *who, struct error *e);
int triage_unmute(struct triage *t, const char id[FINDING_ID_MAX], const struct triage_who *who,
		  struct error *e);

/* A service that may be used. Empty tenant: any; no networks: every client; until 0: for good.
 * Upper and lower case are the same in names. */
struct sanction {
	struct str service; /* its name, or the domain of an unlisted one as a detector tells it */
	struct str tenant;  /* "sharepoint:contoso", or "contoso" of any kind */
	struct str clients; /* a network, "10.1.0.0/16"; empty: all */
	uint64_t until;
	struct str reason;
	uint32_t number; /* given by triage_sanction; names it for triage_revoke */
};
int triage_sanction(struct triage *t, const struct sanction *s, const struct triage_who *who,
		    uint32_t *number, struct error *e);
int triage_revoke(struct triage *t, uint32_t number, const struct triage_who *who, struct error *e);

/* What holds for a finding now (wall or packet time, ns). TRIAGE_REOPENED until triage_reopen says
 * that it was told: the volume of that moment is what it has to grow from then on. */
enum triage_verdict triage_of(const struct triage *t, const struct finding *f, uint64_t now);
void triage_reopen(struct triage *t, const struct finding *f, uint64_t now);

/* Forgets what has run out; cheap: it looks once a minute. */
void triage_tick(struct triage *t, uint64_t now);

/* Acks and mutes that hold, in the order they were said. */
struct triage_mark {
	char id[FINDING_ID_MAX];
	enum triage_verdict verdict; /* TRIAGE_ACKED, TRIAGE_MUTED */
	uint64_t time, until;	     /* until 0: for good */
	uint32_t user;
	uint64_t up, matches; /* that it has to grow from */
	struct str reason;
};
typedef void triage_each_mark(void *context, const struct triage_mark *m);
void triage_marks(const struct triage *t, triage_each_mark *each, void *context);

typedef void triage_each_sanction(void *context, const struct sanction *s);
void triage_sanctions(const struct triage *t, triage_each_sanction *each, void *context);
struct triage_entry {
	uint64_t time, until;
	uint32_t user;
	const char *action;	 /* "ack", "mute", "unmute", "sanction", "revoke", "reopen" */
	char id[FINDING_ID_MAX]; /* "": of a sanction */
	struct str service, tenant, clients, reason;
};
typedef void triage_each_entry(void *context, const struct triage_entry *e);
/* The audit trail, the oldest first. */
void triage_audit(const struct triage *t, triage_each_entry *each, void *context);

#define TRIAGE_STATE_VERSION 1
void triage_save(const struct triage *t, struct bytes *out);
int triage_load(struct triage *t, struct cursor *in, unsigned version, struct error *e);

#endif
