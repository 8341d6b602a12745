/* What a command costs, by the kernel's account of it alone: measured from a large process, its peak
 * memory would be that one's.
 *
 *	cost FILE SECONDS BYTES COMMAND...
 *
 * writes to FILE: exit status (128 and the signal when one ended it), CPU seconds, wall seconds and peak
 * kB. The command, with what it started, is killed after SECONDS, and gets at most BYTES of addresses;
 * 0 for no limit. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile pid_t child;

static void over(int number)
{
	(void)number;
	kill(-child, SIGKILL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static void become(rlim_t bytes, char **command)
{
	struct rlimit limit = {bytes, bytes};

	setpgid(0, 0);
	if (bytes)
		setrlimit(RLIMIT_AS, &limit);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct rusage used;
	int status;

	if (argc < 5) {
		fprintf(stderr, "usage: cost FILE SECONDS BYTES COMMAND...\n");
		return 2;
	}
	FILE *f = fopen(argv[1], "w");
	if (!f) {
		perror(argv[1]);
		return 2;
	}
	double start = now();
	child = fork();
	if (child < 0)
		return 2;
	if (!child)
		become(strtoull(argv[3], NULL, 10), argv + 4);
	/* whichever of the two comes first */
	setpgid(child, child);
	signal(SIGALRM, over);
	alarm((unsigned)atoi(argv[2]));
	while (wait4(child, &status, 0, &used) < 0)
		if (errno != EINTR)
			return 2;
	fprintf(f, "%d %.6f %.6f %ld\n",
		WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
		seconds(used.ru_utime) + seconds(used.ru_stime), now() - start, used.ru_maxrss);
	return fclose(f) ? 2 : 0;
}
