/* Preloaded into egret by the tests: makes calls of the system's libraries fail, and clocks jump.
 *
 * FAULT_PAGE names a file that holds a struct page. The test maps it as well: it says there what is to
 * happen, reads how many calls there were, and may change its mind while the program runs. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* In the order of KINDS in fault.py. */
enum kind { ALLOC, MAP, READ, WRITE, OPEN, SYNC, NAME, THREAD, SOCKET, SEND, CLOCK, KINDS };

#define SHORT	   1000 /* as an error: half of it is done */
#define FRAMES	   14
#define WHERE_ROOM 2048
#define SECOND	   INT64_C(1000000000)
#define HOUR	   (3600 * SECOND)

struct plan {
	_Atomic uint64_t calls, hits;
	_Atomic uint64_t nth, many; /* the calls [nth, nth + many) fail; the first one is 1 */
	_Atomic uint64_t rate;	    /* one in so many fails, at random; 0: none */
	_Atomic uint64_t error;	    /* errno, or SHORT */
};

struct page {
	_Atomic uint64_t seed;
	_Atomic int64_t wall, steady; /* what clocks are ahead by, ns */
	struct plan plan[KINDS];
	char where[WHERE_ROOM]; /* who made the call that failed last, innermost first */
};

static struct page *page;
/* Libraries call each other: what is called in the midst of a fault is left alone. */
static __thread bool inside __attribute__((tls_model("initial-exec")));

#define REAL(name)                     \
	static __typeof__(name) *real; \
	if (!real)                     \
	real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* By libc's own names, since dlsym allocates. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

/* ---- what is to fail ---- */

static uint64_t mixed(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void note_caller(void)
{
	void *frame[FRAMES];
	int n = backtrace(frame, FRAMES);
	size_t used = 0;

	for (int i = 2; i < n && used + 1 < WHERE_ROOM; i++) {
		Dl_info in = {0};
		dladdr(frame[i], &in);
		const char *file = in.dli_fname ? strrchr(in.dli_fname, '/') : NULL;
		int more = snprintf(page->where + used, WHERE_ROOM - used, "%s+%#lx%s%s\n",
				    file ? file + 1 : "?",
				    (unsigned long)((char *)frame[i] - (char *)in.dli_fbase),
				    in.dli_sname ? " " : "", in.dli_sname ? in.dli_sname : "");
		used += more > 0 ? (size_t)more : 0;
	}
}

/* 0, or what goes wrong with this call. */
static int fault(enum kind kind)
{
	if (!page || inside)
		return 0;
	struct plan *p = &page->plan[kind];
	uint64_t call = atomic_fetch_add(&p->calls, 1) + 1, rate = atomic_load(&p->rate);
	bool fails = call - atomic_load(&p->nth) < atomic_load(&p->many);

	if (!fails && rate)
		fails = mixed(atomic_load(&page->seed) ^ mixed(call * KINDS + kind)) % rate == 0;
	if (!fails)
		return 0;
	inside = true;
	if (atomic_fetch_add(&p->hits, 1) == 0 || !rate)
		note_caller();
	inside = false;
	return (int)atomic_load(&p->error);
}

/* -1 and errno. */
static int fails(enum kind kind)
{
	int why = fault(kind);

	if (why)
		errno = why == SHORT ? EINTR : why;
	return why ? -1 : 0;
}

/* Files, terminals and standard output; not the pipes by which libraries wake threads, where no disk
 * can be full, and not where the program complains. */
static bool is_data(int fd)
{
	struct stat st;

	return fd == STDOUT_FILENO || (fd != STDERR_FILENO && fstat(fd, &st) == 0 &&
				       (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)));
}

/* ---- memory ---- */

void *malloc(size_t n)
{
	return fails(ALLOC) ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	return fails(ALLOC) ? NULL : __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
	return fails(ALLOC) ? NULL : __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
	return fails(ALLOC) ? NULL : __libc_memalign(align, n);
}

void *memalign(size_t align, size_t n)
{
	return fails(ALLOC) ? NULL : __libc_memalign(align, n);
}

int posix_memalign(void **to, size_t align, size_t n)
{
	if (fails(ALLOC))
		return ENOMEM;
	*to = __libc_memalign(align, n);
	return *to ? 0 : ENOMEM;
}

void *mmap(void *at, size_t n, int rights, int flags, int fd, off_t from)
{
	REAL(mmap);
	return fails(MAP) ? MAP_FAILED : real(at, n, rights, flags, fd, from);
}

/* ---- files ---- */

ssize_t read(int fd, void *to, size_t n)
{
	REAL(read);
	int why = page && is_data(fd) ? fault(READ) : 0;

	if (why == SHORT)
		return real(fd, to, n > 1 ? n / 2 : n);
	errno = why ? why : errno;
	return why ? -1 : real(fd, to, n);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	REAL(pread);
	return fails(READ) ? -1 : real(fd, to, n, at);
}

ssize_t write(int fd, const void *from, size_t n)
{
	REAL(write);
	int why = page && is_data(fd) ? fault(WRITE) : 0;

	if (why == SHORT)
		return real(fd, from, n > 1 ? n / 2 : n);
	errno = why ? why : errno;
	return why ? -1 : real(fd, from, n);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	REAL(writev);
	int why = page && is_data(fd) ? fault(WRITE) : 0;

	if (why == SHORT) {
		struct iovec half = {v->iov_base, v->iov_len > 1 ? v->iov_len / 2 : v->iov_len};
		return real(fd, &half, 1);
	}
	errno = why ? why : errno;
	return why ? -1 : real(fd, v, n);
}

/* stdio writes by libc's own names; it goes on after a short write. */
static ssize_t stdout_write(void *context, const char *from, size_t n)
{
	size_t done = 0;

	(void)context;
	while (done < n) {
		ssize_t more = write(STDOUT_FILENO, from + done, n - done);
		if (more <= 0)
			break;
		done += (size_t)more;
	}
	return (ssize_t)done;
}

static mode_t mode_of(int flags, va_list list)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list list;
	REAL(open);

	va_start(list, flags);
	mode_t mode = mode_of(flags, list);
	va_end(list);
	return fails(OPEN) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list list;

	va_start(list, flags);
	mode_t mode = mode_of(flags, list);
	va_end(list);
	return open(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list list;
	REAL(openat);

	va_start(list, flags);
	mode_t mode = mode_of(flags, list);
	va_end(list);
	return fails(OPEN) ? -1 : real(dir, path, flags, mode);
}

FILE *fopen(const char *path, const char *how)
{
	REAL(fopen);
	return fails(OPEN) ? NULL : real(path, how);
}

DIR *opendir(const char *path)
{
	REAL(opendir);
	return fails(OPEN) ? NULL : real(path);
}

int fsync(int fd)
{
	REAL(fsync);
	return fails(SYNC) ? -1 : real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	return fails(SYNC) ? -1 : real(fd);
}

int rename(const char *from, const char *to)
{
	REAL(rename);
	return fails(NAME) ? -1 : real(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	REAL(renameat);
	return fails(NAME) ? -1 : real(from_dir, from, to_dir, to);
}

int unlinkat(int dir, const char *path, int flags)
{
	REAL(unlinkat);
	return fails(NAME) ? -1 : real(dir, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	return fails(NAME) ? -1 : real(path, mode);
}

int ftruncate(int fd, off_t n)
{
	REAL(ftruncate);
	return fails(NAME) ? -1 : real(fd, n);
}

/* ---- threads, sockets ---- */

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *context)
{
	REAL(pthread_create);
	int why = fault(THREAD);

	return why ? why : real(t, a, run, context);
}

int socket(int domain, int type, int protocol)
{
	REAL(socket);
	return fails(SOCKET) ? -1 : real(domain, type, protocol);
}

int bind(int fd, const struct sockaddr *at, socklen_t n)
{
	REAL(bind);
	return fails(SOCKET) ? -1 : real(fd, at, n);
}

int listen(int fd, int backlog)
{
	REAL(listen);
	return fails(SOCKET) ? -1 : real(fd, backlog);
}

int connect(int fd, const struct sockaddr *at, socklen_t n)
{
	REAL(connect);
	return fails(SOCKET) ? -1 : real(fd, at, n);
}

int accept4(int fd, struct sockaddr *from, socklen_t *n, int flags)
{
	REAL(accept4);
	return fails(SOCKET) ? -1 : real(fd, from, n, flags);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
	REAL(setsockopt);
	return fails(SOCKET) ? -1 : real(fd, level, name, value, n);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *n)
{
	REAL(getsockopt);
	return fails(SOCKET) ? -1 : real(fd, level, name, value, n);
}

int socketpair(int domain, int type, int protocol, int out[2])
{
	REAL(socketpair);
	return fails(SOCKET) ? -1 : real(domain, type, protocol, out);
}

int pipe2(int out[2], int flags)
{
	REAL(pipe2);
	return fails(SOCKET) ? -1 : real(out, flags);
}

int eventfd(unsigned count, int flags)
{
	REAL(eventfd);
	return fails(SOCKET) ? -1 : real(count, flags);
}

int epoll_create1(int flags)
{
	REAL(epoll_create1);
	return fails(SOCKET) ? -1 : real(flags);
}

int epoll_ctl(int fd, int what, int on, struct epoll_event *e)
{
	REAL(epoll_ctl);
	return fails(SOCKET) ? -1 : real(fd, what, on, e);
}

ssize_t send(int fd, const void *from, size_t n, int flags)
{
	REAL(send);
	return fails(SEND) ? -1 : real(fd, from, n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	REAL(sendmsg);
	return fails(SEND) ? -1 : real(fd, m, flags);
}

ssize_t recv(int fd, void *to, size_t n, int flags)
{
	REAL(recv);
	return fails(SEND) ? -1 : real(fd, to, n, flags);
}

/* ---- clocks ---- */

static bool is_steady(clockid_t clock)
{
	return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
	       clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME;
}

static bool is_wall(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

static void move(struct timespec *t, int64_t by)
{
	int64_t ns = t->tv_nsec + by % SECOND;

	t->tv_sec += by / SECOND + (ns < 0 ? -1 : ns >= SECOND);
	t->tv_nsec = ns < 0 ? ns + SECOND : ns >= SECOND ? ns - SECOND : ns;
}

/* A fault of the clock is an hour back, or on: by turns. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
	REAL(clock_gettime);
	int failed = real(clock, out);

	if (failed || !page)
		return failed;
	if (is_wall(clock) && fault(CLOCK))
		atomic_store(&page->wall, atomic_load(&page->wall) < 0 ? HOUR : -HOUR);
	if (is_wall(clock) || is_steady(clock))
		move(out, atomic_load(is_wall(clock) ? &page->wall : &page->steady));
	return 0;
}

time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*out = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}

/* The kernel stamps packets by the wall clock. libpcap's types, without its header. */
struct packet_head {
	struct timeval when;
	uint32_t captured, length;
};
typedef void take_packet(unsigned char *user, const struct packet_head *head,
			 const unsigned char *bytes);
int pcap_dispatch(void *pcap, int most, take_packet *take, unsigned char *user);

struct taking {
	take_packet *take;
	unsigned char *user;
};

static void take_moved(unsigned char *user, const struct packet_head *head,
		       const unsigned char *bytes)
{
	struct taking *t = (struct taking *)(void *)user;
	struct packet_head moved = *head;

	moved.when.tv_sec += atomic_load(&page->wall) / SECOND;
	t->take(t->user, &moved, bytes);
}

int pcap_dispatch(void *pcap, int most, take_packet *take, unsigned char *user)
{
	struct taking t = {take, user};
	REAL(pcap_dispatch);

	return page ? real(pcap, most, take_moved, (unsigned char *)&t)
		    : real(pcap, most, take, user);
}

/* The kernel's clock has not jumped. (All of egret's waits are by the steady one.) */
int pthread_clockjoin_np(pthread_t t, void **result, clockid_t clock, const struct timespec *until)
{
	struct timespec real_time = *until;
	REAL(pthread_clockjoin_np);

	if (page && is_steady(clock))
		move(&real_time, -atomic_load(&page->steady));
	return real(t, result, clock, &real_time);
}

int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
	struct timespec real_time = *until;
	static __typeof__(pthread_cond_timedwait) *real;

	/* unversioned, the oldest one would be found */
	if (!real)
		real = (__typeof__(real))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
	if (!real)
		real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	if (page)
		move(&real_time, -atomic_load(&page->steady));
	return real(c, m, &real_time);
}

/* ---- life ---- */

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_PAGE");
	void *frame[2];
	REAL(mmap);

	inside = true;
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED
			 : real(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	backtrace(frame, 2); /* loads what it needs */
	FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){.write = stdout_write});
	if (out)
		stdout = out;
	inside = false;
	if (p != MAP_FAILED)
		page = p;
}
