/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers that are read by a rule rather than by a table; errors; signals. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "put.h"
#include "values-tables.h"

/* ---- Errors ---- */

#define ERRORS(X) \
	X(EPERM, "Operation not permitted") \
	X(ENOENT, "No such file or directory") \
	X(ESRCH, "No such process") \
	X(EINTR, "Interrupted system call") \
	X(EIO, "Input/output error") \
	X(ENXIO, "No such device or address") \
	X(E2BIG, "Argument list too long") \
	X(ENOEXEC, "Exec format error") \
	X(EBADF, "Bad file descriptor") \
	X(ECHILD, "No child processes") \
	X(EAGAIN, "Resource temporarily unavailable") \
	X(ENOMEM, "Cannot allocate memory") \
	X(EACCES, "Permission denied") \
	X(EFAULT, "Bad address") \
	X(ENOTBLK, "Block device required") \
	X(EBUSY, "Device or resource busy") \
	X(EEXIST, "File exists") \
	X(EXDEV, "Invalid cross-device link") \
	X(ENODEV, "No such device") \
	X(ENOTDIR, "Not a directory") \
	X(EISDIR, "Is a directory") \
	X(EINVAL, "Invalid argument") \
	X(ENFILE, "Too many open files in system") \
	X(EMFILE, "Too many open files") \
	X(ENOTTY, "Inappropriate ioctl for device") \
	X(ETXTBSY, "Text file busy") \
	X(EFBIG, "File too large") \
	X(ENOSPC, "No space left on device") \
	X(ESPIPE, "Illegal seek") \
	X(EROFS, "Read-only file system") \
	X(EMLINK, "Too many links") \
	X(EPIPE, "Broken pipe") \
	X(EDOM, "Numerical argument out of domain") \
	X(ERANGE, "Numerical result out of range") \
	X(EDEADLK, "Resource deadlock avoided") \
	X(ENAMETOOLONG, "File name too long") \
	X(ENOLCK, "No locks available") \
	X(ENOSYS, "Function not implemented") \
	X(ENOTEMPTY, "Directory not empty") \
	X(ELOOP, "Too many levels of symbolic links") \
	X(ENOMSG, "No message of desired type") \
	X(EIDRM, "Identifier removed") \
	X(ECHRNG, "Channel number out of range") \
	X(EL2NSYNC, "Level 2 not synchronized") \
	X(EL3HLT, "Level 3 halted") \
	X(EL3RST, "Level 3 reset") \
	X(ELNRNG, "Link number out of range") \
	X(EUNATCH, "Protocol driver not attached") \
	X(ENOCSI, "No CSI structure available") \
	X(EL2HLT, "Level 2 halted") \
	X(EBADE, "Invalid exchange") \
	X(EBADR, "Invalid request descriptor") \
	X(EXFULL, "Exchange full") \
	X(ENOANO, "No anode") \
	X(EBADRQC, "Invalid request code") \
	X(EBADSLT, "Invalid slot") \
	X(EBFONT, "Bad font file format") \
	X(ENOSTR, "Device not a stream") \
	X(ENODATA, "No data available") \
	X(ETIME, "Timer expired") \
	X(ENOSR, "Out of streams resources") \
	X(ENONET, "Machine is not on the network") \
	X(ENOPKG, "Package not installed") \
	X(EREMOTE, "Object is remote") \
	X(ENOLINK, "Link has been severed") \
	X(EADV, "Advertise error") \
	X(ESRMNT, "Srmount error") \
	X(ECOMM, "Communication error on send") \
	X(EPROTO, "Protocol error") \
	X(EMULTIHOP, "Multihop attempted") \
	X(EDOTDOT, "RFS specific error") \
	X(EBADMSG, "Bad message") \
	X(EOVERFLOW, "Value too large for defined data type") \
	X(ENOTUNIQ, "Name not unique on network") \
	X(EBADFD, "File descriptor in bad state") \
	X(EREMCHG, "Remote address changed") \
	X(ELIBACC, "Can not access a needed shared library") \
	X(ELIBBAD, "Accessing a corrupted shared library") \
	X(ELIBSCN, ".lib section in a.out corrupted") \
	X(ELIBMAX, "Attempting to link in too many shared libraries") \
	X(ELIBEXEC, "Cannot exec a shared library directly") \
	X(EILSEQ, "Invalid or incomplete multibyte or wide character") \
	X(ERESTART, "Interrupted system call should be restarted") \
	X(ESTRPIPE, "Streams pipe error") \
	X(EUSERS, "Too many users") \
	X(ENOTSOCK, "Socket operation on non-socket") \
	X(EDESTADDRREQ, "Destination address required") \
	X(EMSGSIZE, "Message too long") \
	X(EPROTOTYPE, "Protocol wrong type for socket") \
	X(ENOPROTOOPT, "Protocol not available") \
	X(EPROTONOSUPPORT, "Protocol not supported") \
	X(ESOCKTNOSUPPORT, "Socket type not supported") \
	X(EOPNOTSUPP, "Operation not supported") \
	X(EPFNOSUPPORT, "Protocol family not supported") \
	X(EAFNOSUPPORT, "Address family not supported by protocol") \
	X(EADDRINUSE, "Address already in use") \
	X(EADDRNOTAVAIL, "Cannot assign requested address") \
	X(ENETDOWN, "Network is down") \
	X(ENETUNREACH, "Network is unreachable") \
	X(ENETRESET, "Network dropped connection on reset") \
	X(ECONNABORTED, "Software caused connection abort") \
	X(ECONNRESET, "Connection reset by peer") \
	X(ENOBUFS, "No buffer space available") \
	X(EISCONN, "Transport endpoint is already connected") \
	X(ENOTCONN, "Transport endpoint is not connected") \
	X(ESHUTDOWN, "Cannot send after transport endpoint shutdown") \
	X(ETOOMANYREFS, "Too many references: cannot splice") \
	X(ETIMEDOUT, "Connection timed out") \
	X(ECONNREFUSED, "Connection refused") \
	X(EHOSTDOWN, "Host is down") \
	X(EHOSTUNREACH, "No route to host") \
	X(EALREADY, "Operation already in progress") \
	X(EINPROGRESS, "Operation now in progress") \
	X(ESTALE, "Stale file handle") \
	X(EUCLEAN, "Structure needs cleaning") \
	X(ENOTNAM, "Not a XENIX named type file") \
	X(ENAVAIL, "No XENIX semaphores available") \
	X(EISNAM, "Is a named type file") \
	X(EREMOTEIO, "Remote I/O error") \
	X(EDQUOT, "Disk quota exceeded") \
	X(ENOMEDIUM, "No medium found") \
	X(EMEDIUMTYPE, "Wrong medium type") \
	X(ECANCELED, "Operation canceled") \
	X(ENOKEY, "Required key not available") \
	X(EKEYEXPIRED, "Key has expired") \
	X(EKEYREVOKED, "Key has been revoked") \
	X(EKEYREJECTED, "Key was rejected by service") \
	X(EOWNERDEAD, "Owner died") \
	X(ENOTRECOVERABLE, "State not recoverable") \
	X(ERFKILL, "Operation not possible due to RF-kill") \
	X(EHWPOISON, "Memory page has hardware error")

/* Never seen by the process: the kernel begins the call anew. */
#define RESTARTS(X) \
	X(ERESTARTSYS, 512, "To be restarted if SA_RESTART is set") \
	X(ERESTARTNOINTR, 513, "To be restarted") \
	X(ERESTARTNOHAND, 514, "To be restarted if no handler") \
	X(ENOIOCTLCMD, 515, "No such ioctl command") \
	X(ERESTART_RESTARTBLOCK, 516, "Interrupted by signal")

#define AS_NAME(name, message) [name] = #name,
#define AS_MESSAGE(name, message) [name] = message,
#define AS_CONSTANT(name, message) { #name, name },
#define RESTART_NAME(name, number, message) [number - 512] = #name,
#define RESTART_MESSAGE(name, number, message) [number - 512] = message,
#define RESTART_CONSTANT(name, number, message) { #name, number },

static const char *const error_names[] = { ERRORS(AS_NAME) };
static const char *const error_messages[] = { ERRORS(AS_MESSAGE) };
static const char *const restart_names[] = { RESTARTS(RESTART_NAME) };
static const char *const restart_messages[] = { RESTARTS(RESTART_MESSAGE) };

const struct tl_constant tl_errno_constants[] = {
	ERRORS(AS_CONSTANT) RESTARTS(RESTART_CONSTANT) C(EWOULDBLOCK), C(EDEADLOCK), C(ENOTSUP),
};
const size_t tl_n_errno_constants = COUNT(tl_errno_constants);

const char *tl_errno_name(int number)
{
	if (number >= 0 && (size_t)number < COUNT(error_names))
		return error_names[number];
	if (number >= 512 && (size_t)number < 512 + COUNT(restart_names))
		return restart_names[number - 512];
	return NULL;
}

const char *tl_errno_message(int number)
{
	const char *message = NULL;

	if (number >= 0 && (size_t)number < COUNT(error_messages))
		message = error_messages[number];
	else if (number >= 512 && (size_t)number < 512 + COUNT(restart_messages))
		message = restart_messages[number - 512];
	return message ? message : "Unknown error";
}

/* ---- Signals ---- */

const struct tl_constant tl_signal_constants[] = {
	C(SIGHUP),  C(SIGINT),	C(SIGQUIT), C(SIGILL),	C(SIGTRAP),   C(SIGABRT), C(SIGBUS),  C(SIGFPE),
	C(SIGKILL), C(SIGUSR1), C(SIGSEGV), C(SIGUSR2), C(SIGPIPE),   C(SIGALRM), C(SIGTERM), C(SIGSTKFLT),
	C(SIGCHLD), C(SIGCONT), C(SIGSTOP), C(SIGTSTP), C(SIGTTIN),   C(SIGTTOU), C(SIGURG),  C(SIGXCPU),
	C(SIGXFSZ), C(SIGVTALRM), C(SIGPROF), C(SIGWINCH), C(SIGIO), C(SIGPWR), C(SIGSYS),
	C(SIGIOT),  C(SIGPOLL), C(SIGCLD),
};
const size_t tl_n_signal_constants = COUNT(tl_signal_constants);

const char *tl_signal_name(int number)
{
	if (number < 1 || number > 31)
		return NULL;
	return tl_signal_constants[number - 1].name;
}

static void signal_text(struct tl_buffer *out, uint64_t value)
{
	int number = (int)value;
	const char *name = tl_signal_name(number);

	if (name) {
		tl_put_text(out, name);
	} else if (number == 32) {
		TL_PUT_LITERAL(out, "SIGRTMIN");
	} else if (number > 32 && number <= 64) {
		TL_PUT_LITERAL(out, "SIGRT_");
		tl_put_i64(out, number - 32);
	} else {
		tl_put_i64(out, number);
	}
}

static void errno_text(struct tl_buffer *out, uint64_t value)
{
	const char *name = tl_errno_name((int)value);

	if (name)
		tl_put_text(out, name);
	else
		tl_put_i64(out, (int)value);
}

/* ---- Numbers ---- */

static void decimal_text(struct tl_buffer *out, uint64_t value)
{
	tl_put_i64(out, (int32_t)value);
}

static void unsigned_text(struct tl_buffer *out, uint64_t value)
{
	tl_put_u64(out, value);
}

static void hex_text(struct tl_buffer *out, uint64_t value)
{
	if (value)
		tl_put_hex(out, value);
	else
		tl_put_char(out, '0');
}

static void pointer_text(struct tl_buffer *out, uint64_t value)
{
	if (value)
		tl_put_hex(out, value);
	else
		TL_PUT_LITERAL(out, "NULL");
}

static void dirfd_text(struct tl_buffer *out, uint64_t value)
{
	if ((int32_t)value == AT_FDCWD)
		TL_PUT_LITERAL(out, "AT_FDCWD");
	else
		tl_put_i64(out, (int32_t)value);
}

/* User and group: (uid_t)-1 leaves it as it is. */
static void id_text(struct tl_buffer *out, uint64_t value)
{
	if ((uint32_t)value == UINT32_MAX)
		TL_PUT_LITERAL(out, "-1");
	else
		tl_put_u64(out, (uint32_t)value);
}

/* umode_t in the kernel: 16 bits count. */
static void mode_text(struct tl_buffer *out, uint64_t value)
{
	tl_put_octal(out, value & 0xffff);
}

static void umask_text(struct tl_buffer *out, uint64_t value)
{
	tl_put_octal(out, (uint32_t)value);
}

static const struct tl_constant file_types[] = {
	C(S_IFREG), C(S_IFDIR), C(S_IFLNK), C(S_IFCHR), C(S_IFBLK), C(S_IFIFO), C(S_IFSOCK), C(S_IFMT),
};
static const struct tl_constant mode_bits[] = { C(S_ISUID), C(S_ISGID), C(S_ISVTX) };
static const struct tl_constant dirfds[] = { C(AT_FDCWD) };

static void file_mode_text(struct tl_buffer *out, uint64_t value)
{
	uint64_t mode = value & 0xffff;

	for (size_t i = 0; i < COUNT(file_types); i++) {
		if ((mode & S_IFMT) != file_types[i].value)
			continue;
		tl_put_text(out, file_types[i].name);
		tl_put_char(out, '|');
		mode &= ~(uint64_t)S_IFMT;
	}
	for (size_t i = 0; i < COUNT(mode_bits); i++) {
		if (!(mode & mode_bits[i].value))
			continue;
		tl_put_text(out, mode_bits[i].name);
		tl_put_char(out, '|');
		mode &= ~mode_bits[i].value;
	}
	tl_put_octal(out, mode);
}

static void device_text(struct tl_buffer *out, uint64_t value)
{
	uint64_t major = (value >> 8 & 0xfff) | (value >> 32 & ~0xfffULL);
	uint64_t minor = (value & 0xff) | (value >> 12 & ~0xffULL);

	TL_PUT_LITERAL(out, "makedev(");
	tl_put_hex(out, major);
	TL_PUT_LITERAL(out, ", ");
	tl_put_hex(out, minor & 0xffffffff);
	tl_put_char(out, ')');
}

/* Tables beside a function make their names known to tl_constant_find(). */
static const struct tl_decoder decoders[] = {
	NUMBER("decimal", decimal_text),
	NUMBER("unsigned", unsigned_text),
	NUMBER("hex", hex_text),
	NUMBER("pointer", pointer_text),
	NUMBER("fd", decimal_text),
	NUMBER("pid", decimal_text),
	NUMBER_OF("dirfd", dirfd_text, dirfds),
	NUMBER("uid", id_text),
	NUMBER("gid", id_text),
	NUMBER_OF("mode", mode_text, mode_bits),
	NUMBER("umask", umask_text),
	NUMBER_OF("file_mode", file_mode_text, file_types),
	NUMBER("device", device_text),
	NUMBER("signal", signal_text),
	NUMBER("errno", errno_text),
};

const struct tl_decoder_list tl_decoders_basic = { decoders, COUNT(decoders) };
