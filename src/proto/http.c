#include "proto/http.h"

#include "proto/http_line.h"

/* A target of this length is believed without its end having been seen. */
#define LINE_ENOUGH 512

enum parse http_is_request(struct cursor c)
{
	const size_t n = cur_left(&c);
	struct http_line line;
	bool known;
	const enum parse state = http_line_request(&c, &line, &known);
	return state == PARSE_MORE && known && n >= LINE_ENOUGH ? PARSE_DONE : state;
}

enum parse http_is_response(struct cursor c)
{
	uint16_t status = 0;
	const enum parse state = http_line_status(&c, &status);
	return status ? PARSE_DONE : state;
}

/* Blanks, and the line ends of a folded value. */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One field, its value trimmed. A value folded over several lines is taken as it stands (RFC 9112
 * section 5.2). DONE with an empty name and *last at the empty line; a line that is no field gives
 * an empty name. MORE when its last line's end is not there yet. */
static enum parse next_field(struct cursor *c, struct str *name, struct str *value, bool *last)
{
	struct str line;
	struct cursor at = *c;

	*name = *value = (struct str){NULL, 0};
	*last = false;
	if (http_line_next(&at, &line) != PARSE_DONE)
		return PARSE_MORE;
	*c = at;
	if (!line.n) {
		*last = true;
		return PARSE_DONE;
	}
	while (cur_left(&at) && (at.p[0] == ' ' || at.p[0] == '\t')) {
		struct str fold;
		if (http_line_next(&at, &fold) != PARSE_DONE)
			return PARSE_MORE;
		line.n = (size_t)(fold.p + fold.n - line.p);
		*c = at;
	}
	const char *colon = memchr(line.p, ':', line.n);
	if (!colon)
		return PARSE_DONE;
	*name = str_trim((struct str){line.p, (size_t)(colon - line.p)});
	*value = (struct str){colon + 1, (size_t)(line.p + line.n - (colon + 1))};
	while (value->n && is_space(value->p[0]))
		value->p++, value->n--;
	while (value->n && is_space(value->p[value->n - 1]))
		value->n--;
	return PARSE_DONE;
}

static bool parse_length(struct str s, uint64_t *out)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		const unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = v;
	return s.n != 0;
}

/* Cuts the first member off a comma-separated list. */
static struct str cut_member(struct str *list)
{
	const char *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
	const size_t n = comma ? (size_t)(comma - list->p) : list->n;
	const struct str member = {list->p, n};
	const size_t used = comma ? n + 1 : n;
	*list = (struct str){list->n ? list->p + used : list->p, list->n - used};
	return str_trim(member);
}

/* RFC 9110 section 8.6: one number, or the same one several times. */
static void content_length(struct http_body *b, struct str value)
{
	if (b->bad)
		return;
	do {
		uint64_t v;
		if (!parse_length(cut_member(&value), &v) || (b->has_bytes && v != b->bytes)) {
			b->bad = true;
			b->has_bytes = false;
			b->bytes = 0;
			return;
		}
		b->bytes = v;
		b->has_bytes = true;
	} while (value.n);
}

/* RFC 9112 section 6.1: chunked is what the last coding says. */
static void transfer_encoding(struct http_body *b, struct str value)
{
	struct str member = {NULL, 0};
	while (value.n)
		member = cut_member(&value);
	b->chunked = str_ieq(member, STR("chunked"));
}

static void body_field(struct http_body *b, struct str name, struct str value)
{
	if (str_ieq(name, STR("content-length")))
		content_length(b, value);
	else if (str_ieq(name, STR("transfer-encoding")))
		transfer_encoding(b, value);
}

/* The first field of a name counts. */
static void set_once(struct str *field, struct str value)
{
	if (!field->p)
		*field = value;
}

static void request_field(struct http_request *out, struct str name, struct str value)
{
	if (str_ieq(name, STR("host")) && out->host.p && !str_ieq(out->host, value))
		out->other_host = value;
	else if (str_ieq(name, STR("host")))
		set_once(&out->host, value);
	else if (str_ieq(name, STR("user-agent")))
		set_once(&out->user_agent, value);
	else if (str_ieq(name, STR("content-type")))
		set_once(&out->content_type, value);
	else if (str_ieq(name, STR("referer")))
		set_once(&out->referrer, value);
	else if (str_ieq(name, STR("upgrade")))
		out->upgrade = true;
}

enum parse http_request_head(struct cursor *c, struct http_request *out)
{
	struct cursor at = *c;
	struct http_line line;
	struct str name, value;
	bool known, last = false;

	*out = (struct http_request){0};
	enum parse state = http_line_request(&at, &line, &known);
	out->method = line.method;
	out->target = line.target;
	out->version = line.version;
	out->connect = str_eq(line.method, STR("CONNECT"));
	while (state == PARSE_DONE && !last) {
		state = next_field(&at, &name, &value, &last);
		if (state != PARSE_DONE)
			break;
		request_field(out, name, value);
		body_field(&out->body, name, value);
	}
	if (state == PARSE_DONE)
		*c = at;
	return state;
}

enum parse http_response_head(struct cursor *c, struct http_response *out)
{
	struct cursor at = *c;
	struct str name, value;
	bool last = false;

	*out = (struct http_response){0};
	enum parse state = http_line_status(&at, &out->status);
	while (state == PARSE_DONE && !last) {
		state = next_field(&at, &name, &value, &last);
		if (state == PARSE_DONE)
			body_field(&out->body, name, value);
	}
	if (state == PARSE_DONE)
		*c = at;
	return state;
}

/* RFC 9112 section 3.2.2: scheme "://" authority, up to the path or query. */
static struct str absolute_authority(struct str target)
{
	size_t at = 0;
	while (at < target.n && ascii_lower(target.p[at]) >= 'a' && ascii_lower(target.p[at]) <= 'z')
		at++;
	const struct str rest = {target.p + at, target.n - at};
	if (!at || !str_has_prefix(rest, STR("://")))
		return (struct str){NULL, 0};
	size_t n = 3;
	while (n < rest.n && !(rest.p[n] == '/' || rest.p[n] == '?' || rest.p[n] == '#'))
		n++;
	return (struct str){rest.p + 3, n - 3};
}

struct str http_effective_host(const struct http_request *r)
{
	if (!r->target.n)
		return r->host;
	if (r->connect && r->target.p[0] != '/')
		return r->target;
	const struct str authority = absolute_authority(r->target);
	return authority.n ? authority : r->host;
}

struct str http_other_host(const struct http_request *r)
{
	const struct str host = http_effective_host(r);

	if (r->other_host.n && !str_ieq(r->other_host, host))
		return r->other_host;
	/* a CONNECT's Host is the proxy's with some clients */
	return r->connect || str_ieq(r->host, host) ? (struct str){NULL, 0} : r->host;
}
