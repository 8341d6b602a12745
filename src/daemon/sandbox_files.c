/* Landlock by its three calls: Debian 12's libc and headers know only a part of it. Names and
 * numbers: Linux, Documentation/userspace-api/landlock.rst. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/sandbox_part.h"

/* The same on every architecture. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_CHAR = 1 << 6,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SOCK = 1 << 9,
	FS_MAKE_FIFO = 1 << 10,
	FS_MAKE_BLOCK = 1 << 11,
	FS_MAKE_SYM = 1 << 12,
	FS_REFER = 1 << 13,	/* ABI 2 */
	FS_TRUNCATE = 1 << 14,	/* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */

	NET_BIND_TCP = 1 << 0, /* ABI 4 */
	NET_CONNECT_TCP = 1 << 1,

	SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0, /* ABI 6 */
	SCOPE_SIGNAL = 1 << 1,

	CREATE_RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
	RULE_NET_PORT = 2,

	READS = FS_READ_FILE | FS_READ_DIR,
	/* a rename from one of our folders to another is not needed: REFER stays refused */
	WRITES = READS | FS_WRITE_FILE | FS_TRUNCATE | FS_REMOVE_FILE | FS_MAKE_REG | FS_MAKE_DIR |
		 FS_REMOVE_DIR | FS_MAKE_SOCK,
	OF_A_FILE = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
};

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

struct net_port_attr {
	uint64_t allowed, port;
};

struct rules {
	int fd;
	uint64_t handled, net;
};

static int grant(const struct rules *r, const char *path, uint64_t rights, struct error *e)
{
	struct path_beneath_attr rule = {.allowed = rights & r->handled};
	struct stat st;
	int status = 0;

	rule.parent = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0) {
		if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
			return 0;
		return error_set(e, "%s: %s", path, strerror(errno));
	}
	if (fstat(rule.parent, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= OF_A_FILE;
	if (syscall(SYS_landlock_add_rule, r->fd, RULE_PATH_BENEATH, &rule, 0))
		status = error_set(e, "Landlock: %s: %s", path, strerror(errno));
	close(rule.parent);
	return status;
}

/* What libc, libpcap and the counting of our own memory read. */
static int grant_system(const struct rules *r, bool network, struct error *e)
{
	static const char *const reads[] = {
		"/etc/localtime", "/usr/share/zoneinfo", "/etc/nsswitch.conf",
		"/etc/passwd",	  "/etc/group",		 "/sys/class/net",
		"/sys/devices",	  "/proc/self",		 "/proc/sys/vm/overcommit_memory",
		"/dev/urandom"};
	char folder[PATH_MAX];

	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
		if (grant(r, reads[i], READS, e))
			return -1;
	if (grant(r, "/dev/null", FS_READ_FILE | FS_WRITE_FILE, e))
		return -1;
	if (!network)
		return 0;
	/* resolv.conf is often a link into /run, and is replaced rather than written */
	if (grant(r, "/etc", READS, e))
		return -1;
	return sandbox_granted("/etc/resolv.conf", folder) ? grant(r, folder, READS, e) : 0;
}

static int grant_all(const struct rules *r, const struct sandbox_options *o, struct error *e)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < o->read_count; i++)
		if (sandbox_granted(o->read[i], path) && grant(r, path, READS, e))
			return -1;
	for (size_t i = 0; i < o->write_count; i++)
		if (sandbox_granted(o->write[i], path) && grant(r, path, WRITES, e))
			return -1;
	struct net_port_attr port = {NET_BIND_TCP, o->listen};
	if (r->net && o->listen && syscall(SYS_landlock_add_rule, r->fd, RULE_NET_PORT, &port, 0))
		return error_set(e, "Landlock: port %u: %s", o->listen, strerror(errno));
	return grant_system(r, o->network, e);
}

static struct ruleset_attr handled_by(int abi, bool network)
{
	struct ruleset_attr a = {.fs = FS_REFER - 1};
	const char *manager = getenv("NOTIFY_SOCKET");

	if (abi >= 2)
		a.fs |= FS_REFER;
	if (abi >= 3)
		a.fs |= FS_TRUNCATE;
	if (abi >= 4)
		a.net = network ? NET_BIND_TCP : NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (abi >= 6) /* some managers listen on an abstract socket */
		a.scoped = SCOPE_SIGNAL |
			   (manager && *manager == '@' ? 0 : SCOPE_ABSTRACT_UNIX_SOCKET);
	return a;
}

int sandbox_files(const struct sandbox_options *o, int *abi, struct error *e)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	*abi = 0;
	if (version < 1) /* ENOSYS, EOPNOTSUPP: not built in, not switched on */
		return 0;
	struct ruleset_attr attr = handled_by((int)version, o->network);
	struct rules r = {.handled = attr.fs, .net = attr.net};
	r.fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (r.fd < 0)
		return error_set(e, "Landlock: %s", strerror(errno));
	int status = grant_all(&r, o, e);
	if (status == 0 && syscall(SYS_landlock_restrict_self, r.fd, 0))
		status = error_set(e, "Landlock: %s", strerror(errno));
	close(r.fd);
	if (status == 0)
		*abi = (int)version;
	return status;
}
