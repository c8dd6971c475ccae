// SPDX-License-Identifier: GPL-2.0-only
/*
 * YAML as it is read: refused with a reason, or a tree that, written as JSON,
 * which is YAML, too, is read as the same one.
 */
#include <cjson/cJSON.h>

#include "damon/damon_yaml.h"
#include "lib/error.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	cJSON *tree = damon_yaml_parse(text, size), *again;
	char *twice;

	free(text);
	if (!tree) {
		fuzz_refused(-1, STATUS_USAGE);
		return 0;
	}
	text = cJSON_PrintUnformatted(tree);
	promise(text);
	again = damon_yaml_parse(text, strlen(text));
	promise(again);
	/* (cJSON_Compare() takes twice as long with each level.) */
	twice = cJSON_PrintUnformatted(again);
	promise(twice && !strcmp(text, twice));
	free(twice);
	cJSON_Delete(again);
	cJSON_Delete(tree);
	free(text);
	return 0;
}
