/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fixed for ever: people filter by them. systemd/traceleft.catalog explains
 * each; a test compares both. */
#ifndef TRACELEFT_DAEMON_MESSAGE_IDS_H
#define TRACELEFT_DAEMON_MESSAGE_IDS_H

/* Entries of class ... */
#define TL_MESSAGE_FILE "1a194711dc0344a580c9a2b6a9909d54" /* a system call on a file */
#define TL_MESSAGE_NETWORK "d55194610b5646b7959d9068e449197d" /* on a socket */
#define TL_MESSAGE_CALL "c95e7cad1292487ca4e3b1a0849e5194" /* any other system call */
#define TL_MESSAGE_EXEC "848338295abc41458371e9124276e67d"
#define TL_MESSAGE_FORK "1de08a9847924ccf93ad988b2bfd3925"
#define TL_MESSAGE_EXIT "693cd9dedd2d4f65906a27163752b2f5"
#define TL_MESSAGE_LOST "dde607f9e7584e658eefafdf49917003"
#define TL_MESSAGE_LEDGER "cd0ce6c60c094e6faf5e26999cab1fa2"
#define TL_MESSAGE_START "d9ac3f3d632e47fe94d91f7ad3ba74d1"
#define TL_MESSAGE_STOP "ad1cc28a16234d1faf35019ab2338a59"
#define TL_MESSAGE_RELOAD "56f3d5cb9d574570b9708822460b32d5"
#define TL_MESSAGE_TAMPER "3fc960255fc243dbbdafe0fcdc4b6e4c"
#define TL_MESSAGE_SEAL "3088c3604e3844b7934dbc871ac784cf"

/* The daemon's own log. */
#define TL_MESSAGE_POLICY_BROKEN "5571828fd6074c0bb9acf56d805ef8fd"
#define TL_MESSAGE_OUTPUT_FAILED "17492d2c6e3f4f17b926b038f770e1c5"
#define TL_MESSAGE_OUTPUT_WORKS "521746c63f984a8cb6441394657c527c"
#define TL_MESSAGE_CANNOT_AUDIT "de3fc27d5877431e8d26e7c9550f207f"

#endif
