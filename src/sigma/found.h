/* What the parts of a scanner call for each leaf that a value fits. */
#ifndef EGRET_SIGMA_FOUND_H
#define EGRET_SIGMA_FOUND_H

#include <stdint.h>

typedef void leaf_found(void *context, uint32_t leaf);

#endif
