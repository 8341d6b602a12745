#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define BUFFER (2 * SINK_LINE_MAX)

struct sink {
	int fd;
	char *name;
	bool terminal;
	int failed; /* errno of the first failure */
	size_t used;
	char buffer[BUFFER]; /* whole lines */
};

static struct sink *sink_of(int fd, const char *name, struct error *e)
{
	if (fd < 0) {
		error_set(e, "%s: %s", name, strerror(errno));
		return NULL;
	}
	struct sink *s = mem_zalloc(sizeof *s);
	s->fd = fd;
	s->terminal = isatty(fd);
	s->name = mem_strndup(name, strlen(name));
	return s;
}

size_t sink_memory(void)
{
	return mem_memory(sizeof(struct sink));
}

struct sink *sink_open(const char *path, struct error *e)
{
	if (strcmp(path, "-") == 0)
		return sink_standard(STDOUT_FILENO, e);
	return sink_of(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640), path, e);
}

struct sink *sink_standard(int fd, struct error *e)
{
	return sink_of(fcntl(fd, F_DUPFD_CLOEXEC, 3),
		       fd == STDERR_FILENO ? "standard error" : "standard output", e);
}

/* `written` bytes of the buffer went out: takes back what is no whole line, if the file still ends with it. */
static void cut_back(struct sink *s, size_t written)
{
	const char *end = memrchr(s->buffer, '\n', written);
	size_t torn = end ? written - (size_t)(end + 1 - s->buffer) : written;
	off_t at = lseek(s->fd, 0, SEEK_CUR);
	struct stat st;

	if (torn && at >= (off_t)torn && fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == at && ftruncate(s->fd, at - (off_t)torn) == 0)
		lseek(s->fd, at - (off_t)torn, SEEK_SET);
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
	if (at < s->used)
		cut_back(s, at);
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
	if (s->terminal)
		flush(s);
}

int sink_close(struct sink *s, struct error *e)
{
	flush(s);
	if (close(s->fd) && !s->failed)
		s->failed = errno;
	int failed = s->failed;
	if (failed)
		error_set(e, "%s: %s", s->name, strerror(failed));
	free(s->name);
	free(s);
	return failed ? -1 : 0;
}
