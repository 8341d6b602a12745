#include "proto/http_line.h"

#define METHOD_MIN 3
#define METHOD_MAX 32

/* Methods that speak for HTTP by themselves: of RFC 9110, of WebDAV and its kin, of UPnP. */
static const struct str known_methods[] = {
	STR("GET"),	   STR("POST"),	       STR("PUT"),	  STR("HEAD"),
	STR("OPTIONS"),	   STR("DELETE"),      STR("PATCH"),	  STR("CONNECT"),
	STR("TRACE"),	   STR("PROPFIND"),    STR("PROPPATCH"),  STR("MKCOL"),
	STR("COPY"),	   STR("MOVE"),	       STR("LOCK"),	  STR("UNLOCK"),
	STR("REPORT"),	   STR("SEARCH"),      STR("MKCALENDAR"), STR("VERSION-CONTROL"),
	STR("CHECKOUT"),   STR("CHECKIN"),     STR("MERGE"),	  STR("M-SEARCH"),
	STR("NOTIFY"),	   STR("SUBSCRIBE"),   STR("UNSUBSCRIBE"), STR("BITS_POST"),
	STR("CCM_POST"),   STR("RPC_IN_DATA"), STR("RPC_OUT_DATA"), STR("SSTP_DUPLEX_POST"),
};

static bool is_known(struct str method)
{
	for (size_t i = 0; i < sizeof known_methods / sizeof known_methods[0]; i++)
		if (str_eq(method, known_methods[i]))
			return true;
	return false;
}

static struct str str_from(struct str s, size_t at)
{
	return (struct str){s.p + at, s.n - at};
}

enum parse http_line_next(struct cursor *c, struct str *line)
{
	const size_t left = cur_left(c);
	const uint8_t *lf = left ? memchr(c->p, '\n', left) : NULL;
	*line = (struct str){(const char *)c->p, lf ? (size_t)(lf - c->p) : left};
	if (!lf)
		return PARSE_MORE;
	cur_skip(c, line->n + 1);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return PARSE_DONE;
}

/* Length of the method at the start of s: a token in capitals, which is all that is in use. 0 when
 * it cannot be one; *ended when the blank behind it is there. */
static size_t method_length(struct str s, bool *ended)
{
	size_t n = 0;
	for (; n < s.n && n <= METHOD_MAX; n++) {
		const char c = s.p[n];
		const bool capital = c >= 'A' && c <= 'Z';
		const bool inner = (c >= '0' && c <= '9') || c == '-' || c == '_';
		if (!capital && !(inner && n))
			break;
	}
	*ended = n < s.n;
	if (n > METHOD_MAX || (*ended && (n < METHOD_MIN || (s.p[n] != ' ' && s.p[n] != '\t'))))
		return 0;
	return n;
}

/* RFC 9112 section 3.2: origin form, absolute form of http, or *. */
static bool is_plain_target(struct str t)
{
	return str_has_prefix(t, STR("/")) || str_has_prefix(t, STR("http://")) ||
	       str_has_prefix(t, STR("https://")) || str_eq(t, STR("*"));
}

/* No control characters but the tab; bytes from 0x80 on are sent by some clients. */
static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

/* Cuts the version off the end of "target SP HTTP/1.x". A target may hold blanks that the client
 * should have escaped. False when some other protocol's version, or none, stands there. */
static bool cut_version(struct str *rest, struct str *version)
{
	size_t at = rest->n;
	while (at && rest->p[at - 1] != ' ' && rest->p[at - 1] != '\t')
		at--;
	const struct str last = str_from(*rest, at);
	if (!str_has_prefix(last, STR("HTTP/1.")) || last.n > sizeof "HTTP/1.x" - 1)
		return false;
	*version = str_from(last, sizeof "HTTP/" - 1);
	*rest = str_trim((struct str){rest->p, at});
	return true;
}

/* Without a version, as HTTP/0.9 has it and sloppy clients do: only when the method is known, the
 * target has an unmistakable form, and no other protocol's version (RTSP/1.0) stands there. */
static bool fits_without_version(struct str rest)
{
	size_t at = rest.n;
	while (at && rest.p[at - 1] != ' ')
		at--;
	return is_plain_target(rest) && !str_eq(rest, STR("*")) &&
	       (at == 0 || !memchr(rest.p + at, '/', rest.n - at));
}

static enum parse whole_line(struct str rest, bool known_method, struct http_line *out)
{
	rest = str_trim(rest);
	if (!is_printable(rest))
		return PARSE_BAD;
	if (cut_version(&rest, &out->version)) {
		if (!rest.n && !known_method)
			return PARSE_BAD;
	} else if (!known_method || !fits_without_version(rest)) {
		return PARSE_BAD;
	}
	out->target = rest;
	return PARSE_DONE;
}

/* RFC 9112 section 2.2: empty lines before a request are passed over. */
static void skip_empty(struct cursor *c)
{
	while (cur_left(c)) {
		if (c->p[0] == '\n')
			cur_skip(c, 1);
		else if (c->p[0] == '\r' && cur_left(c) > 1 && c->p[1] == '\n')
			cur_skip(c, 2);
		else
			break;
	}
}

enum parse http_line_request(struct cursor *c, struct http_line *out, bool *known)
{
	struct cursor at = *c;
	struct str line;
	bool ended;

	*out = (struct http_line){0};
	*known = false;
	skip_empty(&at);
	if (!cur_left(&at) || (cur_left(&at) == 1 && at.p[0] == '\r'))
		return PARSE_MORE;
	const enum parse state = http_line_next(&at, &line);
	const size_t n = method_length(line, &ended);
	if (!n)
		return PARSE_BAD;
	if (!ended) /* a line of one word, or the method's end is not there yet */
		return state == PARSE_DONE ? PARSE_BAD : PARSE_MORE;
	out->method = (struct str){line.p, n};
	const bool known_method = is_known(out->method);
	struct str rest = str_from(line, n);
	if (state == PARSE_MORE) {
		if (rest.p[rest.n - 1] == '\r') /* of a CRLF */
			rest.n--;
		rest = str_trim(rest);
		*known = known_method && is_plain_target(rest);
		return is_printable(rest) ? PARSE_MORE : PARSE_BAD;
	}
	if (whole_line(rest, known_method, out) != PARSE_DONE)
		return PARSE_BAD;
	*known = known_method;
	*c = at;
	return PARSE_DONE;
}

/* "HTTP/1.1 200 OK", the reason optional. */
enum parse http_line_status(struct cursor *c, uint16_t *status)
{
	static const char form[] = "HTTP/1.d ddd";
	struct cursor at = *c;
	struct str line;
	unsigned value = 0;

	const enum parse state = http_line_next(&at, &line);
	size_t n = 0;
	for (; n < line.n && n < sizeof form - 1; n++) {
		const char b = line.p[n];
		if (form[n] == 'd' ? b < '0' || b > '9' : b != form[n])
			return PARSE_BAD;
		if (n > sizeof "HTTP/1.d" - 1)
			value = value * 10 + (unsigned)(b - '0');
	}
	if (n < sizeof form - 1)
		return state == PARSE_DONE ? PARSE_BAD : PARSE_MORE;
	if (value < 100 || (line.n > n && line.p[n] != ' ' && line.p[n] != '\r'))
		return PARSE_BAD;
	*status = (uint16_t)value;
	if (state == PARSE_DONE)
		*c = at;
	return state;
}
