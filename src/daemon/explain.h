/* Why a name belongs to a service, and why rules do or do not match a record or an event. */
#ifndef EGRET_DAEMON_EXPLAIN_H
#define EGRET_DAEMON_EXPLAIN_H

#include <stdio.h>

#include "daemon/generation.h"

/* Prints what the lists say about a host name; or, when `what` is a line of JSON, why each rule for
 * its log source did or did not match. `as`: of lines that do not show theirs. -1 and an error when
 * the line is none, or there are no rules. In the thread that uses the generation. */
int explain(const struct generation *g, const struct logsource *as, struct str what, FILE *out,
	    struct error *e);

#endif
