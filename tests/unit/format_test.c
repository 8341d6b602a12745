#include "event_line.h"

static void expect_as(const char *as, const char *text, const char *format, const char *sources)
{
	struct event_line t;

	event_line_init(&t, "Image", as);
	event_line_read(&t, text);
	cr_expect_str_eq(t.line.format, format, "%s: %s", text, t.line.format);
	cr_expect_str_eq(event_line_sources(&t), sources, "%s: %s", text, event_line_sources(&t));
	event_line_fini(&t);
}

static void expect(const char *text, const char *format, const char *sources)
{
	expect_as(NULL, text, format, sources);
}

#define EVTX(provider, channel, id)                                                                \
	"{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"" provider "\"}},"      \
	"\"EventID\":" id ",\"Channel\":\"" channel "\",\"Computer\":\"pc\"},\"EventData\":{}}}"
#define SYSMON(id) EVTX("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", id)

Test(format, categories_of_sysmon)
{
	static const struct {
		const char *line, *sources;
	} t[] = {
		{SYSMON("1"), "process_creation/windows/sysmon"},
		{SYSMON("2"), "file_change/windows/sysmon"},
		{SYSMON("3"), "network_connection/windows/sysmon"},
		{SYSMON("4"), "sysmon_status/windows/sysmon"},
		{SYSMON("5"), "process_termination/windows/sysmon"},
		{SYSMON("6"), "driver_load/windows/sysmon"},
		{SYSMON("7"), "image_load/windows/sysmon"},
		{SYSMON("8"), "create_remote_thread/windows/sysmon"},
		{SYSMON("9"), "raw_access_thread/windows/sysmon"},
		{SYSMON("10"), "process_access/windows/sysmon"},
		{SYSMON("11"), "file_event/windows/sysmon"},
		{SYSMON("12"), "/windows/sysmon registry_event//"},
		{SYSMON("13"), "registry_set/windows/sysmon registry_event//"},
		{SYSMON("14"), "registry_rename/windows/sysmon registry_event//"},
		{SYSMON("15"), "create_stream_hash/windows/sysmon"},
		{SYSMON("17"), "pipe_created/windows/sysmon"},
		{SYSMON("18"), "pipe_created/windows/sysmon"},
		{SYSMON("19"), "wmi_event/windows/sysmon"},
		{SYSMON("21"), "wmi_event/windows/sysmon"},
		{SYSMON("22"), "dns_query/windows/sysmon"},
		{SYSMON("23"), "file_delete/windows/sysmon"},
		{SYSMON("25"), "process_tampering/windows/sysmon"},
		{SYSMON("255"), "sysmon_error/windows/sysmon"},
		{SYSMON("99"), "/windows/sysmon"},
		{SYSMON("{\"#text\":22,\"#attributes\":{\"Qualifiers\":\"\"}}"), "dns_query/windows/sysmon"},
		{SYSMON("\"22\""), "dns_query/windows/sysmon"},
		{EVTX("Linux-Sysmon", "Linux-Sysmon/Operational", "1"), "process_creation/linux/sysmon"},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		expect(t[i].line, "evtx", t[i].sources);
}

#define REGISTRY(type)                                                                             \
	"{\"Event\":{\"System\":{\"EventID\":12,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\"}," \
	"\"EventData\":{\"EventType\":\"" type "\",\"TargetObject\":\"HKU\"}}}"

Test(format, keys_of_the_registry_come_and_go)
{
	expect(REGISTRY("CreateKey"), "evtx", "registry_add/windows/sysmon registry_event//");
	expect(REGISTRY("DeleteKey"), "evtx", "registry_delete/windows/sysmon registry_event//");
	expect(REGISTRY("DeleteValue"), "evtx", "registry_delete/windows/sysmon registry_event//");
}

Test(format, services_of_windows)
{
	static const struct {
		const char *line, *sources;
	} t[] = {
		{EVTX("Microsoft-Windows-Security-Auditing", "Security", "4688"),
		 "process_creation/windows/security"},
		{EVTX("Microsoft-Windows-Security-Auditing", "Security", "5156"),
		 "network_connection/windows/security"},
		{EVTX("Microsoft-Windows-Security-Auditing", "Security", "4624"), "/windows/security"},
		{EVTX("Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client/Operational", "3008"),
		 "/windows/dns-client"},
		{EVTX("Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS Client Events/Operational", "3008"),
		 "/windows/dns-client"},
		{EVTX("Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational", "4103"),
		 "ps_module/windows/powershell"},
		{EVTX("PowerShellCore", "PowerShellCore/Operational", "4104"), "ps_script/windows/powershell"},
		{EVTX("PowerShell", "Windows PowerShell", "400"),
		 "ps_classic_start/windows/powershell-classic"},
		{EVTX("PowerShell", "Windows PowerShell", "600"),
		 "ps_classic_provider_start/windows/powershell-classic"},
		{EVTX("PowerShell", "Windows PowerShell", "800"),
		 "ps_classic_script/windows/powershell-classic"},
		{EVTX("Service Control Manager", "System", "7045"), "/windows/system"},
		{EVTX("Some Program", "Application", "1000"), "/windows/application"},
		{EVTX("Microsoft-Windows-Windows Defender", "Microsoft-Windows-Windows Defender/Operational", "1116"),
		 "/windows/windefend antivirus//"},
		{EVTX("Microsoft-Windows-Windows Defender", "Microsoft-Windows-Windows Defender/Operational", "5001"),
		 "/windows/windefend"},
		{EVTX("Vendor", "Vendor-Thing/Operational", "1"), "/windows/"},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		expect(t[i].line, "evtx", t[i].sources);
}

Test(format, windows_events_of_other_tools)
{
	expect("{\"winlog\":{\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":\"3\"},"
	       "\"event\":{\"code\":\"3\",\"category\":[\"network\"]}}",
	       "winlogbeat", "network_connection/windows/sysmon");
	expect("{\"log_name\":\"Security\",\"source_name\":\"Microsoft-Windows-Security-Auditing\","
	       "\"event_id\":4688,\"event_data\":{\"NewProcessName\":\"C:\\\\a.exe\"}}",
	       "winlogbeat", "process_creation/windows/security");
	expect("{\"@timestamp\":\"2020-09-21T18:58:25.123Z\",\"SourceName\":\"Microsoft-Windows-Sysmon\","
	       "\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"EventID\":11,\"Hostname\":\"h\"}",
	       "windows", "file_event/windows/sysmon");
	expect("{\"EventCode\":\"22\",\"source\":\"XmlWinEventLog:Microsoft-Windows-Sysmon/Operational\","
	       "\"QueryName\":\"a.example\"}",
	       "windows", "dns_query/windows/sysmon");
	expect("{\"Provider\":\"Microsoft-Windows-DNS-Client\",\"EventID\":3008,\"QueryName\":\"a.example\"}",
	       "windows", "/windows/dns-client");
	/* wrapped by a search engine */
	expect("{\"_index\":\"w\",\"_id\":\"1\",\"_source\":{\"winlog\":{\"channel\":\"Security\","
	       "\"event_id\":4624}}}",
	       "winlogbeat", "/windows/security");
	/* names only */
	expect("{\"EventID\":3008,\"QueryName\":\"a.example\"}", "windows", "/windows/dns-client");
	expect("{\"EventID\":1,\"UtcTime\":\"2026-11-24 10:00:00\",\"Image\":\"C:\\\\a.exe\"}", "windows",
	       "process_creation/windows/sysmon");
}

Test(format, zeek)
{
	expect("{\"_path\":\"dns\",\"query\":\"a.example\"}", "zeek", "network/zeek/dns dns//");
	expect("{\"_path\":\"http\",\"host\":\"a.example\"}", "zeek", "/zeek/http proxy// webserver//");
	expect("{\"_path\":\"conn\",\"proto\":\"tcp\"}", "zeek", "/zeek/conn firewall// network//connection");
	expect("{\"_path\":\"x509\",\"certificate.serial\":\"01\"}", "zeek", "/zeek/x509");
	expect("{\"_path\":\"mysql\",\"x\":1}", "zeek", "/zeek/");
#define CONN "{\"ts\":1.5,\"uid\":\"C1\",\"id.orig_h\":\"192.0.2.1\",\"id.orig_p\":1,\"id.resp_h\":\"192.0.2.2\",\"id.resp_p\":2,"
	expect(CONN "\"query\":\"a.example\",\"qtype_name\":\"A\"}", "zeek", "network/zeek/dns dns//");
	expect(CONN "\"method\":\"GET\",\"host\":\"a.example\",\"uri\":\"/\"}", "zeek",
	       "/zeek/http proxy// webserver//");
	expect(CONN "\"server_name\":\"a.example\",\"version\":\"TLSv12\"}", "zeek", "/zeek/ssl");
	expect(CONN "\"conn_state\":\"SF\",\"orig_bytes\":1}", "zeek",
	       "/zeek/conn firewall// network//connection");
	expect(CONN "\"endpoint\":\"svcctl\",\"operation\":\"CreateServiceW\"}", "zeek", "/zeek/dce_rpc");
	expect(CONN "\"action\":\"SMB::FILE_OPEN\",\"path\":\"\\\\\\\\h\\\\c$\",\"name\":\"x\"}", "zeek",
	       "/zeek/smb_files");
	expect(CONN "\"request_type\":\"TGS\",\"cipher\":\"rc4-hmac\"}", "zeek", "/zeek/kerberos");
	expect(CONN "\"cookie\":\"x\",\"security_protocol\":\"HYBRID\"}", "zeek", "/zeek/rdp");
	expect("{\"ts\":1.5,\"fuid\":\"F1\",\"mime_type\":\"text/plain\",\"seen_bytes\":1}", "zeek", "/zeek/files");
	expect("{\"id\":{\"orig_h\":\"192.0.2.1\"},\"uid\":\"C\",\"query\":\"a\"}", "zeek",
	       "network/zeek/dns dns//");
}

Test(format, suricata)
{
#define EVE(type) "{\"timestamp\":\"2017-04-07T22:24:37.251547+0100\",\"flow_id\":5864974711,\"event_type\":\"" type "\",\"src_ip\":\"192.0.2.1\"}"
	expect(EVE("dns"), "suricata", "network/suricata/dns dns//");
	expect(EVE("http"), "suricata", "/suricata/http proxy// webserver//");
	expect(EVE("flow"), "suricata", "/suricata/flow firewall// network//connection");
	expect(EVE("tls"), "suricata", "/suricata/tls");
	expect(EVE("alert"), "suricata", "/suricata/alert");
	expect(EVE("stats"), "suricata", "/suricata/");
}

Test(format, clouds)
{
	expect("{\"eventVersion\":\"1.08\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\","
	       "\"awsRegion\":\"eu-west-1\"}",
	       "cloudtrail", "/aws/cloudtrail");
#define AZURE(category) "{\"time\":\"2026-11-24T10:00:00Z\",\"resourceId\":\"/SUBSCRIPTIONS/1\",\"operationName\":\"X/Y/WRITE\",\"category\":\"" category "\"}"
	expect(AZURE("Administrative"), "azure", "/azure/activitylogs");
	expect(AZURE("SignInLogs"), "azure", "/azure/signinlogs");
	expect(AZURE("AuditLogs"), "azure", "/azure/auditlogs");
	expect(AZURE("StorageRead"), "azure", "/azure/platformlogs");
	expect(AZURE("UserRiskEvents"), "azure", "/azure/riskdetection");
	expect(AZURE("Other"), "azure", "/azure/activitylogs");
	expect("{\"operationName\":{\"value\":\"MICROSOFT.COMPUTE/DISKS/BEGINGETACCESS/ACTION\"},"
	       "\"category\":{\"value\":\"Administrative\"},\"resourceId\":\"/x\"}",
	       "azure", "/azure/activitylogs");
	expect("{\"protoPayload\":{\"serviceName\":\"storage.googleapis.com\",\"methodName\":\"storage.setIamPermissions\"}}",
	       "gcp", "/gcp/gcp.audit");
	expect("{\"data\":{\"protoPayload\":{\"methodName\":\"x\"}}}", "gcp", "/gcp/gcp.audit");
	expect("{\"protoPayload\":{\"serviceName\":\"login.googleapis.com\"}}", "gcp",
	       "/gcp/google_workspace.login");
	expect("{\"kind\":\"admin#reports#activity\",\"id\":{\"applicationName\":\"drive\"},"
	       "\"events\":[{\"name\":\"change_user_access\"}]}",
	       "google_workspace", "/gcp/google_workspace.drive");
	expect("{\"CreationTime\":\"2026-11-24T10:00:00\",\"Workload\":\"OneDrive\",\"Operation\":\"FileUploaded\"}",
	       "m365", "/m365/audit");
	expect("{\"RecordType\":1,\"Workload\":\"Exchange\",\"Operation\":\"New-InboxRule\"}", "m365",
	       "/m365/audit /m365/exchange");
	expect("{\"RecordType\":1,\"Workload\":\"SecurityComplianceCenter\",\"Operation\":\"AlertTriggered\"}", "m365",
	       "/m365/audit /m365/threat_management");
	expect("{\"id\":\"1\",\"date_create\":1795521600,\"action\":\"file_public_link_created\","
	       "\"actor\":{\"type\":\"user\"},\"entity\":{\"type\":\"file\"}}",
	       "audit", "/slack/audit");
	expect("{\"eventType\":\"user.session.start\",\"published\":\"2026-11-24T10:00:00Z\"}", "audit", "/okta/okta");
	expect("{\"@timestamp\":1795521600123,\"action\":\"repo.create\",\"actor\":\"ada\",\"org\":\"acme\"}",
	       "audit", "/github/audit");
	expect("{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"verb\":\"create\"}", "audit",
	       "application/kubernetes/audit");
	expect("{\"auditType\":{\"category\":\"Projects\",\"action\":\"Project deleted\"}}", "audit",
	       "/bitbucket/audit");
}

Test(format, ecs)
{
	expect("{\"event\":{\"dataset\":\"aws.cloudtrail\",\"provider\":\"s3.amazonaws.com\"}}", "ecs",
	       "/aws/cloudtrail");
	expect("{\"data_stream\":{\"dataset\":\"azure.platformlogs\"}}", "ecs", "/azure/platformlogs");
	expect("{\"event\":{\"dataset\":\"o365.audit\"}}", "ecs", "/m365/audit");
	expect("{\"event\":{\"dataset\":\"zeek.dns\"},\"dns\":{\"question\":{\"name\":\"a\"}}}", "zeek",
	       "network/zeek/dns dns//");
	expect("{\"event\":{\"dataset\":\"squid.log\"},\"url\":{\"original\":\"http://a.example/\"}}", "ecs",
	       "proxy/squid/");
#define HOST(os, rest) "{\"host\":{\"os\":{\"type\":\"" os "\"}},\"process\":{\"executable\":\"/bin/x\"}," rest "}"
	expect(HOST("macos", "\"event\":{\"category\":[\"network\"],\"type\":[\"start\"]},\"destination\":{\"ip\":\"192.0.2.1\"}"),
	       "ecs", "network_connection/macos/");
	expect(HOST("macos", "\"event\":{\"category\":[\"host\",\"network\"]}"), "ecs", "network_connection/macos/");
	expect(HOST("linux", "\"event\":{\"category\":[\"network\"]},\"dns\":{\"question\":{\"name\":\"a\"}}"),
	       "ecs", "dns_query/linux/");
	expect(HOST("windows", "\"event\":{\"category\":[\"process\"],\"type\":[\"start\"]}"), "ecs",
	       "process_creation/windows/");
	expect(HOST("windows", "\"event\":{\"category\":[\"process\"],\"type\":[\"end\"]}"), "ecs",
	       "process_termination/windows/");
	expect(HOST("windows", "\"event\":{\"category\":[\"file\"],\"action\":\"creation\"},\"file\":{\"path\":\"x\"}"),
	       "ecs", "file_event/windows/");
	expect(HOST("windows", "\"event\":{\"category\":[\"file\"],\"action\":\"deletion\"},\"file\":{\"path\":\"x\"}"),
	       "ecs", "file_delete/windows/");
	expect(HOST("windows", "\"event\":{\"category\":[\"registry\"]},\"registry\":{\"path\":\"x\"}"), "ecs",
	       "registry_set/windows/ registry_event//");
	expect(HOST("windows", "\"event\":{\"category\":[\"library\"]},\"dll\":{\"path\":\"x\"}"), "ecs",
	       "image_load/windows/");
	expect("{\"event\":{\"category\":[\"network\"]},\"dns\":{\"question\":{\"name\":\"a.example\"}}}", "ecs",
	       "network//dns dns//");
	expect("{\"event\":{\"category\":[\"web\"]},\"http\":{\"request\":{\"method\":\"GET\"}}}", "ecs",
	       "proxy// webserver//");
	expect("{\"event\":{\"category\":[\"network\"]},\"destination\":{\"ip\":\"192.0.2.1\"}}", "ecs",
	       "firewall// network//connection");
}

Test(format, hosts_other_than_windows)
{
	expect("{\"esf\":{\"event_type\":9},\"event\":{\"action\":\"exec\"},\"process\":{\"executable\":\"/usr/bin/x\"}}",
	       "endpointsecurity", "process_creation/macos/endpointsecurity");
	expect("{\"event_type\":9,\"event\":{\"exec\":{\"target\":{\"executable\":{\"path\":\"/usr/bin/x\"}}}}}",
	       "endpointsecurity", "process_creation/macos/endpointsecurity");
	expect("{\"process_name\":\"rclone.exe\",\"process_arguments\":\"copy\",\"dest\":\"192.0.2.1\"}", "nvm",
	       "/cisco/nvm");
	expect("{\"type\":\"EXECVE\",\"a0\":\"ls\"}", "auditd", "/linux/auditd");
}

Test(format, names_that_stand_alone)
{
	expect("{\"QueryName\":\"a.example\"}", "json", "dns_query/windows/");
	expect("{\"QueryName\":\"a.example\",\"Image\":\"/usr/bin/curl\"}", "json", "dns_query/linux/");
	expect("{\"DestinationHostname\":\"a.example\"}", "json", "network_connection/windows/");
	expect("{\"Image\":\"C:\\\\a.exe\",\"CommandLine\":\"a\"}", "json", "process_creation/windows/");
	expect("{\"Image\":\"/bin/a\",\"CommandLine\":\"a\"}", "json", "process_creation/linux/");
	expect("{\"TargetFilename\":\"C:\\\\a\",\"Image\":\"C:\\\\a.exe\"}", "json", "file_event/windows/");
	expect("{\"TargetObject\":\"HKLM\\\\a\"}", "json", "registry_event/windows/");
	expect("{\"ScriptBlockText\":\"iex\"}", "json", "ps_script/windows/");
	expect("{\"c-uri\":\"http://a.example/\",\"cs-method\":\"GET\"}", "json", "proxy//");
	expect("{\"cs-uri-query\":\"/a\",\"sc-status\":200}", "json", "webserver//");
	expect("{\"query\":\"a.example\",\"record_type\":\"TXT\"}", "json", "dns//");
	/* nothing telling */
	expect("{\"query\":\"a.example\"}", "json", "");
	expect("{\"message\":\"hello\"}", "json", "");
	expect("{}", "json", "");
}

Test(format, the_user_says_what_a_line_does_not)
{
	expect_as("dns_query/windows", "{\"QueryName\":\"a\"}", "windows", "dns_query/windows/");
	expect_as("proxy", "{\"QueryName\":\"a\"}", "json", "proxy//");
	expect_as("/windows/dns-client", "{\"EventID\":3008,\"QueryName\":\"a\"}", "windows",
		  "/windows/dns-client");
	expect_as("/zeek/http", "{\"uri\":\"/\",\"method\":\"GET\"}", "zeek", "/zeek/http");
	expect_as("/m365/threat_management",
		  "{\"eventSource\":\"SecurityComplianceCenter\",\"eventName\":\"x\",\"status\":\"success\"}", "json",
		  "/m365/threat_management");
	expect_as("process_creation/windows", "{\"EventID\":4688,\"NewProcessName\":\"C:\\\\a.exe\"}", "windows",
		  "process_creation/windows/");
	expect_as("webserver", "{\"message\":\"GET / HTTP/1.1\"}", "json", "webserver//");
	/* what a line says itself stands */
	expect_as("proxy", SYSMON("22"), "evtx", "dns_query/windows/sysmon");
	expect_as("proxy", "{\"_path\":\"dns\",\"query\":\"a\"}", "zeek", "network/zeek/dns dns//");
}
