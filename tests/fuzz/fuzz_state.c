/* Bytes as a state file: as they are, and as sections of the detectors with a right head, so that
 * what is behind the digest is reached, too. What loads must save, and load the same again. */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "volume/detectors.h"
#include "core/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct raw {
	const uint8_t *p;
	size_t n;
};

static void save_raw(const void *owner, struct bytes *out)
{
	const struct raw *r = owner;

	bytes_add(out, r->p, r->n);
}

static void save(const void *owner, struct bytes *out)
{
	detectors_save(owner, out);
}

static int load(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	return detectors_load(owner, in, version, e);
}

static void reset(void *owner)
{
	detectors_reset(owner);
}

static struct detectors *fresh(void)
{
	struct detector_settings s;

	settings_default(&s);
	s.most_clients = 40;
	s.most_accounts = 60;
	s.most_windows = 20;
	s.most_labels = 64;
	s.most_tenants = 20;
	return detectors_new(&s, (struct detection_sink){0});
}

static void use(struct detectors *d)
{
	static const struct service services[] = {{"Mega", "file-sharing", 0}, {"S3", "paste", 1}};
	struct detector_use u = {.name = STR("a.sharepoint.com"), .up = 200000000, .tier = TIER_B};

	for (unsigned i = 0; i < 12; i++) {
		u.time = (UINT64_C(1772409600) + i * 30000) * NS_PER_S;
		u.client = addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(i % 5)});
		u.service = i % 3 < 2 ? &services[i % 3] : NULL;
		detectors_upload(d, &u);
		detectors_download(d, u.time, &u.client, 2000000000);
	}
}

static void again(struct detectors *d, struct state_section *s)
{
	struct bytes one, two;
	struct error e;
	static struct detectors *other; /* made once: that is what takes the time */

	if (!other)
		other = fresh();

	s->owner = d;
	if (state_encode(s, 1, &one, &e))
		abort();
	s->owner = other;
	if (state_decode(s, 1, one.p, one.n, &e) || state_encode(s, 1, &two, &e))
		abort();
	if (one.n != two.n || memcmp(one.p, two.p, one.n) != 0)
		abort();
	bytes_fini(&one);
	bytes_fini(&two);
	detectors_reset(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct detectors *d;
	if (!d)
		d = fresh();
	struct state_section s = {"detectors", DETECTORS_STATE_VERSION, d, save, load, reset};
	struct error e;
	bool good;

	if (n && data[0] == 0) {
		struct raw r = {data + 1, n - 1};
		struct state_section wrap = {
			"detectors", DETECTORS_STATE_VERSION, &r, save_raw, NULL, NULL};
		struct bytes file;

		if (state_encode(&wrap, 1, &file, &e))
			abort();
		good = state_decode(&s, 1, file.p, file.n, &e) == 0;
		bytes_fini(&file);
	} else {
		good = state_decode(&s, 1, data, n, &e) == 0;
	}
	if (good) {
		again(d, &s);
		use(d);
		again(d, &s);
	}
	detectors_reset(d);
	return 0;
}
