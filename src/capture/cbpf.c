#include "capture/cbpf.h"

#include <assert.h>

void cbpf_init(struct cbpf *b, struct sock_filter *code, size_t room)
{
	*b = (struct cbpf){.code = code, .room = room};
	for (unsigned i = 0; i < CBPF_LABELS; i++)
		b->places[i] = SIZE_MAX;
}

void cbpf_put(struct cbpf *b, unsigned code, uint32_t k)
{
	assert(b->count < b->room);
	b->code[b->count++] = (struct sock_filter){.code = (uint16_t)code, .k = k};
}

/* All unconditional jumps are jumps to labels. */
size_t cbpf_finish(struct cbpf *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct sock_filter *s = &b->code[i];
		if (s->code != (BPF_JMP | BPF_JA))
			continue;
		size_t place = b->places[s->k];
		assert(place != SIZE_MAX && place > i && place < b->count);
		s->k = (uint32_t)(place - i - 1);
	}
	return b->count;
}

unsigned cbpf_label(struct cbpf *b)
{
	assert(b->labels < CBPF_LABELS);
	return b->labels++;
}

void cbpf_place(struct cbpf *b, unsigned label)
{
	assert(b->places[label] == SIZE_MAX);
	b->places[label] = b->count;
}

void cbpf_goto(struct cbpf *b, unsigned label)
{
	cbpf_put(b, BPF_JMP | BPF_JA, label);
}

/* A conditional jump reaches 255 instructions only, so it goes around an unconditional one. */
static void branch(struct cbpf *b, unsigned operation, uint32_t k, uint8_t jt, uint8_t jf,
		   unsigned label)
{
	cbpf_put(b, BPF_JMP | operation | BPF_K, k);
	b->code[b->count - 1].jt = jt;
	b->code[b->count - 1].jf = jf;
	cbpf_goto(b, label);
}

void cbpf_if(struct cbpf *b, unsigned operation, uint32_t k, unsigned label)
{
	branch(b, operation, k, 0, 1, label);
}

void cbpf_unless(struct cbpf *b, unsigned operation, uint32_t k, unsigned label)
{
	branch(b, operation, k, 1, 0, label);
}

void cbpf_load8(struct cbpf *b, uint32_t at)
{
	cbpf_put(b, BPF_LD | BPF_B | BPF_IND, at);
}

void cbpf_load16(struct cbpf *b, uint32_t at)
{
	cbpf_put(b, BPF_LD | BPF_H | BPF_IND, at);
}

void cbpf_load32(struct cbpf *b, uint32_t at)
{
	cbpf_put(b, BPF_LD | BPF_W | BPF_IND, at);
}

void cbpf_load_about(struct cbpf *b, int what)
{
	cbpf_put(b, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + what));
}

void cbpf_alu(struct cbpf *b, unsigned operation, uint32_t k)
{
	cbpf_put(b, BPF_ALU | operation | BPF_K, k);
}

void cbpf_store(struct cbpf *b, unsigned word)
{
	cbpf_put(b, BPF_ST, word);
}

void cbpf_recall(struct cbpf *b, unsigned word)
{
	cbpf_put(b, BPF_LD | BPF_W | BPF_MEM, word);
}

void cbpf_store_x(struct cbpf *b, unsigned word)
{
	cbpf_put(b, BPF_STX, word);
}

void cbpf_recall_x(struct cbpf *b, unsigned word)
{
	cbpf_put(b, BPF_LDX | BPF_W | BPF_MEM, word);
}

void cbpf_set(struct cbpf *b, unsigned word, uint32_t value)
{
	cbpf_put(b, BPF_LD | BPF_IMM, value);
	cbpf_store(b, word);
}

void cbpf_left(struct cbpf *b)
{
	cbpf_put(b, BPF_LD | BPF_W | BPF_LEN, 0);
	cbpf_put(b, BPF_ALU | BPF_SUB | BPF_X, 0);
}

void cbpf_need(struct cbpf *b, uint32_t n, unsigned otherwise)
{
	cbpf_left(b);
	cbpf_unless(b, BPF_JGE, n, otherwise);
}

void cbpf_skip(struct cbpf *b, uint32_t n)
{
	cbpf_put(b, BPF_MISC | BPF_TXA, 0);
	cbpf_alu(b, BPF_ADD, n);
	cbpf_put(b, BPF_MISC | BPF_TAX, 0);
}

/* What is skipped is at most some kilobytes a header: the sum does not wrap. */
void cbpf_skip_a(struct cbpf *b, unsigned otherwise)
{
	cbpf_put(b, BPF_ALU | BPF_ADD | BPF_X, 0);
	cbpf_put(b, BPF_MISC | BPF_TAX, 0);
	cbpf_put(b, BPF_LD | BPF_W | BPF_LEN, 0);
	cbpf_put(b, BPF_JMP | BPF_JGE | BPF_X, 0);
	b->code[b->count - 1].jt = 1;
	cbpf_goto(b, otherwise);
}
