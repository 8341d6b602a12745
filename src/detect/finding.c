#include "detect/finding.h"

#include "base/writer.h"

const char *finding_kind_name(enum finding_kind k)
{
	static const char *const name[] = {
		[FINDING_UPLOAD] = "upload",	 [FINDING_NAME] = "name",
		[FINDING_RULE] = "rule",	 [FINDING_CORRELATION] = "correlation",
		[FINDING_DETECTOR] = "detector",
	};

	return name[k];
}

static const char *const exfiltration[] = {"attack.exfiltration", "attack.t1567.002", NULL};

static const struct rule_info upload = {
	.id = "egret.upload",
	.title = "Upload to a cloud storage service",
	.name = "",
	.description = "More bytes went to a service than the threshold of its tier.",
	.status = "stable",
	.tags = exfiltration,
	.file = "",
};

static const struct rule_info name = {
	.id = "egret.name",
	.title = "Anonymous file hosting or paste service used",
	.name = "",
	.description = "A name of tier A was looked up or spoken to.",
	.status = "stable",
	.tags = exfiltration,
	.file = "",
};

const struct rule_info *finding_builtin(enum finding_kind k)
{
	return k == FINDING_UPLOAD ? &upload : &name;
}

enum sigma_level finding_tier_level(enum finding_kind k, enum tier t)
{
	/* a name alone, with nothing sent, is a step less */
	int level = LEVEL_HIGH - (int)t - (k == FINDING_NAME);

	return level < LEVEL_INFORMATIONAL ? LEVEL_INFORMATIONAL : (enum sigma_level)level;
}

static uint64_t mix(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3u;
	return h;
}

uint64_t finding_key(const struct str *texts, size_t n, const struct addr *client)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++) {
		h = mix(h, texts[i].p, texts[i].n);
		h = mix(h, "", 1); /* so that "ab", "c" is not "a", "bc" */
	}
	return mix(h, client->b, sizeof client->b);
}

void finding_id(char out[FINDING_ID_MAX], uint64_t key, uint64_t window)
{
	struct writer w = wr_of(out, FINDING_ID_MAX);

	wr_hex(&w, window ? (key & ~UINT64_C(0xffff)) | (window & 0xffff) : key, 16);
	*w.p = '\0';
}
