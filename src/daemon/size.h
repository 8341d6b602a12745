/* Amounts of bytes and thresholds by tier, as people write them. */
#ifndef EGRET_DAEMON_SIZE_H
#define EGRET_DAEMON_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes by tier A to D that make an upload worth a finding; UINT64_MAX: never. */
#define SIZE_THRESHOLDS_DEFAULT                                                                    \
	{                                                                                          \
		10000000, 100000000, 500000000, UINT64_MAX                                         \
	}

/* "512", "10M", "1.5G", "64KiB", "never". k, M, G, T are powers of 1000, Ki, Mi, … of 1024; a B may
 * follow. False when it is no amount. */
bool size_parse(const char *text, uint64_t *out);

/* "90s", "5m", "12h", "7d", "2w", or several ("1h30m"), in ns; "never" is 0. False when it is none.
 */
bool size_duration(const char *text, uint64_t *ns);

/* "5M" for tiers A to C, or "A=10M,C=1G" for those named; others keep what they have. */
bool size_thresholds(const char *text, uint64_t threshold[4]);

#endif
