#include "daemon/question.h"

#include <stdlib.h>

#include "base/mem.h"

static void in_analyst(void *arg, struct analyst *a)
{
	struct question *q = arg;

	q->failed = q->answer(q, a, &q->error) < 0;
}

static void back(void *arg)
{
	struct question *q = arg;

	control_done(q->reply, q->failed ? &q->error : NULL);
	free(q);
}

void question_ask(const struct command_call *c, const struct question *q)
{
	struct question *kept;

	if (!c->env->ask) {
		command_fail(c, "this daemon has no analyst");
		return;
	}
	kept = mem_alloc(sizeof *kept);
	*kept = *q;
	kept->env = c->env;
	kept->reply = c->reply;
	c->reply->patience = COMMAND_PATIENCE;
	c->env->ask(c->env->context, in_analyst, back, kept);
}

bool question_id(struct str word, char out[FINDING_ID_MAX])
{
	if (word.n != FINDING_ID_MAX - 1)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		char c = ascii_lower(word.p[i]);
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
		out[i] = c;
	}
	out[word.n] = '\0';
	return true;
}
