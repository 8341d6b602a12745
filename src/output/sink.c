#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define BUFFER (2 * SINK_LINE_MAX)

struct sink {
	int fd;
	char *path;
	int failed; /* errno of the first failure */
	size_t used;
	char buffer[BUFFER];
};

struct sink *sink_open(const char *path, struct error *e)
{
	int fd = strcmp(path, "-") == 0
			 ? dup(STDOUT_FILENO)
			 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0) {
		error_set(e, "%s: %s", path, strerror(errno));
		return NULL;
	}
	struct sink *s = mem_zalloc(sizeof *s);
	s->fd = fd;
	s->path = mem_strndup(path, strlen(path));
	return s;
}

size_t sink_memory(void)
{
	return mem_memory(sizeof(struct sink));
}

static void flush(struct sink *s)
{
	size_t at = 0;

	while (at < s->used && !s->failed) {
		ssize_t n = write(s->fd, s->buffer + at, s->used - at);
		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			s->failed = errno;
	}
	s->used = 0;
}

char *sink_room(struct sink *s, size_t n)
{
	if (n > BUFFER - s->used)
		flush(s);
	return s->buffer + s->used;
}

void sink_add(struct sink *s, size_t n)
{
	s->used += n;
}

int sink_close(struct sink *s, struct error *e)
{
	flush(s);
	if (close(s->fd) && !s->failed)
		s->failed = errno;
	int failed = s->failed;
	if (failed)
		error_set(e, "%s: %s", s->path, strerror(failed));
	free(s->path);
	free(s);
	return failed ? -1 : 0;
}
