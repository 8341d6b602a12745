#include "daemon/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What a bounding set can hold; CAP_LAST_CAP of the headers may be older than the kernel. */
static bool bounds_are_empty(void)
{
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			return false;
	return true;
}

/* Permitted and effective CAP_NET_RAW, or nothing. */
static int choose(bool keep, struct error *e)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (keep && capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW))
		return error_set(e, "capabilities: CAP_NET_RAW cannot be asked for");
	return 0;
}

static int become(const char *name, bool keep, struct error *e)
{
	errno = 0;
	const struct passwd *user = getpwnam(name);
	if (!user)
		return error_set(e, "user %s: %s", name, errno ? strerror(errno) : "there is none");
	if (user->pw_uid == 0)
		return error_set(e, "user %s is root: say user: \"\" to stay root", name);
	uid_t uid = user->pw_uid;
	gid_t gid = user->pw_gid;
	/* in the groups' order first: as another user we could not take them any more */
	if (initgroups(name, gid))
		return error_set(e, "groups of user %s: %s", name, strerror(errno));
	if (choose(keep, e))
		return -1;
	int status =
		capng_change_id((int)uid, (int)gid, CAPNG_CLEAR_BOUNDING | CAPNG_CLEAR_AMBIENT);
	if (status)
		return error_set(e, "becoming user %s: step %d failed: %s", name, -status,
				 strerror(errno));
	uid_t r, f, s;
	if (getresuid(&r, &f, &s) || r != uid || f != uid || s != uid || setuid(0) == 0)
		return error_set(e, "becoming user %s: root can still be had", name);
	if (!bounds_are_empty())
		return error_set(e, "becoming user %s: the bounding set is not empty", name);
	return 0;
}

/* Whether nothing but what may stay is permitted. */
static bool is_little(bool keep)
{
	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (capng_have_capability(CAPNG_PERMITTED, cap) == 1 &&
		    !(keep && cap == CAP_NET_RAW))
			return false;
	return true;
}

/* Without another user: the same, as far as it is ours to give up. A service manager's filter may
 * refuse capset(2) when it has given us no more than may stay; what is then still inheritable would
 * go to another program, and without ambient capabilities goes nowhere. */
static int reduce(bool keep, struct error *e)
{
	capng_select_t sets = CAPNG_SELECT_CAPS;

	capng_clear(CAPNG_SELECT_ALL);
	if (capng_get_caps_process())
		return error_set(e, "capabilities cannot be read");
	bool have = capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW) == 1,
	     little = is_little(keep);
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1)
		sets |= CAPNG_SELECT_BOUNDS;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		return error_set(e, "ambient capabilities cannot be given up: %s", strerror(errno));
	if (choose(keep && have, e))
		return -1;
	if (capng_apply(sets) && !(little && errno == EPERM))
		return error_set(e, "capabilities cannot be given up: %s", strerror(errno));
	return 0;
}

/* As the kernel tells it, whatever the library believes. */
static int confirm(bool keep, struct error *e)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_get_caps_process())
		return error_set(e, "capabilities cannot be read");
	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++) {
		bool fine = keep && cap == CAP_NET_RAW;
		if (capng_have_capability(CAPNG_AMBIENT, cap) == 1 ||
		    (!fine && (capng_have_capability(CAPNG_PERMITTED, cap) == 1 ||
			       capng_have_capability(CAPNG_INHERITABLE, cap) == 1)))
			return error_set(e, "capability %s was not given up",
					 capng_capability_to_name(cap));
	}
	return 0;
}

int privileges_drop(const struct privileges_options *o, struct error *e)
{
	bool other = geteuid() == 0 && o->user && *o->user;

	if (other ? become(o->user, o->keep_net_raw, e) : reduce(o->keep_net_raw, e))
		return -1;
	if (confirm(o->keep_net_raw, e))
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set(e, "no_new_privs: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return error_set(e, "dumpable: %s", strerror(errno));
	return 0;
}
