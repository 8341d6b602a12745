#include "output/outlet_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/limits.h"

#define CONNECT_WAIT (5 * NS_PER_S)
#define SILENCE	     30000 /* ms without an acknowledgement that end a connection */

bool socket_path_fits(const char *path)
{
	return strlen(path) < sizeof((struct sockaddr_un *)0)->sun_path;
}

/* -1 and errno. */
static int unix_of(const char *path, int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, path, strlen(path) + 1);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a)) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

int socket_unix(const char *path, bool *stream, struct error *e)
{
	int fd = unix_of(path, SOCK_DGRAM);

	if (stream) {
		*stream = fd < 0 && errno == EPROTOTYPE;
		if (*stream)
			fd = unix_of(path, SOCK_STREAM);
	}
	return fd >= 0 ? fd : error_set(e, "%.180s: %s", path, strerror(errno));
}

/* 0, or an errno. */
static int finish_connecting(struct outlet *o, int fd)
{
	uint64_t end = clock_steady() + CONNECT_WAIT, now;
	int why = 0;
	socklen_t n = sizeof why;

	/* what wakes the writer is no reason to give up */
	while ((now = clock_steady()) < end) {
		if (outlet_pause(o, fd, POLLOUT, end - now))
			return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) ? errno : why;
		if (atomic_load(&o->closing) && clock_steady() >= atomic_load(&o->deadline))
			return ECANCELED;
	}
	return ETIMEDOUT;
}

static void stay_awake(int fd)
{
	int on = 1, silence = SILENCE;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* we batch ourselves */
}

/* -1 and errno. */
static int net_of(struct outlet *o, const struct addrinfo *a)
{
	int fd =
		socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	int why;

	if (fd < 0)
		return -1;
	if (a->ai_socktype == SOCK_STREAM)
		stay_awake(fd);
	why = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
	if (why == EINPROGRESS)
		why = finish_connecting(o, fd);
	if (!why)
		return fd;
	close(fd);
	errno = why;
	return -1;
}

int socket_net(struct outlet *o, const char *host, const char *port, int type, struct error *e)
{
	struct addrinfo hints = {.ai_socktype = type, .ai_flags = AI_ADDRCONFIG}, *all;
	int fd = -1, why = getaddrinfo(host, port, &hints, &all);

	/* a host with the loopback interface alone has no address to configure by */
	if (why == EAI_NONAME || why == EAI_BADFLAGS || why == EAI_ADDRFAMILY) {
		hints.ai_flags = 0;
		why = getaddrinfo(host, port, &hints, &all);
	}
	if (why)
		return error_set(e, "%.60s: %s", host,
				 why == EAI_SYSTEM ? strerror(errno) : gai_strerror(why));
	for (struct addrinfo *a = all; a && fd < 0; a = a->ai_next)
		fd = net_of(o, a);
	if (fd < 0)
		error_set(e, "%.60s: %s", host, strerror(errno));
	freeaddrinfo(all);
	return fd;
}
