/*-------------------------------------------------------------------------
 *
 * complexity_lines.c
 *		Lines that machines wrote, items of lists, question marks.
 *
 * Log excerpts and stack traces are told by their form: frames of Java, Python,
 * JavaScript, C#, Go, Rust, PHP and Ruby, messages of kernels, databases and web
 * servers, lines that begin with a time and name a level, long rows of hexadecimal
 * or base-64 digits.  A document is read once, a line of it by a fixed number of
 * looks, so that time is linear.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "core/compat.h"
#include "understanding/complexity.h"

/* What is longer is read to here: frames and messages show at their begin. */
#define LINE_READ	400

/* A row of digits and letters that nobody types. */
#define LONG_ROW	40

typedef struct Line
{
	const char *text;			/* without blanks before it */
	int			length;
	int			indent;
	int			longest;		/* bytes between two blanks, at most */
	bool		has[256];		/* each byte, whether it is there */
} Line;

typedef enum SignPlace
{
	AT_BEGIN,
	ANYWHERE,
	IN_WORD						/* behind a small letter: the end of a name */
} SignPlace;

typedef struct Sign
{
	const char *text;
	int			length;
	SignPlace	place;
	int			rare;			/* its byte that is seldom met: looked for */
} Sign;

#define BEGINS(text)	{text, sizeof(text) - 1, AT_BEGIN}
#define HAS(text, rare) {text, sizeof(text) - 1, ANYWHERE, rare}
#define ENDS_NAME(text)	{text, sizeof(text) - 1, IN_WORD}

/* One of these and the line is a machine's. */
static const Sign signs[] = {
	BEGINS("Caused by: "),
	BEGINS("Exception in thread "),
	BEGINS("Unhandled exception"),
	BEGINS("Unhandled Exception"),
	BEGINS("Uncaught (in promise)"),
	BEGINS("Uncaught Exception"),
	BEGINS("--- End of inner exception"),
	HAS(" [running]:", 1),
	BEGINS("panic: runtime error"),
	BEGINS("fatal error: "),
	BEGINS("PHP Fatal error"),
	BEGINS("PHP Warning"),
	BEGINS("PHP Notice"),
	BEGINS("Stack trace:"),
	BEGINS("stack backtrace:"),
	BEGINS("Segmentation fault"),
	BEGINS("Kernel panic"),
	BEGINS("Call Trace:"),
	BEGINS("BUG: unable to handle"),
	BEGINS("BUG: soft lockup"),
	BEGINS("Oops: 0"),
	BEGINS("RIP: 0"),
	BEGINS("SQLSTATE["),
	BEGINS("SQL Error"),
	BEGINS("psql: "),
	BEGINS("npm ERR!"),
	BEGINS("error TS"),
	BEGINS("make: ***"),
	BEGINS("curl: ("),
	BEGINS("ssh: connect to host"),
	BEGINS("ssh: Could not resolve"),
	BEGINS("fatal: not a git"),
	BEGINS("fatal: unable to"),
	BEGINS("java.lang."),
	BEGINS("java.io."),
	BEGINS("java.net."),
	BEGINS("java.sql."),
	BEGINS("System.NullReferenceException"),
	BEGINS("Faulting application"),
	HAS("thread 'main' panicked at", 7),
	HAS(" segfault at ", 3),
	ENDS_NAME("Exception: "),
	ENDS_NAME("Error: "),
	HAS("Error: Cannot find module", 5),
	HAS("NullPointerException", 0),
	HAS("(Native Method)", 0),
	HAS("(Unknown Source)", 0),
	HAS("You have an error in your SQL syntax", 27),
	HAS("HTTP/1.1\" ", 4),
	HAS("HTTP/1.0\" ", 4),
	HAS("HTTP/2.0\" ", 4),
	HAS("SQLSTATE ", 1),
	HAS("ORA-0", 3),
	HAS("ORA-1", 3),
	HAS("ORA-2", 3),
	HAS("Traceback (most recent call last)", 10),
	HAS("core dumped", 5),
	HAS("\"level\":\"", 0),
	HAS("\"severity\":\"", 0),
	HAS(" level=error", 6),
	HAS(" level=warn", 6),
	HAS(" level=info", 6),
};

static const char *const levels[] = {
	"ERROR", "WARN", "WARNING", "INFO", "DEBUG", "FATAL", "TRACE", "CRITICAL", "NOTICE",
	"LOG", "PANIC", "SEVERE", "EMERG", "ALERT",
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
begins_with(const char *text, int length, const char *what, int what_length)
{
	return length >= what_length && memcmp(text, what, what_length) == 0;
}

/*
 * holds_by
 *		Whether the text of at most LINE_READ bytes holds what; looks for its
 *		byte of that number.
 */
static bool
holds_by(const char *text, int length, const char *what, int what_length, int rare)
{
	const char *end = text + length - what_length;

	while (text <= end)
	{
		const char *found = memchr(text + rare, what[rare], end - text + 1);

		if (found == NULL)
			return false;
		if (memcmp(found - rare, what, what_length) == 0)
			return true;
		text = found - rare + 1;
	}
	return false;
}

static bool
holds(const char *text, int length, const char *what, int what_length)
{
	return holds_by(text, length, what, what_length, 0);
}

/*
 * look_at
 *		Finds out which bytes the line has: most of what is looked for is not
 *		there.
 */
static void
look_at(Line *line)
{
	int			begin = 0;

	memset(line->has, false, sizeof(line->has));
	line->longest = 0;
	for (int i = 0; i < line->length; i++)
	{
		line->has[(unsigned char) line->text[i]] = true;
		if (line->text[i] == ' ')
		{
			line->longest = Max(line->longest, i - begin);
			begin = i + 1;
		}
	}
	line->longest = Max(line->longest, line->length - begin);
}

static inline bool
line_has(const Line *line, char c)
{
	return line->has[(unsigned char) c];
}

/* Whether the line shows the sign. */
static inline bool
shows(const Line *line, const Sign *sign)
{
	const char *text = line->text;
	int			length = line->length;
	const char *end = text + length - sign->length;

	switch (sign->place)
	{
		case AT_BEGIN:
			return text[0] == sign->text[0] && begins_with(text, length, sign->text, sign->length);
		case ANYWHERE:
			return line_has(line, sign->text[sign->rare]) &&
				holds_by(text, length, sign->text, sign->length, sign->rare);
		case IN_WORD:
			if (!line_has(line, sign->text[0]))
				return false;
			for (const char *p = text + 1; p <= end; p++)
			{
				p = memchr(p, sign->text[0], end - p + 1);
				if (p == NULL)
					return false;
				if (p[-1] >= 'a' && p[-1] <= 'z' && memcmp(p, sign->text, sign->length) == 0)
					return true;
			}
			return false;
	}
	return false;
}

/* Whether digits stand where the pattern has '0', and all else is as it is there. */
static bool
has_form(const char *text, int length, const char *pattern)
{
	for (int i = 0; pattern[i] != '\0'; i++)
	{
		if (i >= length)
			return false;
		if (pattern[i] == '0' ? !is_digit(text[i]) : pattern[i] == 'T' ? text[i] != 'T' && text[i] != ' ' : text[i] != pattern[i])
			return false;
	}
	return true;
}

/*
 * time_length
 *		Returns the bytes of a time at the begin of a log line, 0 when there is
 *		none: "2024-05-01 10:00:00", "[10:00:00]", "May  1 10:00:00", "[  12.345678]".
 */
static int
time_length(const char *text, int length)
{
	int			at = 0;

	if (length > 0 && (text[0] == '[' || text[0] == '('))
	{
		at = 1;
		while (at < length && text[at] == ' ')
			at++;
		/* seconds since the start, of a kernel */
		if (at < length && is_digit(text[at]))
		{
			int			end = at;

			while (end < length && is_digit(text[end]))
				end++;
			if (end + 6 < length && text[end] == '.' && is_digit(text[end + 1]) && is_digit(text[end + 3]) &&
				memchr(text + end, ']', Min(length - end, 9)) != NULL)
				return end + 7;
		}
	}
	if (has_form(text + at, length - at, "0000-00-00T00:00:00") ||
		has_form(text + at, length - at, "0000/00/00 00:00:00") ||
		has_form(text + at, length - at, "00/00/0000 00:00:00") ||
		has_form(text + at, length - at, "00.00.0000 00:00:00"))
		return at + 19;
	if (at + 15 <= length && is_letter(text[at]) && is_letter(text[at + 2]) && text[at + 3] == ' ' &&
		has_form(text + at + 6, length - at - 6, " 00:00:00"))
		return at + 15;
	if (has_form(text + at, length - at, "00/") && has_form(text + at + 6, Max(length - at - 6, 0), "/0000:00:00:00"))
		return at + 20;
	if (has_form(text + at, length - at, "00:00:00"))
		return at + 8;
	return 0;
}

/* Whether a level is named near: in capitals, as a word of its own. */
static bool
names_level(const char *text, int length)
{
	length = Min(length, 60);
	for (int at = 0; at < length; at++)
	{
		int			end = at;

		if (text[at] < 'A' || text[at] > 'Z')
			continue;
		while (end < length && text[end] >= 'A' && text[end] <= 'Z')
			end++;
		if (end == length || !is_letter(text[end]))
		{
			for (int i = 0; i < lengthof(levels); i++)
			{
				if (strlen(levels[i]) == end - at && memcmp(levels[i], text + at, end - at) == 0)
					return true;
			}
		}
		at = end;
	}
	return false;
}

/* Whether ":12)" or ":12:34)" stands at the end of the text. */
static bool
ends_in_place(const char *text, int length)
{
	int			at = length - 1;

	if (at >= 0 && text[at] == ')')
		at--;
	if (at < 1 || !is_digit(text[at]))
		return false;
	while (at > 0 && (is_digit(text[at]) || (text[at] == ':' && is_digit(text[at - 1]))))
		at--;
	return text[at] == ':';
}

/* Whether the line is a frame of a stack. */
static bool
is_frame(const Line *line)
{
	const char *text = line->text;
	int			length = line->length;

	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\r'))
		length--;

	/* C#, which speaks the language of its machine */
	if ((begins_with(text, length, "bei ", 4) && holds(text, length, ":Zeile ", 7)) ||
		(begins_with(text, length, "\xC3\xA0 ", 3) && holds(text, length, ":ligne ", 7)) ||
		(begins_with(text, length, "en ", 3) && holds(text, length, ":l\xC3\xADnea ", 8)))
		return true;
	/* Java: "... 23 more" */
	if (begins_with(text, length, "... ", 4) && length > 9 && is_digit(text[4]))
		return memcmp(text + length - 5, " more", 5) == 0;
	/* Java, JavaScript, C# */
	if (begins_with(text, length, "at ", 3) && length > 8)
	{
		if (ends_in_place(text, length))
			return true;
		if (text[length - 1] == ')' && memchr(text, '.', length) != NULL &&
			(memchr(text, '(', length) == text + length - 2 || holds(text, length, "(Native Method)", 15) ||
			 holds(text, length, "(Unknown Source)", 16)))
			return true;
		return holds(text, length, ":line ", 6);
	}
	/* Python */
	if (begins_with(text, length, "File \"", 6))
		return holds(text, length, "\", line ", 8);
	/* PHP, gdb: "#0 /var/www/a.php(12)", "#1  0x00007f" */
	if (text[0] == '#' && length > 5 && is_digit(text[1]))
		return holds(text, length, " 0x", 3) || holds(text, length, "): ", 3) || holds(text, length, " {main}", 7);
	/* Ruby: from a.rb:12:in `b' */
	if (begins_with(text, length, "from ", 5))
		return holds(text, length, ":in `", 5);
	/* Go: "	/src/main.go:12 +0x1d" */
	return line->indent > 0 && line_has(line, '+') && holds(text, length, " +0x", 4);
}

/* Whether the line begins like "NameError: " or "some.package.SomeException: ". */
static bool
names_error(const char *text, int length)
{
	int			at = 0;

	length = Min(length, 120);
	while (at < length && (is_letter(text[at]) || is_digit(text[at]) || text[at] == '.' || text[at] == '_'))
		at++;
	if (at < 8 || at >= length || text[at] != ':' || text[0] < 'A')
		return false;
	return (at > 9 && memcmp(text + at - 9, "Exception", 9) == 0) ||
		(memcmp(text + at - 5, "Error", 5) == 0 && text[at - 6] >= 'a' && text[at - 6] <= 'z');
}

/* Whether the line has a row of hexadecimal or base-64 digits. */
static bool
has_long_row(const char *text, int length)
{
	int			run = 0;
	int			digits = 0;
	int			letters = 0;

	for (int i = 0; i <= length; i++)
	{
		char		c = i < length ? text[i] : ' ';

		if (is_digit(c))
			digits++;
		else if (is_letter(c))
			letters++;
		else if (c != '+' && c != '=' && !(c == '/' && run > 0 && text[i - 1] != '/'))
		{
			if (run >= LONG_ROW && digits >= 4 && letters >= 4)
				return true;
			run = digits = letters = 0;
			/* what follows the colon of an address is none */
			if (c == ':' && i + 2 < length && text[i + 1] == '/' && text[i + 2] == '/')
			{
				while (i < length && text[i] != ' ')
					i++;
			}
			continue;
		}
		run++;
	}
	return false;
}

/* Whether a machine wrote the line. */
static bool
is_log(const Line *line)
{
	const char *text = line->text;
	int			length = line->length;
	int			time;

	if (length < 6)
		return false;
	for (int i = 0; i < lengthof(signs); i++)
	{
		if (shows(line, &signs[i]))
			return true;
	}
	if (is_frame(line) || names_error(text, length))
		return true;
	time = time_length(text, length);
	if (time > 0 && time < length)
	{
		/* of a kernel or a system: the host or a program follows */
		if (text[0] == '[' || names_level(text + time, length - time))
			return true;
		if (holds(text + time, Min(length - time, 80), "]: ", 3))
			return true;
	}

	/*
	 * "ERROR:  relation ... does not exist", "[error] ...", "Msg 102, Level
	 * 15"
	 */
	if (begins_with(text, length, "ERROR:  ", 8) || begins_with(text, length, "ERROR: ", 7) ||
		begins_with(text, length, "FATAL: ", 7) || begins_with(text, length, "[error]", 7) ||
		begins_with(text, length, "[ERROR]", 7) || begins_with(text, length, "[WARN", 5) ||
		(begins_with(text, length, "Msg ", 4) && holds(text, length, ", Level ", 8)) ||
		(begins_with(text, length, "ERROR ", 6) && is_digit(text[6])))
		return true;
	return line->longest >= LONG_ROW && has_long_row(text, length);
}

/* Whether the line is an item of a list: "- ", "* ", "1. ", "2) ", "a) ", "Step 3". */
static bool
is_item(const Line *line)
{
	const char *text = line->text;
	int			length = line->length;
	int			at = 0;

	if (length < 3)
		return false;
	if ((text[0] == '-' || text[0] == '*' || text[0] == '+') && text[1] == ' ' && text[2] != '-')
		return true;
	if (begins_with(text, length, "\xE2\x80\xA2", 3) || begins_with(text, length, "\xE2\x80\x93 ", 4) ||
		begins_with(text, length, "\xE2\x97\x8F", 3))
		return length > 4;
	if (begins_with(text, length, "Step ", 5) || begins_with(text, length, "step ", 5))
		return length > 5 && is_digit(text[5]);
	while (at < length && at < 2 && is_digit(text[at]))
		at++;
	if (at == 0 && is_letter(text[0]))
		return text[1] == ')' && text[2] == ' ';
	return at > 0 && at + 1 < length && (text[at] == '.' || text[at] == ')') && text[at + 1] == ' ';
}

/* Adds a line to the parts that are no prose; lines that follow each other are one part. */
static void
add_part(StLines *lines, int start, int end)
{
	if (lines->nparts > 0 && lines->parts[lines->nparts - 1].end == start)
	{
		lines->parts[lines->nparts - 1].end = end;
		return;
	}
	if (lines->nparts == lines->parts_size)
	{
		lines->parts_size = Max(2 * lines->parts_size, 16);
		lines->parts = lines->parts == NULL ? palloc(lines->parts_size * sizeof(StPart))
			: repalloc(lines->parts, lines->parts_size * sizeof(StPart));
	}
	lines->parts[lines->nparts].start = start;
	lines->parts[lines->nparts].end = end;
	lines->nparts++;
}

/*
 * count_marks
 *		Counts the question marks of a whole line, of which Line may have the
 *		begin, that are no tokens: Arabic ones, full-width ones, and the Greek,
 *		which is a semicolon behind a Greek letter.
 */
static int
count_marks(const Line *line, int length)
{
	const unsigned char *p = (const unsigned char *) line->text;
	int			n = 0;

	if (length == line->length && !line->has[';'] && !line->has[0xD8] && !line->has[0xCD] && !line->has[0xEF])
		return 0;

	for (int i = 0; i < length; i++)
	{
		if (p[i] == ';')
			n += i >= 2 && (p[i - 2] == 0xCE || p[i - 2] == 0xCF);
		else if (p[i] == 0xD8)
			n += i + 1 < length && p[i + 1] == 0x9F;
		else if (p[i] == 0xCD)
			n += i + 1 < length && p[i + 1] == 0xBE;
		else if (p[i] == 0xEF)
			n += i + 2 < length && p[i + 1] == 0xBC && p[i + 2] == 0x9F;
	}
	return n;
}

/* Characters of UTF-8 text. */
static int
count_chars(const char *text, int length)
{
	int			n = 0;

	for (int i = 0; i < length; i++)
		n += ((unsigned char) text[i] & 0xC0) != 0x80;
	return n;
}

/*
 * st_read_lines
 *		Counts items, lines of logs and the question marks that are no tokens, and
 *		says where the logs are; out->parts is palloc'd.  Throws only for cancel
 *		and lack of memory.
 */
void
st_read_lines(const StDocument *doc, StLines *out)
{
	const char *p = doc->data;
	const char *end = p + doc->length;
	const char *counted = p;
	int			chars = 0;		/* before counted */
	int			n = 0;
	Line		line;

	memset(out, 0, sizeof(*out));
	while (p < end)
	{
		const char *line_end = memchr(p, '\n', end - p);
		int			length;

		line_end = line_end == NULL ? end : line_end + 1;
		length = line_end - p;
		if (p[length - 1] == '\n')
			length--;
		line.indent = 0;
		while (line.indent < length && (p[line.indent] == ' ' || p[line.indent] == '\t'))
			line.indent++;
		line.text = p + line.indent;
		line.length = Min(length - line.indent, LINE_READ);
		look_at(&line);
		if (line.length > 2 && is_log(&line))
		{
			int			start = chars + count_chars(counted, p - counted);

			chars = start + count_chars(p, line_end - p);
			counted = line_end;
			add_part(out, start, chars);
			out->logs++;
		}
		else
		{
			if (line.length > 2 && is_item(&line))
				out->items++;
			out->questions += count_marks(&line, length - line.indent);
		}
		p = line_end;
		if ((++n & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}
