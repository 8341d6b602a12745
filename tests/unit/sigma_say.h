/* Sigma rules out of texts, and their trees as short texts to compare.
 *
 * A tree is written like (and a='x*' (not b=5)); nodes with one child are left out. Leaves:
 * a='x*' text, a=='x' cased, a~'x'im regex, a in 10.0.0.0/8, a=5, a<5 (also <=, >, >=), a.hour=5,
 * a null, a empty, a present, a exists, a=@b (fieldref; ^@ starts, $@ ends, *@ contains). A keyword
 * has no field. */
#ifndef EGRET_TESTS_SIGMA_SAY_H
#define EGRET_TESTS_SIGMA_SAY_H

#include "sigma/load.h"

/* The rules of the text; problems are "LINE: RULE: TEXT\n" in say_problems. The placeholder %one%
 * stands for "a", %two% for "b" and "c*", %none% for nothing, others are not known. */
struct sigma_rules *say_load(const char *text);
extern char say_problems[16384];

/* All of these return a static buffer. */
const char *say_tree(const struct sigma_node *n);
/* The tree of the first rule of the text, or else the first problem, "LINE: TEXT". */
const char *say_rule(const char *text);
/* The same of a rule whose detection section is this (lines without the indentation). A problem is
 * told without its line. */
const char *say_detection(const char *section);
/* The same of a selection, "field|modifier: value" lines. */
const char *say_selection(const char *items);

#endif
