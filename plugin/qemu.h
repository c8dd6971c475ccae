/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * qemu.h - what the plugin uses of QEMU, declared anew: no package has QEMU's
 * own header. After the documentation of the plugin interface, version 7
 * (QEMU 11.1; "QEMU TCG Plugins" in QEMU's developer manual).
 */
#ifndef TIER_PLUGIN_QEMU_H
#define TIER_PLUGIN_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_API 7
#define EXPORTED __attribute__((visibility("default")))

/* What a block of code does inline: no call */
enum qemu_plugin_op {
	QEMU_PLUGIN_INLINE_ADD_U64,
	QEMU_PLUGIN_INLINE_STORE_U64
};
struct qemu_plugin_scoreboard; /* a struct for each virtual CPU */
typedef struct {
	struct qemu_plugin_scoreboard *score;
	size_t offset; /* of a uint64_t in it */
} qemu_plugin_u64;

/* Handles, never looked into */
struct qemu_plugin_tb; /* a block of code being translated */
struct qemu_plugin_insn; /* an instruction of it */
struct qemu_plugin_hwaddr;
struct qemu_plugin_register;

typedef struct qemu_info_t {
	const char *target_name; /* "x86_64" */
	struct {
		int min, cur; /* interface versions that this QEMU takes */
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
} qemu_info_t;

/* What a callback wants to do with registers */
enum qemu_plugin_cb_flags { QEMU_NO_REGS, QEMU_READ_REGS };
enum qemu_plugin_mem_rw { QEMU_LOADS = 1, QEMU_STORES = 2 };

typedef void qemu_called(void *data);
typedef void qemu_vcpu_called(unsigned int vcpu, void *data);
typedef void qemu_tb_called(struct qemu_plugin_tb *tb, void *data);
typedef void qemu_mem_called(unsigned int vcpu, uint32_t info, uint64_t vaddr,
			     void *data);

/* Ours, which QEMU looks for */
EXPORTED extern int qemu_plugin_version;
EXPORTED int qemu_plugin_install(uint64_t id, const qemu_info_t *info, int argc,
				 char **argv);

/* QEMU's */
void qemu_plugin_register_vcpu_init_cb(uint64_t id, qemu_vcpu_called *fn,
				       void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_tb_called *fn,
					   void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, qemu_called *fn, void *data);
/* Only from within a qemu_tb_called: */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    qemu_vcpu_called *fn,
					    enum qemu_plugin_cb_flags flags,
					    void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      qemu_mem_called *fn,
				      enum qemu_plugin_cb_flags flags,
				      enum qemu_plugin_mem_rw which,
				      void *data);
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
	struct qemu_plugin_tb *tb, enum qemu_plugin_op op,
	qemu_plugin_u64 entry, uint64_t imm);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t bytes);
/* Of a virtual CPU that there has been */
uint64_t qemu_plugin_u64_get(qemu_plugin_u64 entry, unsigned int vcpu);
int qemu_plugin_num_vcpus(void); /* that there have been */
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
/* Copies at most len of its bytes, returns how many. */
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to,
			     size_t len);
/* Only from within a qemu_mem_called; NULL: not known */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info,
						  uint64_t vaddr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *addr);

/* GLib's arrays, as QEMU, which is linked with GLib, hands them over */
typedef struct {
	uint8_t *data;
	unsigned int len;
} GByteArray;
typedef struct {
	char *data;
	unsigned int len;
} GArray;
GByteArray *g_byte_array_new(void);
GByteArray *g_byte_array_set_size(GByteArray *array, unsigned int len);
unsigned int g_array_get_element_size(GArray *array);
char *g_array_free(GArray *array, int contents);

/* What the array of registers begins each of its elements with */
struct qemu_register {
	struct qemu_plugin_register *handle;
	const char *name;
};
/* Of the virtual CPU that runs the callback */
GArray *qemu_plugin_get_registers(void);
bool qemu_plugin_read_register(struct qemu_plugin_register *handle,
			       GByteArray *to); /* appends */
bool qemu_plugin_read_memory_vaddr(uint64_t vaddr, GByteArray *to, size_t len);
bool qemu_plugin_write_memory_vaddr(uint64_t vaddr, GByteArray *from);
/* Not in older QEMUs: so that they refuse by version, and say so. */
#pragma weak qemu_plugin_write_memory_vaddr

#endif
