/* Facts of HTTP requests. */
#include "core/hostname.h"
#include "event/wire_facts.h"

static const struct record_http *http_of(const struct wire_making *m)
{
	return m->r->kind == RECORD_HTTP ? &m->r->http : NULL;
}

FACT(http_method)
{
	if (http_of(m))
		wire_some_bytes(m, http_of(m)->method);
}

FACT(http_agent)
{
	if (http_of(m))
		wire_some_bytes(m, http_of(m)->user_agent);
}

FACT(http_referrer)
{
	if (http_of(m))
		wire_some_bytes(m, http_of(m)->referrer);
}

FACT(http_content_type)
{
	if (http_of(m))
		wire_some_bytes(m, http_of(m)->content_type);
}

FACT(http_target)
{
	if (http_of(m))
		wire_some_bytes(m, http_of(m)->target);
}

FACT(http_version)
{
	if (http_of(m))
		wire_some_bytes(m, http_of(m)->version);
}

FACT(http_protocol)
{
	char *mark = wire_mark(m);
	struct str s;

	if (!http_of(m) || !http_of(m)->version.n)
		return;
	wr_lit(&m->text, "HTTP/");
	wr_str(&m->text, http_of(m)->version);
	if (wire_made(m, mark, &s))
		wire_bytes(m, s);
}

FACT(http_status)
{
	if (http_of(m) && http_of(m)->status)
		wire_number(m, http_of(m)->status);
}

FACT(http_body_bytes)
{
	if (http_of(m) && http_of(m)->has_body_bytes)
		wire_number(m, http_of(m)->body_bytes);
}

/* A request without either field has no body (RFC 9112 section 6.3). */
FACT(zeek_body_length)
{
	if (http_of(m)->has_body_bytes)
		wire_number(m, http_of(m)->body_bytes);
	else if (!http_of(m)->chunked)
		wire_number(m, 0);
}

FACT(http_connect)
{
	if (http_of(m))
		wire_flag(m, http_of(m)->connect);
}

FACT(http_chunked)
{
	if (http_of(m))
		wire_flag(m, http_of(m)->chunked);
}

FACT(url_domain)
{
	if (http_of(m))
		wire_some_text(m, http_of(m)->host);
}

static void write_authority(struct writer *w, const struct record *r)
{
	struct str host = r->http.host;

	if (!host.n) {
		char text[ADDR_TEXT_MAX + 2];
		struct writer t = wr_of(text, sizeof text);
		addr_write(&t, &r->tuple.dst);
		host = (struct str){text, wr_length(&t)};
		bool v6 = !addr_is_v4(&r->tuple.dst);
		wr_text(w, v6 ? "[" : "");
		wr_str(w, host);
		wr_text(w, v6 ? "]" : "");
	} else if (memchr(host.p, ':', host.n)) {
		wr_char(w, '[');
		wr_str(w, host);
		wr_char(w, ']');
	} else {
		wr_str(w, host);
	}
	if (r->tuple.dport != 80) {
		wr_char(w, ':');
		wr_u64(w, r->tuple.dport);
	}
}

static bool is_path(struct str target)
{
	return target.n && target.p[0] == '/';
}

/* The whole URL: as sent to a proxy, else put together. */
static struct str url_of(struct wire_making *m)
{
	const struct record_http *h = http_of(m);

	if (!is_path(h->target))
		return h->target;
	if (!m->url.p) {
		char *mark = wire_mark(m);
		wr_lit(&m->text, "http://");
		write_authority(&m->text, m->r);
		wr_str(&m->text, h->target);
		wire_made(m, mark, &m->url);
	}
	return m->url;
}

FACT(http_uri)
{
	if (!http_of(m))
		return;
	wire_some_bytes(m, url_of(m));
	if (is_path(http_of(m)->target))
		wire_bytes(m, http_of(m)->target);
}

/* The target from its path on: what follows the authority of http://host/path. */
static struct str path_of(struct str target)
{
	static const char mark[] = "://";
	const char *p = target.n ? memmem(target.p, target.n, mark, 3) : NULL;

	if (is_path(target) || !p)
		return target;
	const char *end = target.p + target.n, *slash = memchr(p + 3, '/', (size_t)(end - p - 3));
	return slash ? (struct str){slash, (size_t)(end - slash)} : STR("/");
}

static struct str stem_of(struct str path)
{
	const char *mark = path.n ? memchr(path.p, '?', path.n) : NULL;

	return mark ? (struct str){path.p, (size_t)(mark - path.p)} : path;
}

FACT(http_stem)
{
	if (http_of(m))
		wire_some_bytes(m, stem_of(path_of(http_of(m)->target)));
}

FACT(http_query)
{
	if (!http_of(m))
		return;
	struct str path = path_of(http_of(m)->target);
	size_t stem = stem_of(path).n;

	if (stem < path.n)
		wire_bytes(m, (struct str){path.p + stem + 1, path.n - stem - 1});
	wire_some_bytes(m, path);
}

FACT(http_extension)
{
	if (!http_of(m))
		return;
	struct str stem = stem_of(path_of(http_of(m)->target));
	const char *dot = stem.n ? memrchr(stem.p, '.', stem.n) : NULL;

	if (!dot)
		return;
	struct str end = {dot + 1, (size_t)(stem.p + stem.n - dot - 1)};
	if (end.n && !memchr(end.p, '/', end.n))
		wire_bytes(m, end);
}
