// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_choose.c - which memdevs and which root decoder a region is made of.
 *
 * Where nothing is named the first that works is taken; where none does, what
 * came nearest is told.
 */
#include <cxl/libcxl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cxl/region.h"
#include "cxl/region_internal.h"
#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/text.h"
#include "sysfs.h"

const char *region_device_text(char buf[static DEVICE_TEXT],
			       struct cxl_memdev *memdev)
{
	const char *host = cxl_memdev_get_host(memdev);

	snprintf(buf, DEVICE_TEXT, "%s (serial 0x%llx, %.48s)",
		 cxl_memdev_get_devname(memdev), cxl_memdev_get_serial(memdev),
		 host ? host : "?");
	return buf;
}

/* Is the memdev called so: by name, PCI address or serial? */
static bool memdev_is(struct cxl_memdev *memdev, const char *name)
{
	const char *host = cxl_memdev_get_host(memdev);
	unsigned long long serial;
	char *end;

	if (!strcmp(name, cxl_memdev_get_devname(memdev)) ||
	    (host && !strcmp(name, host)))
		return true;
	serial = strtoull(name, &end, 0);
	return end != name && !*end && serial == cxl_memdev_get_serial(memdev);
}

/* In the order of serials, then of addresses: memN is not the same twice. */
static int by_serial(const void *a, const void *b)
{
	struct cxl_memdev *x = *(struct cxl_memdev *const *)a;
	struct cxl_memdev *y = *(struct cxl_memdev *const *)b;
	unsigned long long s = cxl_memdev_get_serial(x);
	unsigned long long t = cxl_memdev_get_serial(y);

	if (s != t)
		return s < t ? -1 : 1;
	return strcmp(cxl_memdev_get_host(x), cxl_memdev_get_host(y));
}

/* All memdevs that libcxl knows, sorted, to be freed. */
static size_t all_memdevs(struct region_work *w, struct cxl_memdev ***memdevs)
{
	struct cxl_memdev *memdev;
	size_t n = 0;

	*memdevs = NULL;
	cxl_memdev_foreach(w->cxl, memdev) {
		*memdevs = xgrow(*memdevs, n, sizeof(**memdevs));
		(*memdevs)[n++] = memdev;
	}
	if (n)
		qsort(*memdevs, n, sizeof(**memdevs), by_serial);
	return n;
}

/* How much a failure to use a device says to someone who named none. */
enum { RANK_UNREACHED = 1, RANK_NO_RAM, RANK_TAKEN, RANK_OTHER };

/* Is the region made of the memdevs that were named, and of no others? */
static bool is_of_these(const struct region_work *w, const struct region *r)
{
	int i, k;

	if (r->nr_memdevs != w->ways)
		return false;
	for (i = 0; i < w->ways; i++) {
		for (k = 0; k < w->ways; k++)
			if (!strcmp(r->memdevs[k],
				    cxl_memdev_get_devname(w->memdevs[i])))
				break;
		if (k == w->ways)
			return false;
	}
	return true;
}

/* In which of what was asked for the region differs; NULL: it is that. */
static const char *other_than_asked(const struct region_work *w,
				    const struct region *r)
{
	const struct region_spec *spec = w->spec;

	return spec->decoder && strcmp(spec->decoder, r->decoder) ?
		       "under another root decoder" :
	       spec->memdev && !is_of_these(w, r)  ? "of other memdevs" :
	       spec->size && spec->size != r->size ? "of another size" :
						     NULL;
}

/*
 * Has the memdev a region already? Then *out is that region and the error is
 * -EEXIST: it is what was asked for, or else -EBUSY.
 */
static int check_untaken(struct region_work *w, struct cxl_memdev *memdev,
			 struct region *out)
{
	char region[REGION_NAME], text[DEVICE_TEXT];
	int endpoint = region_endpoint(cxl_memdev_get_devname(memdev)), id;
	const char *other;

	if (endpoint < 0)
		return fail(ENXIO,
			    "%s has no endpoint: is there a root port "
			    "below a CXL host bridge?",
			    region_device_text(text, memdev));
	if (!region_of_endpoint(endpoint, region))
		return 0;
	if (sscanf(region, "region%d", &id) == 1)
		region_read(out, id);
	other = other_than_asked(w, out);
	if (other)
		return fail(
			EBUSY,
			"%s is in %s already, which is %s than was asked for; tier region destroy %s frees it",
			region_device_text(text, memdev), region, other,
			region);
	return fail(EEXIST, "%s is in %s already%s",
		    region_device_text(text, memdev), region,
		    !out->committed ? ", which is not committed" :
		    !out->online    ? ", whose memory is not online" :
				      "");
}

/* The first decoder of the endpoint that decodes nothing yet. */
static struct cxl_decoder *free_decoder(struct cxl_memdev *memdev)
{
	struct cxl_endpoint *endpoint = cxl_memdev_get_endpoint(memdev);
	struct cxl_decoder *decoder;

	if (!endpoint)
		return NULL;
	cxl_decoder_foreach(cxl_endpoint_get_port(endpoint), decoder)
		if (!cxl_decoder_get_size(decoder))
			return decoder;
	return NULL;
}

static int check_memdev(struct region_work *w, int i, struct region *out,
			int *rank)
{
	struct cxl_memdev *memdev = w->memdevs[i];
	char text[DEVICE_TEXT];
	int err;

	*rank = RANK_NO_RAM;
	if (!cxl_memdev_get_ram_size(memdev))
		return lacks(ENXIO,
			     "%s has no volatile capacity%s: use QEMU "
			     "8.1 or newer with cxl-type3,"
			     "volatile-memdev=...",
			     region_device_text(text, memdev),
			     cxl_memdev_get_pmem_size(memdev) ?
				     ", only persistent" :
				     "");
	*rank = RANK_TAKEN;
	err = check_untaken(w, memdev, out);
	if (err == -EBUSY)
		*rank = RANK_UNREACHED;
	if (err == -EBUSY || err == -EEXIST)
		return err;
	*rank = RANK_OTHER;
	if (err)
		return err;
	w->ends[i] = free_decoder(memdev);
	if (!w->ends[i])
		return fail(EBUSY, "%s has no free decoder",
			    region_device_text(text, memdev));
	return 0;
}

/* The size of the region: as given, or what all of the memdevs can give. */
static int choose_size(struct region_work *w)
{
	char has[SIZE_TEXT], want[SIZE_TEXT], text[DEVICE_TEXT];
	struct cxl_memdev *least = w->memdevs[0];
	uint64_t each, ways = (uint64_t)w->ways;

	for (int i = 1; i < w->ways; i++)
		if (cxl_memdev_get_ram_size(w->memdevs[i]) <
		    cxl_memdev_get_ram_size(least))
			least = w->memdevs[i];
	each = cxl_memdev_get_ram_size(least) / REGION_ALIGN * REGION_ALIGN;
	format_size(has, cxl_memdev_get_ram_size(least));
	if (!each)
		return lacks(ENOSPC,
			     "%s has %s: a region takes multiples of "
			     "256 MiB",
			     region_device_text(text, least), has);
	w->size = w->spec->size ? w->spec->size : each * ways;
	if (w->size > each * ways)
		return lacks(ENOSPC,
			     "%s has %s of volatile memory, a region of "
			     "%s needs more",
			     region_device_text(text, least), has,
			     format_size(want, w->size));
	if (w->size % (REGION_ALIGN * ways))
		return misuse("a region of %d memdevs is a multiple of %d MiB",
			      w->ways, w->ways * 256);
	return 0;
}

/*
 * Below a root decoder that interleaves over host bridges, target i of the
 * region must be under host bridge i.
 */
static int order_memdevs(struct region_work *w, struct cxl_decoder *root)
{
	int bridges = (int)cxl_decoder_get_interleave_ways(root), j;
	struct cxl_memdev *memdev;
	struct cxl_target *t;

	for (int i = 0; i < w->ways && bridges > 1; i++) {
		for (j = i; j < w->ways; j++) {
			t = cxl_decoder_get_target_by_memdev(root,
							     w->memdevs[j]);
			if (t && cxl_target_get_position(t) == i % bridges)
				break;
		}
		if (j == w->ways)
			return lacks(ENXIO,
				     "%s: no memdev under its host bridge %d",
				     cxl_decoder_get_devname(root), i);
		memdev = w->memdevs[i];
		w->memdevs[i] = w->memdevs[j];
		w->memdevs[j] = memdev;
	}
	for (int i = 0; i < w->ways; i++)
		w->ends[i] = free_decoder(w->memdevs[i]);
	return 0;
}

/* How near a root decoder came to being usable: the nearest is told. */
enum { ROOT_UNREACHED = 1, ROOT_NOT_RAM, ROOT_WAYS, ROOT_TOO_SMALL };

static int check_room(struct region_work *w, struct cxl_decoder *root)
{
	const char *name = cxl_decoder_get_devname(root);
	uint64_t room = cxl_decoder_get_max_available_extent(root);
	uint64_t whole = cxl_decoder_get_size(root);
	char want[SIZE_TEXT], have[SIZE_TEXT], all[SIZE_TEXT];

	if (w->size <= room)
		return 0;
	room = room / (REGION_ALIGN * (uint64_t)w->ways) *
	       (REGION_ALIGN * (uint64_t)w->ways);
	return lacks(ERANGE,
		     "the window of %s (%s, %s of it free) is too small for a "
		     "region of %s: give a size of at most %s, or make the "
		     "window larger (QEMU: cxl-fmw.0.size=...)",
		     name, format_size(all, whole), format_size(have, room),
		     format_size(want, w->size), have);
}

/* The first memdev under that host bridge of a root decoder for which fn holds. */
static struct cxl_memdev *under_bridge(struct region_work *w,
				       struct cxl_decoder *root, int bridge,
				       bool (*fn)(struct cxl_memdev *memdev))
{
	struct cxl_memdev **all, *found = NULL;
	size_t n = all_memdevs(w, &all);
	struct cxl_target *t;

	for (size_t i = 0; i < n && !found; i++) {
		t = cxl_decoder_get_target_by_memdev(root, all[i]);
		if (t && cxl_target_get_position(t) == bridge && fn(all[i]))
			found = all[i];
	}
	free(all);
	return found;
}

static bool is_volatile(struct cxl_memdev *memdev)
{
	return cxl_memdev_get_ram_size(memdev);
}

/* What can become, or be a part of, a region of RAM. */
static bool is_free(struct cxl_memdev *memdev)
{
	int endpoint = region_endpoint(cxl_memdev_get_devname(memdev));
	char region[REGION_NAME];

	return is_volatile(memdev) && endpoint >= 0 &&
	       !region_of_endpoint(endpoint, region) && free_decoder(memdev);
}

/*
 * The root decoder interleaves over host bridges, and wants memdevs under each:
 * which these are, or under which there is none.
 */
static int lacks_others(struct region_work *w, struct cxl_decoder *root)
{
	const char *name = cxl_decoder_get_devname(root);
	int bridges = (int)cxl_decoder_get_interleave_ways(root), endpoint;
	char region[REGION_NAME] = "", text[512] = "";
	struct cxl_memdev *memdev = NULL;

	for (int i = 0; i < bridges; i++) {
		memdev = under_bridge(w, root, i, is_free);
		if (!memdev)
			break;
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s", i ? "," : "", cxl_memdev_get_devname(memdev));
	}
	if (memdev)
		return lacks(
			ENXIO,
			"root decoder %s interleaves over %d host bridges: its regions need a memdev under each (tier region create --memdev %s)",
			name, bridges, text);
	for (int i = 0; i < bridges && !memdev; i++)
		if (!under_bridge(w, root, i, is_free))
			memdev = under_bridge(w, root, i, is_volatile);
	endpoint = memdev ? region_endpoint(cxl_memdev_get_devname(memdev)) :
			    -1;
	if (endpoint >= 0 && region_of_endpoint(endpoint, region))
		return lacks(
			ENXIO,
			"root decoder %s interleaves over %d host bridges: its regions need a memdev under each, and %s is in %s: tier region destroy %s, then tier region create",
			name, bridges, region_device_text(text, memdev), region,
			region);
	return lacks(
		ENXIO,
		"root decoder %s interleaves over %d host bridges: its regions need a memdev with volatile memory under each, and under one there is none: the machine needs one there, or a window of one host bridge (QEMU: cxl-fmw.N.targets.0 alone)",
		name, bridges);
}

static int check_root(struct region_work *w, struct cxl_decoder *root,
		      int *rank)
{
	const char *name = cxl_decoder_get_devname(root);
	unsigned int bridges = cxl_decoder_get_interleave_ways(root);
	char text[DEVICE_TEXT];

	*rank = ROOT_UNREACHED;
	for (int i = 0; i < w->ways; i++)
		if (!cxl_decoder_get_target_by_memdev(root, w->memdevs[i]))
			return lacks(ENXIO, "root decoder %s does not reach %s",
				     name,
				     region_device_text(text, w->memdevs[i]));
	*rank = ROOT_NOT_RAM;
	if (!cxl_decoder_is_volatile_capable(root))
		return lacks(ENXIO,
			     "root decoder %s is not for volatile memory "
			     "(cap_ram is 0)",
			     name);
	*rank = ROOT_WAYS;
	if (!bridges || (unsigned int)w->ways % bridges)
		return lacks_others(w, root);
	*rank = ROOT_TOO_SMALL;
	return check_room(w, root);
}

/* No root decoder could be looked at: there is none, or none of that name. */
static int no_root(struct region_work *w, const struct textbuf *names)
{
	if (names->len)
		return lacks(ENODEV, "there is no root decoder %s (there is%s)",
			     w->spec->decoder, names->text);
	return lacks(ENODEV, "the firmware describes no CXL window (no root "
			     "decoder; QEMU: -machine cxl-fmw.0.targets.0=...,"
			     "cxl-fmw.0.size=...)");
}

/* The first root decoder, or the named one, that can take the region. */
static int choose_root(struct region_work *w, int *memdev_rank)
{
	struct worst nearest = { 0 };
	struct textbuf names = { 0 };
	struct cxl_decoder *root;
	struct cxl_bus *bus;
	int err, rank;

	cxl_bus_foreach(w->cxl, bus)
		cxl_decoder_foreach(cxl_bus_get_port(bus), root) {
			const char *name = cxl_decoder_get_devname(root);

			buf_add(&names, " %s", name);
			if (w->root || (w->spec->decoder &&
					strcmp(name, w->spec->decoder)))
				continue;
			err = check_root(w, root, &rank);
			if (err)
				worst_keep(&nearest, err, rank);
			else
				w->root = root;
		}
	if (nearest.rank == ROOT_UNREACHED)
		*memdev_rank = RANK_UNREACHED;
	if (w->root)
		err = order_memdevs(w, w->root);
	else
		err = nearest.err ? worst_raise(&nearest) : no_root(w, &names);
	buf_free(&names);
	return err;
}

/* Can a region be made of w->memdevs? */
static int check_choice(struct region_work *w, struct region *out, int *rank)
{
	int err;

	w->root = NULL;
	for (int i = 0; i < w->ways; i++) {
		err = check_memdev(w, i, out, rank);
		if (err)
			return err;
	}
	err = choose_size(w);
	return err ? err : choose_root(w, rank);
}

static int choose_named(struct region_work *w, struct cxl_memdev **all,
			size_t n, struct region *out)
{
	char *names = xstrdup(w->spec->memdev), *rest = names, *name;
	int err = 0, rank;
	size_t i;

	while (!err && (name = strtok_r(rest, ",", &rest))) {
		for (i = 0; i < n && !memdev_is(all[i], name); i++)
			;
		if (i == n)
			err = lacks(ENODEV,
				    "there is no CXL memdev %s (there "
				    "is %s%s)",
				    name, cxl_memdev_get_devname(all[0]),
				    n > 1 ? ", ..." : "");
		else if (w->ways == REGION_MAX_TARGETS)
			err = misuse("a region has at most %d memdevs",
				     REGION_MAX_TARGETS);
		else
			w->memdevs[w->ways++] = all[i];
	}
	if (!err && !w->ways)
		err = misuse("no memdev is named");
	free(names);
	return err ? err : check_choice(w, out, &rank);
}

/*
 * For a memdev: one under each host bridge that a root decoder which reaches it
 * interleaves over. False: there is no such root decoder, or there are none.
 */
static bool gather(struct region_work *w, struct cxl_decoder *root,
		   struct cxl_memdev *memdev)
{
	int bridges = (int)cxl_decoder_get_interleave_ways(root);
	struct cxl_target *t = cxl_decoder_get_target_by_memdev(root, memdev);

	if (!t || bridges < 2 || bridges > REGION_MAX_TARGETS)
		return false;
	for (int i = 0; i < bridges; i++) {
		w->memdevs[i] = i == cxl_target_get_position(t) ?
					memdev :
					under_bridge(w, root, i, is_free);
		if (!w->memdevs[i])
			return false;
	}
	w->ways = bridges;
	return true;
}

/* With others, under a root decoder that interleaves over host bridges. */
static bool choose_interleaved(struct region_work *w, struct cxl_memdev *memdev,
			       struct region *out)
{
	struct cxl_decoder *root;
	struct cxl_bus *bus;
	int rank;

	cxl_bus_foreach(w->cxl, bus)
		cxl_decoder_foreach(cxl_bus_get_port(bus), root)
			if (gather(w, root, memdev) &&
			    !check_choice(w, out, &rank))
				return true;
	return false;
}

/*
 * Nothing is named. What can be used only together with others comes first: if
 * these had regions of their own, it could not be used at all.
 */
static int choose_any(struct region_work *w, struct cxl_memdev **all, size_t n,
		      struct region *out)
{
	struct region existing = { .node = -1 };
	struct worst worst = { 0 };
	size_t usable = n;
	int err, rank;

	for (size_t i = 0; i < n; i++) {
		w->ways = 1;
		w->memdevs[0] = all[i];
		err = check_choice(w, &existing, &rank);
		if (err && is_free(all[i]) &&
		    choose_interleaved(w, all[i], &existing))
			return 0;
		if (!err && usable == n)
			usable = i;
		if (err == -EEXIST && worst.rank < RANK_TAKEN)
			*out = existing;
		if (err)
			worst_keep(&worst, err, rank);
	}
	w->ways = 1;
	if (usable == n)
		return worst_raise(&worst);
	w->memdevs[0] = all[usable];
	return check_choice(w, &existing, &rank);
}

int region_choose(struct region_work *w, struct region *out)
{
	struct cxl_memdev **all;
	size_t n = all_memdevs(w, &all);
	int err;

	if (!n) /* it wants /dev/cxl/memN too, and gives up without */
		err = lacks(ENODEV,
			    "libcxl does not see the kernel's CXL "
			    "memdevs: is devtmpfs mounted on /dev? "
			    "(libcxl: %s)",
			    w->said[0] ? w->said : "nothing");
	else if (w->spec->memdev)
		err = choose_named(w, all, n, out);
	else
		err = choose_any(w, all, n, out);
	free(all);
	return err;
}
