#include "output/syslog_message.h"

#include <unistd.h>

#include "base/utf8.h"
#include "base/writer.h"
#include "core/date.h"

#define APP	   "egret"
#define OURS	   "EGRET_"
#define UNREADABLE "\xef\xbf\xbd" /* U+FFFD */
#define MARK	   "..."

/* PRINTUSASCII (section 6), a bounded number of characters; "-" when there are none. */
static void printable(char *out, size_t room, struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < room; i++)
		if (s.p[i] > 0x20 && s.p[i] < 0x7f)
			out[n++] = s.p[i];
	if (n == 0)
		out[n++] = '-';
	out[n] = '\0';
}

void syslog_sender_init(struct syslog_sender *s, const char *kind, const char *sd_id)
{
	char host[256] = "";

	gethostname(host, sizeof host - 1);
	printable(s->host, sizeof s->host, str_of(host));
	printable(s->kind, sizeof s->kind, (struct str){kind, strcspn(kind, ".")});
	s->pid = (long)getpid();
	s->sd_id = sd_id;
}

static bool is_plain(char c, bool quoted)
{
	return c >= 0x20 && c < 0x7f && !(quoted && (c == '"' || c == '\\' || c == ']'));
}

/* The next character of s (n > 0), as it is to be written. Returns how many bytes it was. */
static size_t next_character(struct str s, bool quoted, char out[4], size_t *n)
{
	uint32_t c;
	size_t length = utf8_read(s.p, s.n, &c);

	if (length == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
		*n = sizeof UNREADABLE - 1;
		memcpy(out, UNREADABLE, *n);
		return length ? length : 1;
	}
	*n = 0;
	if (quoted && !is_plain((char)c, true) && c < 0x7f)
		out[(*n)++] = '\\';
	memcpy(out + *n, s.p, length);
	*n += length;
	return length;
}

/* Text; a parameter's value is quoted (section 6.3.3). When it does not fit, the writer is full
 * behind the last character that did. */
static void text(struct writer *w, struct str s, bool quoted)
{
	char one[4];

	while (s.n && !w->full) {
		size_t run = 0, n, room = (size_t)(w->end - w->p);

		while (run < s.n && run < room && is_plain(s.p[run], quoted))
			run++;
		wr_bytes(w, s.p, run);
		s.p += run, s.n -= run;
		if (!s.n)
			return;
		size_t taken = next_character(s, quoted, one, &n);
		wr_bytes(w, one, n);
		s.p += taken, s.n -= taken;
	}
}

static void text_or_cut(struct writer *w, struct str s)
{
	struct writer before = *w;

	text(w, s, false);
	if (!w->full)
		return;
	*w = before;
	w->end -= sizeof MARK - 1;
	text(w, s, false);
	w->full = false;
	w->end += sizeof MARK - 1;
	wr_lit(w, MARK);
}

static void parameter(struct writer *w, struct str key, struct str value)
{
	struct writer before = *w;
	size_t ours = sizeof OURS - 1;

	if (!str_has_prefix(key, STR(OURS)) || key.n == ours || key.n > ours + 32)
		return;
	wr_char(w, ' ');
	for (size_t i = ours; i < key.n; i++)
		wr_char(w, ascii_lower(key.p[i]));
	wr_lit(w, "=\"");
	text(w, value, true);
	wr_char(w, '"');
	/* the bracket, a blank and the mark have to fit as well */
	if (w->full || (size_t)(w->end - w->p) < 2 + sizeof MARK)
		*w = before;
}

static void structured(struct writer *w, const struct syslog_sender *s,
		       const struct outlet_entry *e)
{
	struct writer before = *w;

	wr_char(w, '[');
	wr_text(w, s->sd_id);
	char *start = w->p;
	for (unsigned i = 0; i < e->field_count; i++)
		parameter(w, e->field[i].key, e->field[i].value);
	if (w->p != start && !w->full) {
		wr_char(w, ']');
	} else {
		*w = before;
		wr_char(w, '-');
	}
}

size_t syslog_message(const struct syslog_sender *s, const struct outlet_entry *e, char *out,
		      size_t room)
{
	char date[DATE_LENGTH];
	struct date_cache none = {0};
	struct writer w = wr_of(date, sizeof date);

	date_write(&w, &none, e->time);
	w = wr_of(out, room);
	wr_char(&w, '<');
	wr_u64(&w, SYSLOG_FACILITY * 8 + (uint64_t)(e->severity & 7));
	wr_lit(&w, ">1 ");
	wr_bytes(&w, date, sizeof "2026-11-24T08:39:37.123456" - 1); /* no more digits: 6.2.3 */
	wr_lit(&w, "Z ");
	wr_text(&w, s->host);
	wr_lit(&w, " " APP " ");
	wr_u64(&w, (uint64_t)s->pid);
	wr_char(&w, ' ');
	wr_text(&w, s->kind);
	wr_char(&w, ' ');
	structured(&w, s, e);
	wr_char(&w, ' ');
	text_or_cut(&w, e->message.n ? e->message : e->line);
	return wr_length(&w);
}
