// SPDX-License-Identifier: GPL-2.0-or-later
#define NCURSES_NOMACROS
#include <locale.h>
#include <ncurses.h>
#include <string.h>

#include "screen.h"
#include "util.h"

static SCREEN *screen;

bool tl_screen_open(void)
{
	if (!isatty(STDOUT_FILENO))
		return false;
	setlocale(LC_CTYPE, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return false;
	cbreak();
	noecho();
	nodelay(stdscr, true);
	keypad(stdscr, true);
	curs_set(0);
	return true;
}

void tl_screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

void tl_screen_show(const char *text, unsigned heads)
{
	const char *next;

	erase();
	for (int y = 0; *text && y < LINES; y++, text = next) {
		const size_t size = strcspn(text, "\n");

		if ((unsigned)y < heads)
			attron(A_BOLD);
		mvaddnstr(y, 0, text, (int)MIN(size, (size_t)COLS));
		attroff(A_BOLD);
		next = text + size + (text[size] == '\n');
	}
	refresh();
}

bool tl_screen_quit(void)
{
	int key;

	while ((key = getch()) != ERR)
		if (key == 'q' || key == 'Q')
			return true;
	return false;
}
