/* The file that the control socket listens at. */
#ifndef EGRET_DAEMON_CONTROL_SOCKET_H
#define EGRET_DAEMON_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

struct control_socket {
	int fd; /* listens, does not block */
	bool grouped;
	gid_t group; /* whose members may ask, when `grouped` */
	char *path;
	dev_t device; /* of the file, so that only ours is removed at the end */
	ino_t inode;
};

/* A socket file that is left over, with nobody listening, is replaced. group NULL or "": none. */
int control_socket_open(struct control_socket *s, const char *path, const char *group,
			struct error *e);
void control_socket_close(struct control_socket *s);

/* Whether the peer of a connection is root, our own user or a member of the group. */
bool control_socket_allows(const struct control_socket *s, int fd, uid_t *user);

#endif
