/* A child of a test, in a sandbox: what must not work there usually ends it. */
#ifndef EGRET_TESTS_CONFINED_H
#define EGRET_TESTS_CONFINED_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/sandbox.h"

#define CONFINED_FAILED 99 /* the sandbox could not be entered */

/* Runs body(context) in a sandbox (o NULL: in none): its exit status, or minus the signal that ended
 * it. */
static inline int confined(const struct sandbox_options *o, int (*body)(void *), void *context)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct sandbox_state state;
		struct error e = {""};

		if (o && sandbox_enter(o, &state, &e)) {
			fprintf(stderr, "sandbox: %s\n", e.text);
			_exit(CONFINED_FAILED);
		}
		_exit(body(context));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif
