/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes calls of many kinds, for programs of 64 and of 32 bits; whether they succeed does not matter. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static void names(void)
{
	struct stat st;
	struct statx sx;
	struct statfs fs;
	char buffer[256];
	struct timespec times[2] = { { 1, 2 }, { 0, UTIME_NOW } };

	mkdir("d", 0755);
	mkdirat(AT_FDCWD, "d/e", 0700);
	symlink("f", "link");
	link("f", "hard");
	stat("f", &st);
	lstat("link", &st);
	stat("/dev/null", &st);
	stat("none", &st);
	statx(AT_FDCWD, "f", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx);
	statx(AT_FDCWD, "none", 0, STATX_ALL, &sx);
	statfs(".", &fs);
	statfs("none", &fs);
	access("f", R_OK | W_OK);
	faccessat(AT_FDCWD, "f", F_OK, 0);
	readlink("link", buffer, sizeof(buffer));
	readlink("f", buffer, sizeof(buffer));
	chmod("f", 0600);
	chown("f", getuid(), (gid_t)-1);
	lchown("link", getuid(), getgid());
	utimensat(AT_FDCWD, "f", times, AT_SYMLINK_NOFOLLOW);
	utimensat(AT_FDCWD, "f", NULL, 0);
	setxattr("f", "user.a", "value", 5, XATTR_CREATE);
	getxattr("f", "user.a", buffer, sizeof(buffer));
	removexattr("f", "user.a");
	truncate("f", 3);
	mknod("fifo", S_IFIFO | 0600, 0);
	rename("hard", "renamed");
	renameat2(AT_FDCWD, "renamed", AT_FDCWD, "f2", RENAME_NOREPLACE);
	getcwd(buffer, sizeof(buffer));
	getcwd(buffer, 1);
	chdir("d");
	chdir("..");
	umask(umask(027));
	unlink("f2");
	unlinkat(AT_FDCWD, "d/e", AT_REMOVEDIR);
	rmdir("d");
	unlink("none");
}

static void descriptors(void)
{
	char buffer[16];
	struct iovec v[2] = { { "abc", 3 }, { "defgh", 5 } }, in[2] = { { buffer, 4 }, { buffer + 4, 8 } };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2 };
	struct stat st;
	struct statfs fs;
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), other, pair[2];
	off_t offset = 1;
	DIR *directory;

	write(fd, "hello\n\1\377", 8);
	pwrite(fd, "x", 1, 3);
	writev(fd, v, 2);
	lseek(fd, 0, SEEK_SET);
	read(fd, buffer, sizeof(buffer));
	pread(fd, buffer, 4, 2);
	preadv(fd, in, 2, 1);
	readv(fd, in, 2);
	read(-1, buffer, 1);
	write(-1, "lost", 4);
	fstat(fd, &st);
	fstatfs(fd, &fs);
	fsync(fd);
	fdatasync(fd);
	ftruncate(fd, 100);
	posix_fallocate(fd, 0, 200);
	posix_fadvise(fd, 0, 10, POSIX_FADV_DONTNEED);
	flock(fd, LOCK_EX | LOCK_NB);
	fchmod(fd, 0640);
	fchown(fd, getuid(), getgid());
	fcntl(fd, F_GETFD);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, O_APPEND);
	fcntl(fd, F_SETLK, &lock);
	other = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	close(other);
	other = dup(fd);
	dup2(other, 20);
	dup3(other, 21, O_CLOEXEC);
	close(20);
	close(21);
	close(21);
	pipe(pair);
	close(pair[0]);
	close(pair[1]);
	pipe2(pair, O_CLOEXEC | O_NONBLOCK);
	fcntl(pair[0], F_SETPIPE_SZ, 8192);
	fcntl(pair[0], F_GETPIPE_SZ);
	sendfile(pair[1], fd, &offset, 3);
	splice(fd, NULL, pair[1], NULL, 2, SPLICE_F_MOVE);
	vmsplice(pair[1], v, 1, SPLICE_F_NONBLOCK);
	read(pair[0], buffer, 3);
	copy_file_range(fd, NULL, other, NULL, 1, 0);
	directory = opendir(".");
	while (readdir(directory))
		;
	closedir(directory);
	openat(AT_FDCWD, "none", O_WRONLY | O_NOFOLLOW | O_DIRECTORY);
	open("t", O_TMPFILE | O_RDWR, 0600);
}

static void waiting(void)
{
	struct pollfd fds[2];
	struct timespec short_time = { 0, 1000 };
	struct timeval tv = { 0, 10 };
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = 7 }, ready[4];
	struct itimerspec timer = { { 0, 0 }, { 100, 5 } }, old;
	sigset_t set;
	fd_set readable;
	uint64_t one = 1;
	int pair[2], e = epoll_create1(EPOLL_CLOEXEC), counter = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), t, i;

	pipe(pair);
	fds[0] = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = pair[1], .events = POLLOUT | POLLIN };
	poll(fds, 2, 0);
	poll(fds, 1, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	ppoll(fds, 2, &short_time, &set);
	FD_ZERO(&readable);
	FD_SET(pair[0], &readable);
	select(pair[0] + 1, &readable, NULL, NULL, &tv);
	write(counter, &one, sizeof(one));
	epoll_ctl(e, EPOLL_CTL_ADD, counter, &event);
	epoll_ctl(e, EPOLL_CTL_MOD, counter, &event);
	epoll_wait(e, ready, 4, 0);
	epoll_pwait(e, ready, 4, 0, &set);
	epoll_ctl(e, EPOLL_CTL_DEL, counter, &event);
	t = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	timerfd_settime(t, 0, &timer, &old);
	timerfd_gettime(t, &old);
	signalfd(-1, &set, SFD_CLOEXEC);
	i = inotify_init1(IN_NONBLOCK);
	inotify_add_watch(i, ".", IN_CREATE | IN_DELETE);
	inotify_rm_watch(i, 99);
}

static void *thread(void *argument)
{
	sched_yield();
	return argument;
}

static void handle(int number)
{
	(void)number;
}

static void processes(void)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART }, old;
	struct rusage usage;
	struct rlimit limit;
	struct sched_param param;
	cpu_set_t cpus;
	sigset_t set, other;
	gid_t groups[64];
	uid_t ids[3];
	pthread_t id;
	char name[16];
	int status;

	sigaction(SIGUSR1, &action, &old);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigpending(&set);
	sigprocmask(SIG_UNBLOCK, &set, &other);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR1);
	kill(getpid(), 0);
	if (!fork())
		_exit(3);
	waitpid(-1, &status, 0);
	if (!fork())
		kill(getpid(), SIGKILL);
	wait4(-1, &status, 0, &usage);
	waitpid(-1, &status, WNOHANG);
	pthread_create(&id, NULL, thread, NULL);
	pthread_join(id, NULL);
	getrlimit(RLIMIT_NOFILE, &limit);
	setrlimit(RLIMIT_NOFILE, &limit);
	getrusage(RUSAGE_SELF, &usage);
	getpriority(PRIO_PROCESS, 0);
	setpriority(PRIO_PROCESS, 0, 1);
	sched_getparam(0, &param);
	sched_getscheduler(0);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	getgroups(64, groups);
	getresuid(ids, ids + 1, ids + 2);
	setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1);
	setgid(getgid());
	getpgid(0);
	getsid(0);
	prctl(PR_SET_NAME, "renamed");
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_GET_DUMPABLE);
	prctl(PR_CAPBSET_READ, 0);
	personality(0xffffffff);
}

static void memory(void)
{
	char *m = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	mprotect(m, 4096, PROT_READ);
	madvise(m, 8192, MADV_DONTNEED);
	mlock(m, 4096);
	munlock(m, 4096);
	m = mremap(m, 16384, 32768, MREMAP_MAYMOVE);
	msync(m, 4096, MS_SYNC);
	munmap(m, 32768);
	munmap(NULL, 0);
	fd = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ftruncate(fd, 4096);
	mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
	fcntl(fd, F_GET_SEALS);
}

static void times_and_figures(void)
{
	struct timespec ts = { 0, 1000 }, rest;
	struct timeval tv;
	struct itimerval timer = { { 0, 0 }, { 1000, 0 } }, old;
	struct tms tms;
	struct utsname name;
	struct sysinfo info;

	clock_getres(CLOCK_MONOTONIC, &ts);
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &ts);
	syscall(SYS_clock_gettime, 99, &ts);
	syscall(SYS_gettimeofday, &tv, NULL);
	ts = (struct timespec){ 0, 1000 };
	nanosleep(&ts, &rest);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &rest);
	setitimer(ITIMER_REAL, &timer, &old);
	getitimer(ITIMER_REAL, &old);
	times(&tms);
	uname(&name);
	sysinfo(&info);
}

static void sockets(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, peer;
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "socket" };
	struct linger linger = { 1, 2 };
	socklen_t size = sizeof(in);
	char buffer[64];
	struct iovec vector = { buffer, sizeof(buffer) };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP),
	    udp = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP), accepted, one = 1, pair[2];

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bind(server, (struct sockaddr *)&in, sizeof(in));
	getsockname(server, (struct sockaddr *)&in, &size);
	listen(server, 5);
	connect(client, (struct sockaddr *)&in, sizeof(in));
	size = sizeof(peer);
	accepted = accept4(server, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);
	getpeername(client, (struct sockaddr *)&peer, &size);
	setsockopt(client, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof(one));
	setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	size = sizeof(one);
	getsockopt(client, SOL_SOCKET, SO_ERROR, &one, &size);
	getsockopt(client, SOL_SOCKET, SO_TYPE, &one, &size);
	send(client, "hello", 5, MSG_NOSIGNAL);
	recv(accepted, buffer, sizeof(buffer), 0);
	recv(accepted, buffer, sizeof(buffer), MSG_DONTWAIT);
	recvmsg(accepted, &message, MSG_DONTWAIT);
	accept4(udp, (struct sockaddr *)&peer, &size, 0);
	shutdown(client, SHUT_WR);
	size = sizeof(in);
	bind(udp, (struct sockaddr *)&(struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = in.sin_addr }, sizeof(in));
	getsockname(udp, (struct sockaddr *)&in, &size);
	sendto(udp, "datagram", 8, 0, (struct sockaddr *)&in, sizeof(in));
	size = sizeof(peer);
	recvfrom(udp, buffer, sizeof(buffer), 0, (struct sockaddr *)&peer, &size);
	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
	send(pair[0], "x", 1, 0);
	bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, sizeof(un));
	connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, sizeof(un));
	socket(AF_INET6, SOCK_DGRAM, 0);
	setsockopt(udp, IPPROTO_UDP, 1 /* UDP_CORK */, &(int){ 0 }, sizeof(int));
	setsockopt(udp, 77, 88, &one, sizeof(one));
	setsockopt(socket(AF_NETLINK, SOCK_RAW, 0), 270 /* SOL_NETLINK */, 10 /* NETLINK_CAP_ACK */, &(int){ 1 }, sizeof(int));
}

static void system_v(void)
{
	struct sembuf operation = { 0, 1, IPC_NOWAIT };
	struct {
		long type;
		char text[8];
	} message = { 1, "message" };
	int shm = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600), sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600),
	    queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	shmdt(shmat(shm, NULL, SHM_RDONLY));
	shmctl(shm, IPC_RMID, NULL);
	semop(sem, &operation, 1);
	semctl(sem, 0, GETVAL);
	semctl(sem, 0, IPC_RMID);
	msgsnd(queue, &message, sizeof(message.text), 0);
	msgrcv(queue, &message, sizeof(message.text), 0, MSG_NOERROR);
	msgctl(queue, IPC_RMID, NULL);
}

/* What only 32-bit programs have: numbers of 16 bits, arguments in memory and in halves. */
static void first_calls(void)
{
#ifdef __i386__
	uint16_t groups[] = { 1, 2, 0xffff }, ids[3] = { 7, 7, 7 };
	uint32_t wide[] = { 5, 70000, 6 };
	struct timeval tv = { 0, 10 };
	fd_set readable;
	char buffer[8];
	uintptr_t map[] = { 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, (uintptr_t)-1, 0 };
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	uintptr_t watched[] = { 5, (uintptr_t)&readable, 0, 0, (uintptr_t)&tv };

	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	syscall(81 /* setgroups */, 3, groups);
	syscall(SYS_setgroups32, 3, wide);
	syscall(80 /* getgroups */, 3, groups);
	syscall(165 /* getresuid */, ids, ids + 1, ids + 2);
	syscall(171 /* getresgid */, ids, ids + 1, ids + 2);
	syscall(182 /* chown */, "f", 0xffff, 5);
	syscall(16 /* lchown */, "f", 0xffff, 0xffff);
	syscall(95 /* fchown */, fd, 6, 0xffff);
	syscall(164 /* setresuid */, 0xffff, 0xffff, 0xffff);
	syscall(70 /* setreuid */, 0xffff, 0xffff);
	syscall(138 /* setfsuid */, 0xffff);
	syscall(82 /* select */, watched);
	syscall(90 /* mmap */, map);
	syscall(90, NULL);
	syscall(19 /* lseek */, fd, -1, SEEK_END);
	syscall(92 /* truncate */, "f", -1);
	syscall(SYS_lookup_dcookie, 1, 2, buffer, sizeof(buffer));
	syscall(SYS_fanotify_mark, -1, 1, 0x20, 1, AT_FDCWD, "f");
	syscall(SYS_ipc, 1 << 16 | 12 /* msgrcv */, -1, sizeof(buffer), 0, buffer, -3);
	close(fd);
#endif
}

int main(void)
{
	descriptors();
	names();
	waiting();
	processes();
	memory();
	times_and_figures();
	sockets();
	system_v();
	first_calls();
	return 0;
}
