/* Audit logs of clouds and of other services, as they write them themselves. */
#include "event/format_part.h"

static const struct format cloudtrail = {
	.name = "cloudtrail", .names = NAMES_CLOUDTRAIL, .hub = false};
static const struct format azure = {
	.name = "azure", .names = NAMES_CLOUD, .container = {"properties."}};
static const struct format gcp = {.name = "gcp", .names = NAMES_CLOUD, .prefix = "data."};
static const struct format gcp_data = {.name = "gcp", .names = NAMES_CLOUD, .container = {"data."}};
static const struct format google_workspace = {
	.name = "google_workspace", .names = NAMES_CLOUD, .container = {"events.parameters."}};
static const struct format m365 = {
	.name = "m365", .names = NAMES_M365,
	.container = {"Parameters.", "ExtendedProperties.", "OperationProperties."}};
static const struct format audit = {.name = "audit", .names = NAMES_CLOUD};
static const struct format endpointsecurity = {
	.name = "endpointsecurity", .names = NAMES_ECS | NAMES_ESLOGGER, .hub = true};
static const struct format nvm = {.name = "nvm"};
static const struct format auditd = {.name = "auditd", .any_leaf = true};

static bool found(struct format_found *f, const struct format *format, bool sure,
		  const char *category, const char *product, const char *service)
{
	f->format = format;
	f->sure = sure;
	format_add(f, category, product, service);
	return true;
}

/* Azure's categories that have a service of their own in Sigma. */
static const char *azure_service(struct str category, struct str operation)
{
	static const struct {
		struct str category;
		const char *service;
	} known[] = {
		{{"SignInLogs", 10}, "signinlogs"},
		{{"NonInteractiveUserSignInLogs", 28}, "signinlogs"},
		{{"ServicePrincipalSignInLogs", 26}, "signinlogs"},
		{{"ManagedIdentitySignInLogs", 25}, "signinlogs"},
		{{"AuditLogs", 9}, "auditlogs"},
		{{"RiskyUsers", 10}, "riskdetection"},
		{{"UserRiskEvents", 14}, "riskdetection"},
		{{"StorageRead", 11}, "platformlogs"},
		{{"StorageWrite", 12}, "platformlogs"},
		{{"StorageDelete", 13}, "platformlogs"},
		{{"Administrative", 14}, "activitylogs"},
		{{"Policy", 6}, "activitylogs"},
		{{"Security", 8}, "activitylogs"},
		{{"ServiceHealth", 13}, "activitylogs"},
		{{"Alert", 5}, "activitylogs"},
		{{"Autoscale", 9}, "activitylogs"},
		{{"Recommendation", 14}, "activitylogs"},
		{{"ResourceHealth", 14}, "activitylogs"},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_ieq(known[i].category, category))
			return known[i].service;
	/* the operations of the resource manager have a provider before them */
	return operation.n && memchr(operation.p, '/', operation.n) ? "activitylogs" : "platformlogs";
}

static bool format_azure(const struct format_seen *s, struct format_found *f)
{
	struct str operation = seen_text(s, HINT_AZURE_OPERATION);
	struct str category = seen_text(s, HINT_AZURE_CATEGORY);

	if (operation.n == 0 || !(s->of[HINT_AZURE_RESOURCE] || category.n))
		return false;
	return found(f, &azure, s->of[HINT_AZURE_RESOURCE] && category.n, NULL, "azure",
		     azure_service(category, operation));
}

/* Static text for the applications of Google Workspace that rules may be about. */
static const char *workspace_service(struct str application)
{
	static const struct {
		struct str application;
		const char *service;
	} known[] = {
		{{"admin", 5}, "google_workspace.admin"},
		{{"login", 5}, "google_workspace.login"},
		{{"drive", 5}, "google_workspace.drive"},
		{{"token", 5}, "google_workspace.token"},
		{{"groups", 6}, "google_workspace.groups"},
		{{"groups_enterprise", 17}, "google_workspace.groups"},
		{{"saml", 4}, "google_workspace.saml"},
		{{"user_accounts", 13}, "google_workspace.user_accounts"},
		{{"device", 6}, "google_workspace.device"},
		{{"gmail", 5}, "google_workspace.gmail"},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(known[i].application, application))
			return known[i].service;
	return NULL;
}

static bool format_google(const struct format_seen *s, struct format_found *f)
{
	struct str service = seen_text(s, HINT_GCP_SERVICE);
	struct str end = STR(".googleapis.com");

	if (s->of[HINT_GWS_APPLICATION] && s->of[HINT_GWS_EVENT])
		return found(f, &google_workspace, true, NULL, "gcp",
			     workspace_service(s->of[HINT_GWS_APPLICATION]->text));
	if (!s->of[HINT_GCP_METHOD] && !service.n)
		return false;
	const struct json_item *any = s->of[HINT_GCP_METHOD] ? s->of[HINT_GCP_METHOD]
							      : s->of[HINT_GCP_SERVICE];
	const struct format *format = str_has_prefix(any->path, STR("data.")) ? &gcp_data : &gcp;
	/* Workspace's logs in Google Cloud */
	const char *workspace = NULL;
	if (str_eq(service, STR("admin.googleapis.com")) || str_eq(service, STR("login.googleapis.com")))
		workspace = workspace_service((struct str){service.p, service.n - end.n});
	return found(f, format, true, NULL, "gcp", workspace ? workspace : "gcp.audit");
}

static bool format_m365(const struct format_seen *s, struct format_found *f)
{
	struct str workload = seen_text(s, HINT_M365_WORKLOAD);

	if (workload.n == 0 || !s->of[HINT_M365_OPERATION])
		return false;
	found(f, &m365, s->of[HINT_M365_RECORD], NULL, "m365", "audit");
	if (str_ieq(workload, STR("Exchange")))
		format_add(f, NULL, "m365", "exchange");
	else if (str_ieq(workload, STR("SecurityComplianceCenter")))
		format_add(f, NULL, "m365", "threat_management");
	return true;
}

static bool format_audits(const struct format_seen *s, struct format_found *f)
{
	if (s->of[HINT_OKTA_TYPE] && s->of[HINT_OKTA_PUBLISHED])
		return found(f, &audit, true, NULL, "okta", "okta");
	if (s->of[HINT_ACTION] && s->of[HINT_SLACK_ENTITY] && s->of[HINT_SLACK_ACTOR])
		return found(f, &audit, s->of[HINT_SLACK_DATE], NULL, "slack", "audit");
	if (s->of[HINT_ACTION] && s->of[HINT_GITHUB_ACTOR] && s->of[HINT_GITHUB_PLACE])
		return found(f, &audit, true, NULL, "github", "audit");
	if (s->of[HINT_BITBUCKET])
		return found(f, &audit, true, NULL, "bitbucket", "audit");
	if (s->of[HINT_ONELOGIN])
		return found(f, &audit, false, NULL, "onelogin", "onelogin.events");
	if (s->of[HINT_K8S_VERB] &&
	    str_has_prefix(seen_text(s, HINT_K8S_API), STR("audit.k8s.io/")))
		return found(f, &audit, true, "application", "kubernetes", "audit");
	return false;
}

static bool format_host_audit(const struct format_seen *s, struct format_found *f)
{
	if (s->of[HINT_ESF] || s->of[HINT_ESLOGGER]) {
		found(f, &endpointsecurity, true, NULL, "macos", "endpointsecurity");
		if (s->of[HINT_ESLOGGER] || seen_is(s, HINT_ECS_ACTION, STR("exec")))
			f->source[0].category = "process_creation";
		return true;
	}
	if (s->of[HINT_NVM_NAME] && s->of[HINT_NVM_ARGUMENTS])
		return found(f, &nvm, false, NULL, "cisco", "nvm");
	return s->of[HINT_AUDITD_TYPE] && s->of[HINT_AUDITD] &&
	       found(f, &auditd, false, NULL, "linux", "auditd");
}

bool format_cloud(const struct format_seen *s, struct format_found *f)
{
	struct str source = seen_text(s, HINT_EVENT_SOURCE);

	if (source.n && s->of[HINT_EVENT_NAME]) {
		bool amazon = str_has_suffix(source, STR(".amazonaws.com"));
		if (amazon || s->of[HINT_AWS_REGION])
			return found(f, &cloudtrail, s->of[HINT_AWS_REGION], NULL, "aws", "cloudtrail");
	}
	return format_google(s, f) || format_m365(s, f) || format_azure(s, f) || format_audits(s, f) ||
	       format_host_audit(s, f);
}
