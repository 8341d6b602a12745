/* Outlets that write lines as they are: files, pipes, terminals, standard output. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/limits.h"
#include "output/outlet_inner.h"
#include "output/rotate.h"
#include "output/tidier.h"

#define BATCH	     (UINT64_C(256) * KIB) /* written at a time: a reopening is noticed in between */
#define LOOK_EVERY   NS_PER_S		   /* whether the path still names the file */
#define GONE_WAIT    (10 * NS_PER_S)	   /* for a reopening, when it does not */
#define RETRY_ROTATE (60 * NS_PER_S)

enum way {
	WAY_PLAIN,  /* a regular file, or a descriptor of our own that does not block */
	WAY_SHARED, /* somebody else's pipe or terminal: asked first, then little at a time */
	WAY_SOCKET,
};

struct file {
	const char *path; /* NULL: standard output */
	int fd;		  /* -1: none now */
	enum way way;
	bool regular;
	bool unended;  /* the file's last line has no end: a crash tore it */
	bool astray;   /* fd is not the file that the path should name: open that, when possible */
	uint64_t size; /* of a regular file */
	uint64_t torn; /* bytes of the first line of the queue that are written */
	dev_t device;
	ino_t inode;
	uint64_t looked; /* when the path was looked at; ns, monotonic */
	uint64_t gone;	 /* since when it names something else; 0: it does not */
	uint64_t retry_rotation, retry_astray; /* not before */
	struct rotate_clock clock;
	struct tidier *tidier; /* NULL: nothing to do for it */
};

/* A file that somebody's crash, or a machine's, left with half a line at its end. */
static bool is_unended(const struct file *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	char last;

	if (fd < 0)
		return false;
	bool unended = fstat(fd, &st) == 0 && st.st_ino == f->inode && st.st_dev == f->device &&
		       st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
	close(fd);
	return unended;
}

/* Opens the path into f, whose descriptor is closed first if that works. 0, or -1 and errno. */
static int open_path(struct file *f)
{
	int fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
		      0640);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st)) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	if (f->fd >= 0)
		close(f->fd);
	f->fd = fd;
	f->way = WAY_PLAIN;
	f->regular = S_ISREG(st.st_mode);
	f->size = f->regular ? (uint64_t)st.st_size : 0;
	f->device = st.st_dev;
	f->inode = st.st_ino;
	f->torn = f->gone = 0;
	f->astray = false;
	f->looked = clock_steady();
	f->unended = f->size && is_unended(f);
	rotate_clock_set(&f->clock,
			 f->size ? (uint64_t)st.st_mtim.tv_sec * NS_PER_S : clock_wall());
	return 0;
}

/* What only the user can mend, as against what time may. */
static bool is_mistake(int why)
{
	switch (why) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EACCES:
	case EPERM:
	case EROFS:
	case ELOOP:
	case ENAMETOOLONG:
	case EINVAL:
		return true;
	default:
		return false;
	}
}

static void tidying_failed(void *context, const char *text)
{
	outlet_trouble(context, "%s", text);
}

static int file_open(struct outlet *o, const struct outlet_options *options, struct error *e)
{
	struct file *f = mem_zalloc(sizeof *f);

	f->path = o->options.target;
	f->fd = -1;
	f->clock.interval = options->rotate_interval;
	o->state = f;
	if (open_path(f) && is_mistake(errno)) {
		error_set(e, "%.300s: %s", f->path, strerror(errno));
		free(f);
		return -1;
	}
	return 0;
}

/* A pipe or a terminal is opened once more, since O_NONBLOCK on the one we were given would hold
 * for everybody who shares it. */
static int stdout_open(struct outlet *o, const struct outlet_options *options, struct error *e)
{
	struct file *f = mem_zalloc(sizeof *f);
	struct stat st;

	(void)options;
	f->fd = -1;
	if (fstat(STDOUT_FILENO, &st) == 0) {
		f->regular = S_ISREG(st.st_mode);
		if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
			f->fd = open("/proc/self/fd/1",
				     O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		if (f->fd < 0) {
			f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
			f->way = f->regular		? WAY_PLAIN
				 : S_ISSOCK(st.st_mode) ? WAY_SOCKET
							: WAY_SHARED;
		}
	}
	if (f->fd < 0) {
		error_set(e, "standard output: %s", strerror(errno));
		free(f);
		return -1;
	}
	o->state = f;
	return 0;
}

/* Takes what is written of a line back, if it still is what the file ends with. */
static void cut_back(struct file *f)
{
	struct stat st;

	if (!f->torn || !f->regular || !f->path || fstat(f->fd, &st) ||
	    (uint64_t)st.st_size != f->size || ftruncate(f->fd, (off_t)(f->size - f->torn)))
		return;
	f->size -= f->torn;
	f->torn = 0;
}

static enum outlet_step failed(struct outlet *o, struct file *f, int why)
{
	cut_back(f);
	/* another reader may come, and gets whole lines; a descriptor that is none any more
	 * (libevent may close one twice) is nobody's to close */
	if (f->path && f->fd >= 0 && (!f->regular || why == EBADF)) {
		if (why != EBADF)
			close(f->fd);
		f->fd = -1;
		f->torn = 0;
	}
	return outlet_fail(o, "%.180s: %s", f->path ? f->path : "standard output",
			   why == ENXIO ? "nobody reads" : strerror(why));
}

/* Opens what the path names. True when it did. */
static bool renew(struct outlet *o, struct file *f)
{
	struct stat st;

	/* the reader of a pipe is in the middle of a line, maybe */
	if (f->fd >= 0 && !f->regular && stat(f->path, &st) == 0 && st.st_ino == f->inode &&
	    st.st_dev == f->device)
		return true;
	cut_back(f);
	if (open_path(f) == 0) {
		if (f->tidier)
			tidier_wake(f->tidier);
		return true;
	}
	outlet_trouble(o, "%.180s: cannot be opened again: %s", f->path, strerror(errno));
	f->astray = true;
	f->retry_astray = clock_steady() + GONE_WAIT / 2;
	return false;
}

/* The path names another file than ours, or none, without a word about it. */
static bool is_gone(struct file *f, uint64_t now)
{
	struct stat st;

	if (now - f->looked < LOOK_EVERY && !f->gone)
		return false;
	f->looked = now;
	bool same = stat(f->path, &st) == 0 ? st.st_ino == f->inode && st.st_dev == f->device
					    : errno != ENOENT;
	if (same) {
		f->gone = 0;
		/* somebody may have emptied it */
		if (!f->torn && fstat(f->fd, &st) == 0)
			f->size = (uint64_t)st.st_size;
	} else if (!f->gone) {
		f->gone = now;
	}
	return !same;
}

static void rotate(struct outlet *o, struct file *f, uint64_t now)
{
	struct error e;

	if (rotate_away(f->path, clock_wall(), &e)) {
		outlet_trouble(o, "%s", e.text);
		f->retry_rotation = now + RETRY_ROTATE;
		return;
	}
	/* failing that, lines go on to the old file */
	renew(o, f);
}

/* The end of what of the queue belongs into the present file, as whole lines when there are any;
 * `from`: it has to be rotated first. */
static uint64_t fitting(struct outlet *o, struct file *f, uint64_t from, uint64_t to, uint64_t now)
{
	uint64_t limit = o->options.rotate_size, room, last;

	if (to - from > BATCH && (last = line_ring_last(&o->ring, from, from + BATCH)) > from)
		to = last;
	if (!f->regular || !f->path || f->astray || f->gone || now < f->retry_rotation)
		return to;
	if (f->torn)
		return line_ring_first(&o->ring, from, to);
	if (rotate_clock_due(&f->clock, clock_wall())) {
		if (f->size)
			return from;
		rotate_clock_set(&f->clock, clock_wall());
	}
	room = f->size < limit ? limit - f->size : 0;
	if (!limit || to - from <= room)
		return to;
	last = line_ring_last(&o->ring, from, from + room);
	/* a line longer than a whole file gets one of its own */
	return last > from || f->size ? last : line_ring_first(&o->ring, from, to);
}

static ssize_t push(struct file *f, struct iovec *v, int n)
{
	struct msghdr m = {.msg_iov = v, .msg_iovlen = (size_t)n};
	struct pollfd p = {.fd = f->fd, .events = POLLOUT};

	switch (f->way) {
	case WAY_SOCKET:
		return sendmsg(f->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	case WAY_SHARED:
		/* so much goes in without waiting once there is room: pipe(7) */
		if (v[0].iov_len > PIPE_BUF)
			v[0].iov_len = PIPE_BUF;
		if (poll(&p, 1, 0) == 1)
			return write(f->fd, v[0].iov_base, v[0].iov_len);
		errno = EAGAIN;
		return -1;
	default:
		return writev(f->fd, v, n);
	}
}

static enum outlet_step write_some(struct outlet *o, struct file *f, uint64_t from, uint64_t to)
{
	struct iovec v[2];

	if (f->unended) {
		if (write(f->fd, "\n", 1) != 1)
			return failed(o, f, errno);
		f->unended = false;
		f->size++;
	}
	int pieces = line_ring_view(&o->ring, from + f->torn, to, v);
	ssize_t n = push(f, v, pieces);
	if (n < 0) {
		if (errno == EINTR)
			return STEP_MORE;
		if (errno != EAGAIN)
			return failed(o, f, errno);
		o->wait_fd = f->fd;
		return STEP_FULL;
	}
	f->size += (uint64_t)n;
	f->torn += (uint64_t)n;
	uint64_t whole = line_ring_last(&o->ring, from, from + f->torn);
	f->torn -= whole - from;
	outlet_wrote(o, whole, line_ring_lines(&o->ring, from, whole), whole - from);
	return STEP_MORE;
}

/* Sees to a request for reopening whose turn it is. Returns the end of what belongs into the
 * present file. */
static uint64_t reopened(struct outlet *o, struct file *f, uint64_t from)
{
	uint64_t head = line_ring_head(&o->ring), at;

	if (!outlet_reopen_asked(o, &at))
		return head;
	/* a file that takes nothing has had its turn */
	if (f->path && at > from && !atomic_load(&o->failing))
		return at;
	outlet_reopen_taken(o);
	if (f->path)
		renew(o, f);
	return head;
}

/* Without a word the path does not name our file any more. For a while lines wait for the word, so
 * that those of before it go to the old file; then, or when the queue fills, the path is opened
 * anew: a line in a removed file would be lost, one in the wrong file is not. True: wait. */
static bool awaits_word(struct outlet *o, struct file *f, uint64_t now)
{
	if (!f->path || !f->regular || f->astray || !is_gone(f, now))
		return false;
	if (now - f->gone < GONE_WAIT && line_ring_queued(&o->ring) < o->ring.size / 2 &&
	    !atomic_load(&o->failing) && !atomic_load(&o->closing) && !atomic_load(&o->reopen))
		return true;
	if (!atomic_load(&o->reopen)) {
		outlet_trouble(o, "%.180s: was removed or replaced: opened anew", f->path);
		renew(o, f);
	}
	return false;
}

/* In the writer's thread, so that signals are blocked in it, too. */
static void start_tidier(struct outlet *o, struct file *f)
{
	const struct outlet_options *s = &o->options;

	if (f->tidier || !f->path || !f->regular || !(s->rotate_size || s->rotate_interval) ||
	    !(s->rotate_keep || s->compress))
		return;
	f->tidier = tidier_open(f->path, s->rotate_keep, s->compress, tidying_failed, o);
	if (!f->tidier)
		outlet_trouble(o, "rotation: no thread for old files");
}

static enum outlet_step file_write(struct outlet *o)
{
	struct file *f = o->state;
	uint64_t from = line_ring_tail(&o->ring), to = reopened(o, f, from), end;
	uint64_t now = clock_steady();

	if (f->fd < 0 && open_path(f))
		return failed(o, f, errno);
	start_tidier(o, f);
	if (from == to)
		return STEP_EMPTY;
	if (f->astray && now >= f->retry_astray)
		renew(o, f);
	if (awaits_word(o, f, now)) {
		o->wait_fd = -1;
		return STEP_FULL;
	}
	end = fitting(o, f, from, to, now);
	if (end == from) {
		rotate(o, f, now);
		end = fitting(o, f, from, to, now);
	}
	return write_some(o, f, from, end > from ? end : to);
}

static void file_close(struct outlet *o)
{
	struct file *f = o->state;

	if (f->fd >= 0) {
		cut_back(f);
		close(f->fd);
	}
	if (f->tidier)
		tidier_close(f->tidier);
	free(f);
}

const struct outlet_part outlet_file = {
	.open = file_open,
	.write = file_write,
	.close = file_close,
};

const struct outlet_part outlet_stdout = {
	.open = stdout_open,
	.write = file_write,
	.close = file_close,
};
