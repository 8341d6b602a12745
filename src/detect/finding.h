/* What egret has found: one thing that grows, not a line per packet. */
#ifndef EGRET_DETECT_FINDING_H
#define EGRET_DETECT_FINDING_H

#include <stdint.h>

#include "core/addr.h"
#include "core/record.h"
#include "services/domain_set.h"

enum finding_kind {
	FINDING_UPLOAD, /* more went to a service than its tier's threshold */
	FINDING_NAME,   /* a name of tier A was looked up or spoken to */
};

#define FINDING_NAMES_MAX 4
#define FINDING_ID_MAX 17

/* Texts are owned by the ledger and valid as long as it is not changed. */
struct finding {
	enum finding_kind kind;
	char id[FINDING_ID_MAX]; /* the same in every replay: of rule, client and service */
	struct addr client;
	const struct service *service;
	enum tier tier; /* the most telling one of the names seen */
	uint64_t first, last; /* packet time, ns */
	uint64_t up, down;    /* bytes */
	uint64_t up_missed;   /* of `up`, bytes that were not captured */
	uint64_t threshold;   /* that `up` passed; 0: none needed */
	uint32_t connections, queries;
	struct addr server;   /* the last one spoken to */
	bool has_server;
	struct {
		struct str name;
		enum name_source source; /* NAME_NONE: looked up only */
	} names[FINDING_NAMES_MAX];
	unsigned name_count;
	bool more_names;
	struct tuple tuple; /* of the connection that carried most */
};

const char *finding_kind_name(enum finding_kind k);
/* Sigma level: "high" for tier A, "medium" for B, "low" for C and D. */
const char *finding_level(const struct finding *f);
const char *finding_title(const struct finding *f);
const char *finding_rule_id(const struct finding *f);

#endif
