/* The words for detectors, severities and units. */
#include "volume/detectors.h"

static const struct {
	const char *code, *name, *title;
} detectors[DETECTORS] = {
	[DETECTOR_N2] = {"N2", "new-service",
			 "First use of a service that hardly anybody here uses"},
	[DETECTOR_V1] = {"V1", "burst", "Large upload within an hour"},
	[DETECTOR_V2] = {"V2", "own-max", "Larger upload than the client ever made of late"},
	[DETECTOR_V3] = {"V3", "robust", "Upload far above the client's usual day"},
	[DETECTOR_V4] = {"V4", "cusum", "More upload than usual, day after day"},
	[DETECTOR_V5] = {"V5", "population", "Among the largest senders of the day"},
	[DETECTOR_V6] = {"V6", "hoard", "Large internal download, then upload"},
	[DETECTOR_V7] = {"V7", "fanout", "Upload to several storage services in a day"},
	[DETECTOR_V8] = {"V8", "tenant", "Upload to a tenant or bucket that is new here"},
	[DETECTOR_V9] = {"V9", "unnamed", "Large upload to a server without a name"},
	[DETECTOR_T1] = {"T1", "tool", "Large upload by a known transfer tool"},
};

const char *detector_code(enum detector d)
{
	return d < DETECTORS ? detectors[d].code : "";
}

const char *detector_name(enum detector d)
{
	return d < DETECTORS ? detectors[d].name : "context";
}

const char *detector_title(enum detector d)
{
	return d < DETECTORS ? detectors[d].title : "";
}

const char *severity_name(enum severity s)
{
	static const char *const names[] = {"low", "medium", "high", "critical"};

	return names[s <= SEVERITY_CRITICAL ? s : SEVERITY_CRITICAL];
}

const char *unit_name(enum unit u)
{
	static const char *const names[] = {"",		"bytes",   "days", "hours",
					    "services", "clients", ""};

	return names[u <= UNIT_TEXT ? u : UNIT_NONE];
}
