/* The views of HTTP requests and of handshakes. */
#include "guard.h"
#include "samples.h"
#include "views.h"

static struct sample *s;

static void setup(void)
{
	s = sample_new();
}

static void teardown(void)
{
	sample_free(s);
}

TestSuite(wire_web, .init = setup, .fini = teardown);

#define V(view) (1u << WIRE_##view)
#define VIEWS(mask) cr_expect_eq(seen, (mask), "views %x instead of %x", seen, (unsigned)(mask))

static const struct wire_service dropbox = {
	.service = "Dropbox", .category = "cloud-storage", .role = "upload-api", .tier = 'B'};

static struct record *http(const char *target)
{
	sample_full(s, RECORD_HTTP);
	s->r.http.connect = false;
	s->r.http.target = str_of(target);
	s->r.tuple.proto = PROTO_TCP;
	s->r.tuple.dport = 80;
	return &s->r;
}

static struct record *tls(uint16_t version)
{
	sample_full(s, RECORD_TLS);
	s->r.tls.version_chosen = version;
	s->r.tuple.proto = PROTO_TCP;
	s->r.tuple.dport = 443;
	return &s->r;
}

Test(wire_web, a_request_in_clear_text)
{
	struct record *r = http("/ul/file.tar.gz?id=1&x=/a.b");
	uint32_t seen = VIEW_CHECK(
		r, &dropbox,
		{WIRE_PROXY, "c-uri",
		 "http://gfs1.userstorage.mega.co.nz/ul/file.tar.gz?id=1&x=/a.b|/ul/file.tar.gz?id=1&x=/a.b"},
		{WIRE_PROXY, "c-uri-query", "id=1&x=/a.b|/ul/file.tar.gz?id=1&x=/a.b"},
		{WIRE_PROXY, "cs-uri-stem", "/ul/file.tar.gz"}, {WIRE_PROXY, "c-uri-extension", "gz"},
		{WIRE_PROXY, "c-useragent", "MEGAclient/4.2"},
		{WIRE_PROXY, "cs-user-agent", "MEGAclient/4.2"}, {WIRE_PROXY, "cs-method", "PUT"},
		{WIRE_PROXY, "cs-host", "gfs1.userstorage.mega.co.nz"},
		{WIRE_PROXY, "r-dns", "gfs1.userstorage.mega.co.nz"},
		{WIRE_PROXY, "cs-referrer", "https://mega.nz/"}, {WIRE_PROXY, "cs-version", "HTTP/1.1"},
		{WIRE_PROXY, "sc-status", "200"}, {WIRE_PROXY, "src_ip", "192.168.77.10"},
		{WIRE_PROXY, "c-ip", "192.168.77.10"}, {WIRE_PROXY, "dst_ip", "10.8.0.53"},
		{WIRE_PROXY, "cs-cookie", "(unknown)"}, {WIRE_PROXY, "cs-bytes", "(unknown)"},
		{WIRE_PROXY, "egret.tier", "B"},
		{WIRE_PROXY, "user_agent.original", "MEGAclient/4.2"},
		{WIRE_WEBSERVER, "cs-uri-query", "id=1&x=/a.b|/ul/file.tar.gz?id=1&x=/a.b"},
		{WIRE_WEBSERVER, "cs-uri-stem", "/ul/file.tar.gz"},
		{WIRE_WEBSERVER, "cs-content-type", "application/octet-stream"},
		{WIRE_WEBSERVER, "cs-referer", "https://mega.nz/"},
		{WIRE_WEBSERVER, "cs-username", "(unknown)"}, {WIRE_WEBSERVER, "s-ip", "10.8.0.53"},
		{WIRE_WEBSERVER, "s-port", "80"}, {WIRE_ZEEK_HTTP, "method", "PUT"},
		{WIRE_ZEEK_HTTP, "host", "gfs1.userstorage.mega.co.nz"},
		{WIRE_ZEEK_HTTP, "uri", "/ul/file.tar.gz?id=1&x=/a.b"},
		{WIRE_ZEEK_HTTP, "referrer", "https://mega.nz/"},
		{WIRE_ZEEK_HTTP, "user_agent", "MEGAclient/4.2"}, {WIRE_ZEEK_HTTP, "version", "1.1"},
		{WIRE_ZEEK_HTTP, "request_body_len", "55000"}, {WIRE_ZEEK_HTTP, "status_code", "200"},
		{WIRE_ZEEK_HTTP, "resp_mime_types", "(unknown)"},
		{WIRE_ZEEK_HTTP, "client_header_names", "(unknown)"});
	VIEWS(V(PROXY) | V(WEBSERVER) | V(ZEEK_HTTP));
}

Test(wire_web, bodies_and_answers_that_were_not_declared_or_seen)
{
	struct record *r = http("/");

	r->http.has_body_bytes = r->http.chunked = false;
	r->http.status = 0;
	r->http.user_agent = (struct str){0};
	VIEW_CHECK(r, NULL, {WIRE_ZEEK_HTTP, "request_body_len", "0"},
		   {WIRE_ZEEK_HTTP, "status_code", "(absent)"}, {WIRE_PROXY, "sc-status", "(absent)"},
		   {WIRE_PROXY, "c-useragent", "(absent)"});
	r->http.chunked = true;
	VIEW_CHECK(r, NULL, {WIRE_ZEEK_HTTP, "request_body_len", "(absent)"});
}

Test(wire_web, every_form_of_a_target)
{
	static const struct {
		const char *target, *uri, *stem, *query, *extension;
	} row[] = {
		{"/a", "http://gfs1.userstorage.mega.co.nz/a|/a", "/a", "/a", "(absent)"},
		{"/", "http://gfs1.userstorage.mega.co.nz/|/", "/", "/", "(absent)"},
		{"/a.b/c", "http://gfs1.userstorage.mega.co.nz/a.b/c|/a.b/c", "/a.b/c", "/a.b/c",
		 "(absent)"},
		{"/x.exe?", "http://gfs1.userstorage.mega.co.nz/x.exe?|/x.exe?", "/x.exe", "|/x.exe?",
		 "exe"},
		{"/x.", "http://gfs1.userstorage.mega.co.nz/x.|/x.", "/x.", "/x.", "(absent)"},
		{"/r?u=http://h/p.php", "http://gfs1.userstorage.mega.co.nz/r?u=http://h/p.php|"
					"/r?u=http://h/p.php",
		 "/r", "u=http://h/p.php|/r?u=http://h/p.php", "(absent)"},
		{"http://h.example/p/q.php?x=1", "http://h.example/p/q.php?x=1", "/p/q.php",
		 "x=1|/p/q.php?x=1", "php"},
		{"HTTP://h.example", "HTTP://h.example", "/", "/", "(absent)"},
		{"*", "*", "*", "*", "(absent)"},
		{"", "(absent)", "(absent)", "(absent)", "(absent)"},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		VIEW_CHECK(http(row[i].target), NULL, {WIRE_PROXY, "c-uri", row[i].uri},
			   {WIRE_PROXY, "cs-uri", row[i].uri}, {WIRE_WEBSERVER, "c-uri", row[i].uri},
			   {WIRE_PROXY, "cs-uri-stem", row[i].stem},
			   {WIRE_WEBSERVER, "cs-uri-query", row[i].query},
			   {WIRE_PROXY, "c-uri-extension", row[i].extension});
}

Test(wire_web, urls_have_a_port_and_brackets_where_they_must)
{
	struct record *r = http("/a");

	r->tuple.dport = 8080;
	VIEW_CHECK(r, NULL, {WIRE_PROXY, "c-uri", "http://gfs1.userstorage.mega.co.nz:8080/a|/a"});
	r->http.host = STR("2001:db8::7");
	VIEW_CHECK(r, NULL, {WIRE_PROXY, "c-uri", "http://[2001:db8::7]:8080/a|/a"});
	r->http.host = (struct str){0};
	VIEW_CHECK(r, NULL, {WIRE_PROXY, "c-uri", "http://10.8.0.53:8080/a|/a"},
		   {WIRE_PROXY, "cs-host", "(absent)"});
	addr_parse("2001:db8::9", &r->tuple.dst);
	VIEW_CHECK(r, NULL, {WIRE_PROXY, "c-uri", "http://[2001:db8::9]:8080/a|/a"});
}

Test(wire_web, a_tunnel_is_no_request_to_a_web_server)
{
	struct record *r = http("gfs1.userstorage.mega.co.nz:443");

	r->http.connect = true;
	r->http.method = STR("CONNECT");
	uint32_t seen = VIEW_CHECK(r, NULL, {WIRE_PROXY, "c-uri", "gfs1.userstorage.mega.co.nz:443"},
				   {WIRE_PROXY, "cs-method", "CONNECT"},
				   {WIRE_PROXY, "cs-host", "gfs1.userstorage.mega.co.nz"},
				   {WIRE_ZEEK_HTTP, "uri", "gfs1.userstorage.mega.co.nz:443"});
	VIEWS(V(PROXY) | V(ZEEK_HTTP));
}

Test(wire_web, of_an_encrypted_request_the_host_is_known)
{
	uint32_t seen = VIEW_CHECK(
		tls(0x0303), &dropbox, {WIRE_PROXY, "cs-host", "gfs270n138.userstorage.mega.co.nz"},
		{WIRE_PROXY, "r-dns", "gfs270n138.userstorage.mega.co.nz"},
		{WIRE_PROXY, "dst_ip", "10.8.0.53"}, {WIRE_PROXY, "src_ip", "192.168.77.10"},
		{WIRE_PROXY, "c-uri", "(unknown)"}, {WIRE_PROXY, "c-useragent", "(unknown)"},
		{WIRE_PROXY, "cs-method", "(unknown)"}, {WIRE_PROXY, "sc-status", "(unknown)"},
		{WIRE_PROXY, "c-uri-extension", "(unknown)"},
		{WIRE_PROXY, "user_agent.original", "(unknown)"},
		{WIRE_PROXY, "cs-bytes", "(unknown)"},
		{WIRE_PROXY, "egret.ja4", "t13d1516h2_8daaf6152771_b186095e22b6"},
		{WIRE_PROXY, "egret.hides", "ech|doh"}, {WIRE_PROXY, "egret.service", "Dropbox"},
		{WIRE_PROXY, "destination.domain", "gfs270n138.userstorage.mega.co.nz"},
		{WIRE_ZEEK_SSL, "version", "TLSv12"},
		{WIRE_ZEEK_SSL, "cipher", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		{WIRE_ZEEK_SSL, "server_name", "gfs270n138.userstorage.mega.co.nz"},
		{WIRE_ZEEK_SSL, "resumed", "true"}, {WIRE_ZEEK_SSL, "next_protocol", "h2"},
		{WIRE_ZEEK_SSL, "subject", "CN=*.userstorage.mega.co.nz|*.userstorage.mega.co.nz"},
		{WIRE_ZEEK_SSL, "issuer", "CN=Some CA|Some CA"},
		{WIRE_ZEEK_SSL, "ja4", "t13d1516h2_8daaf6152771_b186095e22b6"},
		{WIRE_ZEEK_SSL, "ja3", "(unknown)"}, {WIRE_ZEEK_SSL, "tls.version", "1.2"},
		{WIRE_ZEEK_SSL, "egret.tls.alpn", "h2|http/1.1"},
		{WIRE_ZEEK_X509, "certificate.subject",
		 "CN=*.userstorage.mega.co.nz|*.userstorage.mega.co.nz"},
		{WIRE_ZEEK_X509, "certificate.issuer", "CN=Some CA|Some CA"},
		{WIRE_ZEEK_X509, "san.dns", "*.userstorage.mega.co.nz"},
		{WIRE_ZEEK_X509, "certificate.serial", "(unknown)"});
	VIEWS(V(PROXY) | V(ZEEK_SSL) | V(ZEEK_X509));
}

Test(wire_web, from_tls_1_3_on_the_certificate_is_hidden)
{
	struct record *r = tls(0x0304);

	r->tls.cert_subject = r->tls.cert_issuer = r->tls.alpn_chosen = (struct str){0};
	r->tls.cert_names.count = 0;
	uint32_t seen = VIEW_CHECK(r, NULL, {WIRE_ZEEK_SSL, "version", "TLSv13"},
				   {WIRE_ZEEK_SSL, "subject", "(unknown)"},
				   {WIRE_ZEEK_SSL, "next_protocol", "(unknown)"},
				   {WIRE_ZEEK_SSL, "server_name", "gfs270n138.userstorage.mega.co.nz"});
	VIEWS(V(PROXY) | V(ZEEK_SSL));

	r->kind = RECORD_QUIC;
	r->tls.version_chosen = 0;
	r->tls.quic_version = 1;
	VIEW_CHECK(r, NULL, {WIRE_ZEEK_SSL, "version", "(absent)"},
		   {WIRE_ZEEK_SSL, "issuer", "(unknown)"}, {WIRE_ZEEK_SSL, "cipher", "(absent)"},
		   {WIRE_ZEEK_SSL, "egret.quic.version", "0x00000001"});
	r->kind = RECORD_TLS; /* the server was not heard */
	VIEW_CHECK(r, NULL, {WIRE_ZEEK_SSL, "subject", "(unknown)"});
}

Test(wire_web, versions_and_ciphers_without_a_name)
{
	static const struct {
		uint16_t version;
		const char *zeek, *ecs, *protocol;
	} row[] = {{0x0200, "SSLv2", "2.0", "ssl"}, {0x0300, "SSLv3", "3.0", "ssl"},
		   {0x0301, "TLSv10", "1.0", "tls"}, {0x0302, "TLSv11", "1.1", "tls"},
		   {0x7f1c, "0x7f1c", "0x7f1c", "tls"}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct record *r = tls(row[i].version);
		r->tls.cipher_chosen = 0xfafa;
		VIEW_CHECK(r, NULL, {WIRE_ZEEK_SSL, "version", row[i].zeek},
			   {WIRE_ZEEK_SSL, "tls.version", row[i].ecs},
			   {WIRE_ZEEK_SSL, "tls.version_protocol", row[i].protocol},
			   {WIRE_ZEEK_SSL, "cipher", "0xfafa"});
	}
}

static void count_bytes(void *context, enum wire_view v, bool encrypted, struct event *e)
{
	size_t *bytes = context;

	(void)v;
	(void)encrypted;
	for (uint32_t i = 0; i < e->count; i++)
		for (size_t k = 0; k < e->values[i].text.n; k++)
			*bytes += e->values[i].text.p[k] != '\0';
}

/* Texts end where the address space does: nothing is read past them. */
Test(wire_web, texts_are_not_read_past_their_end)
{
	static const char *const texts[] = {
		"/a/b.c?d=e",
		"http://host/p.q?r",
		"http://",
		"://",
		"/",
		".",
		"?",
		"/.",
		"/?",
		"\"one\" \"t\\\"w\\195o\"",
		"\"\\1",
		"\"\\",
		"10 mail.example",
		"ns. admin. 1 2 3",
		" ",
	};
	struct fields *f = fields_new();
	struct wire *w = wire_new(f);
	static const uint16_t types[] = {5, 6, 15, 16, 33, 99};
	size_t bytes = 0;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (size_t n = 0; n <= strlen(texts[i]); n++) {
			uint8_t *copy = guard_copy(texts[i], n);
			struct record *r = http("");
			r->http.target = r->http.host = (struct str){(char *)copy, n};
			wire_events(w, r, &dropbox, ~0u, true, count_bytes, &bytes);
			sample_full(s, RECORD_DNS);
			r->dns.question = (struct str){(char *)copy, n};
			for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
				s->answers[0].type = types[k];
				s->answers[0].text = (struct str){(char *)copy, n};
				wire_events(w, r, &dropbox, ~0u, true, count_bytes, &bytes);
			}
			guard_free(copy);
		}
	cr_expect_gt(bytes, 0);
	wire_free(w);
	fields_free(f);
}
