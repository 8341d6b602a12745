/* The inside of the ledger, for its own files. */
#ifndef EGRET_DETECT_LEDGER_ACCOUNT_H
#define EGRET_DETECT_LEDGER_ACCOUNT_H

#include "detect/ledger.h"

struct account {
	struct addr client;
	const struct service *service;
	uint64_t first, last;
	uint64_t up, down, missed;
	uint64_t largest; /* bytes of the connection in `tuple` */
	struct tuple tuple;
	uint32_t connections, queries;
	uint32_t name[FINDING_NAMES_MAX];
	uint8_t source[FINDING_NAMES_MAX];
	uint8_t tier;
	bool has_server, more_names;
};

/* The number of the account, made when new. */
uint32_t ledger_account(struct ledger *l, const struct addr *client, const struct service *service,
			uint64_t time);

uint64_t ledger_hash(const struct ledger *l, const struct addr *client,
		     const struct service *service);

#endif
