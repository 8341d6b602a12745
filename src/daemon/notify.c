#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define WAIT_MS 1000 /* for a manager that does not read, with what it must not miss */

/* -1: there is none. */
static int manager(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n >= sizeof at.sun_path || (*path != '/' && *path != '@'))
		return -1;
	memcpy(at.sun_path, path, n);
	if (*path == '@') /* an abstract one: unix(7) */
		at.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Not by sd_notify: that waits without bound for a manager that does not read, and with it would
 * all that the control thread does, the end on SIGTERM too. */
static void say(const char *text, int wait_ms)
{
	int fd = manager();
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	if (fd < 0)
		return;
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0 && errno == EAGAIN && wait_ms &&
	    poll(&p, 1, wait_ms) == 1)
		(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
	close(fd);
}

void notify_ready(void)
{
	char text[64];

	snprintf(text, sizeof text, "READY=1\nMAINPID=%ld", (long)getpid());
	say(text, WAIT_MS);
}

void notify_reloading(void)
{
	char text[64];

	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_steady() / 1000);
	say(text, WAIT_MS);
}

void notify_stopping(void)
{
	say("STOPPING=1", WAIT_MS);
}

/* A line break would start another assignment. */
void notify_status(const char *text)
{
	char line[512];

	snprintf(line, sizeof line, "STATUS=%s", text);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	say(line, 0);
}

void notify_alive(void)
{
	say("WATCHDOG=1", 0);
}
