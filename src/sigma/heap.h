/* The trails of a correlation's cells, the one with the earliest first mark on top. */
#ifndef EGRET_SIGMA_HEAP_H
#define EGRET_SIGMA_HEAP_H

#include "sigma/cells.h"

void heap_add(struct cells *c, uint32_t trail);
void heap_remove(struct cells *c, uint32_t place);
/* The first mark of the trail at this place changed. */
void heap_moved(struct cells *c, uint32_t place);

#endif
