#include "proto/quic_version.h"

#include <stddef.h>

static const struct quic_version versions[] = {
	/* what is met most comes first */
	{QUIC_VERSION_1, QUIC_FAMILY_1, "QUICv1"},
	{QUIC_VERSION_2, QUIC_FAMILY_2, "QUICv2"},
	{0xff00001d, QUIC_FAMILY_DRAFT_29, "draft-29"},
	{0xff00001e, QUIC_FAMILY_DRAFT_29, "draft-30"},
	{0xff00001f, QUIC_FAMILY_DRAFT_29, "draft-31"},
	{0xff000020, QUIC_FAMILY_DRAFT_29, "draft-32"},
	{0xff000021, QUIC_FAMILY_1, "draft-33"},
	{0xff000022, QUIC_FAMILY_1, "draft-34"},
	{0xfaceb002, QUIC_FAMILY_DRAFT_23, "mvfst-27"},
	{0xfaceb001, QUIC_FAMILY_DRAFT_22, "mvfst-22"},
	{0xff000017, QUIC_FAMILY_DRAFT_23, "draft-23"},
	{0xff000018, QUIC_FAMILY_DRAFT_23, "draft-24"},
	{0xff000019, QUIC_FAMILY_DRAFT_23, "draft-25"},
	{0xff00001a, QUIC_FAMILY_DRAFT_23, "draft-26"},
	{0xff00001b, QUIC_FAMILY_DRAFT_23, "draft-27"},
	{0xff00001c, QUIC_FAMILY_DRAFT_23, "draft-28"},
};

const struct quic_version *quic_version_find(uint32_t number)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		if (versions[i].number == number)
			return &versions[i];
	}
	return NULL;
}

const char *quic_version_name(uint32_t number)
{
	const struct quic_version *v = quic_version_find(number);

	return v ? v->name : "unknown";
}
