/* Many files as one stream: rotation, overlap, odd clocks, folders, filters, and their number. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture_make.h"
#include "core/limits.h"

/* `count` packets from `start` on, `step` seconds apart. */
static void write_pcap(const char *path, uint32_t start, uint32_t step, uint32_t count,
		       uint32_t size, uint8_t mark)
{
	struct bytes b = {0};

	pcap_header(&b, PCAP_MICRO, 1);
	for (uint32_t i = 0; i < count; i++)
		pcap_packet(&b, start + i * step, 0, size, size, mark);
	write_file(path, &b);
	bytes_free(&b);
}

static bool in_order(const struct seen *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (s->frames[i].time < s->frames[i - 1].time)
			return false;
	return true;
}

Test(capture_merge, rotated_files_in_any_order)
{
	const char *folder = folder_make();
	const char *paths[3];
	struct seen s;

	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = {"b", "c", "a"};
		paths[i] = in_folder(folder, names[i]);
		write_pcap(paths[i], (i + 1) % 3 * 1000, 1, 1000, 1400, (uint8_t)(i + 1));
	}
	for (size_t room = 1; room <= LIMIT_BATCH; room += 21) {
		see_paths(&s, paths, 3, NULL, room);
		cr_expect(eq(sz, s.count, 3000));
		cr_expect(in_order(&s));
		cr_expect(not(s.torn));
		cr_expect(eq(u64, s.stats.files, 3));
		seen_free(&s);
	}
	folder_remove(folder);
}

Test(capture_merge, overlapping_files_larger_than_their_windows)
{
	const char *folder = folder_make();
	char names[5][4096];
	const char *paths[5];
	struct seen s;
	size_t count[6] = {0};

	for (unsigned i = 0; i < 5; i++) {
		snprintf(names[i], sizeof names[i], "%s/%u", folder, i);
		paths[i] = names[i];
		write_pcap(paths[i], i * 100, i + 1, 2000 / (i + 1), 1000 + 300 * i,
			   (uint8_t)(i + 1));
	}
	for (size_t room = 1; room <= LIMIT_BATCH; room += 21) {
		memset(count, 0, sizeof count);
		see_paths(&s, paths, 5, NULL, room);
		cr_expect(eq(sz, s.count, 2000 + 1000 + 666 + 500 + 400));
		cr_expect(in_order(&s));
		cr_expect(not(s.torn));
		for (size_t i = 0; i < s.count; i++) {
			cr_assert(le(u8, s.frames[i].mark, 5));
			count[s.frames[i].mark]++;
		}
		for (unsigned i = 0; i < 5; i++)
			cr_expect(eq(sz, count[i + 1], 2000 / (i + 1)));
		seen_free(&s);
	}
	folder_remove(folder);
}

Test(capture_merge, equal_times_keep_the_order_of_the_arguments)
{
	const char *folder = folder_make();
	const char *paths[] = {in_folder(folder, "z"), in_folder(folder, "a")};
	struct seen s;

	write_pcap(paths[0], 7, 0, 100, 60, 1);
	write_pcap(paths[1], 7, 0, 100, 60, 2);
	see_paths(&s, paths, 2, NULL, LIMIT_BATCH);
	cr_assert(eq(sz, s.count, 200));
	for (size_t i = 0; i < 200; i++)
		cr_expect(eq(u8, s.frames[i].mark, i < 100 ? 1 : 2));
	seen_free(&s);
	folder_remove(folder);
}

/* One file has a clock that is wrong for one packet, at every place in turn: the others, and the
 * rest of the file, must not be moved by it. */
Test(capture_merge, a_single_time_far_ahead_holds_nothing_up)
{
	const char *folder = folder_make();
	const char *paths[] = {in_folder(folder, "odd"), in_folder(folder, "good")};
	const uint32_t count = 1200;

	write_pcap(paths[1], 0, 1, count, 60, 2);
	for (uint32_t odd = 0; odd < count; odd += odd < 4 || odd > 1190 ? 1 : 37) {
		struct bytes b = {0};
		struct seen s;
		uint64_t last = 0;

		pcap_header(&b, PCAP_MICRO, 1);
		for (uint32_t i = 0; i < count; i++)
			pcap_packet(&b, i == odd ? 4000000000 : i, 0, 1000, 1000, 1);
		write_file(paths[0], &b);
		bytes_free(&b);
		see_paths(&s, paths, 2, NULL, LIMIT_BATCH);
		cr_assert(eq(sz, s.count, 2 * count));
		for (size_t i = 0; i < s.count; i++) {
			if (s.frames[i].time == 4000000000 * NS_PER_S)
				continue;
			cr_assert(ge(u64, s.frames[i].time, last), "packet %u odd, at %zu", odd, i);
			last = s.frames[i].time;
		}
		seen_free(&s);
	}
	folder_remove(folder);
}

Test(capture_merge, times_that_step_back_are_due_at_once)
{
	const char *folder = folder_make();
	const char *paths[] = {in_folder(folder, "odd"), in_folder(folder, "good")};
	struct bytes b = {0};
	struct seen s;
	size_t rank = 0;

	pcap_header(&b, PCAP_MICRO, 1);
	for (uint32_t i = 0; i < 1000; i++)
		pcap_packet(&b, i < 500 ? 1000 + i : 600 + i, 0, 60, 60, (uint8_t)(1 + (i >= 500)));
	write_file(paths[0], &b);
	write_pcap(paths[1], 1000, 1, 1000, 60, 3);
	see_paths(&s, paths, 2, NULL, LIMIT_BATCH);
	cr_assert(eq(sz, s.count, 2000));
	/* the file's own order is kept, and the other file ends last as its clock says */
	for (size_t i = 0; i < s.count; i++) {
		if (s.frames[i].mark == 3)
			continue;
		cr_assert(eq(u8, s.frames[i].mark, rank < 500 ? 1 : 2));
		rank++;
	}
	cr_expect(eq(u64, s.frames[1999].time, 1999 * NS_PER_S));
	seen_free(&s);
	bytes_free(&b);
	folder_remove(folder);
}

Test(capture_merge, damage_in_one_file_stops_that_file_alone)
{
	const char *folder = folder_make();
	const char *paths[] = {in_folder(folder, "a"), in_folder(folder, "b"),
			       in_folder(folder, "c")};
	struct seen s;

	for (unsigned i = 0; i < 3; i++)
		write_pcap(paths[i], 10 * i, 1, 100, 60, (uint8_t)(i + 1));
	cr_assert(zero(int, truncate(paths[1], 24 + 50 * 76 + 30)));
	see_paths(&s, paths, 3, NULL, LIMIT_BATCH);
	cr_expect(eq(sz, s.count, 250));
	cr_expect(in_order(&s));
	cr_expect(eq(u32, s.problems, 1));
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	cr_expect(eq(str, s.file, (char *)(uintptr_t)paths[1]));
	cr_expect(eq(str, s.problem, "cut short: ends at byte 3854 inside a packet"));
	seen_free(&s);
	folder_remove(folder);
}

Test(capture_merge, folders_are_read_with_the_folders_in_them)
{
	const char *folder = folder_make();
	struct bytes text = {0};
	struct seen s;

	mkdir(in_folder(folder, "x"), 0700);
	mkdir(in_folder(folder, "x/y"), 0700);
	write_pcap(in_folder(folder, "x/y/late"), 200, 1, 10, 60, 3);
	write_pcap(in_folder(folder, "x/first.pcap"), 0, 1, 10, 60, 1);
	write_pcap(in_folder(folder, "second"), 100, 1, 10, 60, 2);
	put(&text, "notes", 5);
	write_file(in_folder(folder, "README"), &text); /* no capture: a note */
	write_file(in_folder(folder, ".empty"), &(struct bytes){0}); /* the same */
	cr_assert(zero(int, symlink("..", in_folder(folder, "x/up")))); /* no endless walk: a note */
	see(&s, folder);
	cr_expect(eq(sz, s.count, 30));
	cr_expect(in_order(&s));
	cr_expect(eq(u32, s.problems, 3));
	cr_expect(eq(u64, s.stats.files, 3));
	cr_expect(eq(u64, s.stats.files_damaged, 0));
	seen_free(&s);

	write_file(in_folder(folder, "lost.pcap"), &(struct bytes){0}); /* this should have been one */
	see(&s, folder);
	cr_expect(eq(u32, s.problems, 4));
	cr_expect(eq(u64, s.stats.files_damaged, 1));
	seen_free(&s);
	bytes_free(&text);
	folder_remove(folder);
}

Test(capture_merge, the_same_file_is_read_once)
{
	const char *folder = folder_make();
	const char *paths[] = {folder, in_folder(folder, "a"), in_folder(folder, "a"),
			       in_folder(folder, "link")};
	struct seen s;

	write_pcap(paths[1], 0, 1, 10, 60, 1);
	cr_assert(zero(int, symlink("a", paths[3])));
	see_paths(&s, paths, 4, NULL, LIMIT_BATCH);
	cr_expect(eq(sz, s.count, 10));
	cr_expect(eq(u32, s.problems, 4)); /* a, link in the folder, a, a, link: read once */
	cr_expect(eq(u64, s.stats.files_damaged, 0));
	seen_free(&s);
	folder_remove(folder);
}

/* More files than may be open, all at the same time, with few descriptors for the process. */
Test(capture_merge, a_thousand_files)
{
	struct rlimit few = {LIMIT_OPEN_FILES + 32, LIMIT_OPEN_FILES + 32};

	for (unsigned overlap = 0; overlap < 2; overlap++) {
		const char *folder = folder_make();
		struct seen s;

		for (uint32_t i = 0; i < 1000; i++) {
			char name[32];
			snprintf(name, sizeof name, "%u.pcap", i * 7919 % 1000);
			write_pcap(in_folder(folder, name), overlap ? i % 10 : i * 60, 1, 60, 1000,
				   (uint8_t)i);
		}
		cr_assert(zero(int, setrlimit(RLIMIT_NOFILE, &few)));
		see(&s, folder);
		cr_expect(eq(sz, s.count, 60000));
		cr_expect(in_order(&s));
		cr_expect(not(s.torn));
		cr_expect(eq(u32, s.problems, 0), "%s", s.problem);
		cr_expect(eq(u64, s.stats.files, 1000));
		seen_free(&s);
		folder_remove(folder);
	}
}

/* An Ethernet frame with an IPv4 UDP header to this port. */
static void ethernet_udp(struct bytes *b, uint32_t seconds, uint8_t port)
{
	uint8_t p[60] = {[12] = 8, [14] = 0x45, [17] = 46, [23] = 17, [37] = port};

	pcap_packet(b, seconds, 0, 0, 60, 0);
	b->p[b->n - 8] = 60;
	put(b, p, 60);
}

static void see_filtered(struct seen *s, const struct bytes *b, const char *filter)
{
	const char *folder = folder_make();
	const char *path = in_folder(folder, "x.pcap");

	write_file(path, b);
	see_paths(s, &path, 1, filter, LIMIT_BATCH);
	folder_remove(folder);
}

Test(capture_filter, leaves_out_and_counts)
{
	struct bytes b = {0};
	struct seen s;

	pcap_header(&b, PCAP_MICRO, 1);
	for (uint32_t i = 0; i < 10000; i++)
		ethernet_udp(&b, i, i % 10 ? 53 : 80);
	see_filtered(&s, &b, "udp dst port 80");
	cr_expect(eq(sz, s.count, 1000));
	cr_expect(eq(u64, s.stats.packets, 1000));
	cr_expect(eq(u64, s.stats.packet_bytes, 60000));
	cr_expect(eq(u64, s.stats.packets_filtered, 9000));
	seen_free(&s);
	see_filtered(&s, &b, "tcp");
	cr_expect(eq(sz, s.count, 0));
	cr_expect(eq(u64, s.stats.packets_filtered, 10000));
	seen_free(&s);
	bytes_free(&b);
}

Test(capture_filter, counts_each_packet_once_when_files_are_merged)
{
	const char *folder = folder_make();
	struct bytes b = {0};
	struct seen s;

	for (uint32_t k = 0; k < 3; k++) {
		static const char *const names[] = {"a", "b", "c"};
		b.n = 0;
		pcap_header(&b, PCAP_MICRO, 1);
		for (uint32_t i = 0; i < 1000; i++)
			ethernet_udp(&b, k * 500 + i, i % 10 ? 53 : 80);
		write_file(in_folder(folder, names[k]), &b);
	}
	see_paths(&s, &folder, 1, "udp dst port 80", LIMIT_BATCH);
	cr_expect(eq(sz, s.count, 300));
	cr_expect(in_order(&s));
	cr_expect(eq(u64, s.stats.packets_filtered, 2700));
	cr_expect(eq(u64, s.stats.files, 3));
	seen_free(&s);
	bytes_free(&b);
	folder_remove(folder);
}

Test(capture_filter, is_compiled_for_each_link_type)
{
	static const uint8_t ip[28] = {0x45, [3] = 28, [9] = 17, [23] = 80};
	struct bytes b = {0};
	struct seen s;

	pcap_header(&b, PCAP_MICRO, 101); /* LINKTYPE_RAW is not DLT_RAW */
	pcap_packet(&b, 1, 0, 0, 28, 0);
	b.p[b.n - 8] = 28;
	put(&b, ip, 28);
	see_filtered(&s, &b, "udp dst port 80");
	cr_expect(eq(sz, s.count, 1));
	seen_free(&s);
	/* nothing for raw IP has a source MAC address */
	see_filtered(&s, &b, "ether src 1:2:3:4:5:6");
	cr_expect(not(s.opened));
	seen_free(&s);

	b.n = 0;
	ng_section(&b);
	ng_interface(&b, 1, 0, 6, 0);
	ng_interface(&b, 101, 0, 6, 0);
	ng_packet(&b, 0, 1, 60, 60, 0);
	ng_packet(&b, 1, 2, 60, 60, 0x45);
	ng_packet(&b, 1, 3, 60, 60, 0x45);
	see_filtered(&s, &b, "ether src 00:00:00:00:00:00");
	cr_expect(eq(sz, s.count, 1));
	cr_expect(eq(u64, s.stats.packets_filtered, 2));
	cr_expect(eq(u32, s.problems, 1));
	cr_expect(eq(u64, s.stats.files_damaged, 0));
	cr_expect(eq(str, s.problem,
		     "the filter does not suit packets of link type 101: left out"));
	seen_free(&s);
	bytes_free(&b);
}

/* BSD loopback: a family of four bytes in the order of the machine that captured, which is not the
 * order of the file when a tool on another one rewrote it. IPv6 is 24, 28 or 30 by system. */
Test(capture_filter, takes_loopback_frames_of_every_system)
{
	static const uint8_t families[] = {2, 24, 28, 30};

	for (unsigned i = 0; i < 16; i++) {
		uint8_t family = families[i / 4];
		uint8_t packet[44] = {[4] = family == 2 ? 0x45 : 0x60};
		struct bytes b = {.big = i & 1};
		struct seen s;

		packet[i & 2 ? 3 : 0] = family;
		packet[family == 2 ? 4 + 9 : 4 + 6] = 17;
		pcap_header(&b, PCAP_MICRO, 0);
		pcap_packet(&b, 1, 0, 0, 44, 0);
		b.p[24 + 8 + (b.big ? 3 : 0)] = 44;
		put(&b, packet, 44);
		see_filtered(&s, &b, "udp");
		cr_expect(eq(sz, s.count, 1), "family %u, case %u", family, i);
		seen_free(&s);
		see_filtered(&s, &b, "tcp");
		cr_expect(eq(sz, s.count, 0), "family %u, case %u", family, i);
		seen_free(&s);
		bytes_free(&b);
	}
}

Test(capture_filter, a_wrong_expression_is_an_error)
{
	struct bytes b = {0};
	struct seen s;

	pcap_header(&b, PCAP_MICRO, 1);
	see_filtered(&s, &b, "udp and and");
	cr_expect(not(s.opened));
	cr_expect(eq(int, strncmp(s.error.text, "filter: ", 8), 0), "%s", s.error.text);
	seen_free(&s);
	ethernet_udp(&b, 1, 53);
	see_filtered(&s, &b, "udp and and");
	cr_expect(not(s.opened));
	seen_free(&s);
	bytes_free(&b);
}
