/* What a defender said of findings: seen (ack), not wanted for a time (mute), or a use that is
 * allowed (sanction). A muted finding keeps counting, and is told again at ten times the volume it
 * was muted at. In the analyst's thread. */
#ifndef EGRET_DETECT_TRIAGE_H
#define EGRET_DETECT_TRIAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/error.h"
#include "core/networks.h"
#include "detect/finding.h"

#define TRIAGE_MAX	  65536 /* acks and mutes together */
#define TRIAGE_SANCTIONS  4096
#define TRIAGE_REASON_MAX 256
#define TRIAGE_AUDIT_MAX  4096 /* the latest entries kept */

struct triage;

struct triage *triage_new(void);
void triage_free(struct triage *t);

/* Who says so, for the audit trail. */
struct triage_who {
	uint64_t time; /* wall clock, ns */
	uint32_t user; /* uid */
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

/* A service that may be used. Empty tenant: any; no networks: every client; until 0: for good. */
struct sanction {
	struct str service, tenant;
	struct str clients; /* a network, "10.1.0.0/16"; empty: all */
	uint64_t until;
	struct str reason;
	uint32_t number; /* given by triage_sanction; names it for triage_revoke */
};
int triage_sanction(struct triage *t, const struct sanction *s, const struct triage_who *who,
		    uint32_t *number, struct error *e);
int triage_revoke(struct triage *t, uint32_t number, const struct triage_who *who, struct error *e);

/* What holds for a finding now (wall or packet time, ns). */
enum triage_verdict triage_of(struct triage *t, const struct finding *f, uint64_t now);

typedef void triage_each_sanction(void *context, const struct sanction *s);
void triage_sanctions(const struct triage *t, triage_each_sanction *each, void *context);
struct triage_entry {
	uint64_t time, until;
	uint32_t user;
	const char *action; /* "ack", "mute", "unmute", "sanction", "revoke", "reopen" */
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
