#include "capture/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_path(struct raw *r, struct error *e)
{
	do {
		r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
	} while (r->fd < 0 && errno == EINTR);
	return r->fd < 0 ? error_set(e, "cannot be opened: %s", strerror(errno)) : 0;
}

int raw_open(struct raw *r, const char *path, bool frugal, struct error *e)
{
	struct stat st;

	*r = (struct raw){.path = path, .fd = -1};
	if (strcmp(path, "-") == 0) {
		r->fd = STDIN_FILENO;
		r->borrowed = true;
	} else if (open_path(r, e)) {
		return -1;
	}
	if (fstat(r->fd, &st)) {
		error_set(e, "cannot be read: %s", strerror(errno));
		raw_close(r);
		return -1;
	}
	if (S_ISREG(st.st_mode) && !r->borrowed) {
		r->regular = true;
		r->size = (uint64_t)st.st_size;
		r->frugal = frugal;
		r->device = st.st_dev;
		r->inode = st.st_ino;
		if (!frugal)
			posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return 0;
}

void raw_open_memory(struct raw *r, const void *data, size_t n)
{
	*r = (struct raw){.fd = -1, .memory = data, .size = n, .ended = n == 0};
}

void raw_close(struct raw *r)
{
	if (r->fd >= 0 && !r->borrowed)
		close(r->fd);
	r->fd = -1;
}

/* The file again, where reading stopped; it must still be the same file. */
static int open_again(struct raw *r, struct error *e)
{
	struct stat st;

	if (open_path(r, e))
		return -1;
	if (fstat(r->fd, &st) || st.st_dev != r->device || st.st_ino != r->inode ||
	    lseek(r->fd, (off_t)r->offset, SEEK_SET) < 0) {
		raw_close(r);
		return error_set(e, "was replaced while it was read, at byte %llu",
				 (unsigned long long)r->offset);
	}
	return 0;
}

static ssize_t read_memory(struct raw *r, void *to, size_t room)
{
	size_t left = (size_t)(r->size - r->offset);
	size_t n = left < room ? left : room;

	if (n)
		memcpy(to, r->memory + r->offset, n);
	r->offset += n;
	return (ssize_t)n;
}

ssize_t raw_read(struct raw *r, void *to, size_t room, struct error *e)
{
	ssize_t n;

	if (r->ended)
		return 0;
	if (r->memory)
		return read_memory(r, to, room);
	if (r->fd < 0 && open_again(r, e))
		return -1;
	do {
		n = read(r->fd, to, room);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		error_set(e, "cannot be read at byte %llu: %s", (unsigned long long)r->offset,
			  strerror(errno));
	else
		r->offset += (uint64_t)n;
	r->ended = n <= 0;
	/* at its end a file needs no descriptor any more, though its frames are still in use */
	if (r->frugal || r->ended)
		raw_close(r);
	return n;
}
