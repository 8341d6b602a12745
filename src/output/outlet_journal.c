/* Outlets to systemd's journal. Its protocol is spoken here, not by libsystemd: that waits without
 * bound when the journal takes nothing, and says that all is well when there is no journal. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "output/journal_message.h"
#include "output/outlet_entry.h"
#include "output/outlet_inner.h"
#include "output/outlet_socket.h"

#define SOCKET "/run/systemd/journal/socket"
#define BATCH  512 /* lines between two looks at what else there is to do */

struct journal {
	const char *path;
	int fd; /* -1: none */
	struct outlet_scratch scratch, message;
};

static int journal_open(struct outlet *o, const struct outlet_options *options, struct error *e)
{
	struct journal *j = mem_zalloc(sizeof *j);

	(void)options;
	j->fd = -1;
	j->path = o->options.target && *o->options.target == '/' ? o->options.target : SOCKET;
	o->state = j;
	if (socket_path_fits(j->path))
		return 0;
	error_set(e, "%.200s: too long for a socket", j->path);
	free(j);
	return -1;
}

/* Too large for a datagram: it goes as a sealed file in memory. */
static ssize_t send_large(int fd, struct str s)
{
	int file = memfd_create("egret", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof file)];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof file),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	struct msghdr m = {.msg_control = &control, .msg_controllen = sizeof control};
	ssize_t n = -1;

	if (file < 0)
		return -1;
	memcpy(CMSG_DATA(&control.head), &file, sizeof file);
	if (file_write_all(file, s.p, s.n) &&
	    fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	int why = errno;
	close(file);
	errno = why;
	return n;
}

static enum outlet_step send_one(struct outlet *o, struct journal *j)
{
	struct outlet_entry e;
	uint64_t next = outlet_entry_get(&o->ring, line_ring_tail(&o->ring), &j->scratch, &e);
	struct str s = journal_message(&e, &j->message);
	ssize_t n = send(j->fd, s.p, s.n, MSG_NOSIGNAL);

	if (n < 0 && (errno == EMSGSIZE || errno == ENOBUFS))
		n = send_large(j->fd, s);
	if (n < 0) {
		o->wait_fd = j->fd;
		return errno == EAGAIN ? STEP_FULL : errno == EINTR ? STEP_MORE : STEP_FAILED;
	}
	outlet_wrote(o, next, 1, e.line.n + 1);
	return STEP_MORE;
}

static enum outlet_step send_some(struct outlet *o, struct journal *j)
{
	enum outlet_step step = STEP_EMPTY;

	for (int i = 0; i < BATCH && line_ring_queued(&o->ring); i++)
		if ((step = send_one(o, j)) != STEP_MORE)
			break;
	return step;
}

static enum outlet_step journal_write(struct outlet *o)
{
	struct journal *j = o->state;
	struct error e;

	outlet_reopen_taken(o);
	for (bool again = false;; again = true) {
		if (j->fd < 0 && (j->fd = socket_unix(j->path, NULL, &e)) < 0)
			return outlet_fail(o, "%s", e.text);
		enum outlet_step step = send_some(o, j);
		if (step != STEP_FAILED)
			return step;
		int why = errno;
		close(j->fd);
		j->fd = -1;
		/* a journal that was started anew is there at once */
		if (again || atomic_load(&o->failing))
			return outlet_fail(o, "%.180s: %s", j->path, strerror(why));
	}
}

static void journal_close(struct outlet *o)
{
	struct journal *j = o->state;

	if (j->fd >= 0)
		close(j->fd);
	outlet_scratch_free(&j->scratch);
	outlet_scratch_free(&j->message);
	free(j);
}

const struct outlet_part outlet_journal = {
	.noted = true,
	.open = journal_open,
	.write = journal_write,
	.close = journal_close,
};
