#include "daemon/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PKGDATADIR/what; or in the source tree, two folders above build/NAME/egret. */
static const char *shared_folder(const char *what, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, PKGDATADIR "/%s", what);
	if (access(out, R_OK) == 0)
		return out;
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n > 0) {
		self[n] = '\0';
		char *slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
		int length = snprintf(out, PATH_MAX, "%s/../../%s", self, what);
		if (length > 0 && length < PATH_MAX && access(out, R_OK) == 0)
			return out;
	}
	snprintf(out, PATH_MAX, PKGDATADIR "/%s", what);
	return out;
}

const char *paths_domains(char out[PATH_MAX])
{
	return shared_folder("domains", out);
}

const char *paths_rules(char out[PATH_MAX])
{
	shared_folder("rules", out);
	return access(out, R_OK) == 0 ? out : NULL;
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
