// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which function of the kernel tells the object of which calls. */
#include "object-hooks.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "kprobes.h"
#include "util.h"

/* Where the kernel asks its security layer about the object of a call, or works
 * with it; the narrowest function that has the object with its mount. */
static const struct hook {
	const char *function;
	const char *shape; /* of its arguments: the programs are tl_object_SHAPE_fentry and _kprobe, see bpf/object.h */
	const char *calls; /* names with spaces around */
} hooks[] = {
	{ "security_path_chmod", "path", " chmod fchmodat fchmodat2 " },
	{ "security_path_chown", "path", " chown lchown fchownat " },
	{ "security_path_truncate", "path", " truncate truncate64 " },
	{ "security_path_chroot", "path", " chroot " },
	{ "security_path_notify", "path", " inotify_add_watch fanotify_mark " },
	{ "security_sb_mount", "path2", " mount " },
	{ "security_sb_umount", "mount", " umount umount2 " },
	{ "security_sb_pivotroot", "swapped", " pivot_root " },
	{ "security_move_mount", "paths", " move_mount " },
	{ "security_path_unlink", "entry", " unlink unlinkat " },
	{ "security_path_rmdir", "entry", " rmdir unlinkat " },
	{ "security_path_mkdir", "entry", " mkdir mkdirat " },
	{ "security_path_mknod", "entry", " mknod mknodat " },
	{ "security_path_symlink", "entry", " symlink symlinkat " },
	{ "security_path_link", "link", " link linkat " },
	{ "security_path_rename", "pair", " rename renameat renameat2 " },
	{ "security_inode_getattr", "path", " stat lstat newfstatat statx stat64 lstat64 fstatat64 oldstat oldlstat " },
	{ "security_file_open", "file", " swapon swapoff acct uselib " },
	{ "filename_lookup", "lookup",
	  " access faccessat faccessat2 statfs statfs64 readlink readlinkat utime utimes futimesat utimensat"
	  " utimensat_time64 setxattr lsetxattr setxattrat getxattr lgetxattr getxattrat listxattr llistxattr"
	  " listxattrat removexattr lremovexattr removexattrat file_getattr file_setattr name_to_handle_at"
	  " mount_setattr quotactl " },
};

/* On entry a lookup has only the address of what it will find. */
#define SHAPE_AT_RETURN "lookup"

static const char prefix[] = "tl_object_";

static bool is_for(const struct hook *hook, const struct tl_event_type *type)
{
	char name[40];

	snprintf(name, sizeof(name), " %s ", type->name);
	return strstr(hook->calls, name) != NULL;
}

bool tl_has_object_hook(const struct tl_event_type *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (is_for(&hooks[i], type))
			return true;
	return false;
}

/* By which kinds of hooks the calls of this one are seen. */
struct kinds {
	bool fexit, kprobe;
};

static struct kinds kinds_of(const struct tl_session *s, const struct hook *hook)
{
	struct kinds kinds = {};

	for (uint32_t id = 1; id <= s->n_events; id++) {
		const struct tl_loaded *e = &s->events[id];

		if (e->type.class != TL_CLASS_SYSCALL || !is_for(hook, &e->type))
			continue;
		kinds.fexit |= e->kinds[TL_KIND_FEXIT] || e->kinds[TL_KIND_FEXIT_OTHER] ||
			       e->kinds[TL_KIND_FEXIT_THIRD] || (e->kinds[TL_KIND_RAW_TP] && s->object_fexit);
		kinds.kprobe |= e->kinds[TL_KIND_KPROBE] || (e->kinds[TL_KIND_RAW_TP] && s->object_kprobe);
	}
	return kinds;
}

/* Before 6.1 there is no fentry on a function that takes a structure by value. */
static bool may_refuse_fentry(const struct hook *hook)
{
	return strcmp(hook->function, "security_path_chown") == 0 && tl_kernel_version() < 6001;
}

static const char *program_name(char name[40], const struct hook *hook, const char *how)
{
	snprintf(name, 40, "%s%s_%s", prefix, hook->shape, how);
	return name;
}

bool tl_object_program_is(const char *name)
{
	return strncmp(name, prefix, sizeof(prefix) - 1) == 0;
}

bool tl_object_program_needed(const struct tl_session *s, const char *name)
{
	bool fexit = strstr(name, "_fentry") || strstr(name, "_fexit");

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		const char *shape = name + sizeof(prefix) - 1;
		size_t n = strlen(hooks[i].shape);
		struct kinds kinds;

		if (strncmp(shape, hooks[i].shape, n) != 0 || shape[n] != '_')
			continue;
		kinds = kinds_of(s, &hooks[i]);
		if (fexit ? kinds.fexit : kinds.kprobe || (kinds.fexit && may_refuse_fentry(&hooks[i])))
			return true;
	}
	return false;
}

/* BTF id of a function, whatever its arguments; 0: there is none. */
static uint32_t function_id(struct tl_session *s, const char *name)
{
	int id = btf__find_by_name_kind(s->btf, name, BTF_KIND_FUNC);

	return id < 0 ? 0 : id;
}

static int attach_fentry(struct tl_session *s, const struct hook *hook, uint32_t btf_id)
{
	bool at_return = strcmp(hook->shape, SHAPE_AT_RETURN) == 0;
	char name[40];
	int program = tl_program_copy(s, program_name(name, hook, at_return ? "fexit" : "fentry"), TL_KIND_FEXIT,
				      btf_id, at_return ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY);

	return program < 0 ? program : tl_attach_trace(s, program, NULL);
}

static int attach_probe(struct tl_session *s, const struct hook *hook, const char *how, bool at_return)
{
	char name[40];
	int program = tl_program_copy(s, program_name(name, hook, how), TL_KIND_KPROBE, 0, 0);

	return program < 0 ? program : tl_kprobe_attach(s, program, hook->function, at_return);
}

/* A function that this kernel has not leaves its calls with claims. */
static int attach_hook(struct tl_session *s, const struct hook *hook)
{
	struct kinds kinds = kinds_of(s, hook);
	uint32_t btf_id = kinds.fexit ? function_id(s, hook->function) : 0;
	int r;

	if (btf_id) {
		r = attach_fentry(s, hook, btf_id);
		if (r != -EINVAL || !may_refuse_fentry(hook))
			return r;
		kinds.kprobe = true;
	}
	if (!kinds.kprobe || !tl_kprobe_works(s, hook->function))
		return 0;
	r = attach_probe(s, hook, "kprobe", false);
	return r < 0 || strcmp(hook->shape, SHAPE_AT_RETURN) != 0 ? r : attach_probe(s, hook, "kretprobe", true);
}

int tl_object_hooks_attach(struct tl_session *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		int r = attach_hook(s, &hooks[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
