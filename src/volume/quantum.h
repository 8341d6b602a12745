/* Byte counts in 16 bits, logarithmic: 0 stays 0, anything up to 2^63 is right to 0.04 %. */
#ifndef EGRET_VOLUME_QUANTUM_H
#define EGRET_VOLUME_QUANTUM_H

#include <math.h>
#include <stdint.h>

#define QUANTUM_STEPS 1024 /* to a factor of two */

static inline uint16_t quantum_of(uint64_t bytes)
{
	double q = bytes ? round(log2(1.0 + (double)bytes) * QUANTUM_STEPS) : 0;

	return q < UINT16_MAX ? (uint16_t)q : UINT16_MAX;
}

static inline double quantum_bytes(uint16_t q)
{
	return q ? exp2((double)q / QUANTUM_STEPS) - 1 : 0;
}

#endif
