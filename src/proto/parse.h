/* The contract of every protocol parser.
 *
 * DONE  what was wanted is there.
 * MORE  short at the end of what we hold: ask again with more bytes. The result may be partly
 *       filled already (a ClientHello whose server name has been seen).
 * BAD   short inside a declared length, or impossible: more bytes will not help.
 *
 * A parser is a pure function over bounded bytes: no allocation, no state beside what is passed in,
 * linear time. Results point into the input unless they say otherwise.
 */
#ifndef EGRET_PROTO_PARSE_H
#define EGRET_PROTO_PARSE_H

enum parse {
	PARSE_DONE,
	PARSE_MORE,
	PARSE_BAD,
};

#endif
