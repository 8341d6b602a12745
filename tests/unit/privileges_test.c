#include <cap-ng.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confined.h"
#include "daemon/privileges.h"

#define NET_RAW (1ull << CAP_NET_RAW)

/* One hexadecimal line of /proc/self/status. */
static unsigned long long line_of(const char *name)
{
	char line[256];
	unsigned long long value = ~0ull;
	size_t n = strlen(name);
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, n) && line[n] == ':')
			value = strtoull(line + n + 1, NULL, 16);
	if (f)
		fclose(f);
	return value;
}

/* 0, or the number of what is wrong. */
static int is_reduced(unsigned long long kept, bool bounds)
{
	if (line_of("CapPrm") != kept || line_of("CapEff") != kept)
		return 10;
	if (line_of("CapInh") || line_of("CapAmb") || (bounds && line_of("CapBnd")))
		return 11;
	if (line_of("NoNewPrivs") != 1 || prctl(PR_GET_DUMPABLE) != 0)
		return 12;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	if ((fd >= 0) != (kept != 0))
		return 13;
	return setuid(0) == 0 ? 14 : 0;
}

static int from_root(void *keep)
{
	const struct privileges_options o = {"nobody", keep != NULL};
	struct error e = {""};
	uid_t uid[3];
	gid_t gid[3], group[64];
	const struct passwd *nobody = getpwnam("nobody");

	if (privileges_drop(&o, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	getresuid(&uid[0], &uid[1], &uid[2]);
	getresgid(&gid[0], &gid[1], &gid[2]);
	for (int i = 0; i < 3; i++)
		if (uid[i] != nobody->pw_uid || gid[i] != nobody->pw_gid)
			return 2;
	int groups = getgroups(64, group);
	for (int i = 0; i < groups; i++)
		if (group[i] == 0)
			return 3;
	return is_reduced(keep ? NET_RAW : 0, true);
}

Test(privileges, root_becomes_a_user_with_one_capability)
{
	if (geteuid() != 0)
		cr_skip("needs root\n");
	cr_expect(eq(int, confined(NULL, from_root, "keep"), 0));
	cr_expect(eq(int, confined(NULL, from_root, NULL), 0));
}

static int stays_root(void *unused)
{
	const struct privileges_options o = {"", true};
	struct error e = {""};

	(void)unused;
	if (privileges_drop(&o, &e) || geteuid() != 0)
		return 1;
	if (line_of("CapPrm") != NET_RAW || line_of("CapEff") != NET_RAW || line_of("CapBnd"))
		return 2;
	return line_of("NoNewPrivs") == 1 ? 0 : 3;
}

Test(privileges, root_that_stays_keeps_no_more)
{
	if (geteuid() != 0)
		cr_skip("needs root\n");
	cr_expect(eq(int, confined(NULL, stays_root, NULL), 0));
}

/* As systemd does for User= and AmbientCapabilities=. */
static int from_ambient(void *keep)
{
	const struct privileges_options o = {"egret-no-such-user", keep != NULL};
	struct error e = {""};

	capng_clear(CAPNG_SELECT_ALL);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE, CAP_NET_RAW,
		      CAP_CHOWN, -1);
	if (capng_change_id(65534, 65534, CAPNG_DROP_SUPP_GRP) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0))
		return 1;
	if (!(line_of("CapAmb") & NET_RAW))
		return 2;
	if (privileges_drop(&o, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 3;
	}
	return is_reduced(keep ? NET_RAW : 0, false);
}

Test(privileges, ambient_capabilities_are_reduced_likewise)
{
	if (geteuid() != 0)
		cr_skip("needs root\n");
	cr_expect(eq(int, confined(NULL, from_ambient, "keep"), 0));
	cr_expect(eq(int, confined(NULL, from_ambient, NULL), 0));
}

/* The same, where the manager's filter refuses capset(2). */
static int from_ambient_filtered(void *unused)
{
	const struct privileges_options o = {"", true};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct error e = {""};

	(void)unused;
	capng_clear(CAPNG_SELECT_ALL);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE, CAP_NET_RAW,
		      -1);
	if (capng_change_id(65534, 65534, CAPNG_DROP_SUPP_GRP) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0))
		return 1;
	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(capset), 0) ||
	    seccomp_load(filter))
		return 2;
	seccomp_release(filter);
	if (privileges_drop(&o, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 3;
	}
	if (line_of("CapPrm") != NET_RAW || line_of("CapEff") != NET_RAW || line_of("CapAmb"))
		return 4;
	/* more than may stay: not silently */
	const struct privileges_options none = {"", false};
	return privileges_drop(&none, &e) == 0 ? 5 : 0;
}

Test(privileges, a_filter_of_the_manager)
{
	if (geteuid() != 0)
		cr_skip("needs root\n");
	cr_expect(eq(int, confined(NULL, from_ambient_filtered, NULL), 0));
}

static int without_any(void *unused)
{
	const struct privileges_options o = {"egret-no-such-user", true};
	struct error e = {""};

	(void)unused;
	if (geteuid() == 0) {
		capng_clear(CAPNG_SELECT_ALL);
		if (capng_change_id(65534, 65534, CAPNG_DROP_SUPP_GRP))
			return 1;
	}
	return privileges_drop(&o, &e) ? 3 : is_reduced(0, false);
}

Test(privileges, nothing_to_give_up_is_fine)
{
	cr_expect(eq(int, confined(NULL, without_any, NULL), 0));
}

static int as(void *user)
{
	const struct privileges_options o = {user, true};
	struct error e = {""};

	if (privileges_drop(&o, &e) == 0)
		return 1;
	return strstr(e.text, user) ? 0 : 2;
}

Test(privileges, nobody_that_is_there)
{
	if (geteuid() != 0)
		cr_skip("needs root\n");
	cr_expect(eq(int, confined(NULL, as, "egret-no-such-user"), 0));
	cr_expect(eq(int, confined(NULL, as, "root"), 0));
}
