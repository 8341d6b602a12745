#include "core/limits.h"
#include "event_line.h"
#include "mutate.h"

static struct event_line t;

#define TEN UINT64_C(1795514400) /* 2026-11-24 10:00:00 UTC */

static void read_with(const char *names, const char *as, const char *text)
{
	event_line_init(&t, names, as);
	event_line_read(&t, text);
}

static void tear_down(void)
{
	event_line_fini(&t);
}

TestSuite(line_in, .fini = tear_down);

#define EVTX_22                                                                                    \
	"{\"Event\":{\"#attributes\":{\"xmlns\":\"http://schemas.microsoft.com/win/2004/08/events/event\"}," \
	"\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Microsoft-Windows-Sysmon\","        \
	"\"Guid\":\"5770385F-C22A-43E0-BF4C-06F5698FFBD9\"}},\"EventID\":22,\"Version\":5,\"Level\":4," \
	"\"Keywords\":\"0x8000000000000000\",\"TimeCreated\":{\"#attributes\":{\"SystemTime\":"    \
	"\"2026-11-24T10:00:01.234567Z\"}},\"Channel\":\"Microsoft-Windows-Sysmon/Operational\","  \
	"\"Computer\":\"desk1.acme.example\"},\"EventData\":{\"RuleName\":\"-\",\"UtcTime\":"      \
	"\"2026-11-24 10:00:00.123\",\"ProcessId\":77,\"QueryName\":\"Files.Mega.NZ.\","          \
	"\"QueryStatus\":\"0\",\"QueryResults\":\"::ffff:203.0.113.9;\","                          \
	"\"Image\":\"C:\\\\Tools\\\\rclone.exe\",\"User\":\"ACME\\\\ada\"}}}"

Test(line_in, an_event_is_found_by_sigmas_names_ecs_and_path)
{
	read_with("EventID QueryName Image User Provider_Name Channel dns.question.name process.executable "
		  "Event.EventData.QueryName process.name query event.code Level",
		  NULL, EVTX_22);
	EXPECT_VALUE(&t, "EventID", "22");
	EXPECT_VALUE(&t, "event.code", "22");
	EXPECT_VALUE(&t, "QueryName", "Files.Mega.NZ.");
	EXPECT_VALUE(&t, "dns.question.name", "Files.Mega.NZ.");
	EXPECT_VALUE(&t, "Event.EventData.QueryName", "Files.Mega.NZ.");
	EXPECT_VALUE(&t, "Image", "C:\\Tools\\rclone.exe");
	EXPECT_VALUE(&t, "process.executable", "C:\\Tools\\rclone.exe");
	EXPECT_VALUE(&t, "process.name", "rclone.exe");
	EXPECT_VALUE(&t, "User", "ACME\\ada");
	EXPECT_VALUE(&t, "Provider_Name", "Microsoft-Windows-Sysmon");
	EXPECT_VALUE(&t, "Channel", "Microsoft-Windows-Sysmon/Operational");
	EXPECT_VALUE(&t, "Level", "4");
	/* not a name of this log source */
	EXPECT_ABSENT(&t, "query");
}

Test(line_in, what_joins_a_host_with_the_wire)
{
	read_with("Image", NULL, EVTX_22);
	EXPECT_STR(t.line.image, "C:\\Tools\\rclone.exe");
	EXPECT_STR(t.line.user, "ACME\\ada");
	EXPECT_STR(t.line.host, "desk1.acme.example");
	EXPECT_STR(t.line.name, "files.mega.nz");
	cr_expect(!t.line.has_tuple);
	cr_expect_eq(t.line.event.time, TEN * NS_PER_S + 123 * NS_PER_MS);
	cr_expect_eq(t.line.event.line, 1);
}

Test(line_in, a_connection_has_a_tuple)
{
	read_with("Initiated DestinationIp destination.ip", NULL,
		  "{\"EventID\":3,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Protocol\":\"tcp\","
		  "\"Initiated\":\"true\",\"SourceIp\":\"10.0.0.7\",\"SourcePort\":50123,"
		  "\"DestinationIp\":\"2001:db8::9\",\"DestinationPort\":\"443\",\"DestinationHostname\":\"-\"}");
	cr_assert(t.line.has_tuple);
	char a[ADDR_TEXT_MAX];
	cr_expect_str_eq(addr_text(&t.line.tuple.src, a), "10.0.0.7");
	cr_expect_str_eq(addr_text(&t.line.tuple.dst, a), "2001:db8::9");
	cr_expect_eq(t.line.tuple.sport, 50123);
	cr_expect_eq(t.line.tuple.dport, 443);
	cr_expect_eq(t.line.tuple.proto, PROTO_TCP);
	cr_expect_eq(t.line.name.n, 0);
	EXPECT_VALUE(&t, "Initiated", "true");
	EXPECT_VALUE(&t, "destination.ip", "2001:db8::9");
}

Test(line_in, the_security_channel_speaks_of_the_same_things)
{
	read_with("EventID Image NewProcessName ParentImage User CommandLine Initiated Protocol", NULL,
		  "{\"winlog\":{\"channel\":\"Security\",\"event_id\":\"4688\",\"event_data\":{\"SubjectUserName\":\"ada\","
		  "\"NewProcessName\":\"C:\\\\a.exe\",\"ParentProcessName\":\"C:\\\\b.exe\",\"CommandLine\":\"a -x\"}},"
		  "\"event\":{\"code\":4688},\"user\":{\"name\":\"other\"}}");
	EXPECT_VALUE(&t, "EventID", "4688");
	EXPECT_VALUE(&t, "Image", "C:\\a.exe");
	EXPECT_VALUE(&t, "NewProcessName", "C:\\a.exe");
	EXPECT_VALUE(&t, "ParentImage", "C:\\b.exe");
	EXPECT_VALUE(&t, "User", "ada");
	EXPECT_VALUE(&t, "CommandLine", "a -x");
	EXPECT_ABSENT(&t, "Initiated");
}

Test(line_in, the_filter_of_windows_tells_connections)
{
	read_with("Image Initiated Protocol DestinationIp DestinationPort SourceIp", NULL,
		  "{\"Channel\":\"Security\",\"EventID\":5156,\"Application\":\"\\\\device\\\\x\\\\a.exe\","
		  "\"Direction\":\"%%14593\",\"SourceAddress\":\"10.0.0.7\",\"SourcePort\":\"5\","
		  "\"DestAddress\":\"192.0.2.1\",\"DestPort\":\"443\",\"Protocol\":\"6\"}");
	EXPECT_SOURCES(&t, "network_connection/windows/security");
	EXPECT_VALUE(&t, "Image", "\\device\\x\\a.exe");
	EXPECT_VALUE(&t, "Initiated", "true");
	EXPECT_VALUE(&t, "Protocol", "6|tcp");
	EXPECT_VALUE(&t, "DestinationIp", "192.0.2.1");
	cr_expect(t.line.has_tuple);
	cr_expect_eq(t.line.tuple.proto, PROTO_TCP);
}

static bool unknown(const char *name)
{
	return event_unknown(&t.line.event, fields_find(t.fields, str_of(name)));
}

Test(line_in, what_is_null_in_an_event_of_ours_is_unknown)
{
	read_with("Image", NULL, EVTX_22);
	cr_expect_null(t.line.event.unknown);
	event_line_fini(&t);
	read_with("Image QueryName User CommandLine Computer Nonsense", NULL,
		  "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Microsoft-Windows-Sysmon\","
		  "\"EventSourceName\":\"egret\"}},\"EventID\":22,\"Computer\":\"10.0.0.7\","
		  "\"Channel\":\"Microsoft-Windows-Sysmon/Operational\"},\"EventData\":{\"QueryName\":\"a\","
		  "\"Image\":null,\"User\":\"ada\"}}}");
	cr_assert(t.line.event.unknown);
	EXPECT_SOURCES(&t, "dns_query/windows/sysmon");
	EXPECT_ABSENT(&t, "Image");
	cr_expect(unknown("Image"));
	cr_expect(unknown("CommandLine"));
	EXPECT_VALUE(&t, "Computer", "10.0.0.7");
	cr_expect(!unknown("Computer"));
	EXPECT_STR(t.line.host, "10.0.0.7");
	cr_expect(!unknown("QueryName"));
	cr_expect(!unknown("Nonsense"));
	/* filled in by somebody since */
	EXPECT_VALUE(&t, "User", "ada");
	cr_expect(!unknown("User"));
}

Test(line_in, wrappers_of_search_engines)
{
	read_with("QueryName _source.QueryName", NULL,
		  "{\"_index\":\"x\",\"_id\":\"1\",\"_source\":{\"QueryName\":\"a\"},\"sort\":[1]}");
	EXPECT_VALUE(&t, "QueryName", "a");
	event_line_fini(&t);
	read_with("QueryName result.QueryName", NULL,
		  "{\"preview\":false,\"result\":{\"QueryName\":\"a\"}}");
	EXPECT_VALUE(&t, "QueryName", "a");
	event_line_fini(&t);
	/* a field of its own */
	read_with("result.code", NULL, "{\"result\":{\"code\":1},\"action\":\"x\"}");
	EXPECT_VALUE(&t, "result.code", "1");
}

Test(line_in, pairs_of_name_and_value)
{
	read_with("CommandLine Image Data EventID", NULL,
		  "{\"Event\":{\"System\":{\"EventID\":{\"#text\":\"1\"},\"Provider\":{\"@Name\":"
		  "\"Microsoft-Windows-Sysmon\"}},\"EventData\":{\"Data\":[{\"@Name\":\"Image\",\"#text\":\"C:\\\\a.exe\"},"
		  "{\"@Name\":\"Hashes\"},{\"@Name\":\"CommandLine\",\"#text\":\"a b\"}]}}}");
	EXPECT_SOURCES(&t, "process_creation/windows/sysmon");
	EXPECT_VALUE(&t, "Image", "C:\\a.exe");
	EXPECT_VALUE(&t, "CommandLine", "a b");
	EXPECT_VALUE(&t, "EventID", "1");
}

Test(line_in, data_without_names)
{
	read_with("Data EventID", NULL,
		  "{\"Event\":{\"System\":{\"EventID\":{\"#text\":400,\"#attributes\":{\"Qualifiers\":0}},"
		  "\"Channel\":\"Windows PowerShell\"},\"EventData\":{\"Data\":[\"Available\",\"HostName=x\"],"
		  "\"Binary\":null}}}");
	EXPECT_SOURCES(&t, "ps_classic_start/windows/powershell-classic");
	EXPECT_VALUE(&t, "Data", "Available|HostName=x");
	EXPECT_VALUE(&t, "EventID", "400");
	event_line_fini(&t);
	read_with("Data", NULL,
		  "{\"Event\":{\"System\":{\"EventID\":400,\"Channel\":\"Windows PowerShell\"},"
		  "\"EventData\":{\"Data\":{\"#text\":[\"Available\",\"HostName=x\"]}}}}");
	EXPECT_VALUE(&t, "Data", "Available|HostName=x");
}

Test(line_in, a_name_with_a_blank)
{
	read_with("ThreatName Signature ProcessName Filename", NULL,
		  "{\"Event\":{\"System\":{\"EventID\":1116,\"Channel\":\"Microsoft-Windows-Windows Defender/Operational\"},"
		  "\"EventData\":{\"Threat Name\":\"EICAR\",\"Process Name\":\"C:\\\\a.exe\",\"Path\":\"file:_x\"}}}");
	EXPECT_VALUE(&t, "ThreatName", "EICAR");
	EXPECT_VALUE(&t, "Signature", "EICAR");
	EXPECT_VALUE(&t, "ProcessName", "C:\\a.exe");
	EXPECT_VALUE(&t, "Filename", "file:_x");
}

Test(line_in, ecs_is_found_by_sigmas_names)
{
	read_with("Image CommandLine User QueryName DestinationHostname Initiated Hashes process.name Computer", NULL,
		  "{\"@timestamp\":\"2026-11-24T10:00:00.000Z\",\"event\":{\"category\":[\"process\"],\"type\":[\"start\"]},"
		  "\"host\":{\"name\":\"mac1\",\"os\":{\"type\":\"macos\"}},\"user\":{\"name\":\"ada\"},"
		  "\"process\":{\"executable\":\"/opt/rclone\",\"args\":[\"rclone\",\"copy\",\"a b\"],\"name\":\"rclone\","
		  "\"hash\":{\"md5\":\"aa\",\"sha256\":\"bb\"}}}");
	EXPECT_SOURCES(&t, "process_creation/macos/");
	EXPECT_VALUE(&t, "Image", "/opt/rclone");
	EXPECT_VALUE(&t, "CommandLine", "rclone copy a b");
	EXPECT_VALUE(&t, "User", "ada");
	EXPECT_VALUE(&t, "Hashes", "MD5=aa|SHA256=bb");
	EXPECT_VALUE(&t, "process.name", "rclone");
	EXPECT_VALUE(&t, "Computer", "mac1");
	EXPECT_ABSENT(&t, "QueryName");
	EXPECT_ABSENT(&t, "Initiated");
	cr_expect_eq(t.line.event.time, TEN * NS_PER_S);
	event_line_fini(&t);
	read_with("QueryName DestinationHostname Initiated DestinationPort", NULL,
		  "{\"event\":{\"category\":[\"network\"]},\"host\":{\"os\":{\"type\":\"linux\"}},\"process\":{\"name\":\"x\"},"
		  "\"network\":{\"direction\":\"egress\",\"community_id\":\"1:abc=\"},"
		  "\"destination\":{\"ip\":\"192.0.2.1\",\"domain\":\"a.example\",\"port\":443}}");
	EXPECT_VALUE(&t, "DestinationHostname", "a.example");
	EXPECT_VALUE(&t, "Initiated", "true");
	EXPECT_VALUE(&t, "DestinationPort", "443");
	EXPECT_STR(t.line.community_id, "1:abc=");
	EXPECT_STR(t.line.name, "a.example");
}

#define HTTP_NAMES                                                                                 \
	"c-uri cs-uri cs-uri-stem cs-uri-query c-uri-query c-uri-extension cs-host c-useragent "    \
	"cs-user-agent cs-method sc-status url.full url.path resp_mime_types uri dst_ip"

Test(line_in, a_request_by_its_parts_and_as_a_whole)
{
	read_with(HTTP_NAMES, NULL,
		  "{\"_path\":\"http\",\"ts\":1591367999.305988,\"id.orig_h\":\"10.0.0.7\",\"id.orig_p\":1,"
		  "\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":80,\"method\":\"POST\",\"host\":\"transfer.sh\","
		  "\"uri\":\"/up/x.tar.gz?k=v/w.z\",\"user_agent\":\"curl/8\",\"status_code\":200,"
		  "\"resp_mime_types\":[\"text/plain\",\"text/html\"]}");
	EXPECT_VALUE(&t, "c-uri", "http://transfer.sh/up/x.tar.gz?k=v/w.z|/up/x.tar.gz?k=v/w.z");
	EXPECT_VALUE(&t, "url.full", "http://transfer.sh/up/x.tar.gz?k=v/w.z");
	EXPECT_VALUE(&t, "cs-uri-stem", "/up/x.tar.gz");
	EXPECT_VALUE(&t, "cs-uri-query", "k=v/w.z|/up/x.tar.gz?k=v/w.z");
	EXPECT_VALUE(&t, "c-uri-query", "k=v/w.z|/up/x.tar.gz?k=v/w.z");
	EXPECT_VALUE(&t, "c-uri-extension", "gz");
	EXPECT_VALUE(&t, "cs-host", "transfer.sh");
	EXPECT_VALUE(&t, "c-useragent", "curl/8");
	EXPECT_VALUE(&t, "cs-method", "POST");
	EXPECT_VALUE(&t, "sc-status", "200");
	EXPECT_VALUE(&t, "resp_mime_types", "text/plain|text/html");
	EXPECT_VALUE(&t, "dst_ip", "192.0.2.1");
	EXPECT_STR(t.line.name, "transfer.sh");
	cr_expect_eq(t.line.event.time, UINT64_C(1591367999305988000));
	event_line_fini(&t);

	read_with(HTTP_NAMES, NULL,
		  "{\"event_type\":\"http\",\"flow_id\":1,\"src_ip\":\"10.0.0.7\",\"src_port\":1,\"dest_ip\":\"192.0.2.1\","
		  "\"dest_port\":80,\"proto\":\"TCP\",\"http\":{\"hostname\":\"a.example\",\"url\":\"/?u=http://b.example/c.d\","
		  "\"http_user_agent\":\"x\",\"http_method\":\"GET\",\"status\":404}}");
	EXPECT_VALUE(&t, "c-uri", "http://a.example/?u=http://b.example/c.d|/?u=http://b.example/c.d");
	EXPECT_VALUE(&t, "cs-uri-stem", "/");
	EXPECT_ABSENT(&t, "c-uri-extension");
	cr_expect(t.line.has_tuple);
	event_line_fini(&t);

	read_with(HTTP_NAMES, NULL,
		  "{\"event\":{\"dataset\":\"squid.log\"},\"url\":{\"full\":\"https://a.example/b/c.exe?d\",\"domain\":\"a.example\"}}");
	EXPECT_VALUE(&t, "c-uri", "https://a.example/b/c.exe?d|/b/c.exe?d");
	EXPECT_VALUE(&t, "cs-uri-query", "d|/b/c.exe?d");
	EXPECT_VALUE(&t, "c-uri-extension", "exe");
	EXPECT_VALUE(&t, "cs-host", "a.example");
}

Test(line_in, suricatas_answers)
{
	read_with("query answer record_type QueryName", NULL,
		  "{\"timestamp\":\"2017-04-07T22:24:37.251547+0100\",\"flow_id\":1,\"event_type\":\"dns\","
		  "\"src_ip\":\"192.0.2.53\",\"src_port\":53,\"dest_ip\":\"10.0.0.7\",\"dest_port\":5353,\"proto\":\"UDP\","
		  "\"dns\":{\"version\":2,\"type\":\"answer\",\"rrname\":\"a.example\",\"rrtype\":\"A\","
		  "\"answers\":[{\"rrname\":\"a.example\",\"rrtype\":\"CNAME\",\"rdata\":\"b.example\"},"
		  "{\"rrname\":\"b.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.8\"}],"
		  "\"grouped\":{\"A\":[\"192.0.2.8\"]}}}");
	EXPECT_VALUE(&t, "query", "a.example");
	EXPECT_VALUE(&t, "record_type", "A");
	EXPECT_VALUE(&t, "answer", "b.example|192.0.2.8|192.0.2.8");
	cr_assert(t.line.has_tuple);
	cr_expect_eq(t.line.tuple.dport, 53);
	cr_expect_eq(t.line.event.time, UINT64_C(1491600277251547000));
	event_line_fini(&t);
	/* version 3 */
	read_with("query answer record_type", NULL,
		  "{\"flow_id\":1,\"event_type\":\"dns\",\"dns\":{\"version\":3,\"type\":\"request\","
		  "\"queries\":[{\"rrname\":\"a.example\",\"rrtype\":\"TXT\"}]}}");
	EXPECT_VALUE(&t, "query", "a.example");
	EXPECT_VALUE(&t, "record_type", "TXT");
}

Test(line_in, zeeks_answers)
{
	read_with("query answers answer qtype_name id.resp_p dns.answers.data parent_domain question_length", NULL,
		  "{\"_path\":\"dns\",\"uid\":\"C\",\"id.orig_h\":\"10.0.0.7\",\"id.orig_p\":1,\"id.resp_h\":\"192.0.2.53\","
		  "\"id.resp_p\":53,\"proto\":\"udp\",\"query\":\"a.example\",\"qtype_name\":\"A\","
		  "\"answers\":[\"b.example\",\"192.0.2.8\"]}");
	EXPECT_VALUE(&t, "answers", "b.example|192.0.2.8");
	EXPECT_VALUE(&t, "answer", "b.example|192.0.2.8");
	EXPECT_VALUE(&t, "dns.answers.data", "b.example|192.0.2.8");
	EXPECT_VALUE(&t, "id.resp_p", "53");
	EXPECT_VALUE(&t, "parent_domain", "example");
	EXPECT_VALUE(&t, "question_length", "9");
	EXPECT_STR(t.line.name, "a.example");
	cr_expect(t.line.has_tuple);
}

Test(line_in, a_connection_of_zeek_was_let_through)
{
#define ZEEK_CONN(state)                                                                           \
	"{\"_path\":\"conn\",\"id.orig_h\":\"10.0.0.7\",\"id.orig_p\":1,\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":22," \
	"\"proto\":\"tcp\",\"conn_state\":\"" state "\",\"orig_bytes\":5,\"resp_bytes\":6}"
	read_with("action blocked dst_port source.bytes network.state", NULL, ZEEK_CONN("SF"));
	EXPECT_VALUE(&t, "action", "allow|allowed|accept|accepted|forward|pass|permit|permitted|trust");
	EXPECT_VALUE(&t, "blocked", "false");
	EXPECT_VALUE(&t, "dst_port", "22");
	EXPECT_VALUE(&t, "source.bytes", "5");
	EXPECT_VALUE(&t, "network.state", "SF");
	event_line_read(&t, ZEEK_CONN("REJ"));
	EXPECT_ABSENT(&t, "action");
}

Test(line_in, clouds)
{
	read_with("eventSource eventName event.action errorCode userIdentity.type userAgent "
		  "requestParameters.ReplicationConfiguration.Rule.Destination.Account",
		  NULL,
		  "{\"eventVersion\":\"1.08\",\"eventTime\":\"2026-11-24T10:00:00Z\",\"eventSource\":\"s3.amazonaws.com\","
		  "\"eventName\":\"PutBucketReplication\",\"awsRegion\":\"eu-1\",\"userIdentity\":{\"type\":\"IAMUser\","
		  "\"userName\":\"ada\"},\"requestParameters\":{\"ReplicationConfiguration\":{\"Rule\":"
		  "{\"Destination\":{\"Account\":\"1\"}}}}}");
	EXPECT_VALUE(&t, "eventName", "PutBucketReplication");
	EXPECT_VALUE(&t, "event.action", "PutBucketReplication");
	EXPECT_VALUE(&t, "requestParameters.ReplicationConfiguration.Rule.Destination.Account", "1");
	EXPECT_ABSENT(&t, "errorCode");
	EXPECT_STR(t.line.user, "ada");
	cr_expect_eq(t.line.event.time, TEN * NS_PER_S);
	event_line_fini(&t);

	read_with("eventSource eventName errorCode userAgent userIdentity.arn", NULL,
		  "{\"event\":{\"dataset\":\"aws.cloudtrail\",\"provider\":\"s3.amazonaws.com\",\"action\":\"GetObject\"},"
		  "\"user_agent\":{\"original\":\"Cyberduck\"},\"aws\":{\"cloudtrail\":{\"error_code\":\"AccessDenied\","
		  "\"user_identity\":{\"arn\":\"arn:x\"}}}}");
	EXPECT_VALUE(&t, "eventSource", "s3.amazonaws.com");
	EXPECT_VALUE(&t, "eventName", "GetObject");
	EXPECT_VALUE(&t, "errorCode", "AccessDenied");
	EXPECT_VALUE(&t, "userAgent", "Cyberduck");
	EXPECT_VALUE(&t, "userIdentity.arn", "arn:x");
	event_line_fini(&t);

	read_with("gcp.audit.method_name data.protoPayload.methodName data.protoPayload.serviceName", NULL,
		  "{\"protoPayload\":{\"methodName\":\"storage.setIamPermissions\",\"serviceName\":\"storage.googleapis.com\"}}");
	EXPECT_VALUE(&t, "gcp.audit.method_name", "storage.setIamPermissions");
	EXPECT_VALUE(&t, "data.protoPayload.methodName", "storage.setIamPermissions");
	EXPECT_VALUE(&t, "data.protoPayload.serviceName", "storage.googleapis.com");
	event_line_fini(&t);

	read_with("operationName properties.message ResultType userAgentHeader", NULL,
		  "{\"time\":\"2026-11-24T10:00:00Z\",\"resourceId\":\"/x\",\"category\":\"StorageRead\",\"operationName\":\"GetBlob\","
		  "\"properties\":{\"message\":\"m\",\"userAgentHeader\":\"AzCopy\"}}");
	EXPECT_VALUE(&t, "operationName", "GetBlob");
	EXPECT_VALUE(&t, "properties.message", "m");
	EXPECT_VALUE(&t, "userAgentHeader", "AzCopy");
	event_line_fini(&t);

	read_with("eventName eventService new_value visibility", NULL,
		  "{\"kind\":\"admin#reports#activity\",\"id\":{\"applicationName\":\"drive\",\"time\":\"2026-11-24T10:00:00Z\"},"
		  "\"actor\":{\"email\":\"ada@acme.example\"},\"events\":[{\"name\":\"change_user_access\",\"parameters\":["
		  "{\"name\":\"primary_event\",\"boolValue\":true},{\"name\":\"visibility\",\"value\":\"shared_externally\"}]}]}");
	EXPECT_VALUE(&t, "eventName", "change_user_access");
	EXPECT_VALUE(&t, "eventService", "drive.googleapis.com");
	EXPECT_VALUE(&t, "visibility", "shared_externally");
	EXPECT_STR(t.line.user, "ada@acme.example");
	cr_expect_eq(t.line.event.time, TEN * NS_PER_S);
}

Test(line_in, several_events_of_one_line)
{
	read_with("eventName", NULL,
		  "{\"Records\":[{\"eventVersion\":\"1\",\"eventSource\":\"a.amazonaws.com\",\"eventName\":\"A\"},"
		  "{\"eventVersion\":\"1\",\"eventSource\":\"b.amazonaws.com\",\"eventName\":\"B\"}]}");
	EXPECT_VALUE(&t, "eventName", "A");
	cr_assert(line_in_next(t.reader, &t.line));
	EXPECT_VALUE(&t, "eventName", "B");
	cr_expect_eq(t.line.event.line, 1);
	cr_expect(!line_in_next(t.reader, &t.line));
	event_line_read(&t, "{\"eventName\":\"C\"}");
	cr_expect(!line_in_next(t.reader, &t.line));
}

Test(line_in, what_a_line_says_itself_wins_over_a_translation)
{
	read_with("User QueryName", NULL,
		  "{\"user\":{\"name\":\"ada\"},\"dns\":{\"question\":{\"name\":\"wrong\"}},"
		  "\"winlog\":{\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":22,"
		  "\"event_data\":{\"User\":\"ACME\\\\ada\",\"QueryName\":\"right\"}}}");
	EXPECT_VALUE(&t, "User", "ACME\\ada");
	EXPECT_VALUE(&t, "QueryName", "right");
}

Test(line_in, taxonomy_names_are_not_made_of_each_other)
{
	read_with("c-uri cs-uri cs-host cs-uri-query QueryName query url.domain", "proxy",
		  "{\"c-uri\":\"http://a.example/b?c\",\"cs-method\":\"GET\"}");
	EXPECT_VALUE(&t, "c-uri", "http://a.example/b?c");
	EXPECT_ABSENT(&t, "cs-uri");
	EXPECT_ABSENT(&t, "cs-host");
	EXPECT_ABSENT(&t, "cs-uri-query");
}

Test(line_in, values_of_a_field_stand_together)
{
	read_with("a.x a.y", NULL, "{\"a\":[{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}],\"b\":\"free\"}");
	const struct event_value *v = t.line.event.values;
	cr_assert_eq(t.line.event.count, 5);
	cr_expect_eq(v[0].field, v[1].field);
	cr_expect_eq(v[2].field, v[3].field);
	cr_expect_eq(v[4].field, FIELD_NONE);
	EXPECT_STR(v[4].text, "free");
	EXPECT_VALUE(&t, "a.x", "1|3");
	EXPECT_VALUE(&t, "a.y", "2|4");
}

Test(line_in, kinds_of_values)
{
	read_with("n f b z s", NULL, "{\"n\":7,\"f\":5.0,\"b\":false,\"z\":null,\"s\":\"\"}");
	const struct event_value *v = t.line.event.values;
	cr_assert_eq(t.line.event.count, 5);
	cr_expect(v[0].kind == VALUE_NUMBER && v[0].number == 7);
	cr_expect(v[1].kind == VALUE_NUMBER && v[1].number == 5);
	EXPECT_STR(v[1].text, "5.0");
	cr_expect(v[2].kind == VALUE_BOOL);
	EXPECT_STR(v[2].text, "false");
	cr_expect(v[3].kind == VALUE_NULL && v[3].text.n == 0);
	cr_expect(v[4].kind == VALUE_TEXT && v[4].text.n == 0);
}

Test(line_in, empty_and_bad_lines)
{
	event_line_init(&t, "a", NULL);
	cr_expect_eq(line_in_read(t.reader, STR(""), 1, &t.error).kind, LINE_EMPTY);
	cr_expect_eq(line_in_read(t.reader, STR(" \t\r"), 1, &t.error).kind, LINE_EMPTY);
	struct line l = line_in_read(t.reader, STR("{not json"), 1, &t.error);
	cr_expect_eq(l.kind, LINE_BAD);
	cr_expect(t.error.text[0]);
	cr_expect(!line_in_next(t.reader, &l));
	cr_expect_eq(line_in_read(t.reader, STR("7"), 1, &t.error).kind, LINE_BAD);
	event_line_read(&t, "{\"a\":1}");
	EXPECT_VALUE(&t, "a", "1");
}

Test(line_in, more_than_fits_is_counted)
{
	event_line_init(&t, "k1 first.x", NULL);
	size_t room = 64 * 1024;
	char *text = malloc(room), *p = text + sprintf(text, "{\"k0\":0");
	for (int i = 1; i < 1500; i++)
		p += sprintf(p, ",\"k%d\":%d", i, i);
	strcpy(p, "}");
	event_line_read(&t, text);
	cr_expect_eq(t.line.event.count, EVENT_VALUES_MAX);
	cr_expect_eq(t.line.values_lost, 1500 - EVENT_VALUES_MAX);
	EXPECT_VALUE(&t, "k1", "1");
	free(text);
}

/* More distinct paths than are remembered, again and again. */
Test(line_in, the_table_of_paths_is_bounded)
{
	event_line_init(&t, "k", NULL);
	for (unsigned i = 0; i < 3 * LIMIT_EVENT_PATHS; i++) {
		char text[64];
		snprintf(text, sizeof text, "{\"p%u\":1,\"k\":%u}", i, i);
		event_line_read(&t, text);
		snprintf(text, sizeof text, "%u", i);
		EXPECT_VALUE(&t, "k", text);
	}
}

static void read_any(const uint8_t *p, size_t n, bool mutated)
{
	struct str s = {(const char *)p, n};

	t.line = line_in_read(t.reader, s, 1, &t.error);
	cr_assert(mutated || t.line.kind == LINE_BAD || t.line.kind == LINE_EMPTY);
	while (t.line.kind == LINE_EVENT && line_in_next(t.reader, &t.line))
		;
}

Test(line_in, prefixes_are_bad_and_mutations_stay_inside)
{
	event_line_init(&t, "QueryName Image Event.System.EventID", NULL);
	mutate_all((const uint8_t *)EVTX_22, sizeof EVTX_22 - 1, read_any);
}
