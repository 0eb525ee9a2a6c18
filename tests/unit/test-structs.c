/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures of signals, queues, handles and the clock, as strace shows them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/timex.h>

#include <cmocka.h>

#include "encode-fixture.h"
#include "values.h"
#include "wire.h"

/* As argument 1 of an event of that ABI. */
static const char *by(uint8_t abi, const char *decoder, const void *data, size_t size)
{
	static char text[2048];
	struct tl_event_type type;
	struct tl_event event = {
		.type = &type, .abi = abi, .args = { 0x1000 }, .captured = { fixture_bytes(data, size) }
	};
	struct tl_buffer b = { 0 };

	fixture_type(&type, "call", "");
	fixture_arg(&type, "a", "void *", decoder, TL_CAPTURE_STRUCT);
	tl_argument_text(&b, &event, &type.args[0], tl_decoder_find(decoder));
	assert_false(b.failed);
	assert_true(b.size < sizeof(text));
	memcpy(text, b.data, b.size);
	text[b.size] = '\0';
	tl_buffer_done(&b);
	return text;
}

static const char *shown(const char *decoder, const void *data, size_t size)
{
	return by(TL_ABI_X86_64, decoder, data, size);
}

/* The kernel's and a program's words for who has sent it, and what it says. */
static const char *signal_of(int number, int code, int first, int second, int third)
{
	siginfo_t info = { .si_signo = number, .si_code = code };
	int values[3] = { first, second, third };

	memcpy((char *)&info + 16, values, sizeof(values));
	return shown("siginfo", &info, 48);
}

static void a_signal_says_who_sent_it(void **state)
{
	siginfo_t info = { .si_signo = SIGIO, .si_code = SI_QUEUE, .si_errno = EACCES };

	(void)state;
	assert_string_equal(signal_of(SIGUSR1, SI_USER, 7, 8, 9),
			    "{si_signo=SIGUSR1, si_code=SI_USER, si_pid=7, si_uid=8}");
	assert_string_equal(signal_of(SIGUSR1, SI_TKILL, 7, 8, 9),
			    "{si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=7, si_uid=8}");
	assert_string_equal(signal_of(SIGUSR1, SI_QUEUE, 7, -1, 9),
			    "{si_signo=SIGUSR1, si_code=SI_QUEUE, si_pid=7, si_uid=-1, si_int=9, si_ptr=0x9}");
	assert_string_equal(
		signal_of(SIGALRM, SI_TIMER, 7, 8, -1),
		"{si_signo=SIGALRM, si_code=SI_TIMER, si_timerid=7, si_overrun=8, si_int=-1, si_ptr=0xffffffff}");
	assert_string_equal(signal_of(SIGCHLD, CLD_EXITED, 7, 8, 3),
			    "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7, si_uid=8, si_status=3}");
	assert_string_equal(signal_of(SIGCHLD, CLD_DUMPED, 7, 8, SIGSEGV),
			    "{si_signo=SIGCHLD, si_code=CLD_DUMPED, si_pid=7, si_uid=8, si_status=SIGSEGV}");
	assert_string_equal(signal_of(SIGSEGV, 1, 0x1234, 0, 0), "{si_signo=SIGSEGV, si_code=1, si_addr=0x1234}");
	assert_string_equal(signal_of(0, 0, 0, 0, 0), "{}");
	assert_string_equal(
		shown("siginfo", &info, 48),
		"{si_signo=SIGIO, si_code=SI_QUEUE, si_errno=EACCES, si_pid=0, si_uid=0, si_int=0, si_ptr=NULL}");
	assert_string_equal(shown("siginfo", "\1\2", 2), "\"\\x01\\x02\"");
}

static void what_is_to_be_sent_later_is_shown(void **state)
{
	struct sigevent event = { .sigev_signo = SIGUSR2, .sigev_notify = SIGEV_SIGNAL, .sigev_value.sival_int = 7 };

	(void)state;
	assert_string_equal(shown("sigevent", &event, 64), "{sigev_value={sival_int=7, sival_ptr=0x7}, "
							   "sigev_signo=SIGUSR2, sigev_notify=SIGEV_SIGNAL}");
	event.sigev_notify = SIGEV_NONE;
	assert_string_equal(shown("sigevent", &event, 64),
			    "{sigev_value={sival_int=7, sival_ptr=0x7}, sigev_signo=12, sigev_notify=SIGEV_NONE}");
	event.sigev_notify = 4; /* SIGEV_THREAD_ID */
	memcpy((char *)&event + 16, &(int){ 55 }, sizeof(int));
	assert_string_equal(shown("sigevent", &event, 64),
			    "{sigev_value={sival_int=7, sival_ptr=0x7}, sigev_signo=SIGUSR2, "
			    "sigev_notify=SIGEV_THREAD_ID, sigev_notify_thread_id=55}");
}

static void queues_vectors_and_handles_are_shown(void **state)
{
	const uint64_t queue[4] = { O_NONBLOCK, 10, 64, 1 }, vectors[4] = { 0x1000, 8, 0, UINT64_MAX };
	const uint32_t handle[4] = { 8, 1, 0x64636261, 0x0a313039 };

	(void)state;
	assert_string_equal(shown("mq_attr", queue, 32),
			    "{mq_flags=O_NONBLOCK, mq_maxmsg=10, mq_msgsize=64, mq_curmsgs=1}");
	assert_string_equal(shown("vectors", vectors, 32),
			    "[{iov_base=0x1000, iov_len=8}, {iov_base=NULL, iov_len=18446744073709551615}]");
	assert_string_equal(shown("vectors", vectors, 15), "[]");
	assert_string_equal(shown("file_handle", handle, 16),
			    "{handle_bytes=8, handle_type=1, f_handle=\"abcd901\\n\"}");
	assert_string_equal(shown("file_handle", handle, 4), "{handle_bytes=8}");
	assert_string_equal(shown("file_handle", handle, 3), "\"\\x08\\x00\\x00\"");
}

#define CLOCK_REST(seconds)                                                                                   \
	", freq=2, maxerror=0, esterror=0, status=STA_PLL|STA_UNSYNC, constant=0, precision=0, tolerance=0, " \
	"time={tv_sec=" seconds                                                                               \
	", tv_usec=0}, tick=10000, ppsfreq=0, jitter=0, shift=0, stabil=0, jitcnt=0, calcnt=0, errcnt=0, "    \
	"stbcnt=0, tai=37}"

static void the_clocks_adjustment_is_shown(void **state)
{
	struct timex now = { .modes = ADJ_OFFSET | ADJ_FREQUENCY,
			     .offset = -5,
			     .freq = 2,
			     .status = STA_PLL | STA_UNSYNC,
			     .time = { 1L << 33, 0 },
			     .tick = 10000,
			     .tai = 37 };
	const uint32_t narrow[21] = {
		[0] = 0x8001, [1] = (uint32_t)-5, [2] = 2, [5] = 0x41, [9] = 9, [11] = 10000, [20] = 37
	};

	(void)state;
	assert_string_equal(shown("timex", &now, 168),
			    "{modes=ADJ_OFFSET|ADJ_FREQUENCY, offset=-5" CLOCK_REST("8589934592"));
	assert_string_equal(by(TL_ABI_I386, "timex64", &now, 168),
			    "{modes=ADJ_OFFSET|ADJ_FREQUENCY, offset=-5" CLOCK_REST("8589934592"));
	assert_string_equal(by(TL_ABI_I386, "timex", narrow, 84),
			    "{modes=ADJ_OFFSET_SINGLESHOT, offset=-5" CLOCK_REST("9"));
}

static void of_32_bits_they_lie_elsewhere(void **state)
{
	const uint32_t sent[12] = { SIGUSR1, 0, (uint32_t)SI_QUEUE, 7, 8, 9 }, event[16] = { 5, SIGUSR1, 4, 77 };
	const uint32_t queue[4] = { 0, 10, (uint32_t)-1, 1 }, vectors[4] = { 0x1000, 8, 0, 1 };

	(void)state;
	for (uint8_t abi = TL_ABI_I386; abi <= TL_ABI_X32; abi++) {
		assert_string_equal(by(abi, "siginfo", sent, 48),
				    "{si_signo=SIGUSR1, si_code=SI_QUEUE, si_pid=7, si_uid=8, si_int=9, si_ptr=0x9}");
		assert_string_equal(by(abi, "sigevent", event, 64),
				    "{sigev_value={sival_int=5, sival_ptr=0x5}, sigev_signo=SIGUSR1, "
				    "sigev_notify=SIGEV_THREAD_ID, sigev_notify_thread_id=77}");
		assert_string_equal(by(abi, "vectors", vectors, 16),
				    "[{iov_base=0x1000, iov_len=8}, {iov_base=NULL, iov_len=1}]");
	}
	assert_string_equal(by(TL_ABI_I386, "mq_attr", queue, 32),
			    "{mq_flags=0, mq_maxmsg=10, mq_msgsize=-1, mq_curmsgs=1}");
}

static void rights_of_system_v_are_shown(void **state)
{
	uint64_t wide[13] = { [0] = 0x7 | 1000ULL << 32, [1] = 1001 | 1ULL << 32, [2] = 2 | 0640ULL << 32 };
	uint32_t narrow[20] = { 7, 1000, 1001, 1, 2, 0640 };

	(void)state;
	for (unsigned i = 6; i < 13; i++)
		wide[i] = i;
	for (unsigned i = 9; i < 20; i++)
		narrow[i] = i;
	assert_string_equal(
		shown("shmid_ds", wide, 96),
		"{shm_perm={uid=1000, gid=1001, mode=0640, key=7, cuid=1, cgid=2}, shm_segsz=6, shm_cpid=10, "
		"shm_lpid=0, shm_nattch=11, shm_atime=7, shm_dtime=8, shm_ctime=9}");
	assert_string_equal(
		by(TL_ABI_I386, "shmid_ds", narrow, 76),
		"{shm_perm={uid=1000, gid=1001, mode=0640, key=7, cuid=1, cgid=2}, shm_segsz=9, shm_cpid=16, "
		"shm_lpid=17, shm_nattch=18, shm_atime=10, shm_dtime=12, shm_ctime=14}");
	assert_string_equal(
		shown("msqid_ds", wide, 104),
		"{msg_perm={uid=1000, gid=1001, mode=0640, key=7, cuid=1, cgid=2}, msg_stime=6, msg_rtime=7, "
		"msg_ctime=8, msg_qnum=10, msg_qbytes=11, msg_lspid=12, msg_lrpid=0}");
	assert_string_equal(
		by(TL_ABI_I386, "msqid_ds", narrow, 80),
		"{msg_perm={uid=1000, gid=1001, mode=0640, key=7, cuid=1, cgid=2}, msg_stime=9, msg_rtime=11, "
		"msg_ctime=13, msg_qnum=16, msg_qbytes=17, msg_lspid=18, msg_lrpid=19}");
	assert_string_equal(shown("semid_ds", wide, 88), "{sem_perm={uid=1000, gid=1001, mode=0640, key=7, cuid=1, "
							 "cgid=2}, sem_otime=6, sem_ctime=8, sem_nsems=10}");
	assert_string_equal(by(TL_ABI_I386, "semid_ds", narrow, 56),
			    "{sem_perm={uid=1000, gid=1001, mode=0640, key=7, cuid=1, cgid=2}, sem_otime=9, "
			    "sem_ctime=11, sem_nsems=13}");
	assert_string_equal(by(TL_ABI_I386, "msg_set", narrow, 72),
			    "{msg_perm={uid=1000, gid=1001, mode=0640}, msg_qbytes=17}");
	assert_string_equal(shown("shm_set", wide, 24), "{shm_perm={uid=1000, gid=1001, mode=0640}}");
	assert_string_equal(shown("sem_set", wide, 23), "\"\\x07\\x00\\x00\\x00\\xe8\\x03\\x00\\x00\\xe9\\x03\\x00\\x00"
							"\\x01\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\xa0\\x01\\x00\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_says_who_sent_it),
		cmocka_unit_test(what_is_to_be_sent_later_is_shown),
		cmocka_unit_test(queues_vectors_and_handles_are_shown),
		cmocka_unit_test(the_clocks_adjustment_is_shown),
		cmocka_unit_test(of_32_bits_they_lie_elsewhere),
		cmocka_unit_test(rights_of_system_v_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
