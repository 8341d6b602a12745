#include "event/derive.h"

#include "base/writer.h"

enum piece {
	WHOLE, /* URL */
	TARGET,
	QUERY,
	STEM,
	EXTENSION,
	PARENT_DOMAIN,
	QUESTION_LENGTH,
	ACTION,
	BLOCKED,
	INITIATED,
	TRANSPORT,
	COMMAND_LINE,
	PROCESS_NAME,
	HASH,
	EVENT_SERVICE,
};

static const struct {
	uint8_t piece;
	const char *name;
} derived[] = {
#define DERIVED(piece, name) {piece, name},
#include "event/derived.def"
#undef DERIVED
};

#define COUNT (sizeof derived / sizeof *derived)

_Static_assert(COUNT <= DERIVED_MAX, "room for all names");

void derive_init(struct derive_fields *d, const struct fields *fields)
{
	for (size_t i = 0; i < COUNT; i++)
		d->field[i] = fields_find(fields, str_of(derived[i].name));
}

struct out {
	const struct derive_line *l;
	derive_take *take;
	void *context;
};

static void tell(const struct out *o, enum piece piece, struct str text)
{
	for (size_t i = 0; i < COUNT; i++)
		if (derived[i].piece == piece && o->l->fields->field[i] != FIELD_NONE)
			o->take(o->context, o->l->fields->field[i], text, piece == TRANSPORT);
}

static bool wanted(const struct derive_line *l, enum piece first, enum piece last)
{
	for (size_t i = 0; i < COUNT; i++)
		if (derived[i].piece >= first && derived[i].piece <= last &&
		    l->fields->field[i] != FIELD_NONE)
			return true;
	return false;
}

static struct str text_of(const struct derive_line *l, enum role r)
{
	const struct json_item *i = l->role[r];

	return i && i->kind != VALUE_NULL ? i->text : (struct str){NULL, 0};
}

/* Pieces put together; empty when there is no more room. */
static struct str join(const struct derive_line *l, const struct str *piece, unsigned n)
{
	size_t room = 0;

	for (unsigned i = 0; i < n; i++)
		room += piece[i].n;
	char *p = json_in_room(l->json, room);
	if (!p)
		return (struct str){NULL, 0};
	struct writer w = wr_of(p, room);
	for (unsigned i = 0; i < n; i++)
		wr_str(&w, piece[i]);
	return (struct str){p, wr_length(&w)};
}

static size_t find(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

static struct str from(struct str s, size_t at)
{
	return (struct str){s.p + at, s.n - at};
}

/* What follows scheme and host. */
static struct str target_of(struct str url)
{
	const char *scheme = url.n ? memmem(url.p, url.n, "://", 3) : NULL;

	/* "://" behind a slash or a question mark is of the target itself */
	if (!scheme || find(url, '/') < (size_t)(scheme - url.p) ||
	    find(url, '?') < (size_t)(scheme - url.p))
		return url;
	struct str rest = from(url, (size_t)(scheme - url.p) + 3);
	size_t path = find(rest, '/'), query = find(rest, '?');
	return from(rest, path < query ? path : query);
}

static void url_parts(const struct out *o, struct str whole, struct str target)
{
	size_t mark = find(target, '?');
	struct str path = {target.p, mark};
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	struct str last = slash ? from(path, (size_t)(slash + 1 - path.p)) : path;
	const char *dot = last.n ? memrchr(last.p, '.', last.n) : NULL;

	tell(o, WHOLE, whole);
	if (mark < target.n)
		tell(o, QUERY, from(target, mark + 1));
	if (target.n == 0)
		return;
	tell(o, TARGET, target);
	tell(o, STEM, path);
	if (dot && dot + 1 < last.p + last.n)
		tell(o, EXTENSION, from(last, (size_t)(dot + 1 - last.p)));
}

static void url(const struct out *o)
{
	const struct derive_line *l = o->l;
	struct str whole = text_of(l, ROLE_URL), host = text_of(l, ROLE_URL_HOST);
	struct str path = text_of(l, ROLE_URL_PATH), query = text_of(l, ROLE_URL_QUERY);
	struct str scheme = text_of(l, ROLE_URL_SCHEME);

	if (!wanted(l, WHOLE, EXTENSION))
		return;
	if (whole.n == 0 && path.n)
		whole = query.n ? join(l, (struct str[]){path, STR("?"), query}, 3) : path;
	if (whole.n == 0)
		return;
	struct str target = target_of(whole), full = whole;
	if (target.p == whole.p && host.n)
		full = join(l, (struct str[]){scheme.n ? scheme : STR("http"), STR("://"), host,
					      whole.p[0] == '/' ? (struct str){NULL, 0} : STR("/"), whole},
			    5);
	url_parts(o, full, target);
}

/* "%%14593" is outbound and "%%14592" inbound, as Windows' filter writes them. */
static void direction(const struct out *o)
{
	static const struct str out[] = {{"outbound", 8}, {"egress", 6},  {"outgoing", 8},
					 {"external", 8}, {"%%14593", 7}, {"14593", 5}};
	static const struct str in[] = {{"inbound", 7}, {"ingress", 7}, {"incoming", 8},
					{"%%14592", 7}, {"14592", 5}};
	struct str filter = text_of(o->l, ROLE_FILTER_DIRECTION);
	struct str s = filter.n ? filter : text_of(o->l, ROLE_DIRECTION);

	for (size_t i = 0; i < sizeof out / sizeof *out; i++)
		if (str_ieq(out[i], s))
			tell(o, INITIATED, STR("true"));
	for (size_t i = 0; i < sizeof in / sizeof *in; i++)
		if (str_ieq(in[i], s))
			tell(o, INITIATED, STR("false"));
}

static void protocol(const struct out *o)
{
	struct str s = text_of(o->l, ROLE_IANA_NUMBER);
	struct str name = str_eq(s, STR("6"))	 ? STR("tcp")
			  : str_eq(s, STR("17")) ? STR("udp")
						 : (struct str){NULL, 0};

	if (name.n == 0)
		return;
	tell(o, TRANSPORT, name);
}

/* Arguments in a list, put together with blanks. */
static void command_line(const struct out *o)
{
	const struct derive_line *l = o->l;
	const struct json_item *first = l->role[ROLE_ARGUMENTS];
	size_t room = 0;

	if (!first || !wanted(l, COMMAND_LINE, COMMAND_LINE))
		return;
	const struct json_item *end = l->items->item + l->items->count, *i = first;
	for (; i < end && str_eq(i->path, first->path); i++)
		room += i->text.n + 1;
	char *p = json_in_room(l->json, room);
	if (!p)
		return;
	struct writer w = wr_of(p, room);
	for (const struct json_item *k = first; k < i; k++) {
		if (k > first)
			wr_char(&w, ' ');
		wr_str(&w, k->text);
	}
	tell(o, COMMAND_LINE, (struct str){p, wr_length(&w)});
}

static void process_name(const struct out *o)
{
	struct str s = text_of(o->l, ROLE_IMAGE);

	for (size_t i = s.n; i-- > 0;)
		if (s.p[i] == '/' || s.p[i] == '\\') {
			s = from(s, i + 1);
			break;
		}
	if (s.n)
		tell(o, PROCESS_NAME, s);
}

/* As Sysmon writes them, one value each. */
static void hashes(const struct out *o)
{
	static const struct {
		enum role role;
		struct str before;
	} known[] = {{ROLE_MD5, {"MD5=", 4}},
		     {ROLE_SHA1, {"SHA1=", 5}},
		     {ROLE_SHA256, {"SHA256=", 7}},
		     {ROLE_IMPHASH, {"IMPHASH=", 8}}};

	if (!wanted(o->l, HASH, HASH))
		return;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct str s = text_of(o->l, known[i].role);
		if (s.n)
			tell(o, HASH, join(o->l, (struct str[]){known[i].before, s}, 2));
	}
}

/* Workspace's own reports name the application, Google Cloud's the service. */
static void event_service(const struct out *o)
{
	struct str s = text_of(o->l, ROLE_APPLICATION);

	if (s.n && wanted(o->l, EVENT_SERVICE, EVENT_SERVICE))
		tell(o, EVENT_SERVICE, join(o->l, (struct str[]){s, STR(".googleapis.com")}, 2));
}

static void question(const struct out *o)
{
	struct str name = text_of(o->l, ROLE_DNS_NAME);
	size_t dot = find(name, '.');
	char *p;

	if (name.n == 0 || !wanted(o->l, PARENT_DOMAIN, QUESTION_LENGTH))
		return;
	if (dot + 1 < name.n)
		tell(o, PARENT_DOMAIN, from(name, dot + 1));
	p = json_in_room(o->l->json, 20);
	if (!p)
		return;
	struct writer w = wr_of(p, 20);
	wr_u64(&w, name.n);
	tell(o, QUESTION_LENGTH, (struct str){p, wr_length(&w)});
}

/* A connection that was established was let through; the words that firewalls have for this. */
static void let_through(const struct out *o)
{
	static const struct str established[] = {{"SF", 2},   {"S1", 2},	  {"S2", 2},   {"S3", 2},
						 {"RSTO", 4}, {"RSTR", 4}, {"established", 11}, {"closed", 6}};
	static const char *const words[] = {"allow",   "allowed", "accept", "accepted", "forward",
					    "pass",    "permit",  "permitted", "trust"};
	struct str state = text_of(o->l, ROLE_STATE);
	bool through = false;

	for (size_t i = 0; i < sizeof established / sizeof *established; i++)
		through |= str_eq(established[i], state);
	if (!through)
		return;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		tell(o, ACTION, str_of(words[i]));
	tell(o, BLOCKED, STR("false"));
}

void derive_values(const struct derive_line *l, derive_take *take, void *context)
{
	const struct out o = {l, take, context};

	url(&o);
	question(&o);
	let_through(&o);
	direction(&o);
	protocol(&o);
	command_line(&o);
	process_name(&o);
	hashes(&o);
	event_service(&o);
}
