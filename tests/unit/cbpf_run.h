/* Runs a classic BPF program the way the kernel does for a packet socket, but unforgiving: what the
 * kernel would end the program for (a load beyond the packet) or not take at all is `bad`. */
#ifndef EGRET_TESTS_CBPF_RUN_H
#define EGRET_TESTS_CBPF_RUN_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"

struct cbpf_packet {
	const uint8_t *data; /* from where the kernel runs the program */
	size_t length;
	uint32_t protocol, kind, hardware; /* SKF_AD_PROTOCOL, _PKTTYPE, _HATYPE */
};

struct cbpf_run {
	const struct cbpf_packet *packet;
	uint32_t a, x, memory[BPF_MEMWORDS];
	size_t steps;
	bool bad;
};

static inline uint32_t cbpf_run_load(struct cbpf_run *r, unsigned size, uint64_t at)
{
	size_t n = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;

	if (at + n > r->packet->length) {
		r->bad = true;
		return 0;
	}
	const uint8_t *p = r->packet->data + at;
	return n == 4 ? load_be32(p) : n == 2 ? load_be16(p) : p[0];
}

static inline uint32_t cbpf_run_about(struct cbpf_run *r, uint32_t k)
{
	switch ((int32_t)k - SKF_AD_OFF) {
	case SKF_AD_PROTOCOL:
		return r->packet->protocol;
	case SKF_AD_PKTTYPE:
		return r->packet->kind;
	case SKF_AD_HATYPE:
		return r->packet->hardware;
	default:
		r->bad = true;
		return 0;
	}
}

static inline void cbpf_run_alu(struct cbpf_run *r, const struct sock_filter *s)
{
	uint32_t v = BPF_SRC(s->code) == BPF_X ? r->x : s->k;

	switch (BPF_OP(s->code)) {
	case BPF_ADD:
		r->a += v;
		break;
	case BPF_SUB:
		r->a -= v;
		break;
	case BPF_MUL:
		r->a *= v;
		break;
	case BPF_AND:
		r->a &= v;
		break;
	case BPF_XOR:
		r->a ^= v;
		break;
	case BPF_LSH:
		r->a <<= v;
		break;
	case BPF_RSH:
		r->a >>= v;
		break;
	default:
		r->bad = true;
	}
}

/* How far to jump. */
static inline uint32_t cbpf_run_jump(struct cbpf_run *r, const struct sock_filter *s)
{
	uint32_t v = BPF_SRC(s->code) == BPF_X ? r->x : s->k;

	switch (BPF_OP(s->code)) {
	case BPF_JA:
		return s->k;
	case BPF_JEQ:
		return r->a == v ? s->jt : s->jf;
	case BPF_JGT:
		return r->a > v ? s->jt : s->jf;
	case BPF_JGE:
		return r->a >= v ? s->jt : s->jf;
	case BPF_JSET:
		return r->a & v ? s->jt : s->jf;
	default:
		r->bad = true;
		return 0;
	}
}

static inline uint32_t cbpf_run_ld(struct cbpf_run *r, const struct sock_filter *s)
{
	switch (BPF_MODE(s->code)) {
	case BPF_IMM:
		return s->k;
	case BPF_MEM:
		return r->memory[s->k];
	case BPF_LEN:
		return (uint32_t)r->packet->length;
	case BPF_IND:
		return cbpf_run_load(r, BPF_SIZE(s->code), (uint64_t)r->x + s->k);
	case BPF_ABS:
		return cbpf_run_about(r, s->k);
	default:
		r->bad = true;
		return 0;
	}
}

/* Returns what the program returns. */
static inline uint32_t cbpf_run(struct cbpf_run *r, const struct sock_filter *code, size_t count,
				const struct cbpf_packet *packet)
{
	*r = (struct cbpf_run){.packet = packet};
	for (size_t at = 0; at < count && !r->bad; at++, r->steps++) {
		const struct sock_filter *s = &code[at];
		switch (BPF_CLASS(s->code)) {
		case BPF_LD:
			r->a = cbpf_run_ld(r, s);
			break;
		case BPF_LDX:
			r->x = cbpf_run_ld(r, s);
			break;
		case BPF_ST:
			r->memory[s->k] = r->a;
			break;
		case BPF_STX:
			r->memory[s->k] = r->x;
			break;
		case BPF_ALU:
			cbpf_run_alu(r, s);
			break;
		case BPF_JMP:
			at += cbpf_run_jump(r, s);
			break;
		case BPF_MISC:
			if (BPF_MISCOP(s->code) == BPF_TAX)
				r->x = r->a;
			else
				r->a = r->x;
			break;
		case BPF_RET:
			return BPF_RVAL(s->code) == BPF_A ? r->a : s->k;
		}
	}
	r->bad = true;
	return 0;
}

#endif
