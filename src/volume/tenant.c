#include "volume/tenant.h"

enum place {
	NEAREST, /* the label next to the suffix */
	FIRST,	 /* the leftmost label */
	ALL,	 /* everything before the suffix: buckets may hold dots */
	REGION,	 /* everything before a label that is a region */
	S3,	 /* everything before a label that begins with "s3" */
	MARKED,	 /* everything before a label that begins with `mark` */
	R2,	 /* the account: the nearest label that is no jurisdiction */
};

#define SUFFIX(text) text, sizeof(text) - 1

static const struct rule {
	const char *suffix; /* with its dot; eight characters at least */
	size_t n;
	enum tenant_kind kind;
	enum place place;
	const char *mark;
} rules[] = {
	{SUFFIX(".sharepoint.com"), TENANT_SHAREPOINT, NEAREST, ""},
	{SUFFIX(".sharepoint.us"), TENANT_SHAREPOINT, NEAREST, ""},
	{SUFFIX(".sharepoint-mil.us"), TENANT_SHAREPOINT, NEAREST, ""},
	{SUFFIX(".sharepoint.cn"), TENANT_SHAREPOINT, NEAREST, ""},
	{SUFFIX(".sharepoint.de"), TENANT_SHAREPOINT, NEAREST, ""},
	{SUFFIX(".sovcloud-sharepoint.de"), TENANT_SHAREPOINT, NEAREST, ""},
	{SUFFIX(".sovcloud-sharepoint.fr"), TENANT_SHAREPOINT, NEAREST, ""},
	{SUFFIX(".core.windows.net"), TENANT_AZURE, FIRST, ""},
	{SUFFIX(".core.usgovcloudapi.net"), TENANT_AZURE, FIRST, ""},
	{SUFFIX(".core.chinacloudapi.cn"), TENANT_AZURE, FIRST, ""},
	{SUFFIX(".storage.azure.net"), TENANT_AZURE, FIRST, ""},
	{SUFFIX(".amazonaws.com"), TENANT_S3, S3, ""},
	{SUFFIX(".amazonaws.com.cn"), TENANT_S3, S3, ""},
	{SUFFIX(".amazonaws.eu"), TENANT_S3, S3, ""},
	{SUFFIX(".backblazeb2.com"), TENANT_S3_LIKE, S3, ""},
	{SUFFIX(".wasabisys.com"), TENANT_S3_LIKE, S3, ""},
	{SUFFIX(".scw.cloud"), TENANT_S3_LIKE, S3, ""},
	{SUFFIX(".cloud.ovh.net"), TENANT_S3_LIKE, S3, ""},
	{SUFFIX(".digitaloceanspaces.com"), TENANT_S3_LIKE, REGION, ""},
	{SUFFIX(".linodeobjects.com"), TENANT_S3_LIKE, REGION, ""},
	{SUFFIX(".aliyuncs.com"), TENANT_S3_LIKE, MARKED, "oss-"},
	{SUFFIX(".myqcloud.com"), TENANT_S3_LIKE, MARKED, "cos."},
	{SUFFIX(".r2.cloudflarestorage.com"), TENANT_S3_LIKE, R2, ""},
	{SUFFIX(".storage.googleapis.com"), TENANT_GCS, ALL, ""},
	{SUFFIX(".commondatastorage.googleapis.com"), TENANT_GCS, ALL, ""},
	{SUFFIX(".firebaseio.com"), TENANT_FIREBASE, NEAREST, ""},
	{SUFFIX(".firebasedatabase.app"), TENANT_FIREBASE, FIRST, ""},
	{SUFFIX(".firebasestorage.app"), TENANT_FIREBASE, NEAREST, ""},
	{SUFFIX(".my.salesforce.com"), TENANT_SALESFORCE, FIRST, ""},
	{SUFFIX(".file.force.com"), TENANT_SALESFORCE, FIRST, ""},
	{SUFFIX(".lightning.force.com"), TENANT_SALESFORCE, FIRST, ""},
	{SUFFIX(".app.box.com"), TENANT_BOX, NEAREST, ""},
	{SUFFIX(".ent.box.com"), TENANT_BOX, NEAREST, ""},
	{SUFFIX(".account.box.com"), TENANT_BOX, NEAREST, ""},
	{SUFFIX(".sharefile.com"), TENANT_SHAREFILE, NEAREST, ""},
	{SUFFIX(".sharefile.eu"), TENANT_SHAREFILE, NEAREST, ""},
	{SUFFIX(".egnyte.com"), TENANT_EGNYTE, NEAREST, ""},
	{SUFFIX(".atlassian.net"), TENANT_ATLASSIAN, NEAREST, ""},
	{SUFFIX(".snowflakecomputing.com"), TENANT_SNOWFLAKE, FIRST, ""},
};

#define RULES (sizeof rules / sizeof *rules)

/* The label that ends where s ends. */
static struct str last_label(struct str s)
{
	size_t at = s.n;

	while (at && s.p[at - 1] != '.')
		at--;
	return (struct str){s.p + at, s.n - at};
}

static struct str first_label(struct str s)
{
	const char *dot = memchr(s.p, '.', s.n);

	return dot ? (struct str){s.p, (size_t)(dot - s.p)} : s;
}

/* What is left of s without its last label and the dot before it. */
static struct str without_last(struct str s)
{
	size_t n = s.n - last_label(s).n;

	return (struct str){s.p, n ? n - 1 : 0};
}

static bool is_s3(struct str label)
{
	return str_eq(label, STR("s3")) || str_has_prefix(label, STR("s3-")) ||
	       str_has_prefix(label, STR("s3express-"));
}

/* In names of PrivateLink and of multi-region access points, labels of the endpoint's own stand
 * between the bucket and "s3". */
static struct str without_endpoint(struct str s, struct str s3)
{
	if (str_has_prefix(last_label(s), STR("vpce-")))
		s = without_last(s);
	else if (!str_eq(s3, STR("s3-global")))
		return s;
	struct str l = last_label(s);
	if (str_eq(l, STR("bucket")) || str_eq(l, STR("accesspoint")) || str_eq(l, STR("control")))
		s = without_last(s);
	return s;
}

/* bucket[.vpce-….]s3[-…][.dualstack][.region][.vpce] before the suffix: at most four labels on. */
static struct str before_s3(struct str s)
{
	for (unsigned i = 0; i < 4 && s.n; i++) {
		struct str label = last_label(s);

		s = without_last(s);
		if (is_s3(label))
			return without_endpoint(s, label);
	}
	return (struct str){0};
}

static struct str before_mark(struct str s, struct str mark)
{
	if (mark.p[mark.n - 1] == '.') { /* a whole label, one further on */
		s = without_last(s);
		mark.n--;
		return str_eq(last_label(s), mark) ? without_last(s) : (struct str){0};
	}
	return str_has_prefix(last_label(s), mark) ? without_last(s) : (struct str){0};
}

static struct str r2_account(struct str s)
{
	struct str l = last_label(s);

	if (str_eq(l, STR("eu")) || str_eq(l, STR("fedramp")))
		l = last_label(without_last(s));
	return l;
}

static struct str place(const struct rule *r, struct str rest)
{
	switch (r->place) {
	case NEAREST:
		return last_label(rest);
	case FIRST:
		return first_label(rest);
	case ALL:
		return rest;
	case REGION:
		rest = without_last(rest);
		return str_eq(last_label(rest), STR("cdn")) ? without_last(rest) : rest;
	case S3:
		return before_s3(rest);
	case MARKED:
		return before_mark(rest, str_of(r->mark));
	case R2:
		return r2_account(rest);
	}
	return (struct str){0};
}

static void strip(struct str *s, struct str ending)
{
	if (s->n > ending.n && str_has_suffix(*s, ending))
		s->n -= ending.n;
}

/* Names below a shared suffix that are nobody's tenant. */
static bool is_shared(const struct rule *r, struct str label)
{
	static const char *const names[] = {"www",  "api",   "secure",	"auth",	  "dl",
					    "app",  "login", "support", "static", "cdn",
					    "blob", "file",  "dfs",	"queue",  "table"};

	if (r->place == S3 || r->place == ALL || r->place == REGION || r->place == MARKED)
		return false; /* buckets may bear any name */
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(label, str_of(names[i])))
			return true;
	return r->kind == TENANT_SHAREFILE && str_has_prefix(label, STR("storage-"));
}

#define SUFFIX_LEAST 8

/* Two letters tell most names from most suffixes. The host has more than SUFFIX_LEAST. */
static inline bool has_suffix(struct str host, const struct rule *r)
{
	const char *end = host.p + host.n, *suffix_end = r->suffix + r->n;

	return host.n > r->n && end[-5] == suffix_end[-5] &&
	       end[-SUFFIX_LEAST] == suffix_end[-SUFFIX_LEAST] &&
	       memcmp(end - r->n, r->suffix, r->n) == 0;
}

struct tenant tenant_of(struct str host)
{
	for (unsigned i = 0; i < RULES && host.n > SUFFIX_LEAST; i++) {
		const struct rule *r = &rules[i];

		if (!has_suffix(host, r))
			continue;
		struct str label = place(r, (struct str){host.p, host.n - r->n});
		if (r->kind == TENANT_SHAREPOINT) {
			strip(&label, STR("-my"));
			strip(&label, STR("-admin"));
		} else if (r->kind == TENANT_AZURE) {
			strip(&label, STR("-secondary"));
		}
		if (!label.n || is_shared(r, label))
			break;
		return (struct tenant){r->kind, label};
	}
	return (struct tenant){0};
}

const char *tenant_kind_name(enum tenant_kind k)
{
	static const char *const names[TENANT_KINDS] = {
		"none",	  "sharepoint", "azure",      "s3",  "s3-like",
		"gcs",	  "firebase",	"salesforce", "box", "sharefile",
		"egnyte", "atlassian",	"snowflake",
	};

	return k < TENANT_KINDS ? names[k] : names[0];
}

size_t tenant_text(const struct tenant *t, char out[TENANT_TEXT_MAX])
{
	struct str kind = str_of(tenant_kind_name(t->kind));
	size_t n = t->label.n < TENANT_TEXT_MAX - 2 - kind.n ? t->label.n
							     : TENANT_TEXT_MAX - 2 - kind.n;

	memcpy(out, kind.p, kind.n);
	out[kind.n] = ':';
	if (n)
		memcpy(out + kind.n + 1, t->label.p, n);
	out[kind.n + 1 + n] = '\0';
	return kind.n + 1 + n;
}
