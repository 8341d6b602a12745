/* A command that only the analyst can answer, on its way there and back. */
#ifndef EGRET_DAEMON_QUESTION_H
#define EGRET_DAEMON_QUESTION_H

#include "daemon/command_part.h"
#include "detect/triage.h"

struct question {
	const struct command_env *env;
	struct control_reply *reply; /* its words are there as long as the question is */
	/* In the analyst's thread: fills in the reply's text. -1 and an error. */
	int (*answer)(struct question *q, struct analyst *a, struct error *e);
	/* what is asked */
	size_t rows; /* at most */
	bool everyone;
	struct addr client; /* unless everyone */
	char id[FINDING_ID_MAX];
	uint64_t until; /* ns since 1970; 0: for good */
	uint32_t number;
	struct str service, tenant, clients;
	struct triage_who who;
	/* how it went */
	bool failed;
	struct error error;
};

/* Copies the question and sends it on its way; the reply will be done. */
void question_ask(const struct command_call *c, const struct question *q);
/* Whether a word is a finding's id, and the id. */
bool question_id(struct str word, char out[FINDING_ID_MAX]);

#endif
