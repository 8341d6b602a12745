/* Looks at configuration, lists and rules without running anything. */
#ifndef EGRET_DAEMON_CHECK_H
#define EGRET_DAEMON_CHECK_H

#include "daemon/options.h"

/* Prints what is loaded, and for each rule whether the wire decides it. Status 1 when something is
 * wrong. */
int check_run(const struct options *o);

/* Prints the configuration as it is in force. */
int check_dump(const struct options *o);

/* Prints what the lists say about a host name; or, when `what` is a line of JSON, a record or an
 * event, why each rule for its log source did or did not match. */
int check_explain(const struct options *o, const char *what);

#endif
