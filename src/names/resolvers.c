#include "names/resolvers.h"

bool resolvers_has(const struct addr *a)
{
	/* Google, Cloudflare, Quad9, OpenDNS, AdGuard, CleanBrowsing, DNS.SB, Mullvad */
	static const uint8_t four[][4] = {
		{8, 8, 8, 8},	      {8, 8, 4, 4},	    {1, 1, 1, 1},
		{1, 0, 0, 1},	      {1, 1, 1, 2},	    {1, 0, 0, 2},
		{1, 1, 1, 3},	      {1, 0, 0, 3},	    {9, 9, 9, 9},
		{149, 112, 112, 112}, {9, 9, 9, 10},	    {149, 112, 112, 10},
		{9, 9, 9, 11},	      {149, 112, 112, 11},  {208, 67, 222, 222},
		{208, 67, 220, 220},  {94, 140, 14, 14},    {94, 140, 15, 15},
		{185, 228, 168, 168}, {185, 228, 169, 168}, {185, 222, 222, 222},
		{45, 11, 45, 11},     {194, 242, 2, 2},
	};
	static const uint8_t six[][16] = {
		{0x20, 0x01, 0x48, 0x60, 0x48, 0x60, [14] = 0x88, [15] = 0x88},
		{0x20, 0x01, 0x48, 0x60, 0x48, 0x60, [14] = 0x88, [15] = 0x44},
		{0x26, 0x06, 0x47, 0x00, 0x47, 0x00, [14] = 0x11, [15] = 0x11},
		{0x26, 0x06, 0x47, 0x00, 0x47, 0x00, [14] = 0x10, [15] = 0x01},
		{0x26, 0x20, 0x00, 0xfe, [15] = 0xfe},
		{0x26, 0x20, 0x00, 0xfe, [15] = 0x09},
	};

	if (addr_is_v4(a)) {
		for (size_t i = 0; i < sizeof four / sizeof *four; i++)
			if (memcmp(a->b + 12, four[i], 4) == 0)
				return true;
		return false;
	}
	for (size_t i = 0; i < sizeof six / sizeof *six; i++)
		if (memcmp(a->b, six[i], 16) == 0)
			return true;
	return false;
}
