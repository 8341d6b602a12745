/* The calls that a daemon on libpcap, libevent, Hyperscan and threads needs. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sanitized.h"
#include "daemon/sandbox_part.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

#if defined(__s390__) || defined(__CRIS__)
#define CLONE_FLAGS_ARG 1
#else
#define CLONE_FLAGS_ARG 0
#endif

/* clang-format off */

/* Whatever the arguments. Those that this architecture lacks are left out. */
static const int allowed[] = {
	/* reading, writing */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(preadv2),
	SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev),
	SCMP_SYS(pwritev2), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(sendfile),
	SCMP_SYS(sendfile64), SCMP_SYS(copy_file_range), SCMP_SYS(readahead), SCMP_SYS(fadvise64),
	SCMP_SYS(fadvise64_64), SCMP_SYS(arm_fadvise64_64),
	/* files: Landlock says which */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(close), SCMP_SYS(close_range),
	SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat), SCMP_SYS(lstat64), SCMP_SYS(fstat),
	SCMP_SYS(fstat64), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx),
	SCMP_SYS(statfs), SCMP_SYS(statfs64), SCMP_SYS(fstatfs), SCMP_SYS(fstatfs64),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
	SCMP_SYS(umask), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64),
	SCMP_SYS(truncate), SCMP_SYS(truncate64), SCMP_SYS(fallocate), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range), SCMP_SYS(sync_file_range2), SCMP_SYS(flock),
	SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchown),
	SCMP_SYS(fchownat), SCMP_SYS(utimensat), SCMP_SYS(fcntl), SCMP_SYS(fcntl64), SCMP_SYS(dup),
	SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(memfd_create),
	/* sockets that there are: socket() and socketpair() below say which */
	SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(connect),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(send), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recv),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(recvmmsg_time64),
	SCMP_SYS(shutdown),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(select),
	SCMP_SYS(_newselect), SCMP_SYS(pselect6), SCMP_SYS(pselect6_time64), SCMP_SYS(epoll_create),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd), SCMP_SYS(eventfd2), SCMP_SYS(signalfd),
	SCMP_SYS(signalfd4), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_settime64), SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_gettime64),
	SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(futex_waitv), SCMP_SYS(restart_syscall),
	SCMP_SYS(pause),
	/* memory: mmap() and mprotect() below */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(msync), SCMP_SYS(membarrier),
	/* threads: clone() below */
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list),
	SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
	SCMP_SYS(sched_get_priority_min), SCMP_SYS(sched_get_priority_max), SCMP_SYS(getcpu),
	SCMP_SYS(setpriority), /* down only: compressing is less urgent */
	/* signals */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(rt_sigtimedwait_time64), SCMP_SYS(sigaltstack), SCMP_SYS(sigreturn),
	/* clocks */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres),
	SCMP_SYS(clock_getres_time64), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
	/* about ourselves and the machine */
	SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getresuid), SCMP_SYS(getresgid),
	SCMP_SYS(getgroups), SCMP_SYS(getuid32), SCMP_SYS(geteuid32), SCMP_SYS(getgid32),
	SCMP_SYS(getegid32), SCMP_SYS(getpgrp), SCMP_SYS(getpgid), SCMP_SYS(getsid),
	SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(ugetrlimit), SCMP_SYS(getrandom),
	SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(capget),
};

/* Nobody here has a use for these; who tries them has taken us over. */
static const int deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise),
	SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(kcmp),
	SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(chroot), SCMP_SYS(pivot_root), SCMP_SYS(mount),
	SCMP_SYS(umount), SCMP_SYS(umount2), SCMP_SYS(open_tree), SCMP_SYS(move_mount),
	SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr), SCMP_SYS(open_by_handle_at), SCMP_SYS(mknod), SCMP_SYS(mknodat),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl),
	SCMP_SYS(personality), SCMP_SYS(modify_ldt), SCMP_SYS(pkey_mprotect), SCMP_SYS(iopl),
	SCMP_SYS(ioperm), SCMP_SYS(capset), SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid),
	SCMP_SYS(setregid), SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setfsuid),
	SCMP_SYS(setfsgid), SCMP_SYS(setgroups), SCMP_SYS(setuid32), SCMP_SYS(setgid32),
	SCMP_SYS(setresuid32), SCMP_SYS(setresgid32), SCMP_SYS(setgroups32),
	SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex),
	SCMP_SYS(settimeofday), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(reboot),
	SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(syslog), SCMP_SYS(acct), SCMP_SYS(quotactl),
	SCMP_SYS(vhangup), SCMP_SYS(lookup_dcookie), SCMP_SYS(seccomp),
};

/* What libpcap and libc ask of interfaces and files; nothing sets anything but O_NONBLOCK and the
 * like. SIOCETHTOOL can set things, with CAP_NET_ADMIN. */
static const unsigned long requests[] = {
	FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ, SIOCGIFNAME, SIOCGIFINDEX,
	SIOCGIFFLAGS, SIOCGIFMTU, SIOCGIFHWADDR, SIOCGIFCONF, SIOCGIFADDR, SIOCGIFNETMASK,
	SIOCGIFBRDADDR, SIOCGIFDSTADDR, SIOCETHTOOL, SIOCGHWTSTAMP, SIOCBONDINFOQUERY, SIOCGSTAMP,
	0x8b01 /* SIOCGIWNAME */,
};

/* clang-format on */

struct filter {
	scmp_filter_ctx ctx;
	int failed; /* -errno of libseccomp; 0: none */
};

static void add(struct filter *f, uint32_t action, int call, unsigned count,
		struct scmp_arg_cmp arg)
{
	int status = count ? seccomp_rule_add(f->ctx, action, call, 1, arg)
			   : seccomp_rule_add(f->ctx, action, call, 0);

	/* EDOM: not on this architecture. */
	if (status && status != -EDOM && !f->failed)
		f->failed = status;
}

static void add_plain(struct filter *f, uint32_t action, int call)
{
	add(f, action, call, 0, (struct scmp_arg_cmp){0});
}

static void add_masked(struct filter *f, uint32_t action, int call, unsigned arg, uint64_t mask,
		       uint64_t value)
{
	add(f, action, call, 1, SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, value));
}

static void add_equal(struct filter *f, uint32_t action, int call, unsigned arg, uint64_t value)
{
	add(f, action, call, 1, SCMP_CMP64(arg, SCMP_CMP_EQ, value, 0));
}

/* Sockets of the metrics' port: TCP alone, so that nothing can be sent away with them. */
static void add_listening(struct filter *f, int family)
{
	int status = seccomp_rule_add(f->ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
				      SCMP_CMP64(0, SCMP_CMP_EQ, (uint64_t)family, 0),
				      SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));

	if (status && !f->failed)
		f->failed = status;
}

static void add_sockets(struct filter *f, const struct sandbox_options *o)
{
	for (int family = 0; family < AF_MAX; family++) {
		bool internet = family == AF_INET || family == AF_INET6;
		if (family == AF_UNIX || family == AF_PACKET || (internet && o->network))
			add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 0, (uint64_t)family);
		else if (internet && o->listen)
			add_listening(f, family);
		else /* libraries try families to see what there is */
			add_equal(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 0,
				  (uint64_t)family);
	}
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 0, AF_UNIX);
}

static void add_memory(struct filter *f)
{
	add_masked(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
	add_masked(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 2, PROT_EXEC, 0);
	add_masked(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
}

static void add_threads(struct filter *f)
{
	const uint64_t thread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
	const uint64_t never = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID |
			       CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PTRACE;
	const uint64_t us = (uint64_t)getpid();

	add_masked(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), CLONE_FLAGS_ARG, thread | never, thread);
#ifndef SANITIZED
	add_masked(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), CLONE_FLAGS_ARG, CLONE_THREAD, 0);
#endif
	/* its flags are in memory, out of a filter's sight; libc then calls clone() */
	add_plain(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0, us);
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 0, us);
	/* asking for limits, not setting them */
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, 0);
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0, PR_SET_NAME);
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0, PR_GET_NAME);
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0, PR_GET_DUMPABLE);
}

/* A leak is looked for at the end, from a process of its own that stops all threads. */
static void add_sanitizers(struct filter *f)
{
#ifdef SANITIZED
	static const int calls[] = {SCMP_SYS(ptrace), SCMP_SYS(wait4), SCMP_SYS(sched_setscheduler),
				    SCMP_SYS(personality)};

	for (size_t i = 0; i < COUNT(calls); i++)
		add_plain(f, SCMP_ACT_ALLOW, calls[i]);
	add_masked(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), CLONE_FLAGS_ARG,
		   CLONE_VM | CLONE_UNTRACED | CLONE_THREAD, CLONE_VM | CLONE_UNTRACED);
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0, PR_SET_PTRACER);
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0, PR_SET_DUMPABLE);
	add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0, PR_SET_PDEATHSIG);
#else
	(void)f;
#endif
}

/* Calls that this program has never heard of do not exist: libraries of tomorrow ask for them and
 * go on without. From 451 on a call has one number on every architecture. */
static void add_unknown(struct filter *f)
{
	for (int call = 451; call < 512; call++)
		add_plain(f, SCMP_ACT_ERRNO(ENOSYS), call);
}

static bool sanitizers_need(int call)
{
#ifdef SANITIZED
	return call == SCMP_SYS(ptrace) || call == SCMP_SYS(personality);
#else
	(void)call;
	return false;
#endif
}

static void add_all(struct filter *f, const struct sandbox_options *o)
{
	for (size_t i = 0; i < COUNT(allowed); i++)
		add_plain(f, SCMP_ACT_ALLOW, allowed[i]);
	for (size_t i = 0; i < COUNT(requests); i++)
		add_equal(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, requests[i]);
	for (size_t i = 0; i < COUNT(deadly); i++)
		if (!sanitizers_need(deadly[i]))
			add_plain(f, SCMP_ACT_KILL_PROCESS, deadly[i]);
	add_sockets(f, o);
	add_memory(f);
	add_threads(f);
	add_sanitizers(f);
	add_unknown(f);
}

/* Settings of the filter itself; on failure its status. */
static int prepare(struct filter *f)
{
	int status = seccomp_attr_set(f->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (status == 0)
		status = seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_NNP, 1);
	if (status == 0)
		status = seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (status == 0) /* a binary tree */
		status = seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return status;
}

/* Kernels before 4.14, or built without. */
static bool is_there(void)
{
	const uint32_t action = SCMP_ACT_KILL_PROCESS;

	return syscall(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, &action) == 0;
}

int sandbox_calls(const struct sandbox_options *o, bool *in_force, struct error *e)
{
	*in_force = false;
	if (!is_there())
		return 0;
	struct filter f = {.ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))};
	if (!f.ctx)
		return error_set(e, "seccomp: no filter");
	int status = prepare(&f);
	if (status == 0) {
		add_all(&f, o);
		status = f.failed;
	}
	if (status == 0)
		status = seccomp_load(f.ctx);
	seccomp_release(f.ctx);
	if (status)
		return error_set(e, "seccomp: %s", strerror(-status));
	*in_force = true;
	return 0;
}
