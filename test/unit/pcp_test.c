// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs' lists are short until they are to be as they were, and whoever dies
 * meanwhile, they are.
 */
#include "lib/error.h"
#include "mm/pcp.h"
#include "mm/undo.h"
#include "tap.h"
#include "tree.h"

#define FRACTION "/proc/sys/vm/percpu_pagelist_high_fraction"
/* As long as what is written: a file of a tree keeps what is beyond that. */
#define WAS "2123456789\n"

int main(void)
{
	struct pcp p = { 0 };
	struct undo_result r;
	char dir[PATH_MAX];

	tree_begin();
	tree_directory("/run");
	snprintf(dir, sizeof(dir), "%s", tree_path("/run"));
	undo_set_dir(dir);
	fail(EPERM, "of before");
	pcp_shorten(&p);
	ok(!p.was[0], "no such file: nothing to put back");
	tree_file(FRACTION, WAS);
	pcp_shorten(&p);
	pcp_restore(&p);
	is_str(tree_text(FRACTION), WAS, "without undo_begin() it stays");

	undo_begin("run");
	pcp_shorten(&p);
	is_str(tree_text(FRACTION), "1000000000\n", "short");
	ok(undo_pending("run"), "whoever is left can put it back");
	pcp_restore(&p);
	is_str(tree_text(FRACTION), WAS, "as it was");
	ok(!p.was[0], "and nothing more is known of it");
	is_i64(undo_restore("run", &r), 0, "the log");
	is_u64(r.foreign, 0, "knows of no other program");
	is_str(fail_message(), "of before", "nothing of it is a run's error");

	undo_begin("run");
	pcp_shorten(&p);
	undo_restore("run", &r);
	is_str(tree_text(FRACTION), WAS, "so it is after a crash");
	return done_testing();
}
