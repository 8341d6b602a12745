#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/sandbox_part.h"

bool sandbox_granted(const char *path, char out[PATH_MAX])
{
	struct stat st;

	if (!path || !*path || !realpath(path, out) || stat(out, &st))
		return false;
	if (S_ISDIR(st.st_mode))
		return true;
	char *slash = strrchr(out, '/');
	if (slash > out)
		*slash = '\0';
	return true;
}

static bool is_inside(const char *folder, const char *path)
{
	size_t n = strlen(folder);

	while (n && folder[n - 1] == '/')
		n--;
	return !strncmp(folder, path, n) && (path[n] == '/' || path[n] == '\0');
}

/* The path without symbolic links; the last part of it need not exist. */
static bool real_path(const char *path, char out[PATH_MAX])
{
	char folder[PATH_MAX];
	const char *name = strrchr(path, '/');

	if (realpath(path, out))
		return true;
	if (errno != ENOENT)
		return false;
	name = name ? name + 1 : path;
	size_t n = (size_t)(name - path);
	if (!*name || !strcmp(name, "..") || n >= sizeof folder)
		return false;
	memcpy(folder, path, n);
	folder[n] = '\0';
	char real[PATH_MAX];
	if (!realpath(n ? folder : ".", real))
		return false;
	int length = snprintf(out, PATH_MAX, "%s/%s", strcmp(real, "/") ? real : "", name);
	return length > 0 && length < PATH_MAX;
}

bool sandbox_allows(const struct sandbox_options *o, const char *path)
{
	char real[PATH_MAX], granted[PATH_MAX];
	bool inside = false;

	if (!real_path(path, real))
		return false;
	for (size_t i = 0; i < o->read_count && !inside; i++)
		inside = sandbox_granted(o->read[i], granted) && is_inside(granted, real);
	for (size_t i = 0; i < o->write_count && !inside; i++)
		inside = sandbox_granted(o->write[i], granted) && is_inside(granted, real);
	if (!inside)
		return false;
	/* a folder that came later, or another one behind the same link, looks inside and is not */
	int fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno != EACCES;
	close(fd);
	return true;
}

static int limit(int what, const char *name, rlim_t most, struct error *e)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now))
		return error_set(e, "%s: %s", name, strerror(errno));
	if (most > now.rlim_max)
		most = now.rlim_max;
	now = (struct rlimit){most, most};
	if (setrlimit((__rlimit_resource_t)what, &now))
		return error_set(e, "%s: %s", name, strerror(errno));
	return 0;
}

/* RLIMIT_NPROC counts all processes of the user, also those of other instances, and no process can
 * be made anyway; a bound of file sizes would end findings, not attackers. */
static int limits(const struct sandbox_options *o, struct error *e)
{
	if (limit(RLIMIT_CORE, "RLIMIT_CORE", 0, e))
		return -1;
	return o->files ? limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", o->files, e) : 0;
}

/* Landlock takes the calling thread and those it makes, and leaves others as they are. */
static bool is_alone(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) || st.st_nlink <= 3;
}

int sandbox_enter(const struct sandbox_options *o, struct sandbox_state *state, struct error *e)
{
	*state = (struct sandbox_state){0};
	if (!is_alone())
		return error_set(e, "the sandbox would leave out threads that run already");
	if (limits(o, e))
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set(e, "no_new_privs: %s", strerror(errno));
	if (sandbox_files(o, &state->landlock, e))
		return -1;
	return sandbox_calls(o, &state->seccomp, e);
}
