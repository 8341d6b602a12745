#include "daemon/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

#define BACKLOG	   128
#define GROUPS_MAX 1024 /* of a peer that are looked at */

static int address_of(const char *path, struct sockaddr_un *out, struct error *e)
{
	size_t n = strlen(path);

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!n || n >= sizeof out->sun_path)
		return error_set(e, "%s: the path of a socket has 1 to %zu bytes", path,
				 sizeof out->sun_path - 1);
	memcpy(out->sun_path, path, n);
	return 0;
}

static int stream_socket(struct error *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd >= 0 ? fd : error_set(e, "no socket: %s", strerror(errno));
}

/* Removes the file of a daemon that is no more. */
static int clear(const struct sockaddr_un *at, struct error *e)
{
	struct stat st;

	if (lstat(at->sun_path, &st))
		return errno == ENOENT ? 0 : error_set(e, "%s: %s", at->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(e, "%s: is there and is no socket", at->sun_path);
	int fd = stream_socket(e);
	if (fd < 0)
		return -1;
	int failed = connect(fd, (const struct sockaddr *)at, sizeof *at) ? errno : 0;
	close(fd);
	/* EAGAIN: somebody listens, and many wait */
	if (!failed || failed == EAGAIN)
		return error_set(e, "%s: somebody listens there already", at->sun_path);
	if (failed != ECONNREFUSED)
		return error_set(e, "%s: %s", at->sun_path, strerror(failed));
	if (unlink(at->sun_path) && errno != ENOENT)
		return error_set(e, "%s: cannot replace it: %s", at->sun_path, strerror(errno));
	return 0;
}

/* The mode is right from the first moment on: that of the socket, which bind gives to the file, and
 * a umask that takes nothing else away. */
static int bind_with_mode(int fd, const struct sockaddr_un *at, mode_t mode)
{
	if (fchmod(fd, mode))
		return -1;
	mode_t before = umask(0777 & ~mode);
	int failed = bind(fd, (const struct sockaddr *)at, sizeof *at);
	int why = errno;
	umask(before);
	errno = why;
	return failed;
}

/* By descriptor: whoever may write to the folder could put a link in the file's place. */
static int take_file(struct control_socket *s, struct error *e)
{
	struct stat st;
	int fd = open(s->path, O_PATH | O_NOFOLLOW | O_CLOEXEC), failed = 0;

	if (fd < 0 && errno != ENOENT && errno != ELOOP)
		failed = error_set(e, "%s: %s", s->path, strerror(errno));
	else if (fd < 0 || fstat(fd, &st) || !S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		failed = error_set(e, "%s: is not ours any more", s->path);
	/* (the service's unit refuses chown, and its user's own group needs none) */
	else if (s->grouped && st.st_gid != s->group &&
		 fchownat(fd, "", (uid_t)-1, s->group, AT_EMPTY_PATH))
		failed = error_set(e, "%s: cannot give it to its group: %s", s->path,
				   strerror(errno));
	if (!failed) {
		s->device = st.st_dev;
		s->inode = st.st_ino;
	}
	if (fd >= 0)
		close(fd);
	return failed;
}

static int make(struct control_socket *s, struct error *e)
{
	struct sockaddr_un at;

	if (address_of(s->path, &at, e) || clear(&at, e))
		return -1;
	s->fd = stream_socket(e);
	if (s->fd < 0)
		return -1;
	if (bind_with_mode(s->fd, &at, s->grouped ? 0660 : 0600))
		return error_set(e, "%s: %s", s->path, strerror(errno));
	if (take_file(s, e))
		return -1;
	if (listen(s->fd, BACKLOG))
		return error_set(e, "%s: %s", s->path, strerror(errno));
	return 0;
}

int control_socket_open(struct control_socket *s, const char *path, const char *group,
			struct error *e)
{
	*s = (struct control_socket){.fd = -1};
	if (group && *group) {
		/* now: a sandbox may forbid reading the system's files later */
		const struct group *g = getgrnam(group);
		if (!g)
			return error_set(e, "no group %s for the control socket", group);
		s->grouped = true;
		s->group = g->gr_gid;
	}
	s->path = mem_strndup(path, strlen(path));
	if (make(s, e)) {
		control_socket_close(s);
		return -1;
	}
	return 0;
}

void control_socket_close(struct control_socket *s)
{
	struct stat st;

	if (s->fd >= 0)
		close(s->fd);
	if (s->inode && lstat(s->path, &st) == 0 && st.st_ino == s->inode && st.st_dev == s->device)
		unlink(s->path);
	free(s->path);
	*s = (struct control_socket){.fd = -1};
}

static bool in_group(const struct control_socket *s, int fd, const struct ucred *peer)
{
	gid_t groups[GROUPS_MAX];
	socklen_t n = sizeof groups;

	if (!s->grouped)
		return false;
	if (peer->gid == s->group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n))
		return false;
	for (size_t i = 0; i < n / sizeof *groups; i++)
		if (groups[i] == s->group)
			return true;
	return false;
}

bool control_socket_allows(const struct control_socket *s, int fd, uid_t *user)
{
	struct ucred peer;
	socklen_t n = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) || n != sizeof peer)
		return false;
	*user = peer.uid;
	return peer.uid == 0 || peer.uid == geteuid() || in_group(s, fd, &peer);
}
