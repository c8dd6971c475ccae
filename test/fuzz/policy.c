// SPDX-License-Identifier: GPL-2.0-only
/* A policy's file: what is taken is whole, and is the same a second time. */
#include "tiering/policy_file.h"
#include "lib/error.h"
#include "fuzz.h"

static void same(const struct policy_file *a, const struct policy_file *b)
{
	promise(a->nr_sets == b->nr_sets);
	for (int i = 0; i < a->nr_sets; i++) {
		promise(a->sets[i].t == b->sets[i].t);
		promise(!tunables_check(a->sets[i].t, a->sets[i].value));
		promise(!strcmp(a->sets[i].value, b->sets[i].value));
	}
	promise(!a->config == !b->config);
	promise(!memcmp(a->limits, b->limits, sizeof(a->limits)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct policy_file *f = policy_file_parse("input", text), *again;

	if (!f) {
		fuzz_refused(-1, fail_status());
		promise(fail_status() == STATUS_USAGE);
	} else {
		again = policy_file_parse("input", f->original);
		promise(again);
		same(f, again);
		promise(f->about && f->daemon.ready_ns && f->daemon.stop_ns);
		promise(f->nr_restores <= POLICY_FILE_RESTORES);
		promise(!f->near == !f->far);
		promise(f->daemon.start[0] || !f->nr_restores);
		promise(!f->daemon.start[DAEMON_WORDS]);
		policy_file_free(again);
	}
	policy_file_free(f);
	free(text);
	return 0;
}
