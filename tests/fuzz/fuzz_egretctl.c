/* egretctl: words as it sends them, and answers as it reads them. The first byte chooses: words, one
 * a line, that the daemon must read as they were; or what a daemon answers. */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/control.h"
#include "kit.h"

/* the program itself, saying its things into memory */
static FILE *said, *complained;
#undef stdout
#undef stderr
#define stdout said
#define stderr complained
#define main egretctl_main
#define puts(s) fprintf(said, "%s\n", s)
#define printf(...) fprintf(said, __VA_ARGS__)
#undef putchar
#define putchar(c) fputc(c, said)
int egretctl_main(int argc, char **argv);
#include "../../src/egretctl.c"
#undef main

#define WORDS (CONTROL_WORDS_MAX + 4)

/* Only behind the command, and not where it is a reason. */
static bool is_json_option(char *const *word, int i)
{
	return i && strcmp(word[i], "--json") == 0 && strcmp(word[i - 1], "--reason") != 0;
}

static int split(char *text, char **word)
{
	int count = 0;

	for (char *end; text && count < WORDS; text = end ? end + 1 : NULL) {
		end = strchr(text, '\n');
		if (end)
			*end = '\0';
		word[count++] = text;
	}
	return count;
}

/* What the daemon reads is what was said; where it refuses, there is too much of it. */
static void compare(const struct call *c, char *const *word, int count)
{
	struct control_request r;
	struct error e;
	size_t k = 0, sent = c->json;

	for (int i = 0; i < count; i++)
		sent += !is_json_option(word, i);
	if (!c->json && strcmp(word[0], "json") == 0) { /* asks for JSON itself */
		word++;
		count--;
	}
	if (control_parse((char *)c->line.p, c->line.n - 1, &r, &e)) {
		require(sent > CONTROL_WORDS_MAX || !count, "the daemon can read what is sent");
		return;
	}
	for (int i = 0; i < count; i++)
		if (!is_json_option(word, i)) {
			require(k < r.count && str_eq(r.word[k], str_of(word[i])),
				"it reads the same words");
			k++;
		}
	require(k == r.count, "and no others");
}

static void words(const uint8_t *data, size_t n)
{
	static char text[4096];
	char *word[WORDS], *kept[WORDS];
	struct call c = {.count = 1};

	if (n >= sizeof text)
		n = sizeof text - 1;
	memcpy(text, data, n);
	text[n] = '\0';
	int count = split(text, word);
	memcpy(kept, word, sizeof kept);
	bytes_init(&c.line, CONTROL_LINE_MAX + 1);
	take_words(&c, word, count);
	if (!c.over) {
		require(c.line.n && c.line.p[c.line.n - 1] == '\n', "a request is a line");
		compare(&c, kept, count);
	}
	bytes_fini(&c.line);
}

struct daemon {
	int listener;
	const uint8_t *data;
	size_t n;
};

static void *serve(void *context)
{
	const struct daemon *d = context;
	char request[256];
	int fd = accept(d->listener, NULL, NULL);

	require(fd >= 0 && recv(fd, request, sizeof request, 0) > 0, "egretctl asks");
	for (size_t at = 0; at < d->n;) {
		ssize_t sent = send(fd, d->data + at, d->n - at, MSG_NOSIGNAL);
		if (sent <= 0)
			break;
		at += (size_t)sent;
	}
	close(fd);
	return NULL;
}

static void answer(const uint8_t *data, size_t n, bool live)
{
	static struct daemon d = {.listener = -1};
	static struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct call c = {.path = at.sun_path};
	pthread_t thread;

	if (d.listener < 0) {
		snprintf(at.sun_path, sizeof at.sun_path, "/tmp/fuzz-egretctl-%d", (int)getpid());
		unlink(at.sun_path);
		d.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		require(d.listener >= 0 && !bind(d.listener, (struct sockaddr *)&at, sizeof at) &&
				!listen(d.listener, 1),
			"a socket");
	}
	d.data = data;
	d.n = n;
	bytes_init(&c.line, CONTROL_LINE_MAX + 1);
	bytes_add(&c.line, "status\n", 7);
	require(!pthread_create(&thread, NULL, serve, &d), "a thread");
	int status = ask_once(&c, live);
	pthread_join(thread, NULL);
	bool ok = n >= 3 && memcmp(data, "ok\n", 3) == 0;
	bool error = n >= 6 && memcmp(data, "error\n", 6) == 0;
	require(status == (ok ? EXIT_SUCCESS : error ? EXIT_ERROR : EXIT_UNABLE),
		"its status is what was answered");
	bytes_fini(&c.line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char *out, *err;
	static size_t out_n, err_n;

	if (n == 0)
		return 0;
	said = open_memstream(&out, &out_n);
	complained = open_memstream(&err, &err_n);
	if (data[0] & 1)
		words(data + 1, n - 1);
	else
		answer(data + 1, n - 1, data[0] & 2);
	if (!(data[0] & 3) && n > 4 && memcmp(data + 1, "ok\n", 3) == 0) {
		fflush(said);
		require(out_n == n - 4 && memcmp(out, data + 4, out_n) == 0,
			"the answer is printed as it is");
	}
	fclose(said);
	fclose(complained);
	free(out);
	free(err);
	return 0;
}
