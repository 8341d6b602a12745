/* Inner parts of format.c, one for each kind of tool. Each says whether the line is one of its. */
#ifndef EGRET_EVENT_FORMAT_PART_H
#define EGRET_EVENT_FORMAT_PART_H

#include "event/format.h"

/* The text of a hint, empty when the line has none. */
static inline struct str seen_text(const struct format_seen *s, enum hint h)
{
	return s->of[h] ? s->of[h]->text : (struct str){NULL, 0};
}

/* Whether it is one of its values, for it may be a list. */
static inline bool seen_is(const struct format_seen *s, enum hint h, struct str text)
{
	for (const struct json_item *i = s->of[h]; i && i < s->end; i++) {
		if (!str_eq(i->path, s->of[h]->path))
			break;
		if (str_ieq(i->text, text))
			return true;
	}
	return false;
}

void format_add(struct format_found *f, const char *category, const char *product,
		const char *service);

bool format_windows(const struct format_seen *s, struct format_found *f);
bool format_zeek(const struct format_seen *s, struct format_found *f);
bool format_suricata(const struct format_seen *s, struct format_found *f);
bool format_cloud(const struct format_seen *s, struct format_found *f);
bool format_ecs(const struct format_seen *s, struct format_found *f);

/* What Zeek's log of this name (dns, http, …), and Suricata's events of this type, stand for. */
void format_zeek_log(struct str log, struct format_found *f);
void format_eve_type(struct str type, struct format_found *f);

/* The service of a channel or provider of Windows; NULL: not a known one. */
const char *format_channel(struct str channel);
const char *format_provider(struct str provider);
/* The log sources of a Windows event (or of Sysmon for Linux). */
void format_windows_event(const char *product, const char *service, uint32_t id,
			  struct str event_type, struct format_found *f);

/* Windows events without anything around their data. */
const struct format *format_windows_flat(bool security);

#endif
