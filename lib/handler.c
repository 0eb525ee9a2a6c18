// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads handler objects: one program, references to the shared maps, and the
 * description. What is in the file is not trusted. */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "describe.h"
#include "seal.h"
#include "session.h"
#include "util.h"

#define TL_HANDLER_FILE_MAX (4U << 20)
#define TL_HANDLER_INSNS_MAX 65536
#define TL_HANDLER_REFERENCES_MAX 256
#define TL_R_BPF_64_64 1

static const char *const shared_maps[] = { "calls", "programs", "ledger", "refusals" };

void tl_handler_done(struct tl_handler *h)
{
	free(h->path);
	free(h->insns);
	free(h->references);
	memset(h, 0, sizeof(*h));
}

struct elf_parts {
	Elf_Data *code, *relocations, *description, *symbols;
	size_t code_index, symbol_strings;
	const char *why;
};

static int refuse(struct elf_parts *p, const char *why)
{
	p->why = why;
	return -EBADMSG;
}

static int find_sections(Elf *elf, struct elf_parts *p)
{
	Elf_Scn *section = NULL;
	size_t names;
	GElf_Shdr header;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return refuse(p, "it has no section names");
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header))
			return refuse(p, "a section header is damaged");
		name = elf_strptr(elf, names, header.sh_name);
		if (!name)
			return refuse(p, "a section name is damaged");
		if (header.sh_type == SHT_SYMTAB) {
			p->symbols = elf_getdata(section, NULL);
			p->symbol_strings = header.sh_link;
		} else if (strcmp(name, ".traceleft") == 0) {
			p->description = elf_getdata(section, NULL);
		} else if (strcmp(name, "raw_tp") == 0 && header.sh_type == SHT_PROGBITS) {
			if (p->code)
				return refuse(p, "it has more than one program");
			p->code = elf_getdata(section, NULL);
			p->code_index = elf_ndxscn(section);
		}
	}
	section = NULL;
	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_REL && p->code &&
		    header.sh_info == p->code_index)
			p->relocations = elf_getdata(section, NULL);
	if (!p->description || !p->description->d_buf)
		return refuse(p, "it has no description (section .traceleft)");
	if (!p->code || !p->code->d_buf || p->code->d_size % sizeof(struct bpf_insn) ||
	    p->code->d_size / sizeof(struct bpf_insn) > TL_HANDLER_INSNS_MAX)
		return refuse(p, "it has no usable program");
	return 0;
}

static bool is_shared_map(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared_maps); i++)
		if (strcmp(shared_maps[i], name) == 0)
			return true;
	return false;
}

static int read_references(Elf *elf, struct elf_parts *p, struct tl_handler *h)
{
	size_t n = p->relocations ? p->relocations->d_size / sizeof(Elf64_Rel) : 0;

	if (n > TL_HANDLER_REFERENCES_MAX)
		return refuse(p, "it has too many relocations");
	h->references = calloc(n + 1, sizeof(*h->references));
	if (!h->references)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		GElf_Rel relocation;
		GElf_Sym symbol;
		const char *name;
		size_t insn;

		if (!gelf_getrel(p->relocations, i, &relocation) || !p->symbols ||
		    !gelf_getsym(p->symbols, GELF_R_SYM(relocation.r_info), &symbol))
			return refuse(p, "a relocation is damaged");
		insn = relocation.r_offset / sizeof(struct bpf_insn);
		if (GELF_R_TYPE(relocation.r_info) != TL_R_BPF_64_64 || relocation.r_offset % sizeof(struct bpf_insn) ||
		    insn + 1 >= h->n_insns || h->insns[insn].code != (BPF_LD | BPF_IMM | BPF_DW))
			return refuse(p, "a relocation is of an unknown kind");
		name = elf_strptr(elf, p->symbol_strings, symbol.st_name);
		if (!name || !is_shared_map(name))
			return refuse(p, "it uses a map that handlers do not have");
		h->references[h->n_references].insn = insn;
		strcpy(h->references[h->n_references++].map, name);
	}
	return 0;
}

static int parse_elf(Elf *elf, struct elf_parts *p, struct tl_handler *h)
{
	GElf_Ehdr header;
	int r;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return refuse(p, "it is not an ELF file");
	if (header.e_machine != EM_BPF || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse(p, "it is not a BPF object");
	r = find_sections(elf, p);
	if (r < 0)
		return r;
	r = tl_describe_parse(p->description->d_buf, strnlen(p->description->d_buf, p->description->d_size), &h->type,
			      &p->why);
	if (r < 0)
		return r;
	h->n_insns = p->code->d_size / sizeof(struct bpf_insn);
	h->insns = malloc(p->code->d_size + 1);
	if (!h->insns)
		return -ENOMEM;
	memcpy(h->insns, p->code->d_buf, p->code->d_size);
	return read_references(elf, p, h);
}

int tl_handler_parse(const void *data, size_t size, struct tl_handler *ret, const char **ret_why)
{
	struct elf_parts parts = { .why = "it is damaged" };
	struct tl_handler handler = {};
	Elf *elf;
	int r;

	*ret_why = "its checksum is wrong: it is damaged";
	r = tl_seal_check(data, size, &size);
	if (r < 0)
		return r;
	elf_version(EV_CURRENT);
	/* libelf wants to write into the memory, though not into the file. */
	elf = elf_memory((char *)data, size);
	r = elf ? parse_elf(elf, &parts, &handler) : -EBADMSG;
	if (elf)
		elf_end(elf);
	if (r < 0) {
		tl_handler_done(&handler);
		*ret_why = parts.why;
		return r;
	}
	*ret = handler;
	return 0;
}

int tl_handler_open(const char *path, struct tl_handler *ret, const char **ret_why)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *data = NULL;
	struct stat st;
	ssize_t n;
	int r;

	*ret_why = NULL;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	*ret_why = "it is not a handler object";
	if (!S_ISREG(st.st_mode) || st.st_size > TL_HANDLER_FILE_MAX || st.st_size < 64)
		return -EBADMSG;
	data = malloc(st.st_size);
	if (!data)
		return -ENOMEM;
	n = read(fd, data, st.st_size);
	if (n < 0)
		return -errno;
	if (n != st.st_size)
		return -EBADMSG;
	r = tl_handler_parse(data, n, ret, ret_why);
	if (r < 0)
		return r;
	ret->path = strdup(path);
	if (!ret->path) {
		tl_handler_done(ret);
		return -ENOMEM;
	}
	return 0;
}

int tl_handler_describe(const char *path, struct tl_event_type *ret_type, const char **ret_why)
{
	struct tl_handler handler = {};
	const char *why = NULL;
	int r = tl_handler_open(path, &handler, &why);

	if (ret_why)
		*ret_why = why;
	if (r < 0)
		return r;
	*ret_type = handler.type;
	tl_handler_done(&handler);
	return 0;
}
