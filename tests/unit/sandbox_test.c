#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/sanitized.h"
#include "confined.h"
#include "fixture.h"

/* What is refused. */

/* Two folders with a file each: `in` may be read, `out` may not; a third may be written. */
struct folders {
	char *in, *out, *write;
	char in_file[4200], out_file[4200];
	const char *read_list[2], *write_list[1];
	struct sandbox_options o;
};

static void folders_make(struct folders *f)
{
	f->in = fixture_folder();
	f->out = fixture_folder();
	f->write = fixture_folder();
	fixture_write(f->in, "file", "inside");
	fixture_write(f->out, "file", "outside");
	snprintf(f->in_file, sizeof f->in_file, "%s/file", f->in);
	snprintf(f->out_file, sizeof f->out_file, "%s/file", f->out);
	f->read_list[0] = f->in_file; /* a file: its folder is meant */
	f->read_list[1] = "/no/such/folder";
	f->write_list[0] = f->write;
	f->o = (struct sandbox_options){
		.read = f->read_list, .read_count = 2, .write = f->write_list, .write_count = 1};
}

static void folders_remove(struct folders *f)
{
	fixture_remove(f->in);
	fixture_remove(f->out);
	fixture_remove(f->write);
}

static const struct sandbox_options nothing;
static const struct sandbox_options remote = {.network = true};

/* The errno of a call, 0 when it worked. */
static int failure(long result)
{
	return result < 0 ? errno : 0;
}

static int opens(void *path)
{
	return failure(open(path, O_RDONLY));
}

static int writes(void *path)
{
	return failure(open(path, O_WRONLY));
}

static int creates(void *folder)
{
	char path[4200];

	snprintf(path, sizeof path, "%s/new", (char *)folder);
	return failure(open(path, O_WRONLY | O_CREAT, 0600));
}

static int removes(void *path)
{
	return failure(unlink(path));
}

static int cuts(void *path)
{
	return failure(truncate(path, 0));
}

static bool landlock_is_there(void)
{
	return syscall(444, NULL, 0, 1) > 0;
}

Test(sandbox, files_outside_are_out_of_reach)
{
	struct folders f;

	if (!landlock_is_there())
		cr_skip("this kernel has no Landlock\n");
	folders_make(&f);
	cr_expect(eq(int, confined(&f.o, opens, f.in_file), 0));
	cr_expect(eq(int, confined(&f.o, opens, f.out_file), EACCES));
	cr_expect(eq(int, confined(&f.o, opens, "/etc/shadow"), EACCES));
	cr_expect(eq(int, confined(&f.o, opens, "/etc/passwd"), 0));
	cr_expect(eq(int, confined(&f.o, opens, "/"), EACCES));
	cr_expect(eq(int, confined(&f.o, writes, f.in_file), EACCES));
	cr_expect(eq(int, confined(&f.o, removes, f.in_file), EACCES));
	cr_expect(eq(int, confined(&f.o, cuts, f.in_file), EACCES));
	cr_expect(eq(int, confined(&f.o, creates, f.in), EACCES));
	cr_expect(eq(int, confined(&f.o, creates, f.out), EACCES));
	cr_expect(eq(int, confined(&f.o, creates, f.write), 0));
	cr_expect(eq(int, confined(&remote, opens, "/etc/hosts"), 0));
	folders_remove(&f);
}

static int executes(void *unused)
{
	char *const argv[] = {"true", NULL};

	(void)unused;
	return failure(execv("/bin/true", argv));
}

static int forks(void *unused)
{
	(void)unused;
	return failure(fork());
}

static int spawns(void *unused)
{
	(void)unused;
	return system("true") != 0;
}

static int traces(void *unused)
{
	(void)unused;
	return failure(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int unshares(void *unused)
{
	(void)unused;
	return failure(unshare(CLONE_NEWUSER));
}

static int becomes_root(void *unused)
{
	(void)unused;
	return failure(setuid(0));
}

static int loads_bpf(void *unused)
{
	(void)unused;
	return failure(syscall(SYS_bpf, 0, NULL, 0));
}

#ifdef __x86_64__
/* execve by the 32-bit entry, whose numbers are others. */
static int calls_as_i386(void *unused)
{
	long result;

	(void)unused;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(11), "b"(0), "c"(0), "d"(0) : "memory");
	return 1;
}

static int calls_as_x32(void *unused)
{
	(void)unused;
	return failure(syscall(0x40000000 | 520, "/bin/true", NULL, NULL)) ? 1 : 0;
}
#endif

Test(sandbox, what_an_attacker_would_do_ends_the_process)
{
	cr_expect(eq(int, confined(&nothing, executes, NULL), -SIGSYS));
	cr_expect(eq(int, confined(&nothing, unshares, NULL), -SIGSYS));
	cr_expect(eq(int, confined(&nothing, becomes_root, NULL), -SIGSYS));
	cr_expect(eq(int, confined(&nothing, loads_bpf, NULL), -SIGSYS));
	cr_expect(eq(int, confined(&remote, executes, NULL), -SIGSYS));
#ifdef SANITIZED
	/* they find leaks by another process that traces us */
	(void)traces;
	cr_expect(eq(int, confined(&nothing, forks, NULL), EPERM));
	cr_expect(eq(int, confined(&nothing, spawns, NULL), 1));
#else
	cr_expect(eq(int, confined(&nothing, forks, NULL), -SIGSYS));
	cr_expect(eq(int, confined(&nothing, spawns, NULL), -SIGSYS));
	cr_expect(eq(int, confined(&nothing, traces, NULL), -SIGSYS));
#endif
#ifdef __x86_64__
	cr_expect(eq(int, confined(&nothing, calls_as_i386, NULL), -SIGSYS));
	cr_expect(eq(int, confined(&nothing, calls_as_x32, NULL), -SIGSYS));
#endif
}

static int internet_socket(void *unused)
{
	(void)unused;
	return failure(socket(AF_INET, SOCK_STREAM, 0));
}

static int internet6_socket(void *unused)
{
	(void)unused;
	return failure(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int netlink_socket(void *unused)
{
	(void)unused;
	return failure(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int odd_socket(void *unused)
{
	(void)unused;
	return failure(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

static int future_socket(void *unused)
{
	(void)unused;
	return failure(socket(AF_MAX + 7, SOCK_DGRAM, 0));
}

static int local_sockets(void *unused)
{
	int pair[2];

	(void)unused;
	if (socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return errno;
	return write(pair[0], "x", 1) != 1;
}

static int binds_tcp(void *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons(*(uint16_t *)port);
	return fd < 0 ? 1 : failure(bind(fd, (struct sockaddr *)&at, sizeof at));
}

static int connects_tcp(void *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons(*(uint16_t *)port);
	return fd < 0 ? 1 : failure(connect(fd, (struct sockaddr *)&at, sizeof at));
}

/* A port that nobody has just now. */
static uint16_t free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(zero(int, bind(fd, (struct sockaddr *)&at, sizeof at)));
	cr_assert(zero(int, getsockname(fd, (struct sockaddr *)&at, &n)));
	close(fd);
	return ntohs(at.sin_port);
}

Test(sandbox, one_port_may_be_bound)
{
	uint16_t port = free_port(), other = port == 65535 ? 65534 : (uint16_t)(port + 1);
	const struct sandbox_options o = {.listen = port};

	cr_expect(eq(int, confined(&o, binds_tcp, &port), 0));
	cr_expect(eq(int, confined(&o, internet6_socket, NULL), EPERM)); /* UDP */
	if (syscall(444, NULL, 0, 1) < 4)
		return;
	cr_expect(eq(int, confined(&o, binds_tcp, &other), EACCES));
	cr_expect(eq(int, confined(&o, connects_tcp, &port), EACCES));
	cr_expect(eq(int, confined(&remote, binds_tcp, &port), EACCES));
}

Test(sandbox, sockets_are_those_of_the_sensor)
{
	cr_expect(eq(int, confined(&remote, netlink_socket, NULL), EAFNOSUPPORT));
	cr_expect(eq(int, confined(&nothing, internet_socket, NULL), EAFNOSUPPORT));
	cr_expect(eq(int, confined(&nothing, internet6_socket, NULL), EAFNOSUPPORT));
	cr_expect(eq(int, confined(&nothing, odd_socket, NULL), EAFNOSUPPORT));
	cr_expect(eq(int, confined(&remote, odd_socket, NULL), EAFNOSUPPORT));
	cr_expect(eq(int, confined(&nothing, future_socket, NULL), EPERM));
	cr_expect(eq(int, confined(&remote, internet_socket, NULL), 0));
	cr_expect(eq(int, confined(&remote, internet6_socket, NULL), 0));
	cr_expect(eq(int, confined(&nothing, local_sockets, NULL), 0));
}

static int memory_becomes_code(void *unused)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	return p == MAP_FAILED ? 1 : failure(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int maps_code(void *unused)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	return failure(p == MAP_FAILED ? -1 : 0);
}

static int kills_parent(void *unused)
{
	(void)unused;
	return failure(kill(getppid(), 0));
}

static int types_at_terminal(void *unused)
{
	(void)unused;
	return failure(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static int raises_limit(void *unused)
{
	struct rlimit core = {1, 1};

	(void)unused;
	return failure(setrlimit(RLIMIT_CORE, &core));
}

static int call_of_tomorrow(void *unused)
{
	(void)unused;
	return failure(syscall(500));
}

static int new_clone(void *unused)
{
	(void)unused;
	return failure(syscall(435, NULL, 0));
}

Test(sandbox, what_libraries_may_try_fails)
{
	cr_expect(eq(int, confined(&nothing, memory_becomes_code, NULL), EPERM));
	cr_expect(eq(int, confined(&nothing, maps_code, NULL), EPERM));
	cr_expect(eq(int, confined(&nothing, kills_parent, NULL), EPERM));
	cr_expect(eq(int, confined(&nothing, types_at_terminal, NULL), EPERM));
	cr_expect(eq(int, confined(&nothing, raises_limit, NULL), EPERM));
	cr_expect(eq(int, confined(&nothing, call_of_tomorrow, NULL), ENOSYS));
	cr_expect(eq(int, confined(&nothing, new_clone, NULL), ENOSYS));
}

static void *is_refused_too(void *path)
{
	return (void *)(intptr_t)(opens(path) == EACCES && internet_socket(NULL) == EAFNOSUPPORT);
}

static int in_a_thread(void *path)
{
	pthread_t thread;
	void *fine = NULL;

	if (pthread_create(&thread, NULL, is_refused_too, path) || pthread_join(thread, &fine))
		return 1;
	return fine ? 0 : 2;
}

static void *waits(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

/* The sandbox is entered here, not by confined(). */
static int with_a_thread(void *unused)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	struct sandbox_state state;
	struct error e;

	(void)unused;
	pthread_mutex_lock(&lock);
	if (pthread_create(&thread, NULL, waits, &lock))
		return 1;
	int status = sandbox_enter(&nothing, &state, &e);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	return status == -1 && strstr(e.text, "threads") ? 0 : 2;
}

Test(sandbox, holds_for_threads)
{
	if (landlock_is_there())
		cr_expect(eq(int, confined(&nothing, in_a_thread, "/etc/shadow"), 0));
	cr_expect(eq(int, confined(NULL, with_a_thread, NULL), 0));
}

static int tells_state(void *unused)
{
	const char *const here[] = {"."};
	const struct sandbox_options o = {.read = here, .read_count = 1, .files = 64};
	struct sandbox_state state;
	struct error e;
	struct rlimit files, core;
	int abi = (int)syscall(444, NULL, 0, 1);

	(void)unused;
	if (sandbox_enter(&o, &state, &e))
		return 1;
	if (!state.seccomp || state.landlock != (abi > 0 ? abi : 0))
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_CORE, &core);
	if (files.rlim_cur != 64 || files.rlim_max != 64 || core.rlim_max != 0)
		return 3;
	return prctl(PR_GET_DUMPABLE) < 0 ? 4 : 0;
}

Test(sandbox, tells_what_is_in_force)
{
	cr_expect(eq(int, confined(NULL, tells_state, NULL), 0));
}

/* What is still inside by name and no longer in fact. */
static int knows_what_it_may_read(void *context)
{
	struct folders *f = context;
	char path[4200], link[4200];

	if (!sandbox_allows(&f->o, f->in_file) || !sandbox_allows(&f->o, f->in))
		return 1;
	snprintf(path, sizeof path, "%s/not-there-yet", f->in);
	if (!sandbox_allows(&f->o, path))
		return 2;
	snprintf(path, sizeof path, "%s/../%s/file", f->in, strrchr(f->in, '/') + 1);
	if (!sandbox_allows(&f->o, path) || !sandbox_allows(&f->o, f->write))
		return 3;
	if (sandbox_allows(&f->o, f->out_file) || sandbox_allows(&f->o, "/etc/shadow") ||
	    sandbox_allows(&f->o, "/no/such/folder/file") || sandbox_allows(&f->o, ""))
		return 4;
	/* a name that only begins like it */
	snprintf(path, sizeof path, "%s2", f->in);
	if (sandbox_allows(&f->o, path))
		return 5;
	snprintf(path, sizeof path, "%s/link", f->in);
	snprintf(link, sizeof link, "%s/link", f->write);
	return sandbox_allows(&f->o, path) || sandbox_allows(&f->o, link) ? 6 : 0;
}

Test(sandbox, knows_what_a_reload_may_name)
{
	struct folders f;
	char link[4200];

	folders_make(&f);
	snprintf(link, sizeof link, "%s/link", f.in);
	cr_assert(zero(int, symlink(f.out_file, link)));
	snprintf(link, sizeof link, "%s/link", f.write);
	cr_assert(zero(int, symlink(f.out, link)));
	cr_expect(eq(int, confined(&f.o, knows_what_it_may_read, &f), 0));
	folders_remove(&f);
}

struct late {
	struct folders *f;
	const char *path;
};

/* Somebody outside the sandbox who, once told, makes the link lead elsewhere. */
static int outsider(int told, int done, const char *from, const char *to)
{
	char byte;

	if (read(told, &byte, 1) != 1 || rename(from, to))
		return 1;
	return write(done, "x", 1) != 1;
}

/* The folder of the options is a link that leads elsewhere since the sandbox was entered. */
static int after_the_link_moved(void *context)
{
	const struct late *late = context;
	const char *link = late->f->o.read[0];
	struct sandbox_state state;
	struct error e;
	int tell[2], hear[2];
	char byte;

	if (pipe(tell) || pipe(hear))
		return 1;
	pid_t child = fork();
	if (child == 0)
		_exit(outsider(tell[0], hear[1], late->path, link));
	if (child < 0 || sandbox_enter(&late->f->o, &state, &e) ||
	    !sandbox_allows(&late->f->o, link))
		return 2;
	if (write(tell[1], "x", 1) != 1 || read(hear[0], &byte, 1) != 1)
		return 3;
	return sandbox_allows(&late->f->o, link) ? 4 : 0;
}

Test(sandbox, a_link_that_moved_is_outside)
{
	struct folders f;
	char link[4200], other[4200];

	if (!landlock_is_there())
		cr_skip("this kernel has no Landlock\n");
	folders_make(&f);
	snprintf(link, sizeof link, "%s/rules", f.write);
	snprintf(other, sizeof other, "%s/other", f.write);
	cr_assert(zero(int, symlink(f.in, link)));
	cr_assert(zero(int, symlink(f.out, other)));
	f.read_list[0] = link;
	struct late late = {&f, other};
	cr_expect(eq(int, confined(NULL, after_the_link_moved, &late), 0));
	folders_remove(&f);
}
