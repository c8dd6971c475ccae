/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * qemu.h - what the plugin asks of QEMU, answered from a page table of PAGES
 * pages. After plugin/tier-pmu.c and tap.h.
 */
#ifndef TIER_TEST_QEMU_H
#define TIER_TEST_QEMU_H

#ifndef PAGES
#define PAGES 512
#endif

/* Physical addresses by virtual page */
static uint64_t physical[PAGES];
static uint64_t looked_up;

/* A handle that is never looked into: the virtual address, and 1. */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t vaddr)
{
	(void)info;
	looked_up++;
	return (struct qemu_plugin_hwaddr *)(uintptr_t)(vaddr | 1ull << 62);
}

uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *addr)
{
	uint64_t vaddr = (uintptr_t)addr & ~(1ull << 62);

	return physical[vaddr >> 12 & (PAGES - 1)] + (vaddr & 4095);
}

/* Nothing here translates code, or asks by instruction. */
void qemu_plugin_register_vcpu_init_cb(uint64_t id, qemu_vcpu_called *fn,
				       void *data)
{
	(void)id, (void)fn, (void)data;
}

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_tb_called *fn,
					   void *data)
{
	(void)id, (void)fn, (void)data;
}

void qemu_plugin_register_atexit_cb(uint64_t id, qemu_called *fn, void *data)
{
	(void)id, (void)fn, (void)data;
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    qemu_vcpu_called *fn,
					    enum qemu_plugin_cb_flags flags,
					    void *data)
{
	(void)insn, (void)fn, (void)flags, (void)data;
}

void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      qemu_mem_called *fn,
				      enum qemu_plugin_cb_flags flags,
				      enum qemu_plugin_mem_rw which, void *data)
{
	(void)insn, (void)fn, (void)flags, (void)which, (void)data;
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
	(void)tb;
	return 0;
}

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
{
	(void)tb;
	return 0;
}

struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index)
{
	(void)tb, (void)index;
	return NULL;
}

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to,
			     size_t len)
{
	(void)insn, (void)to, (void)len;
	return 0;
}

GArray *qemu_plugin_get_registers(void)
{
	return NULL;
}

unsigned int g_array_get_element_size(GArray *array)
{
	(void)array;
	return 0;
}

char *g_array_free(GArray *array, int contents)
{
	(void)array, (void)contents;
	return NULL;
}

GByteArray *g_byte_array_new(void)
{
	return NULL;
}

GByteArray *g_byte_array_set_size(GByteArray *array, unsigned int len)
{
	array->len = len;
	return array;
}

/* A handle is where the register's value is. */
bool qemu_plugin_read_register(struct qemu_plugin_register *handle,
			       GByteArray *to)
{
	memcpy(to->data + to->len, handle, 8);
	to->len += 8;
	return true;
}

/* What each virtual CPU has executed, by enum pmu_who */
static uint64_t executed[2][PMU_NR_WHO];

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t bytes)
{
	ok(bytes == sizeof(executed[0]), "a counter for each who");
	return NULL;
}

/* As of a machine without any, at first */
static int begun;

int qemu_plugin_num_vcpus(void)
{
	return begun;
}

uint64_t qemu_plugin_u64_get(qemu_plugin_u64 entry, unsigned int vcpu)
{
	return executed[vcpu][entry.offset / sizeof(uint64_t)];
}

void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
	struct qemu_plugin_tb *tb, enum qemu_plugin_op op,
	qemu_plugin_u64 entry, uint64_t imm)
{
	(void)tb, (void)op, (void)entry, (void)imm;
}

bool qemu_plugin_read_memory_vaddr(uint64_t vaddr, GByteArray *to, size_t len)
{
	(void)vaddr, (void)to, (void)len;
	return false;
}

bool qemu_plugin_write_memory_vaddr(uint64_t vaddr, GByteArray *from)
{
	(void)vaddr, (void)from;
	return false;
}

#endif
