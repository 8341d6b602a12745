#include "daemon/command_part.h"

#include <stdarg.h>
#include <stdio.h>

#include "daemon/listing.h"
#include "daemon/words.h"

static const struct command {
	const char *name;
	command_run *run;
	const char *words, *help;
} commands[] = {
#define COMMAND(name, function, words, help) {name, command_##function, words, help},
#include "daemon/commands.def"
#undef COMMAND
};

#define COMMANDS (sizeof commands / sizeof *commands)

void command_fail(const struct command_call *c, const char *format, ...)
{
	struct error e;
	va_list args;

	va_start(args, format);
	vsnprintf(e.text, sizeof e.text, format, args);
	va_end(args);
	control_done(c->reply, &e);
}

bool command_words_at_most(const struct command_call *c, size_t n)
{
	if (c->count <= n)
		return true;
	command_fail(c, "one word too many: %.*s", (int)(c->word[n].n > 64 ? 64 : c->word[n].n),
		     c->word[n].p);
	return false;
}

bool command_number(const struct command_call *c, size_t at, uint64_t usual, uint64_t most,
		    uint64_t *out)
{
	*out = usual;
	if (c->count <= at)
		return true;
	if (words_number(c->word[at], most, out) && *out)
		return true;
	command_fail(c, "a number from 1 to %llu is wanted, not %.*s", (unsigned long long)most,
		     (int)(c->word[at].n > 64 ? 64 : c->word[at].n), c->word[at].p);
	return false;
}

void command_answer(void *context, struct control_reply *r)
{
	struct command_call c = {
		.env = context,
		.reply = r,
		.word = r->request.word + 1,
		.count = r->request.count - 1,
		.json = r->request.json,
	};
	struct str name = r->request.word[0];

	for (size_t i = 0; i < COMMANDS; i++) {
		if (str_eq(name, str_of(commands[i].name))) {
			commands[i].run(&c);
			return;
		}
	}
	command_fail(&c, "no command %.*s; \"help\" lists them", (int)(name.n > 64 ? 64 : name.n),
		     name.p);
}

void command_help(const struct command_call *c)
{
	static const struct listing_column columns[] = {
		{"COMMAND", "command", false}, {"WORDS", "words", false}, {"", "help", false}};
	struct listing l;

	if (!command_words_at_most(c, 0))
		return;
	if (!c->json) {
		for (size_t i = 0; i < COMMANDS; i++)
			bytes_print(&c->reply->text, "%s%s%s\n    %s\n", commands[i].name,
				    *commands[i].words ? " " : "", commands[i].words,
				    commands[i].help);
		control_done(c->reply, NULL);
		return;
	}
	listing_begin(&l, columns, 3, true, &c->reply->text);
	for (size_t i = 0; i < COMMANDS; i++) {
		listing_word(&l, commands[i].name);
		listing_word(&l, commands[i].words);
		listing_word(&l, commands[i].help);
	}
	listing_end(&l, "");
	control_done(c->reply, NULL);
}

void command_version(const struct command_call *c)
{
	if (!command_words_at_most(c, 0))
		return;
	bytes_print(&c->reply->text, c->json ? "{\"version\":\"%s\"}\n" : "egret %s\n",
		    PACKAGE_VERSION);
	control_done(c->reply, NULL);
}

static void say_done(struct control_reply *r, const char *word, const struct error *e)
{
	if (!e)
		bytes_print(&r->text, r->request.json ? "{\"done\":\"%s\"}\n" : "%s\n", word);
	control_done(r, e);
}

static void reload_told(void *arg, const struct error *e)
{
	say_done(arg, "reloaded", e);
}

static void reopen_told(void *arg, const struct error *e)
{
	say_done(arg, "reopened", e);
}

void command_reload(const struct command_call *c)
{
	if (!command_words_at_most(c, 0))
		return;
	if (!c->env->reload) {
		command_fail(c, "this daemon cannot reload");
		return;
	}
	c->reply->patience = COMMAND_PATIENCE_RELOAD;
	c->env->reload(c->env->context, reload_told, c->reply);
}

void command_reopen(const struct command_call *c)
{
	if (!command_words_at_most(c, 0))
		return;
	if (!c->env->reopen)
		command_fail(c, "this daemon has no files to open again");
	else
		c->env->reopen(c->env->context, reopen_told, c->reply);
}

void command_log_level(const struct command_call *c)
{
	char word[16] = "";

	if (!command_words_at_most(c, 1))
		return;
	if (c->count && c->word[0].n < sizeof word)
		memcpy(word, c->word[0].p, c->word[0].n);
	if (!c->env->set_log_level)
		command_fail(c, "this daemon has no log level");
	else if (!c->env->set_log_level(c->env->context, word))
		command_fail(c, "a level is wanted: error, warning, notice, info or debug");
	else
		say_done(c->reply, word, NULL);
}

static void explain_told(void *arg, const struct error *e)
{
	struct control_reply *r = arg;

	if (!e && r->request.json) {
		/* the text is for people only */
		struct bytes plain = r->text;
		bytes_init(&r->text, plain.limit);
		struct json j = listing_json(&r->text, plain.n * 6 + 32);
		json_open(&j, NULL, '{');
		json_plain(&j, "explanation", (struct str){(const char *)plain.p, plain.n});
		json_close(&j, '}');
		wr_char(&j.w, '\n');
		listing_json_end(&r->text, &j);
		bytes_fini(&plain);
	}
	control_done(r, e);
}

void command_explain(const struct command_call *c)
{
	if (!c->env->explain)
		command_fail(c, "this daemon cannot explain");
	else if (c->count != 1 || !c->word[0].n)
		command_fail(c, "one host name or one line of JSON, quoted, is wanted");
	else
		c->env->explain(c->env->context, c->word[0], &c->reply->text, explain_told,
				c->reply);
}

void command_stop(const struct command_call *c)
{
	if (!command_words_at_most(c, 0))
		return;
	if (!c->env->stop) {
		command_fail(c, "this daemon cannot be stopped from here");
		return;
	}
	c->env->stop(c->env->context);
	say_done(c->reply, "stopping", NULL);
}
