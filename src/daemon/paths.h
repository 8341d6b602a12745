/* Where things are when nobody says otherwise. */
#ifndef EGRET_DAEMON_PATHS_H
#define EGRET_DAEMON_PATHS_H

#include <limits.h>

/* The folder of lists: the installed one, or that of the source tree which this program was built
 * in (two folders above it) when nothing is installed. */
const char *paths_domains(char out[PATH_MAX]);
/* The same for rules; NULL when there is none. */
const char *paths_rules(char out[PATH_MAX]);
/* The folder that keeps compiled lists: /var/cache/egret for root, else below the user's cache
 * folder. NULL when there is none. */
const char *paths_cache(char out[PATH_MAX]);

#endif
