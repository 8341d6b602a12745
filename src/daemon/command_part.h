/* Between the files of daemon/command*.c. */
#ifndef EGRET_DAEMON_COMMAND_PART_H
#define EGRET_DAEMON_COMMAND_PART_H

#include "daemon/command.h"

struct command_call {
	const struct command_env *env;
	struct control_reply *reply;
	const struct str *word; /* behind the command's name */
	size_t count;
	bool json;
};

/* Ends the reply with an error if something is wrong with the words, else answers now or later. */
typedef void command_run(const struct command_call *c);

#define COMMAND(name, function, words, help) command_run command_##function;
#include "daemon/commands.def"
#undef COMMAND

/* Ends the reply with this error text. */
void command_fail(const struct command_call *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The number among the words that may be there alone: 1 to `most`, else `usual`. False: it is none,
 * and the reply has ended. */
bool command_number(const struct command_call *c, size_t at, uint64_t usual, uint64_t most,
		    uint64_t *out);
/* False when there are more words than that; the reply has ended then. */
bool command_words_at_most(const struct command_call *c, size_t n);

#endif
