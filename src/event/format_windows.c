/* Windows events, however exported: their service by channel or provider, their category by event
 * id. Sysmon for Linux is the same under another provider. */
#include "event/format_part.h"

#define CHANNEL(channel, service)
#define PROVIDER(provider, service)
#define EVENT(service, id, category)

static const struct {
	struct str channel;
	const char *service;
} channels[] = {
#undef CHANNEL
#define CHANNEL(channel, service) {{channel, sizeof(channel) - 1}, service},
#include "event/windows.def"
#undef CHANNEL
#define CHANNEL(channel, service)
};

static const struct {
	struct str provider;
	const char *service;
} providers[] = {
#undef PROVIDER
#define PROVIDER(provider, service) {{provider, sizeof(provider) - 1}, service},
#include "event/windows.def"
#undef PROVIDER
#define PROVIDER(provider, service)
};

static const struct {
	const char *service;
	uint32_t id;
	const char *category;
} events[] = {
#undef EVENT
#define EVENT(service, id, category) {service, id, category},
#include "event/windows.def"
#undef EVENT
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define NAMES_HOST (NAMES_SYSMON | NAMES_WINDOWS)
/* The Security channel has words of its own; Defender some. */
#define VARIANTS(base, title, ...)                                                                 \
	static const struct format base = {                                                        \
		.name = title, .names = NAMES_HOST | NAMES_ECS, .container = {__VA_ARGS__}};       \
	static const struct format base##_security = {.name = title,                               \
						      .names = NAMES_HOST | NAMES_SECURITY |       \
							       NAMES_ECS,                          \
						      .container = {__VA_ARGS__}};                 \
	static const struct format base##_defender = {.name = title,                               \
						      .names = NAMES_HOST | NAMES_DEFENDER |       \
							       NAMES_ECS,                          \
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
		return security	  ? &winlogbeat_security
		       : defender ? &winlogbeat_defender
				  : &winlogbeat;
	return security ? &flat_security : defender ? &flat_defender : &flat;
}

/* "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational" and the like, as Splunk names its sources.
 */
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
	bool is_linux =
		str_has_prefix(channel, STR("Linux-")) || str_has_prefix(provider, STR("Linux-"));
	f->format = variant(s, service);
	f->own = seen_is(s, HINT_EVENT_SOURCE_NAME, STR(LINE_OWN_SOURCE));
	format_windows_event(is_linux ? "linux" : "windows", service, id,
			     seen_text(s, HINT_EVENT_TYPE_NAME), f);
	return true;
}
