/* A message of RFC 5424, without the framing that a transport may need. */
#ifndef EGRET_OUTPUT_SYSLOG_MESSAGE_H
#define EGRET_OUTPUT_SYSLOG_MESSAGE_H

#include <stddef.h>

#include "output/outlet_entry.h"

#define SYSLOG_FACILITY 3   /* system daemons */
#define SYSLOG_LEAST	480 /* what every receiver takes: section 6.1 */

/* What is the same in all messages of an outlet. */
struct syslog_sender {
	char host[256];
	char kind[33]; /* MSGID: "findings" */
	long pid;
	const char *sd_id; /* not owned */
};

/* Finds out the host's name. `kind`: of "findings.syslog" what comes before the dot. */
void syslog_sender_init(struct syslog_sender *s, const char *kind, const char *sd_id);

/* At most `room` (SYSLOG_LEAST or more) bytes: parameters that do not fit are left out, the text is
 * cut and then ends with "...". Returns the length. */
size_t syslog_message(const struct syslog_sender *s, const struct outlet_entry *e, char *out,
		      size_t room);

#endif
