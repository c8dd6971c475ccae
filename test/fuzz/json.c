// SPDX-License-Identifier: GPL-2.0-only
/* A configuration of damo's: what is taken reads back the same. */
#include "damon/damon_json.h"
#include "damon/damon.h"
#include "lib/error.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *once, *twice;
	struct damon_config *config = damo_parse("input", text, size), *again;

	free(text);
	if (!config) {
		fuzz_refused(-1, fail_status());
		return 0;
	}
	once = damo_format(config, false);
	again = damo_parse("ours", once, strlen(once));
	promise(again);
	twice = damo_format(again, false);
	promise(!strcmp(once, twice));
	damon_free(again);
	free(twice);
	twice = damo_format(config, true);
	again = damo_parse("our YAML", twice, strlen(twice));
	promise(again);
	free(twice);
	twice = damo_format(again, false);
	promise(!strcmp(once, twice));
	kdamond_check(config);
	damon_sample_us(config);
	free(once);
	free(twice);
	damon_free(config);
	damon_free(again);
	return 0;
}
