#include "proto/ja4.h"

#include <nettle/sha2.h>

#include "base/writer.h"

#define HASH_DIGITS 12

/* Shell sort: short, in place, and for at most JA4_LIST_MAX values bounded well below quadratic. */
static void sort(uint16_t *v, unsigned n)
{
	static const unsigned gaps[] = {57, 23, 10, 4, 1};
	for (unsigned g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
		const unsigned gap = gaps[g];
		for (unsigned i = gap; i < n; i++) {
			const uint16_t value = v[i];
			unsigned at = i;
			for (; at >= gap && v[at - gap] > value; at -= gap)
				v[at] = v[at - gap];
			v[at] = value;
		}
	}
}

/* "0005,000a,…" */
static void write_list(struct writer *w, const uint16_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i)
			wr_char(w, ',');
		wr_hex(w, v[i], 4);
	}
}

/* Nothing is told as zeros and not as the hash of nothing. */
static void write_hash(struct writer *w, const struct writer *text, bool empty)
{
	if (empty) {
		wr_lit(w, "000000000000");
		return;
	}
	struct sha256_ctx sha;
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_init(&sha);
	sha256_update(&sha, wr_length(text), (const uint8_t *)text->start);
	sha256_digest(&sha, sizeof digest, digest);
	for (unsigned i = 0; i < HASH_DIGITS / 2; i++)
		wr_hex(w, digest[i], 2);
}

static const char *version_code(uint16_t v)
{
	switch (v) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	default:
		return "00";
	}
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* First and last character; of the value's hex form when either is not alphanumeric. */
static void write_alpn(struct writer *w, struct str alpn)
{
	if (!alpn.n) {
		wr_lit(w, "00");
		return;
	}
	const uint8_t first = (uint8_t)alpn.p[0], last = (uint8_t)alpn.p[alpn.n - 1];
	if (is_alphanumeric(first) && is_alphanumeric(last)) {
		wr_char(w, (char)first);
		wr_char(w, (char)last);
	} else {
		wr_hex(w, first >> 4, 1);
		wr_hex(w, last & 15, 1);
	}
}

static void write_count(struct writer *w, unsigned n)
{
	wr_u64_pad(w, n < 99 ? n : 99, 2);
}

/* Extensions without server name and ALPN, which the first section tells already. */
static unsigned drop_named(uint16_t *v, unsigned n)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < n; i++)
		if (v[i] != 0x0000 && v[i] != 0x0010)
			v[kept++] = v[i];
	return kept;
}

void ja4_write(struct ja4_input *in, char out[40])
{
	char buffer[2 * 5 * JA4_LIST_MAX + 1];
	struct writer w = wr_of(out, 39), text = wr_of(buffer, sizeof buffer);

	wr_char(&w, in->quic ? 'q' : 't');
	wr_text(&w, version_code(in->version));
	wr_char(&w, in->sni ? 'd' : 'i');
	write_count(&w, in->cipher_count);
	write_count(&w, in->extension_count);
	write_alpn(&w, in->alpn);

	sort(in->ciphers, in->cipher_count);
	write_list(&text, in->ciphers, in->cipher_count);
	wr_char(&w, '_');
	write_hash(&w, &text, in->cipher_count == 0);

	in->extension_count = (uint16_t)drop_named(in->extensions, in->extension_count);
	sort(in->extensions, in->extension_count);
	text = wr_of(buffer, sizeof buffer);
	write_list(&text, in->extensions, in->extension_count);
	if (in->algorithm_count) {
		wr_char(&text, '_');
		write_list(&text, in->algorithms, in->algorithm_count);
	}
	wr_char(&w, '_');
	write_hash(&w, &text, in->extension_count == 0);
	*w.p = '\0';
}
