#include "daemon/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTALLED PKGDATADIR "/domains"
#define IN_SOURCE_TREE "/../../domains" /* from build/NAME/egret */

const char *paths_domains(char out[PATH_MAX])
{
	if (access(INSTALLED, R_OK) == 0)
		return INSTALLED;
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - sizeof IN_SOURCE_TREE);
	if (n > 0) {
		out[n] = '\0';
		char *slash = strrchr(out, '/');
		if (slash) {
			memcpy(slash, IN_SOURCE_TREE, sizeof IN_SOURCE_TREE);
			if (access(out, R_OK) == 0)
				return out;
		}
	}
	return INSTALLED;
}

const char *paths_cache(char out[PATH_MAX])
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n = -1;

	if (geteuid() == 0)
		return "/var/cache/egret";
	if (base && *base == '/')
		n = snprintf(out, PATH_MAX, "%s/egret", base);
	else if (home && *home == '/')
		n = snprintf(out, PATH_MAX, "%s/.cache/egret", home);
	return n > 0 && n < PATH_MAX ? out : NULL;
}
