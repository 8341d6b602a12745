/* A small assembler for classic BPF programs (linux/filter.h): one function an instruction or a
 * phrase of a few, and jumps to labels.
 *
 * The programs made with it read a packet at an offset that register X holds, and do arithmetic in
 * register A; a phrase says which of the two it spoils. Jumps go forward only: the kernel takes no
 * others. */
#ifndef EGRET_CAPTURE_CBPF_H
#define EGRET_CAPTURE_CBPF_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#define CBPF_LABELS 256

struct cbpf {
	struct sock_filter *code; /* the caller's */
	size_t count, room;
	unsigned labels;	    /* given out */
	size_t places[CBPF_LABELS]; /* of each label: the instruction it stands before */
};

void cbpf_init(struct cbpf *b, struct sock_filter *code, size_t room);
/* Resolves the jumps, once all is written; returns the length. */
size_t cbpf_finish(struct cbpf *b);

/* One instruction. Running out of room or labels is a mistake of the program: it is asserted. */
void cbpf_put(struct cbpf *b, unsigned code, uint32_t k);

unsigned cbpf_label(struct cbpf *b);
/* The next instruction is where the label stands. */
void cbpf_place(struct cbpf *b, unsigned label);
void cbpf_goto(struct cbpf *b, unsigned label);

/* Compares A with a number (operation BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET) and jumps if it holds,
 * or if it does not. */
void cbpf_if(struct cbpf *b, unsigned operation, uint32_t k, unsigned label);
void cbpf_unless(struct cbpf *b, unsigned operation, uint32_t k, unsigned label);

/* A = 1, 2 or 4 bytes of the packet, `at` bytes behind X. */
void cbpf_load8(struct cbpf *b, uint32_t at);
void cbpf_load16(struct cbpf *b, uint32_t at);
void cbpf_load32(struct cbpf *b, uint32_t at);
/* A = what the kernel knows about the packet: SKF_AD_… */
void cbpf_load_about(struct cbpf *b, int what);
/* A = A operation k: BPF_ADD, BPF_AND, BPF_RSH, … */
void cbpf_alu(struct cbpf *b, unsigned operation, uint32_t k);

/* To and from the words of scratch memory. */
void cbpf_store(struct cbpf *b, unsigned word);	  /* word = A */
void cbpf_recall(struct cbpf *b, unsigned word);  /* A = word */
void cbpf_store_x(struct cbpf *b, unsigned word); /* word = X */
void cbpf_recall_x(struct cbpf *b, unsigned word);

/* Phrases. They spoil A. */

/* word = value. */
void cbpf_set(struct cbpf *b, unsigned word, uint32_t value);

/* A = the bytes from X to the end of the packet. */
void cbpf_left(struct cbpf *b);
/* Jumps when fewer than n bytes are left. */
void cbpf_need(struct cbpf *b, uint32_t n, unsigned otherwise);
/* X += n, where n bytes are known to be there. */
void cbpf_skip(struct cbpf *b, uint32_t n);
/* X += A; jumps when that is beyond the packet. */
void cbpf_skip_a(struct cbpf *b, unsigned otherwise);

#endif
