/* Values of the configuration whose text has to mean something to whoever uses them later: told
 * with their lines like all other mistakes, and not by a start or a reload that fails. */
#ifndef EGRET_DAEMON_CONFIG_VALUE_H
#define EGRET_DAEMON_CONFIG_VALUE_H

#include "base/error.h"

/* Of a TEXT, or one item of a LIST. -1 and an error when the key's user would refuse it. */
int config_value(const char *key, const char *text, struct error *e);

#endif
