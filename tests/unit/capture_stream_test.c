/* Packed files, standard input, and what is no capture at all. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/source.h"
#include "capture_make.h"
#include "core/limits.h"

typedef void pack_fn(struct bytes *, const void *, size_t);
static pack_fn *const packers[] = {pack_gzip, pack_zstd};

static void some_packets(struct bytes *b, uint32_t count)
{
	pcap_header(b, PCAP_NANO, 1);
	for (uint32_t i = 0; i < count; i++)
		pcap_packet(b, 1000 + i / 100, i % 100, 60 + i * 7 % 1400, 60 + i * 7 % 1400,
			    (uint8_t)(i * 31));
}

/* What some_packets made, all or its start. */
static void expect_packets(const struct seen *s, uint32_t count)
{
	cr_expect(eq(sz, s->count, count));
	cr_expect(not(s->torn));
	for (uint32_t i = 0; i < s->count; i++) {
		cr_assert(eq(u64, s->frames[i].time, (1000 + i / 100) * NS_PER_S + i % 100));
		cr_assert(eq(u32, s->frames[i].captured, 60 + i * 7 % 1400));
		cr_assert(eq(u8, s->frames[i].mark, (uint8_t)(i * 31)));
	}
}

Test(capture_packed, gzip_and_zstd_in_one_piece_and_in_several)
{
	struct bytes plain = {0};

	some_packets(&plain, 5000);
	for (unsigned k = 0; k < 2; k++) {
		static const size_t pieces[] = {SIZE_MAX, 1000003, 4099};
		for (unsigned p = 0; p < 3; p++) {
			struct bytes b = {0};
			struct seen s;
			for (size_t at = 0, n; at < plain.n; at += n) {
				n = plain.n - at < pieces[p] ? plain.n - at : pieces[p];
				packers[k](&b, plain.p + at, n);
			}
			see_bytes(&s, &b);
			expect_packets(&s, 5000);
			cr_expect(eq(u32, s.problems, 0), "%s", s.problem);
			seen_free(&s);
			bytes_free(&b);
		}
	}
	bytes_free(&plain);
}

Test(capture_packed, pcapng_too)
{
	for (unsigned k = 0; k < 2; k++) {
		struct bytes plain = {.big = k}, b = {0};
		struct seen s;

		ng_section(&plain);
		ng_interface(&plain, 1, 0, 9, 0);
		ng_packet(&plain, 0, 5, 60, 60, 1);
		packers[k](&b, plain.p, plain.n);
		see_bytes(&s, &b);
		cr_expect(eq(sz, s.count, 1));
		cr_expect(eq(u32, s.problems, 0));
		seen_free(&s);
		bytes_free(&b);
		bytes_free(&plain);
	}
}

Test(capture_packed, cut_at_every_byte)
{
	struct bytes plain = {0};

	some_packets(&plain, 3);
	for (unsigned k = 0; k < 2; k++) {
		struct bytes b = {0};

		packers[k](&b, plain.p, 24 + 76);
		packers[k](&b, plain.p + 24 + 76, plain.n - 24 - 76);
		for (size_t n = 0; n <= b.n; n++) {
			struct bytes part = {.p = b.p, .n = n};
			struct seen s;

			see_bytes(&s, &part);
			expect_packets(&s, (uint32_t)s.count); /* a start of the whole */
			/* the first member by itself is a file */
			bool whole = n == b.n || (s.count == 1 && !s.problems);
			cr_expect(eq(u32, s.problems, !whole), "%zu of %zu: %s", n, b.n, s.problem);
			cr_expect(eq(u64, s.stats.files_damaged, !whole));
			if (n == b.n)
				cr_expect(eq(sz, s.count, 3));
			seen_free(&s);
		}
		bytes_free(&b);
	}
	bytes_free(&plain);
}

Test(capture_packed, damage_is_found_and_the_start_is_read)
{
	struct bytes plain = {0};

	some_packets(&plain, 20000);
	for (unsigned k = 0; k < 2; k++) {
		struct bytes b = {0};
		struct seen s;

		packers[k](&b, plain.p, plain.n / 2);
		size_t half = b.n;
		packers[k](&b, plain.p + plain.n / 2, plain.n - plain.n / 2);
		memset(b.p + half + 2, 0xaa, 200);
		see_bytes(&s, &b);
		cr_expect(ge(sz, s.count, 9000));
		expect_packets(&s, (uint32_t)s.count);
		cr_expect(eq(u32, s.problems, 1));
		cr_expect(eq(u64, s.stats.files_damaged, 1));
		cr_expect(eq(int, strncmp(s.problem, "damaged", 7), 0), "%s", s.problem);
		seen_free(&s);
		bytes_free(&b);
	}
	bytes_free(&plain);
}

Test(capture_packed, a_wrong_checksum_is_damage)
{
	struct bytes plain = {0}, b = {0};
	struct seen s;

	some_packets(&plain, 3);
	pack_gzip(&b, plain.p, plain.n);
	b.p[b.n - 8] ^= 1;
	see_bytes(&s, &b);
	expect_packets(&s, 3);
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	seen_free(&s);
	bytes_free(&b);
	bytes_free(&plain);
}

Test(capture_packed, padding_and_skippable_frames)
{
	struct bytes plain = {0}, b = {0};
	struct seen s;

	some_packets(&plain, 3);
	pack_gzip(&b, plain.p, plain.n);
	put(&b, (uint8_t[1000]){0}, 1000);
	see_bytes(&s, &b);
	expect_packets(&s, 3);
	cr_expect(eq(u32, s.problems, 0), "%s", s.problem);
	seen_free(&s);

	put(&b, "garbage", 7);
	see_bytes(&s, &b);
	expect_packets(&s, 3);
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	seen_free(&s);

	b.n = 0;
	put(&b, "\x53\x2a\x4d\x18\x03\0\0\0abc", 11);
	pack_zstd(&b, plain.p, plain.n);
	see_bytes(&s, &b);
	expect_packets(&s, 3);
	cr_expect(eq(u32, s.problems, 0), "%s", s.problem);
	seen_free(&s);
	bytes_free(&b);
	bytes_free(&plain);
}

/* Standard input of a child is a pipe into which the parent writes piece by piece. */
static void through_pipe(const struct bytes *b, size_t piece, const char *const *paths, size_t count,
			 uint64_t packets)
{
	int fd[2], status;

	cr_assert(zero(int, pipe(fd)));
	pid_t child = fork();
	if (child == 0) {
		struct seen s;
		dup2(fd[0], STDIN_FILENO);
		close(fd[1]);
		see_paths(&s, paths, count, NULL, LIMIT_BATCH);
		bool good = s.opened && s.stats.packets == packets && !s.torn && !s.problems;
		seen_free(&s);
		_exit(good ? 0 : 1);
	}
	close(fd[0]);
	for (size_t at = 0; at < b->n; at += piece) {
		size_t n = b->n - at < piece ? b->n - at : piece;
		cr_assert(eq(sz, (size_t)write(fd[1], b->p + at, n), n));
	}
	close(fd[1]);
	waitpid(child, &status, 0);
	cr_expect(eq(int, status, 0));
}

Test(capture_stdin, through_a_pipe)
{
	struct bytes plain = {0}, b = {0};
	const char *paths[] = {"-", NULL};
	const char *folder = folder_make();

	some_packets(&plain, 500);
	through_pipe(&plain, 97, paths, 1, 500);
	through_pipe(&plain, 4099, paths, 1, 500);
	pack_zstd(&b, plain.p, plain.n);
	through_pipe(&b, 11, paths, 1, 500);
	/* together with a file of the same times */
	paths[1] = in_folder(folder, "x.pcap");
	write_file(paths[1], &plain);
	through_pipe(&plain, 4099, paths, 2, 1000);
	folder_remove(folder);
	bytes_free(&b);
	bytes_free(&plain);
}

Test(capture_stdin, packets_come_before_the_pipe_is_closed)
{
	struct bytes b = {0};
	struct stats stats = {0};
	struct error e;
	struct frame frames[LIMIT_BATCH];
	int fd[2];

	cr_assert(zero(int, pipe(fd)));
	cr_assert(ge(int, dup2(fd[0], STDIN_FILENO), 0));
	some_packets(&b, 3);
	size_t two = 24 + 76 + 83;
	cr_assert(eq(sz, (size_t)write(fd[1], b.p, two + 10), two + 10));
	struct source *s = source_open_files(
		&(struct source_files_options){.paths = (const char *[]){"-"}, .path_count = 1},
		&stats, &e);
	cr_assert(ne(ptr, s, NULL));
	cr_expect(eq(sz, source_next(s, frames, LIMIT_BATCH), 2));
	cr_assert(eq(sz, (size_t)write(fd[1], b.p + two + 10, b.n - two - 10), b.n - two - 10));
	cr_expect(eq(sz, source_next(s, frames, LIMIT_BATCH), 1));
	source_close(s);
	close(fd[1]);
	bytes_free(&b);
}

Test(capture_stdin, only_once)
{
	struct seen s;

	see_paths(&s, (const char *[]){"-", "-"}, 2, NULL, LIMIT_BATCH);
	cr_expect(not(s.opened));
	cr_expect(eq(str, s.error.text, "standard input (-) can be read only once"));
}

Test(capture_files, what_is_no_capture)
{
	static const struct {
		const char *content;
		const char *text;
	} cases[] = {
		{"", "is empty"},
		{"x", "is no capture file (pcap or pcapng, also as gzip or zstd)"},
		{"Some text that is no capture.\n",
		 "is no capture file (pcap or pcapng, also as gzip or zstd)"},
		{"\xd4\xc3\xb2\xa1\x02", "cut short inside its header"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes b = {0};
		struct seen s;

		put(&b, cases[i].content, strlen(cases[i].content));
		see_bytes(&s, &b);
		cr_expect(s.opened);
		cr_expect(eq(u32, s.problems, 1));
		cr_expect(eq(u64, s.stats.files_damaged, 1));
		cr_expect(eq(str, s.problem, (char *)(uintptr_t)cases[i].text));
		seen_free(&s);
		bytes_free(&b);
	}
}

Test(capture_files, a_path_that_is_not_there_is_an_error)
{
	struct seen s;

	see(&s, "/nonexistent/x.pcap");
	cr_expect(not(s.opened));
	cr_expect(eq(str, s.error.text, "/nonexistent/x.pcap: No such file or directory"));
}

Test(capture_files, without_packets_there_is_no_problem)
{
	struct bytes b = {0};
	struct seen s;

	some_packets(&b, 0);
	see_bytes(&s, &b);
	cr_expect(s.opened);
	cr_expect(eq(sz, s.count, 0));
	cr_expect(eq(u32, s.problems, 0));
	cr_expect(eq(u64, s.stats.files, 1));
	seen_free(&s);
	bytes_free(&b);
}
