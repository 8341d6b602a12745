/* Requests on the control socket: splitting, and every command's words. Whatever comes is answered
 * once, with text of ours; commands that change something really change an analyst's triage. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/command.h"
#include "daemon/overview.h"
#include "detect/triage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct analyst *analyst;
static struct domain_set *set;
static unsigned answers;

static void overview(void *context, struct overview *out)
{
	(void)context;
	out->version = "x";
	out->interfaces = 1;
	strcpy(out->interface[0].name, "eth0");
	out->delay.least = out->depth.least = 1;
}

static void ask(void *context, errand_fn *fn, errand_done *done, void *arg)
{
	(void)context;
	fn(arg, analyst);
	done(arg, true);
}

static const char *service(void *context, struct str name)
{
	(void)context;
	return name.n % 2 ? "Service" : NULL;
}

static void reload(void *context, command_told *told, void *arg)
{
	(void)context;
	told(arg, NULL);
}

static bool set_log_level(void *context, const char *word)
{
	(void)context;
	return strlen(word) % 2;
}

static void explain(void *context, struct str what, struct bytes *out, command_told *told, void *arg)
{
	(void)context;
	bytes_add(out, what.p, what.n);
	bytes_u8(out, '\n');
	told(arg, NULL);
}

static void done(struct control_reply *r, const struct error *e)
{
	answers++;
	if (e ? !e->text[0] : !r->text.n || r->text.p[r->text.n - 1] != '\n')
		abort();
	/* explain says what it was asked; all else is ours and printable */
	for (size_t i = 0; !e && i < r->text.n && !str_eq(r->request.word[0], STR("explain")); i++)
		if ((r->text.p[i] < 0x20 && r->text.p[i] != '\n') || r->text.p[i] == 0x7f)
			abort();
	bytes_fini(&r->text);
}

static void check_words(const struct control_request *r, const char *line, size_t n)
{
	if (!r->count || r->count > CONTROL_WORDS_MAX)
		abort();
	for (size_t i = 0; i < r->count; i++)
		if (r->word[i].p < line || r->word[i].n > (size_t)(line + n - r->word[i].p))
			abort();
}

static void one_line(const uint8_t *data, size_t n)
{
	static const struct command_env env = {.overview = overview,
					       .ask = ask,
					       .service = service,
					       .reload = reload,
					       .set_log_level = set_log_level,
					       .explain = explain};
	struct control_reply r = {.done = done};
	struct error e = {""};
	char *line = malloc(n + 1);

	memcpy(line, data, n);
	if (control_parse(line, n, &r.request, &e)) {
		if (!e.text[0])
			abort();
	} else {
		check_words(&r.request, line, n);
		bytes_init(&r.text, CONTROL_ANSWER_MAX);
		answers = 0;
		command_answer((void *)(uintptr_t)&env, &r);
		if (answers != 1)
			abort();
	}
	free(line);
}

/* What was said of findings: each input begins with nothing. */
static void forget(void)
{
	struct state_section s[ANALYST_SECTIONS];
	size_t n = analyst_sections(analyst, ANALYST_ALL, s), found = 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(s[i].name, "triage") == 0) {
			s[i].reset(s[i].owner);
			found++;
		}
	if (!found)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const none[1];
	struct error e;

	if (!set) {
		set = domain_set_load(&(struct domain_set_options){.paths = none}, &e);
		if (!set)
			abort();
		/* a new one for each input would take nearly all the time */
		analyst = analyst_new(&(struct analyst_options){.set = set, .window = 86400000000000});
	}
	forget();
	while (n) {
		const uint8_t *end = memchr(data, '\n', n);
		size_t length = end ? (size_t)(end - data) : n;
		one_line(data, length);
		n -= length + (end != NULL);
		data += length + (end != NULL);
	}
	return 0;
}
