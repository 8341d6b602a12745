/* An entry in systemd's native journal protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL). */
#ifndef EGRET_OUTPUT_JOURNAL_MESSAGE_H
#define EGRET_OUTPUT_JOURNAL_MESSAGE_H

#include "output/outlet_entry.h"

/* The bytes of the datagram that stands for the entry lie in the scratch. Fields whose names the
 * journal would drop are left out. */
struct str journal_message(const struct outlet_entry *e, struct outlet_scratch *s);

#endif
