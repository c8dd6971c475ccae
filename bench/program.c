// SPDX-License-Identifier: GPL-2.0-only
/*
 * program.c - another's program: found, judged, placed and started.
 *
 * The kernel says ENOENT also when a program is there but its interpreter is
 * not, and ENOEXEC for whatever format it does not know. What is missing is
 * said here, before. In the end it is execve(2) that decides.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/program.h"
#include "bench/table.h"
#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/wait.h"
#include "mm/node.h"
#include "sysfs.h"

/* The PATH of execvp(3) where the environment has none, as PID 1's. */
#define DEFAULT_PATH "/usr/local/bin:/bin:/usr/bin:/sbin"
#define ADD_BRINGS \
	"which this machine lacks; into a guest's image ./build.sh run --add FILE brings it"

#ifdef __aarch64__
#define EM_OURS EM_AARCH64
#else
#define EM_OURS EM_X86_64
#endif

/* ------------------------------------------------------------------- find */

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

/*
 * As execvp(3), it goes on when what it finds may not be executed, and takes
 * that only if there is nothing better.
 */
static int search(char path[static PATH_MAX], const char *name)
{
	const char *dirs = getenv("PATH"), *end;
	char try[PATH_MAX];
	bool found = false;

	for (dirs = dirs ? dirs : DEFAULT_PATH;; dirs = end + 1) {
		end = dirs + strcspn(dirs, ":");
		snprintf(try, sizeof(try), "%.*s%s%s", (int)(end - dirs), dirs,
			 end > dirs ? "/" : "", name);
		if (is_file(try) && (!found || !access(try, X_OK))) {
			found = true;
			snprintf(path, PATH_MAX, "%s", try);
			if (!access(try, X_OK))
				return 0;
		}
		if (!*end)
			break;
	}
	return found ? 0 :
		       fail_as(PROGRAM_NOT_FOUND, "%s: not found in PATH",
			       name);
}

/* ------------------------------------------------------------------ judge */

/* "#!/bin/sh -e": is there a /bin/sh? */
static int judge_script(const char *path, char *line)
{
	char *name = line + 2 + strspn(line + 2, " \t");

	name[strcspn(name, " \t\r\n")] = '\0';
	if (*name && !access(name, X_OK))
		return 0;
	return fail_as(PROGRAM_CANNOT,
		       "%s: its first line wants %s, " ADD_BRINGS, path,
		       *name ? name : "no interpreter");
}

/* Where an ELF file names its interpreter (the dynamic loader); 0: nowhere. */
static off_t interpreter_at(int fd, const Elf64_Ehdr *e, size_t *size)
{
	Elf64_Phdr p;

	for (int i = 0; i < e->e_phnum; i++) {
		if (pread(fd, &p, sizeof(p),
			  (off_t)(e->e_phoff + (uint64_t)i * sizeof(p))) !=
		    sizeof(p))
			break;
		if (p.p_type != PT_INTERP)
			continue;
		*size = p.p_filesz;
		return (off_t)p.p_offset;
	}
	return 0;
}

static int judge_elf(const char *path, int fd, const Elf64_Ehdr *e)
{
	char name[PATH_MAX] = "";
	size_t size = 0;
	off_t at;

	/* 32-bit ones may be run by a 64-bit kernel: that is for it to say. */
	if (e->e_ident[EI_CLASS] != ELFCLASS64)
		return 0;
	if (e->e_machine != EM_OURS)
		return fail_as(
			PROGRAM_CANNOT,
			"%s is for another processor (ELF machine %d, this is %d)",
			path, e->e_machine, EM_OURS);
	at = interpreter_at(fd, e, &size);
	if (!at || size >= sizeof(name) ||
	    pread(fd, name, size, at) != (ssize_t)size || !access(name, X_OK))
		return 0;
	return fail_as(PROGRAM_CANNOT, "%s needs %s, " ADD_BRINGS, path, name);
}

static int judge_content(const char *path, int fd)
{
	union {
		Elf64_Ehdr elf;
		char text[256];
	} head = { 0 };
	ssize_t n = pread(fd, head.text, sizeof(head.text) - 1, 0);

	if (n >= 2 && !strncmp(head.text, "#!", 2))
		return judge_script(path, head.text);
	/*
	 * Whoever has registered formats (binfmt_misc) leaves it to the kernel.
	 */
	if (n < 0 || sysfs_exists("/proc/sys/fs/binfmt_misc/status"))
		return 0;
	if (n >= (ssize_t)sizeof(head.elf) &&
	    !memcmp(head.elf.e_ident, ELFMAG, SELFMAG))
		return judge_elf(path, fd, &head.elf);
	return fail_as(PROGRAM_CANNOT, "%s is %s", path,
		       n ? "no program: no interpreter line (#!/bin/sh)?" :
			   "an empty file: no interpreter line?");
}

static int judge(const char *path)
{
	struct stat st;
	int fd, err;

	if (stat(path, &st))
		return fail_as(errno == ENOENT ? PROGRAM_NOT_FOUND :
						 PROGRAM_CANNOT,
			       "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail_as(PROGRAM_CANNOT, "%s: a directory", path);
	if (access(path, X_OK))
		return fail_as(
			PROGRAM_CANNOT, "%s: %s%s", path, strerror(errno),
			errno == EACCES ? "; chmod +x makes it a program" : "");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) /* one may execute what one may not read */
		return 0;
	err = judge_content(path, fd);
	close(fd);
	return err;
}

int program_find(struct program *p, char **argv)
{
	int err = 0;

	p->argv = argv;
	if (!*argv[0])
		return fail_as(PROGRAM_NOT_FOUND, "'' is no program's name");
	if (strlen(argv[0]) >= PATH_MAX)
		return fail_as(PROGRAM_NOT_FOUND, "a name that long: %s",
			       strerror(ENAMETOOLONG));
	if (strchr(argv[0], '/'))
		snprintf(p->path, sizeof(p->path), "%s", argv[0]);
	else
		err = search(p->path, argv[0]);
	return err ? err : judge(p->path);
}

/* ------------------------------------------------------------------ place */

static int resolve_memory(struct place *place)
{
	struct node *nodes;
	int have[NODE_MAX], n = node_list(&nodes), err = 0;

	if (n < 0)
		return n;
	n = node_keep_allowed(nodes, n);
	for (int i = 0; i < n; i++)
		have[i] = nodes[i].id;
	for (int i = 0; i < place->nr_nodes && !place->except && !err; i++)
		if (!node_find(nodes, n, place->nodes[i]))
			err = node_missing("", place->nodes[i], nodes, n, "");
	free(nodes);
	return err ? err : place_resolve(place, have, n, "memory");
}

/* Adds the CPUs of a node, also of one without memory; returns how many. */
static int add_cpus(struct cpu_set *set, int node)
{
	char *list = sysfs_slurp(NODE_DIR "/node%d/cpulist", node);
	int before = set->count;

	for (int i = 0; list && i < CPU_MAX; i++)
		if (list_has(list, i))
			cpu_set_add(set, i);
	free(list);
	return set->count - before;
}

static int resolve_cpus(struct program *p)
{
	int *nodes, n = sysfs_ids(&nodes, "node", NODE_DIR);
	int have[NODE_MAX], with = 0, err;
	struct cpu_set any = { .count = 0 };

	for (int i = 0; i < n && with < NODE_MAX; i++)
		if (add_cpus(&any, nodes[i]))
			have[with++] = nodes[i];
	err = n < 0 ? n : place_resolve(&p->cpu_nodes, have, with, "CPUs");
	for (int i = 0; i < p->cpu_nodes.nr_nodes && !err; i++)
		add_cpus(&p->cpus, p->cpu_nodes.nodes[i]);
	if (n > 0)
		free(nodes);
	return err;
}

/* Those of a list, of which each must be there and allowed. */
static int take_cpus(struct program *p)
{
	static int ids[CPU_MAX], allowed[CPU_MAX];
	int n = parse_list(p->cpu_list, ids, CPU_MAX);
	int may = cpu_allowed(allowed), k;

	if (may < 0)
		return may;
	for (int i = 0; i < n; i++) {
		for (k = 0; k < may && allowed[k] != ids[i]; k++)
			;
		if (k == may)
			return lacks(
				ENOENT,
				"CPU %d does not exist, or this process may not use it (taskset -cp $$ says which)",
				ids[i]);
		cpu_set_add(&p->cpus, ids[i]);
	}
	return 0;
}

int program_place(struct program *p, const struct place *place,
		  const struct place *cpu_nodes, const char *cpu_list)
{
	int err = 0;

	p->place = *place;
	p->cpu_nodes = *cpu_nodes;
	p->cpu_list = cpu_list;
	if (p->place.mode != PLACE_ANY && p->place.mode != PLACE_LOCAL)
		err = resolve_memory(&p->place);
	if (!err && p->cpu_nodes.text)
		err = resolve_cpus(p);
	return !err && cpu_list ? take_cpus(p) : err;
}

/* ------------------------------------------------------------------ start */

/* In the child. The parent waits meanwhile, and has the message: vfork(2). */
static int begin(const struct program *p, int (*prepare)(void *), void *arg)
{
	int err = prepare ? prepare(arg) : 0;

	if (!err && p->cpus.count) {
		err = cpu_bind(&p->cpus);
		if (err)
			fail(-err, "--%s %s: %s",
			     p->cpu_list ? "physcpubind" : "cpunodebind",
			     p->cpu_list ? p->cpu_list : p->cpu_nodes.text,
			     strerror(-err));
	}
	if (!err && p->place.mode != PLACE_ANY)
		err = table_place_process(&p->place);
	if (err)
		return err;
	/* Whoever counts is gone: then nobody wants to know. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wait_return_signals();
	execv(p->path, p->argv);
	return fail_as(PROGRAM_CANNOT, "%s: %s%s", p->path, strerror(errno),
		       errno == ENOENT ? "; is its interpreter missing?" : "");
}

pid_t program_start(const struct program *p, int (*prepare)(void *), void *arg)
{
	static volatile int err;
	pid_t pid;

	err = 0;
	pid = vfork();
	if (pid == 0) {
		/* What it writes is meant for the parent: why not to begin */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Vfork) */
		err = begin(p, prepare, arg);
		_exit(PROGRAM_CANNOT);
	}
	if (pid < 0)
		return fail(errno, "fork: %s", strerror(errno));
	return err ? err : pid;
}
