/* Windows events, however exported: their service by channel or provider, their category by event
 * id. Sysmon for Linux is the same under another provider. */
#include "event/format_part.h"

/* Sigma's services by channel, without "Microsoft-Windows-" before it. */
static const struct {
	struct str channel;
	const char *service;
} channels[] = {
#define CHANNEL(channel, service) {{channel, sizeof(channel) - 1}, service},
	CHANNEL("Application", "application")
	CHANNEL("Security", "security")
	CHANNEL("System", "system")
	CHANNEL("Sysmon/Operational", "sysmon")
	CHANNEL("Linux-Sysmon/Operational", "sysmon")
	CHANNEL("PowerShell/Operational", "powershell")
	CHANNEL("PowerShellCore/Operational", "powershell")
	CHANNEL("Windows PowerShell", "powershell-classic")
	CHANNEL("DNS-Client/Operational", "dns-client")
	CHANNEL("DNS Client Events/Operational", "dns-client")
	CHANNEL("DNS Server", "dns-server")
	CHANNEL("DNSServer/Audit", "dns-server-audit")
	CHANNEL("DNSServer/Analytical", "dns-server-analytic")
	CHANNEL("DNS-Server/Analytical", "dns-server-analytic")
	CHANNEL("TaskScheduler/Operational", "taskscheduler")
	CHANNEL("WMI-Activity/Operational", "wmi")
	CHANNEL("NTLM/Operational", "ntlm")
	CHANNEL("DHCP-Server/Operational", "dhcp")
	CHANNEL("PrintService/Admin", "printservice-admin")
	CHANNEL("PrintService/Operational", "printservice-operational")
	CHANNEL("SmbClient/Security", "smbclient-security")
	CHANNEL("SmbClient/Connectivity", "smbclient-connectivity")
	CHANNEL("SMBServer/Connectivity", "smbserver-connectivity")
	CHANNEL("TerminalServices-LocalSessionManager/Operational", "terminalservices-localsessionmanager")
	CHANNEL("CodeIntegrity/Operational", "codeintegrity-operational")
	CHANNEL("AppLocker/MSI and Script", "applocker")
	CHANNEL("AppLocker/EXE and DLL", "applocker")
	CHANNEL("AppLocker/Packaged app-Deployment", "applocker")
	CHANNEL("AppLocker/Packaged app-Execution", "applocker")
	CHANNEL("MSExchange Management", "msexchange-management")
	CHANNEL("Windows Defender/Operational", "windefend")
	CHANNEL("Windows Firewall With Advanced Security/Firewall", "firewall-as")
	CHANNEL("Bits-Client/Operational", "bits-client")
	CHANNEL("Security-Mitigations/Kernel Mode", "security-mitigations")
	CHANNEL("Security-Mitigations/User Mode", "security-mitigations")
	CHANNEL("Security-Mitigations/KernelMode", "security-mitigations")
	CHANNEL("Security-Mitigations/UserMode", "security-mitigations")
	CHANNEL("Diagnosis-Scripted/Operational", "diagnosis-scripted")
	CHANNEL("DriverFrameworks-UserMode/Operational", "driver-framework")
	CHANNEL("Shell-Core/Operational", "shell-core")
	CHANNEL("OpenSSH/Operational", "openssh")
	CHANNEL("LDAP-Client/Debug", "ldap")
	CHANNEL("BitLocker/BitLocker Management", "bitlocker")
	CHANNEL("VHDMP/Operational", "vhdmp")
	CHANNEL("VHDMP-Operational", "vhdmp")
	CHANNEL("AppXDeploymentServer/Operational", "appxdeployment-server")
	CHANNEL("AppXDeployment-Server/Operational", "appxdeployment-server")
	CHANNEL("LSA/Operational", "lsa-server")
	CHANNEL("AppxPackaging/Operational", "appxpackaging-om")
	CHANNEL("AppModel-Runtime/Admin", "appmodel-runtime")
	CHANNEL("CAPI2/Operational", "capi2")
	CHANNEL("CertificateServicesClient-Lifecycle-System/Operational", "certificateservicesclient-lifecycle-system")
	CHANNEL("Kernel-ShimEngine/Operational", "kernel-shimengine")
	CHANNEL("Kernel-ShimEngine/Diagnostic", "kernel-shimengine")
	CHANNEL("Application-Experience/Program-Telemetry", "application-experience")
	CHANNEL("Application-Experience/Program-Compatibility-Assistant", "application-experience")
	CHANNEL("Ntfs/Operational", "ntfs")
	CHANNEL("Hyper-V-Worker", "hyper-v-worker")
	CHANNEL("Hyper-V-Worker-Admin", "hyper-v-worker")
	CHANNEL("Kernel-EventTracing", "kernel-event-tracing")
	CHANNEL("Kernel-EventTracing/Admin", "kernel-event-tracing")
	CHANNEL("SENSE/Operational", "sense")
	CHANNEL("Microsoft-ServiceBus-Client/Admin", "microsoft-servicebus-client")
	CHANNEL("Microsoft-ServiceBus-Client/Operational", "microsoft-servicebus-client")
	CHANNEL("IIS-Configuration/Operational", "iis-configuration")
	CHANNEL("Microsoft-IIS-Configuration/Operational", "iis-configuration")
#undef CHANNEL
};

/* Where a line has no channel: providers that write to one channel. */
static const struct {
	struct str provider;
	const char *service;
} providers[] = {
#define PROVIDER(provider, service) {{provider, sizeof(provider) - 1}, service},
	PROVIDER("Sysmon", "sysmon")
	PROVIDER("Linux-Sysmon", "sysmon")
	PROVIDER("Security-Auditing", "security")
	PROVIDER("PowerShell", "powershell")
	PROVIDER("PowerShellCore", "powershell")
	PROVIDER("DNS-Client", "dns-client")
	PROVIDER("DNS Client Events", "dns-client")
	PROVIDER("DNSServer", "dns-server")
	PROVIDER("DNS-Server-Service", "dns-server")
	PROVIDER("Service Control Manager", "system")
	PROVIDER("Windows Defender", "windefend")
	PROVIDER("TaskScheduler", "taskscheduler")
	PROVIDER("WMI-Activity", "wmi")
	PROVIDER("Bits-Client", "bits-client")
	PROVIDER("CodeIntegrity", "codeintegrity-operational")
	PROVIDER("AppLocker", "applocker")
	PROVIDER("NTLM", "ntlm")
#undef PROVIDER
};

static const struct {
	const char *service;
	uint32_t id;
	const char *category;
} events[] = {
	{"sysmon", 1, "process_creation"},
	{"sysmon", 2, "file_change"},
	{"sysmon", 3, "network_connection"},
	{"sysmon", 4, "sysmon_status"},
	{"sysmon", 5, "process_termination"},
	{"sysmon", 6, "driver_load"},
	{"sysmon", 7, "image_load"},
	{"sysmon", 8, "create_remote_thread"},
	{"sysmon", 9, "raw_access_thread"},
	{"sysmon", 10, "process_access"},
	{"sysmon", 11, "file_event"},
	{"sysmon", 13, "registry_set"},
	{"sysmon", 14, "registry_rename"},
	{"sysmon", 15, "create_stream_hash"},
	{"sysmon", 16, "sysmon_status"},
	{"sysmon", 17, "pipe_created"},
	{"sysmon", 18, "pipe_created"},
	{"sysmon", 19, "wmi_event"},
	{"sysmon", 20, "wmi_event"},
	{"sysmon", 21, "wmi_event"},
	{"sysmon", 22, "dns_query"},
	{"sysmon", 23, "file_delete"},
	{"sysmon", 24, "clipboard_change"},
	{"sysmon", 25, "process_tampering"},
	{"sysmon", 26, "file_delete_detected"},
	{"sysmon", 27, "file_block_executable"},
	{"sysmon", 28, "file_block_shredding"},
	{"sysmon", 29, "file_executable_detected"},
	{"sysmon", 255, "sysmon_error"},
	{"security", 4688, "process_creation"},
	{"security", 5156, "network_connection"},
	{"powershell", 4103, "ps_module"},
	{"powershell", 4104, "ps_script"},
	{"powershell-classic", 400, "ps_classic_start"},
	{"powershell-classic", 600, "ps_classic_provider_start"},
	{"powershell-classic", 800, "ps_classic_script"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define NAMES_HOST (NAMES_SYSMON | NAMES_WINDOWS)
/* The Security channel has words of its own; Defender some. */
#define VARIANTS(base, title, ...)                                                                 \
	static const struct format base = {                                                        \
		.name = title, .names = NAMES_HOST | NAMES_ECS, .container = {__VA_ARGS__}};       \
	static const struct format base##_security = {                                             \
		.name = title,                                                                     \
		.names = NAMES_HOST | NAMES_SECURITY | NAMES_ECS,                                  \
		.container = {__VA_ARGS__}};                                                       \
	static const struct format base##_defender = {                                             \
		.name = title,                                                                     \
		.names = NAMES_HOST | NAMES_DEFENDER | NAMES_ECS,                                  \
		.container = {__VA_ARGS__}}

VARIANTS(winlogbeat, "winlogbeat", "winlog.event_data.", "winlog.user_data.", "event_data.",
	 "user_data.");
VARIANTS(evtx, "evtx", "Event.System.", "Event.EventData.", "Event.UserData.*.", "System.",
	 "EventData.", "UserData.*.");
VARIANTS(flat, "windows", "EventData.", "EventData_Xml.");

const struct format *format_windows_flat(bool security)
{
	return security ? &flat_security : &flat;
}

const char *format_channel(struct str channel)
{
	static const struct str before = {"Microsoft-Windows-", 18};

	for (unsigned turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < COUNT(channels); i++)
			if (str_ieq(channels[i].channel, channel))
				return channels[i].service;
		if (!str_has_prefix(channel, before))
			break;
		channel = (struct str){channel.p + before.n, channel.n - before.n};
	}
	return NULL;
}

const char *format_provider(struct str provider)
{
	static const struct str before = {"Microsoft-Windows-", 18};

	/* PowerShell's own provider has no such prefix, and writes to the classic channel */
	if (str_ieq(provider, STR("PowerShell")))
		return "powershell-classic";
	if (str_has_prefix(provider, before))
		provider = (struct str){provider.p + before.n, provider.n - before.n};
	for (size_t i = 0; i < COUNT(providers); i++)
		if (str_ieq(providers[i].provider, provider))
			return providers[i].service;
	return NULL;
}

static const char *registry_category(struct str event_type)
{
	if (str_ieq(event_type, STR("CreateKey")))
		return "registry_add";
	if (str_ieq(event_type, STR("DeleteKey")) || str_ieq(event_type, STR("DeleteValue")))
		return "registry_delete";
	return NULL;
}

static const char *event_category(const char *service, uint32_t id)
{
	for (size_t i = 0; service && i < COUNT(events); i++)
		if (events[i].id == id && strcmp(events[i].service, service) == 0)
			return events[i].category;
	return NULL;
}

void format_windows_event(const char *product, const char *service, uint32_t id,
			  struct str event_type, struct format_found *f)
{
	bool sysmon = service && strcmp(service, "sysmon") == 0;
	const char *category = event_category(service, id);

	if (sysmon && id == 12)
		category = registry_category(event_type);
	format_add(f, category, product, service);
	/* not the product, which a rule may state alone: it is of the first source already */
	if (sysmon && id >= 12 && id <= 14)
		format_add(f, "registry_event", NULL, NULL);
	if (service && strcmp(service, "windefend") == 0 &&
	    ((id >= 1006 && id <= 1019) || id == 1115 || id == 1116))
		format_add(f, "antivirus", NULL, NULL);
}

static uint32_t event_id(const struct format_seen *s)
{
	struct str text = seen_text(s, HINT_EVENT_ID);
	uint32_t id = 0;

	if (text.n == 0 || text.n > 6)
		return UINT32_MAX;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return UINT32_MAX;
		id = id * 10 + (uint32_t)(text.p[i] - '0');
	}
	return id;
}

/* Without channel and provider: ids with names that go with them. */
static const char *guess_service(const struct format_seen *s, uint32_t id)
{
	if (id == 3008 && s->of[HINT_QUERY_NAME])
		return "dns-client";
	if (id == 4688 && s->of[HINT_NEW_PROCESS])
		return "security";
	if (id == 4104 && s->of[HINT_SCRIPT_BLOCK])
		return "powershell";
	if (id <= 29 && (s->of[HINT_UTC_TIME] || s->of[HINT_IMAGE] || s->of[HINT_QUERY_NAME]))
		return "sysmon";
	return NULL;
}

static const struct format *variant(const struct format_seen *s, const char *service)
{
	bool security = service && strcmp(service, "security") == 0;
	bool defender = service && strcmp(service, "windefend") == 0;

	if (s->of[HINT_EVTX])
		return security ? &evtx_security : defender ? &evtx_defender : &evtx;
	if (s->of[HINT_WINLOG] ||
	    (s->of[HINT_CHANNEL] && str_eq(s->of[HINT_CHANNEL]->path, STR("log_name"))))
		return security ? &winlogbeat_security : defender ? &winlogbeat_defender : &winlogbeat;
	return security ? &flat_security : defender ? &flat_defender : &flat;
}

/* "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational" and the like, as Splunk names its sources. */
static struct str channel_of(const struct format_seen *s)
{
	struct str source = seen_text(s, HINT_SPLUNK_SOURCE);

	if (s->of[HINT_CHANNEL])
		return s->of[HINT_CHANNEL]->text;
	const char *colon = source.n ? memchr(source.p, ':', source.n) : NULL;
	if (!colon || !memmem(source.p, source.n, "WinEventLog", 11))
		return (struct str){NULL, 0};
	return (struct str){colon + 1, source.n - (size_t)(colon + 1 - source.p)};
}

bool format_windows(const struct format_seen *s, struct format_found *f)
{
	struct str channel = channel_of(s), provider = seen_text(s, HINT_PROVIDER);
	uint32_t id = event_id(s);
	const char *service = format_channel(channel);

	if (!service)
		service = format_provider(provider);
	f->sure = s->of[HINT_EVTX] || s->of[HINT_WINLOG] || service;
	if (!f->sure)
		service = guess_service(s, id);
	/* a channel that is not known is one of Windows all the same, if it has an event id */
	if (!f->sure && !service && !(id != UINT32_MAX && channel.n && provider.n))
		return false;
	bool is_linux = str_has_prefix(channel, STR("Linux-")) || str_has_prefix(provider, STR("Linux-"));
	f->format = variant(s, service);
	f->own = seen_is(s, HINT_EVENT_SOURCE_NAME, STR(LINE_OWN_SOURCE));
	format_windows_event(is_linux ? "linux" : "windows", service, id,
			     seen_text(s, HINT_EVENT_TYPE_NAME), f);
	return true;
}
