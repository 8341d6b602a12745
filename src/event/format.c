#include "event/format_part.h"

static const struct {
	struct str path;
	uint8_t hint;
} hints[] = {
#define HINT(name, path) {{path, sizeof(path) - 1}, HINT_##name},
#define HINT_ALSO(name, path) {{path, sizeof(path) - 1}, HINT_##name},
#include "event/hints.def"
#undef HINT
#undef HINT_ALSO
};

unsigned format_hints(struct str path, uint8_t out[HINTS_OF_PATH])
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof hints / sizeof *hints && n < HINTS_OF_PATH; i++)
		if (str_eq(hints[i].path, path))
			out[n++] = hints[i].hint;
	return n;
}

void format_add(struct format_found *f, const char *category, const char *product,
		const char *service)
{
	if (f->sources < LINE_SOURCES_MAX)
		f->source[f->sources++] = (struct logsource){category, product, service};
}

/* Lines that show no tool: rules' own names, flat or nested, or ECS's. */
static const struct format plain = {
	.name = "json",
	.names = NAMES_SYSMON | NAMES_WINDOWS | NAMES_TAXONOMY | NAMES_ECS,
	.any_leaf = true,
};

static const struct format own = {.name = "egret", .names = NAMES_ECS};

/* A program's path says what it runs on. */
static const char *system_of(struct str image)
{
	if (image.n == 0)
		return NULL;
	return image.p[0] == '/' ? "linux" : memchr(image.p, '\\', image.n) ? "windows" : NULL;
}

/* Names that only one log source of Sigma has. */
static void bare(const struct format_seen *s, struct format_found *f)
{
	static const struct {
		enum hint hint;
		const char *category, *product;
		bool host; /* the program's path says the product, if there is one */
	} telling[] = {
		{HINT_QUERY_NAME, "dns_query", "windows", true},
		{HINT_INITIATED, "network_connection", "windows", true},
		{HINT_TARGET_FILENAME, "file_event", NULL, true},
		{HINT_TARGET_OBJECT, "registry_event", "windows", false},
		{HINT_SCRIPT_BLOCK, "ps_script", "windows", false},
		{HINT_PROXY, "proxy", NULL, false},
		{HINT_WEBSERVER, "webserver", NULL, false},
		{HINT_COMMAND_LINE, "process_creation", NULL, true},
		{HINT_RECORD_TYPE, "dns", NULL, false},
	};
	const char *product = system_of(seen_text(s, HINT_IMAGE));

	for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
		if (!s->of[telling[i].hint])
			continue;
		format_add(f, telling[i].category,
			   telling[i].host && product ? product : telling[i].product, NULL);
		return;
	}
}

void format_recognise(const struct format_seen *seen, struct format_found *out)
{
	*out = (struct format_found){.format = &plain};
	if (str_has_prefix(seen_text(seen, HINT_DATASET), STR("egret.")) &&
	    seen_is(seen, HINT_ECS_KIND, STR("event"))) {
		out->format = &own;
		out->record = out->sure = true;
		return;
	}
	if (format_windows(seen, out) || format_ecs(seen, out) || format_zeek(seen, out) ||
	    format_suricata(seen, out) || format_cloud(seen, out))
		return;
	*out = (struct format_found){.format = &plain};
	bare(seen, out);
}

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

void format_as(const struct logsource *as, struct format_found *out)
{
	const struct format *guess = out->format;

	*out = (struct format_found){.format = guess};
	if (guess == &plain && is(as->product, "zeek") && as->service)
		format_zeek_log(str_of(as->service), out);
	else if (guess == &plain && is(as->product, "windows"))
		out->format = format_windows_flat(is(as->service, "security"));
	out->sources = 0;
	format_add(out, as->category, as->product, as->service);
}
