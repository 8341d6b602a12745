/* Events in ECS's words: Elastic's endpoint, Beats and integrations. */
#include "event/format_part.h"

static const struct format ecs = {.name = "ecs", .names = NAMES_ECS};
static const struct format ecs_cloud = {
	.name = "ecs",
	.names = NAMES_ECS | NAMES_ELASTIC_CLOUD,
	.container = {"aws.cloudtrail.", "azure.*.properties.", "o365.audit.", "github.", "okta.",
		      "google_workspace.*."}};

/* What an integration's dataset is in Sigma. */
static const struct {
	struct str dataset;
	const char *product, *service;
} datasets[] = {
#define DATASET(dataset, product, service) {{dataset, sizeof(dataset) - 1}, product, service},
	DATASET("aws.cloudtrail", "aws", "cloudtrail")
	DATASET("azure.activitylogs", "azure", "activitylogs")
	DATASET("azure.auditlogs", "azure", "auditlogs")
	DATASET("azure.signinlogs", "azure", "signinlogs")
	DATASET("azure.platformlogs", "azure", "platformlogs")
	DATASET("azure.identity_protection", "azure", "riskdetection")
	DATASET("gcp.audit", "gcp", "gcp.audit")
	DATASET("google_workspace.admin", "gcp", "google_workspace.admin")
	DATASET("google_workspace.login", "gcp", "google_workspace.login")
	DATASET("google_workspace.drive", "gcp", "google_workspace.drive")
	DATASET("google_workspace.token", "gcp", "google_workspace.token")
	DATASET("o365.audit", "m365", "audit")
	DATASET("github.audit", "github", "audit")
	DATASET("okta.system", "okta", "okta")
	DATASET("slack.audit", "slack", "audit")
	DATASET("kubernetes.audit_logs", "kubernetes", "audit")
	DATASET("auditd.log", "linux", "auditd")
	DATASET("system.syslog", "linux", "syslog")
	DATASET("system.auth", "linux", "auth")
#undef DATASET
};

static const struct {
	struct str dataset;
	const char *category, *product, *service;
} web[] = {
	{{"apache.access", 13}, "webserver", "apache", NULL},
	{{"nginx.access", 12}, "webserver", "nginx", NULL},
	{{"iis.access", 10}, "webserver", "iis", NULL},
	{{"squid.log", 9}, "proxy", "squid", NULL},
	{{"zscaler_zia.web", 15}, "proxy", "zscaler", NULL},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool by_dataset(struct str dataset, struct format_found *f)
{
	for (size_t i = 0; i < COUNT(datasets); i++) {
		if (!str_eq(datasets[i].dataset, dataset))
			continue;
		f->format = &ecs_cloud;
		format_add(f, NULL, datasets[i].product, datasets[i].service);
		return true;
	}
	for (size_t i = 0; i < COUNT(web); i++) {
		if (!str_eq(web[i].dataset, dataset))
			continue;
		f->format = &ecs;
		format_add(f, web[i].category, web[i].product, web[i].service);
		return true;
	}
	return false;
}

static const char *system_of(const struct format_seen *s)
{
	static const char *const known[] = {"windows", "linux", "macos"};
	struct str os = seen_text(s, s->of[HINT_OS_TYPE] ? HINT_OS_TYPE : HINT_PLATFORM);

	for (size_t i = 0; i < COUNT(known); i++)
		if (str_ieq(str_of(known[i]), os))
			return known[i];
	if (str_ieq(os, STR("darwin")))
		return "macos";
	/* families and platforms of Linux are many */
	return s->of[HINT_PLATFORM] && os.n ? "linux" : NULL;
}

/* Of something that happened on a host. */
static bool host_event(const struct format_seen *s, struct format_found *f)
{
	const char *system = system_of(s), *category = NULL;
	bool process = s->of[HINT_PROCESS_EXECUTABLE];

	if (!process)
		return false;
	if (s->of[HINT_DNS_QUESTION])
		category = "dns_query";
	else if (seen_is(s, HINT_ECS_CATEGORY, STR("network")) ||
		 (s->of[HINT_DESTINATION_IP] && !seen_is(s, HINT_ECS_CATEGORY, STR("process"))))
		category = "network_connection";
	else if (s->of[HINT_ECS_FILE] && seen_is(s, HINT_ECS_ACTION, STR("deletion")))
		category = "file_delete";
	else if (s->of[HINT_ECS_FILE] && seen_is(s, HINT_ECS_ACTION, STR("rename")))
		category = "file_rename";
	else if (s->of[HINT_ECS_FILE] && seen_is(s, HINT_ECS_CATEGORY, STR("file")))
		category = "file_event";
	else if (s->of[HINT_ECS_REGISTRY])
		category = "registry_set";
	else if (s->of[HINT_ECS_DLL])
		category = seen_is(s, HINT_ECS_CATEGORY, STR("driver")) ? "driver_load" : "image_load";
	else if (seen_is(s, HINT_ECS_TYPE, STR("end")))
		category = "process_termination";
	else if (seen_is(s, HINT_ECS_CATEGORY, STR("process")))
		category = "process_creation";
	if (!category)
		return false;
	format_add(f, category, system, NULL);
	if (strcmp(category, "registry_set") == 0)
		format_add(f, "registry_event", NULL, NULL);
	return true;
}

/* Of something seen on the network, without a program. */
static bool network_event(const struct format_seen *s, struct format_found *f)
{
	if (s->of[HINT_DNS_QUESTION]) {
		format_add(f, "network", NULL, "dns");
		format_add(f, "dns", NULL, NULL);
	} else if (s->of[HINT_ECS_METHOD]) {
		format_add(f, "proxy", NULL, NULL);
		format_add(f, "webserver", NULL, NULL);
	} else if (s->of[HINT_DESTINATION_IP]) {
		format_add(f, "firewall", NULL, NULL);
		format_add(f, "network", NULL, "connection");
	} else {
		return false;
	}
	return true;
}

bool format_ecs(const struct format_seen *s, struct format_found *f)
{
	struct str dataset = seen_text(s, HINT_DATASET);
	bool category = s->of[HINT_ECS_CATEGORY];

	if (str_has_prefix(dataset, STR("zeek.")) || s->of[HINT_ESF])
		return false;
	f->sure = true;
	if (by_dataset(dataset, f))
		return true;
	f->format = &ecs;
	f->sure = category || dataset.n;
	return host_event(s, f) || network_event(s, f);
}
