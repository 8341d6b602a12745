/* Findings as aligned tables for a person. */
#ifndef EGRET_OUTPUT_FINDINGS_TABLE_H
#define EGRET_OUTPUT_FINDINGS_TABLE_H

#include <stdio.h>

#include "detect/finding.h"

struct findings_table;

struct findings_table *findings_table_new(void);
/* A finding_each; context is the table. */
void findings_table_add(void *context, const struct finding *f);
/* Uploads and names in one table, what rules found in another; or a line that says there is
 * nothing. Frees it. Of each table's rows the first FINDINGS_TABLE_ROWS; how many more there are
 * is said. */
#define FINDINGS_TABLE_ROWS 10000
void findings_table_print(struct findings_table *t, FILE *out);
/* The most memory that one takes. */
size_t findings_table_memory(void);

#endif
