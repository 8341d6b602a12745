/* Logs of network sensors: Zeek's and Suricata's. */
#include "event/format_part.h"

static const struct format zeek = {.name = "zeek", .names = NAMES_ZEEK, .hub = true};
static const struct format zeek_dns = {
	.name = "zeek", .names = NAMES_ZEEK | NAMES_ZEEK_DNS, .hub = true};
static const struct format zeek_http = {
	.name = "zeek", .names = NAMES_ZEEK | NAMES_ZEEK_HTTP, .hub = true};
static const struct format zeek_tls = {
	.name = "zeek", .names = NAMES_ZEEK | NAMES_ZEEK_TLS, .hub = true};
static const struct format eve = {.name = "suricata", .names = NAMES_EVE, .hub = true};

/* Zeek's logs, their words, and what they are beside Zeek's. */
static const struct {
	const char *log;
	const struct format *format;
	const char *category;
	const char *more[2]; /* categories */
	const char *network; /* service of category network, where it is called otherwise */
} logs[] = {
	{"dns", &zeek_dns, "network", {"dns"}, NULL},
	{"http", &zeek_http, NULL, {"proxy", "webserver"}, NULL},
	{"conn", &zeek, NULL, {"firewall"}, "connection"},
	{"ssl", &zeek_tls, NULL, {NULL}, NULL},
	{"x509", &zeek, NULL, {NULL}, NULL},
	{"files", &zeek, NULL, {NULL}, NULL},
	{"smb_files", &zeek, NULL, {NULL}, NULL},
	{"smb_mapping", &zeek, NULL, {NULL}, NULL},
	{"dce_rpc", &zeek, NULL, {NULL}, NULL},
	{"kerberos", &zeek, NULL, {NULL}, NULL},
	{"rdp", &zeek, NULL, {NULL}, NULL},
	{"notice", &zeek, NULL, {NULL}, NULL},
	{"ntlm", &zeek, NULL, {NULL}, NULL},
	{"ssh", &zeek, NULL, {NULL}, NULL},
	{"ftp", &zeek, NULL, {NULL}, NULL},
	{"smtp", &zeek, NULL, {NULL}, NULL},
	{"weird", &zeek, NULL, {NULL}, NULL},
	{"software", &zeek, NULL, {NULL}, NULL},
	{"quic", &zeek_tls, NULL, {NULL}, NULL},
	{"tunnel", &zeek, NULL, {NULL}, NULL},
	{"dhcp", &zeek, NULL, {NULL}, NULL},
	{"snmp", &zeek, NULL, {NULL}, NULL},
	{"socks", &zeek, NULL, {NULL}, NULL},
	{"pe", &zeek, NULL, {NULL}, NULL},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void format_zeek_log(struct str log, struct format_found *f)
{
	f->format = &zeek;
	for (size_t i = 0; i < COUNT(logs); i++) {
		if (!str_eq(str_of(logs[i].log), log))
			continue;
		f->format = logs[i].format;
		format_add(f, logs[i].category, "zeek", logs[i].log);
		for (size_t k = 0; k < COUNT(logs[i].more) && logs[i].more[k]; k++)
			format_add(f, logs[i].more[k], NULL, NULL);
		if (logs[i].network)
			format_add(f, "network", NULL, logs[i].network);
		return;
	}
	format_add(f, NULL, "zeek", NULL);
}

/* Which log a line without its name is of, by fields that only this log has. */
static const char *log_by_fields(const struct format_seen *s)
{
	if (s->of[HINT_CERTIFICATE])
		return "x509";
	if (s->of[HINT_QUERY])
		return "dns";
	if (s->of[HINT_REQUEST_TYPE])
		return "kerberos";
	if (s->of[HINT_SECURITY_PROTOCOL])
		return "rdp";
	if (s->of[HINT_ENDPOINT] && s->of[HINT_OPERATION_LOWER])
		return "dce_rpc";
	if (s->of[HINT_SERVER_NAME] || s->of[HINT_CIPHER])
		return "ssl";
	if (s->of[HINT_URI] || (s->of[HINT_METHOD] && s->of[HINT_HOST]))
		return "http";
	if (s->of[HINT_CONN_STATE])
		return "conn";
	if (s->of[HINT_SHARE_PATH] && (s->of[HINT_NAME] || s->of[HINT_ACTION]))
		return "smb_files";
	return s->of[HINT_ZEEK_FILE] ? "files" : NULL;
}

/* Ends of a dataset's name: "zeek.dns", "bro.dns". */
static struct str log_of_dataset(struct str dataset)
{
	return str_has_prefix(dataset, STR("zeek.")) ? (struct str){dataset.p + 5, dataset.n - 5}
						      : (struct str){NULL, 0};
}

bool format_zeek(const struct format_seen *s, struct format_found *f)
{
	struct str log = seen_text(s, HINT_ZEEK_PATH), set = log_of_dataset(seen_text(s, HINT_DATASET));

	f->sure = true;
	if (log.n || set.n) {
		format_zeek_log(log.n ? log : set, f);
		return true;
	}
	const char *by_fields = log_by_fields(s);
	if (!by_fields || !(s->of[HINT_ZEEK_ORIG] || s->of[HINT_ZEEK_UID] || s->of[HINT_CERTIFICATE]))
		return false;
	f->sure = s->of[HINT_ZEEK_ORIG] && s->of[HINT_ZEEK_UID];
	format_zeek_log(str_of(by_fields), f);
	return true;
}

static const struct {
	const char *type, *category, *more[2], *network;
} eve_types[] = {
	{"dns", "network", {"dns"}, NULL},
	{"http", NULL, {"proxy", "webserver"}, NULL},
	{"flow", NULL, {"firewall"}, "connection"},
	{"netflow", NULL, {NULL}, NULL},
	{"tls", NULL, {NULL}, NULL},
	{"quic", NULL, {NULL}, NULL},
	{"alert", NULL, {NULL}, NULL},
	{"drop", NULL, {NULL}, NULL},
	{"fileinfo", NULL, {NULL}, NULL},
	{"anomaly", NULL, {NULL}, NULL},
	{"smb", NULL, {NULL}, NULL},
	{"dcerpc", NULL, {NULL}, NULL},
	{"krb5", NULL, {NULL}, NULL},
	{"rdp", NULL, {NULL}, NULL},
	{"ssh", NULL, {NULL}, NULL},
	{"ftp", NULL, {NULL}, NULL},
	{"smtp", NULL, {NULL}, NULL},
};

void format_eve_type(struct str type, struct format_found *f)
{
	f->format = &eve;
	for (size_t i = 0; i < COUNT(eve_types); i++) {
		if (!str_eq(str_of(eve_types[i].type), type))
			continue;
		format_add(f, eve_types[i].category, "suricata", eve_types[i].type);
		for (size_t k = 0; k < COUNT(eve_types[i].more) && eve_types[i].more[k]; k++)
			format_add(f, eve_types[i].more[k], NULL, NULL);
		if (eve_types[i].network)
			format_add(f, "network", NULL, eve_types[i].network);
		return;
	}
	format_add(f, NULL, "suricata", NULL);
}

bool format_suricata(const struct format_seen *s, struct format_found *f)
{
	if (!s->of[HINT_EVE_TYPE] || !s->of[HINT_EVE_FLOW])
		return false;
	f->sure = true;
	format_eve_type(s->of[HINT_EVE_TYPE]->text, f);
	return true;
}
