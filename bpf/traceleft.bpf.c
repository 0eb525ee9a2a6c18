// SPDX-License-Identifier: GPL-2.0
/* One object for all of the kernel part but the handlers: kernel BTF is read
 * once for it, and the maps are defined once. */
#include "main.bpf.c"
#include "process.bpf.c"
#include "io-uring.h"
#include "network.bpf.c"
