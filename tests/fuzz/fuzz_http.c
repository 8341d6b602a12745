/* The first byte chooses: a request, a response, or a chunked body in pieces. */
#include <stdlib.h>

#include "proto/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static volatile unsigned sink;

static void touch(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		sink += (unsigned char)s.p[i];
}

static void request(struct cursor c)
{
	struct http_request r;
	const struct cursor start = c;

	http_is_request(c);
	while (http_request_head(&c, &r) == PARSE_DONE && cur_left(&c))
		;
	c = start;
	http_request_head(&c, &r);
	touch(r.method);
	touch(r.target);
	touch(r.version);
	touch(r.host);
	touch(r.user_agent);
	touch(r.content_type);
	touch(r.referrer);
	touch(http_effective_host(&r));
}

static void response(struct cursor c)
{
	struct http_response r;
	http_is_response(c);
	if (http_response_head(&c, &r) == PARSE_DONE && (r.status < 100 || r.status > 999))
		abort();
}

/* In one piece or byte by byte, the result is the same. */
static void chunks(const uint8_t *p, size_t n)
{
	struct http_chunks whole = {0}, bytes = {0};
	bool done, bad, done_bytes = false, bad_bytes = false;
	const size_t used = http_chunks_skip(&whole, p, n, &done, &bad);
	size_t sum = 0;

	for (size_t i = 0; i < n && !done_bytes && !bad_bytes; i++)
		sum += http_chunks_skip(&bytes, p + i, 1, &done_bytes, &bad_bytes);
	if (used != sum || used > n || (n && (done != done_bytes || bad != bad_bytes)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!n)
		return 0;
	const struct cursor c = cur_of(data + 1, n - 1);
	switch (data[0] % 3) {
	case 0:
		request(c);
		break;
	case 1:
		response(c);
		break;
	default:
		chunks(data + 1, n - 1);
	}
	return 0;
}
