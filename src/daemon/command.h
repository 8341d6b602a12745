/* What is answered on the control socket: one table (commands.def), each command as text for people
 * and as JSON. */
#ifndef EGRET_DAEMON_COMMAND_H
#define EGRET_DAEMON_COMMAND_H

#include "daemon/control.h"
#include "daemon/overview.h"

struct analyst;

/* A question whose answer only the analyst's thread can give; called there. */
typedef void errand_fn(void *arg, struct analyst *a);
/* In the control thread, once for each errand, after fn. */
typedef void errand_done(void *arg);

/* What was asked for is done, or could not be (e not NULL). In the control thread, exactly once,
 * possibly before the function that it was given to returns. */
typedef void command_told(void *arg, const struct error *e);

/* The daemon as commands see it; all in the control thread unless it says otherwise. A NULL
 * function is a command that this daemon does not have. */
struct command_env {
	void *context;
	void (*overview)(void *context, struct overview *out);
	/* Has fn called with the analyst between two records, then done; arg has to live until
	 * then. Nobody waits meanwhile. */
	void (*ask)(void *context, errand_fn *fn, errand_done *done, void *arg);
	/* The name of a service of the lists in force as they write it, NULL: there is none; letter
	 * case does not matter. In the analyst's thread (called inside an errand). */
	const char *(*service)(void *context, struct str name);
	void (*reload)(void *context, command_told *told, void *arg);
	void (*reopen)(void *context, command_told *told, void *arg);
	bool (*set_log_level)(void *context, const char *word); /* false: no such level */
	/* What `egret --explain` prints. `what` and `out` last until told. */
	void (*explain)(void *context, struct str what, struct bytes *out, command_told *told,
			void *arg);
	void (*stop)(void *context);
};

#define COMMAND_PATIENCE	5   /* seconds for what the analyst has to say */
#define COMMAND_PATIENCE_RELOAD 300 /* compiling rules anew takes its time */

/* A control_answer; the context is a struct command_env. */
void command_answer(void *context, struct control_reply *r);

#endif
