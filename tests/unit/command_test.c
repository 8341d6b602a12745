/* The commands, as text and as JSON, over a real analyst; the socket has tests of its own. */
#include <jansson.h>

#include "daemon/command.h"
#include "daemon/words.h"
#include "office.h"
#include "overview_sample.h"

static struct office o;
static struct fake {
	unsigned reloads, reopens, stops;
	char level[16], explained[64];
	bool reload_fails;
	command_told *told; /* of a reload that goes on */
	void *told_arg;
} fake;

static void overview(void *context, struct overview *out)
{
	(void)context;
	overview_sample(out, 4);
}

/* The analyst's thread is ours here. */
static void ask(void *context, errand_fn *fn, errand_done *done, void *arg)
{
	(void)context;
	fn(arg, o.analyst);
	done(arg);
}

static const char *service(void *context, struct str name)
{
	(void)context;
	for (unsigned i = 0; i < domain_set_services(o.set); i++) {
		const char *have = domain_set_service(o.set, i)->name;
		if (str_ieq(name, str_of(have)))
			return have;
	}
	return NULL;
}

static void reload(void *context, command_told *told, void *arg)
{
	(void)context;
	fake.reloads++;
	fake.told = told;
	fake.told_arg = arg;
}

static void reopen(void *context, command_told *told, void *arg)
{
	struct error e;

	(void)context;
	error_set(&e, "no space");
	told(arg, ++fake.reopens > 1 ? &e : NULL);
}

static bool set_log_level(void *context, const char *word)
{
	(void)context;
	strcpy(fake.level, word);
	return strcmp(word, "debug") == 0;
}

static void explain(void *context, struct str what, struct bytes *out, command_told *told, void *arg)
{
	(void)context;
	snprintf(fake.explained, sizeof fake.explained, "%.*s", (int)what.n, what.p);
	bytes_print(out, "because\n\"so\"\n");
	told(arg, NULL);
}

static void stop(void *context)
{
	(void)context;
	fake.stops++;
}

static const struct command_env env = {.overview = overview,
				       .ask = ask,
				       .service = service,
				       .reload = reload,
				       .reopen = reopen,
				       .set_log_level = set_log_level,
				       .explain = explain,
				       .stop = stop};

static char line[4096], got[1 << 20];
static struct control_reply reply;
static bool answered, failed;

static void on_done(struct control_reply *r, const struct error *e)
{
	cr_expect_not(answered, "twice");
	answered = true;
	failed = e != NULL;
	cr_expect_not(r->text.full);
	snprintf(got, sizeof got, "%.*s", e ? (int)strlen(e->text) : (int)r->text.n,
		 e ? e->text : r->text.n ? (char *)r->text.p : "");
	bytes_fini(&r->text);
}

/* Asks without waiting for the answer. */
static void begin_asking(const struct command_env *v, const char *text)
{
	struct error e = {""};

	snprintf(line, sizeof line, "%s", text);
	reply = (struct control_reply){.done = on_done, .patience = CONTROL_DEADLINE};
	bytes_init(&reply.text, CONTROL_ANSWER_MAX);
	cr_assert_eq(control_parse(line, strlen(line), &reply.request, &e), 0, "%s: %s", text, e.text);
	reply.request.user = 1234;
	answered = failed = false;
	got[0] = '\0';
	command_answer((void *)(uintptr_t)v, &reply);
}

static const char *say(const char *text)
{
	begin_asking(&env, text);
	cr_assert(answered, "%s", text);
	return got;
}

/* It is an answer, as one JSON value. */
static json_t *say_json(const char *text)
{
	char whole[1024];
	json_error_t e;

	snprintf(whole, sizeof whole, "json %s", text);
	say(whole);
	cr_assert_not(failed, "%s: %s", text, got);
	json_t *j = json_loads(got, JSON_REJECT_DUPLICATES, &e);
	cr_assert(j, "%s: %s: %s", text, e.text, got);
	return j;
}

static bool has(const char *part)
{
	return strstr(got, part) != NULL;
}

static void begin(void)
{
	fake = (struct fake){0};
	office_open(&o, 24 * HOURS);
	office_upload(&o, 1, "shelf.example", 300 * MB);
	office_upload(&o, 2, "drop.example", 20 * MB);
	office_upload(&o, 3, "works.example", 900 * MB);
}

static void end(void)
{
	office_close(&o);
}

TestSuite(command, .init = begin, .fini = end);

/* The id of the finding about a client. */
static const char *id_of(uint32_t client)
{
	office_list(&o);
	for (unsigned i = 0; i < o.count; i++)
		if (o.heard[i].client == client)
			return o.heard[i].id;
	cr_assert_fail("no finding of client %u", client);
	return NULL;
}

Test(command, overview)
{
	say("status");
	cr_expect_not(failed);
	cr_expect(has("0.1.0, for 4 min, since 2026-03-02"), "%s", got);
	cr_expect(has("interface   eth1: 1,000,000 packets, 370 lost (0.04 %)"), "%s", got);
	cr_expect(has("567 services, 321 rules"));
	say("interfaces");
	cr_expect(has("INTERFACE"));
	cr_expect(has("0.04 %"), "rounded up: %s", got);
	say("stats capture");
	cr_expect(has("packets_cut"));
	cr_expect_not(has("dns_messages"));
	say("stats analyst");
	cr_expect(has("records_lost_conn"));
	say("stats nothing");
	cr_expect(failed);
	say("stats a b");
	cr_expect(failed);
	json_t *j = say_json("status");
	cr_expect_eq(json_integer_value(
			     json_object_get(json_array_get(json_object_get(j, "interfaces"), 1),
					     "ring_lost")),
		     300);
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(j, "analyst"), "records")),
		     6000);
	json_decref(j);
	j = say_json("stats");
	cr_expect_gt(json_array_size(j), stat_count);
	json_decref(j);
	json_decref(say_json("interfaces"));
}

Test(command, top_and_flows)
{
	struct upload running = {.client = 9, .name = "shelf.example"};

	office_send(&o, &running, 0, END_NOT);
	office_send(&o, &running, 5 * MB, END_NOT);
	say("top");
	cr_expect(has("10.0.0.3  Works    works.example    900 MB"), "%s", got);
	cr_expect_lt(strstr(got, "10.0.0.3"), strstr(got, "10.0.0.1"), "the most first");
	json_t *j = say_json("top 2");
	cr_expect_eq(json_array_size(j), 2);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(j, 0), "client")),
			 "10.0.0.3");
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(j, 0), "up")), 900000000);
	json_decref(j);
	say("flows 10.0.0.9");
	cr_expect(has("203.0.113.5"), "%s", got);
	cr_expect(has("443  shelf.example  sni"), "%s", got);
	say("flows 10.0.0.8");
	cr_expect_str_eq(got, "No connections.\n");
	j = say_json("flows all 5");
	cr_expect_eq(json_array_size(j), 1);
	json_decref(j);
	static const char *const wrong[] = {"top 0", "top -1", "top x", "top 1 2", "top 99999999999",
					    "flows", "flows x", "flows 10.0.0.1 x", "flows 10.0.0.1 1 2"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		say(wrong[i]);
		cr_expect(failed, "%s", wrong[i]);
	}
}

Test(command, findings)
{
	char text[64];

	say("findings");
	cr_expect_not(failed);
	cr_expect(has("Works"), "%s", got);
	cr_expect(has("900 MB"));
	say("findings 1");
	cr_expect(has("\n2 more\n"), "%s", got);
	json_t *j = say_json("findings");
	cr_assert_eq(json_array_size(j), 3);
	json_decref(j);
	snprintf(text, sizeof text, "findings %s", id_of(2));
	say(text);
	cr_expect(has("client      10.0.0.2\n"), "%s", got);
	cr_expect(has("service     Drop, tier A\n"), "%s", got);
	j = say_json(text);
	cr_expect_str_eq(json_string_value(json_object_get(json_object_get(j, "event"), "id")),
			 id_of(2));
	json_decref(j);
	say("findings 0123456789abcdef");
	cr_expect(failed);
	cr_expect_str_eq(got, "no finding 0123456789abcdef");
	say("findings nonsense");
	cr_expect(failed);
}

Test(command, ack_and_mute)
{
	char text[256], id[FINDING_ID_MAX];

	strcpy(id, id_of(1));
	snprintf(text, sizeof text, "ack %s \"known to us\"", id);
	say(text);
	cr_expect_not(failed, "%s", got);
	say("findings");
	cr_expect(has("acked"), "%s", got);
	snprintf(text, sizeof text, "mute %s --for 7d --reason \"a backup\"", id);
	say(text);
	cr_expect_not(failed, "%s", got);
	say("findings");
	cr_expect(has("muted"), "%s", got);
	snprintf(text, sizeof text, "unmute %s", id);
	json_t *j = say_json(text);
	cr_expect_str_eq(json_string_value(json_object_get(j, "done")), "unmuted");
	json_decref(j);
	j = say_json("audit");
	cr_assert_eq(json_array_size(j), 3);
	json_t *mute = json_array_get(j, 1);
	cr_expect_str_eq(json_string_value(json_object_get(mute, "action")), "mute");
	cr_expect_str_eq(json_string_value(json_object_get(mute, "reason")), "a backup");
	cr_expect_eq(json_integer_value(json_object_get(mute, "user")), 1234);
	json_decref(j);
	j = say_json("audit 1");
	cr_assert_eq(json_array_size(j), 1);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(j, 0), "action")), "unmute");
	json_decref(j);
	say("audit");
	cr_expect(has("a backup"), "%s", got);
}

Test(command, triage_words_that_are_wrong)
{
	static const char *const wrong[] = {
		"ack", "ack x", "ack 0123456789abcdef", "ack 0123456789abcdef a b",
		"mute 0123456789abcdef", "mute --for 7d --reason x",
		"mute 0123456789abcdef --for 7d", "mute 0123456789abcdef --reason x",
		"mute 0123456789abcdef --for 7 --reason x", "mute 0123456789abcdef --for 0d --reason x",
		"mute 0123456789abcdef --for 99999999999999999w --reason x",
		"mute 0123456789abcdef --for 7d --reason \"\"",
		"mute 0123456789abcdef --for 7d --reason", "mute 0123456789abcdef --for 7d --for 8d --reason x",
		"unmute 0123456789abcdef", "sanction", "sanction Shelf", "sanction \"\" --reason x",
		"sanction NoSuchService --reason x", "sanction Shelf --clients 10.0.0.0/99 --reason x",
		"sanction Shelf --frob 1 --reason x", "sanction Shelf Works --reason x",
		"revoke", "revoke x", "revoke 99", "revoke 1 2 3", "sanctions x", "audit 0",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		say(wrong[i]);
		cr_expect(failed, "%s: %s", wrong[i], got);
		cr_expect(got[0], "%s: without a reason", wrong[i]);
	}
	json_t *j = say_json("audit");
	cr_expect_eq(json_array_size(j), 0, "nothing of it was taken");
	json_decref(j);
}

Test(command, sanctions)
{
	say("sanctions");
	cr_expect_str_eq(got, "No sanctions.\n");
	say("sanction shelf --clients 10.0.0.0/24 --for 90d --reason \"contract 7\"");
	cr_expect_not(failed, "%s", got);
	say("sanctions");
	cr_expect(has("Shelf    -       10.0.0.0/24"), "as the lists write it: %s", got);
	say("findings");
	cr_expect(has("sanctioned"), "%s", got);
	json_t *j = say_json("sanctions");
	cr_assert_eq(json_array_size(j), 1);
	json_int_t number = json_integer_value(json_object_get(json_array_get(j, 0), "number"));
	json_decref(j);
	char text[64];
	snprintf(text, sizeof text, "revoke %lld over", (long long)number);
	say(text);
	cr_expect_not(failed, "%s", got);
	say("findings");
	cr_expect_not(has("sanctioned"), "%s", got);
	say("sanction \"files.unlisted.example\" --reason x");
	cr_expect_not(failed, "%s", got);
}

Test(command, reload_ends_later)
{
	struct error e;

	begin_asking(&env, "reload");
	cr_expect_not(answered);
	cr_expect_eq(fake.reloads, 1);
	cr_expect_gt(reply.patience, CONTROL_DEADLINE);
	fake.told(fake.told_arg, NULL);
	cr_expect(answered && !failed);
	cr_expect_str_eq(got, "reloaded\n");
	begin_asking(&env, "json reload");
	error_set(&e, "egret.yaml:3: no key");
	fake.told(fake.told_arg, &e);
	cr_expect(answered && failed);
	cr_expect_str_eq(got, "egret.yaml:3: no key");
}

Test(command, the_daemon)
{
	say("reopen");
	cr_expect_str_eq(got, "reopened\n");
	say("reopen");
	cr_expect(failed);
	cr_expect_str_eq(got, "no space");
	say("log-level debug");
	cr_expect_not(failed);
	cr_expect_str_eq(fake.level, "debug");
	say("log-level loudly");
	cr_expect(failed);
	say("log-level");
	cr_expect(failed);
	say("log-level averyverylongwordindeed");
	cr_expect(failed);
	say("explain shelf.example");
	cr_expect_str_eq(fake.explained, "shelf.example");
	cr_expect_str_eq(got, "because\n\"so\"\n");
	json_t *j = say_json("explain \"{\\\"a\\\": 1}\"");
	cr_expect_str_eq(fake.explained, "{\"a\": 1}");
	cr_expect_str_eq(json_string_value(json_object_get(j, "explanation")), "because\n\"so\"\n");
	json_decref(j);
	say("explain");
	cr_expect(failed);
	say("version");
	cr_expect_str_eq(got, "egret " PACKAGE_VERSION "\n");
	json_decref(say_json("version"));
	say("help");
	cr_expect(has("\nmute ID --for TIME --reason TEXT\n"));
	json_decref(say_json("help"));
	say("nonsense");
	cr_expect(failed);
	say("stop");
	cr_expect_eq(fake.stops, 1);
	cr_expect_not(failed);
}

/* A daemon that has nothing refuses every command it cannot do, and does not fall over. */
Test(command, without_a_daemon)
{
	static const struct command_env nothing;
	static const char *const words[] = {
#define COMMAND(name, function, words, help) name,
#include "daemon/commands.def"
#undef COMMAND
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		begin_asking(&nothing, words[i]);
		cr_expect(answered, "%s", words[i]);
		cr_expect(failed == (strcmp(words[i], "help") && strcmp(words[i], "version")), "%s",
			  words[i]);
	}
}

Test(words, spans)
{
	static const struct {
		const char *word;
		uint64_t seconds;
	} good[] = {{"90s", 90}, {"30m", 1800}, {"12h", 43200}, {"7d", 604800}, {"2w", 1209600},
		    {"3660d", 316224000}, {"1s", 1}};
	static const char *const bad[] = {"", "s", "7", "-7d", "7D", "7dd", "7 d", "1.5h", "0s",
					  "3661d", "99999999999999999999s", "18446744073709551615s", "7y"};
	uint64_t ns;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		cr_expect(words_span(str_of(good[i].word), &ns), "%s", good[i].word);
		cr_expect_eq(ns, good[i].seconds * NS_PER_S, "%s", good[i].word);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(words_span(str_of(bad[i]), &ns), "%s", bad[i]);
}
