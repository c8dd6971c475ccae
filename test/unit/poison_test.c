// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's list of poison is read from a trace as it writes it: entries are
 * counted, their lengths added up, and other lines ignored.
 */
#include "cxl/poison.h"
#include "tap.h"

/* As Linux 6.12 writes them, with the lines around them. */
static const char trace[] =
	"# tracer: nop\n#\n"
	"  tier-97  [001] .....  12.5: cxl_poison: memdev=mem0 "
	"host=0000:0d:00.0 serial=1 trace_type=List region=region0 "
	"region_uuid=00000000-0000-0000-0000-000000000000 dpa=0x1000 "
	"dpa_length=0x40 source=Injected flags= overflow_time=0 "
	"hpa=0x110001000\n"
	"  tier-97  [001] .....  12.6: other: dpa_length=0x4000\n"
	"  tier-97  [001] .....  12.7: cxl_poison: memdev=mem1 "
	"host=0000:0e:00.0 serial=2 trace_type=List region= "
	"dpa=0x2000 dpa_length=0x80 source=Internal flags= ";

int main(void)
{
	struct poison p = { 0 };

	poison_parse(&p, "");
	poison_parse(&p, "# tracer: nop\n cxl_poison:\n");
	is_u64(p.entries, 0, "nothing");
	poison_parse(&p, trace);
	is_u64(p.entries, 2, "two ranges");
	is_u64(p.bytes, 0xc0, "of so many bytes");
	is_str(p.memdev, "mem0", "the first one's device");
	is_u64(p.dpa, 0x1000, "its address, not its length or the host's");
	is_str(p.source, "Injected", "whence it came");
	p = (struct poison){ 0 };
	poison_parse(&p, " cxl_poison: dpa_length=0x40");
	is_u64(p.entries, 1, "an event without the rest");
	is_str(p.memdev, "", "has no device");
	return done_testing();
}
