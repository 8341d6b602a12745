/* What people write for egret beside rules and lists. The first byte chooses: the configuration
 * file, port names as in /etc/services, or one line of the words that options and commands take. */
#include "base/mem.h"
#include "core/networks.h"
#include "daemon/config.h"
#include "daemon/size.h"
#include "daemon/words.h"
#include "event/port_names.h"
#include "kit.h"
#include "volume/detectors.h"

static void wrong(void *context, const char *file, unsigned line, const char *text)
{
	require(strcmp(file, "egret.yaml") == 0 && text[0], "a problem has a place and a text");
	(void)line;
	++*(int *)context;
}

static void read_text(struct config *c, struct str text, int *problems)
{
	int told = 0;

	config_init(c);
	*problems = config_parse(c, "egret.yaml", text, wrong, &told);
	require(told == *problems, "each problem is told");
}

static char *dump(const struct config *c, size_t *n)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, n);

	config_dump(c, out);
	fclose(out);
	return text;
}

/* The lists as daemon/generation.c uses them. */
static void use_lists(const struct config *c)
{
	struct detectors *d = detectors_new(&c->detectors, (struct detection_sink){0});
	const struct config_list *const lists[] = {
		[ALLOW_CLIENT] = &c->allow_clients, [ALLOW_SERVER] = &c->allow_servers,
		[ALLOW_SERVICE] = &c->allow_services, [ALLOW_TENANT] = &c->allow_tenants,
		[OWN_TENANT] = &c->own_tenants};
	struct networks home;
	struct error e;

	networks_init(&home);
	for (size_t i = 0; i < c->home.count; i++)
		(void)networks_add(&home, str_of(c->home.text[i]), &e);
	networks_fini(&home);
	for (int l = ALLOW_CLIENT; l <= OWN_TENANT; l++)
		for (size_t i = 0; i < lists[l]->count; i++)
			(void)detectors_allow(d, (enum allow_list)l, str_of(lists[l]->text[i]), &e);
	detectors_free(d);
}

/* What was understood is printed as a file that says the same. */
static void configuration(struct str text)
{
	struct config c, again;
	size_t n = 0, m = 0;
	int had, problems;

	read_text(&c, text, &had);
	use_lists(&c);
	char *first = dump(&c, &n);
	/* (YAML has no way to say NUL or other control characters in single quotes) */
	bool plain = true;
	for (size_t i = 0; i < text.n; i++)
		plain = plain && ((uint8_t)text.p[i] >= 0x20 || text.p[i] == 0x0a) && text.p[i] != '\\';
	if (plain) {
		read_text(&again, (struct str){first, n}, &problems);
		char *second = dump(&again, &m);
		/* (keys that do not go together still do not) */
		if (problems > had || n != m || memcmp(first, second, n) != 0)
			fprintf(stderr, "%d problems\n%s----\n%s", problems, first, second);
		require(problems <= had && n == m && memcmp(first, second, n) == 0,
			"what is printed reads as itself");
		free(second);
		config_fini(&again);
	}
	free(first);
	config_fini(&c);
}

static void port_names(const uint8_t *data, size_t n)
{
	static struct kit_file file;
	struct port_names *p = port_names_new(kit_file(&file, data, n));
	static volatile size_t sum;

	for (unsigned port = 0; port < 1024; port++)
		for (unsigned proto = 6; proto <= 17; proto += 11) {
			struct str name = port_names_find(p, (uint8_t)proto, (uint16_t)port);
			require(name.n > 0, "a port has a name, or a dash");
			sum += (uint8_t)name.p[name.n - 1];
		}
	(void)sum;
	port_names_free(p);
}

static void words(const uint8_t *data, size_t n)
{
	char *text = mem_strndup((const char *)data, strnlen((const char *)data, n));
	struct str s = str_of(text);
	uint64_t v, threshold[4] = {1, 2, 3, 4};
	struct networks nets;
	struct error e;

	if (size_parse(text, &v))
		require(s.n > 0, "nothing is no size");
	if (size_duration(text, &v))
		require(s.n > 0, "nothing is no time");
	(void)size_thresholds(text, threshold);
	if (words_span(s, &v))
		require(v >= 1000000000 && v <= WORDS_SPAN_MAX, "a span is within its bounds");
	if (words_number(s, 1000, &v))
		require(v <= 1000, "a number is within its bound");
	networks_init(&nets);
	for (size_t at = 0; at < s.n;) {
		size_t part = strcspn(text + at, " ");
		(void)networks_add(&nets, (struct str){text + at, part}, &e);
		at += part + 1;
	}
	for (size_t i = 0; i < nets.count; i++) {
		require(networks_have(&nets, &nets.range[i].first) &&
				networks_have(&nets, &nets.range[i].last),
			"a network has its ends");
		require(i == 0 || memcmp(&nets.range[i - 1].last, &nets.range[i].first,
					 sizeof(struct addr)) < 0,
			"networks are sorted and apart");
	}
	networks_fini(&nets);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	if (data[0] == 'p')
		port_names(data + 1, n - 1);
	else if (data[0] == 'w')
		words(data + 1, n - 1);
	else
		configuration(kit_rest(data + 1, n - 1));
	return 0;
}
