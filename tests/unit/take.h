/* All that a peer sends until it closes, as a text. */
#ifndef EGRET_TESTS_TAKE_H
#define EGRET_TESTS_TAKE_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

static inline size_t take(int fd, char *out, size_t room)
{
	size_t n = 0;
	ssize_t k;

	while (n < room - 1 && (k = recv(fd, out + n, room - 1 - n, 0)) > 0)
		n += (size_t)k;
	out[n] = '\0';
	return n;
}

#endif
