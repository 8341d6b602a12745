/* The names by which a value may be asked for, from the path where it stands. */
#ifndef EGRET_EVENT_ALIAS_H
#define EGRET_EVENT_ALIAS_H

#include "event/format.h"

/* How near a name is to what the line says; of values of one name only the nearest are kept. */
enum alias_rank {
	ALIAS_OWN,	  /* the path itself */
	ALIAS_LEAF,	  /* what follows a container */
	ALIAS_TRANSLATED, /* by names.def */
	ALIAS_HUB,	  /* by names.def, through ECS */
	ALIAS_LAST,	  /* the last key */
};

/* `more`: a value more, where others have the name too. The name may be a slice of the path. */
typedef void alias_take(void *context, struct str name, enum alias_rank rank, bool more);

void alias_names(const struct format *f, struct str path, alias_take *take, void *context);

#endif
