/*-------------------------------------------------------------------------
 *
 * complexity_lines.c
 *		Lines that machines wrote, and items of lists.
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
} Line;

typedef struct Sign
{
	const char *text;
	int			length;
	bool		anywhere;		/* else at the line's begin */
} Sign;

#define BEGINS(text)	{text, sizeof(text) - 1, false}
#define HAS(text)		{text, sizeof(text) - 1, true}

/* One of these and the line is a machine's. */
static const Sign signs[] = {
	BEGINS("Traceback (most recent call last)"),
	BEGINS("Caused by: "),
	BEGINS("Exception in thread "),
	BEGINS("Unhandled exception"),
	BEGINS("Unhandled Exception"),
	BEGINS("Uncaught "),
	BEGINS("--- End of inner exception"),
	BEGINS("   at System."),
	BEGINS("goroutine "),
	BEGINS("panic: "),
	BEGINS("fatal error: "),
	BEGINS("PHP Fatal error"),
	BEGINS("PHP Warning"),
	BEGINS("PHP Notice"),
	BEGINS("Stack trace:"),
	BEGINS("stack backtrace:"),
	BEGINS("Segmentation fault"),
	BEGINS("Kernel panic"),
	BEGINS("Call Trace:"),
	BEGINS("BUG: "),
	BEGINS("Oops: "),
	BEGINS("RIP: "),
	BEGINS("SQLSTATE["),
	BEGINS("SQL Error"),
	BEGINS("psql: "),
	BEGINS("npm ERR!"),
	BEGINS("error TS"),
	BEGINS("make: ***"),
	BEGINS("curl: ("),
	BEGINS("ssh: "),
	BEGINS("fatal: "),
	BEGINS("java.lang."),
	BEGINS("java.io."),
	BEGINS("java.net."),
	BEGINS("java.sql."),
	BEGINS("System.NullReferenceException"),
	BEGINS("Faulting application"),
	HAS("thread 'main' panicked at"),
	HAS(" segfault at "),
	HAS("Exception: "),
	HAS("Error: Cannot find module"),
	HAS("NullPointerException"),
	HAS("(Native Method)"),
	HAS("(Unknown Source)"),
	HAS("You have an error in your SQL syntax"),
	HAS("HTTP/1.1\" "),
	HAS("HTTP/1.0\" "),
	HAS("HTTP/2.0\" "),
	HAS("SQLSTATE "),
	HAS("ORA-0"),
	HAS("ORA-1"),
	HAS("ORA-2"),
	HAS("Traceback (most recent call last)"),
	HAS("core dumped"),
	HAS("exit code 0x"),
	HAS("error code 0x"),
	HAS("Error code: 0x"),
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

/* Whether the text of fewer than LINE_READ bytes holds what; by its rarest end, memchr. */
static bool
holds(const char *text, int length, const char *what, int what_length)
{
	const char *end = text + length - what_length;

	while (text <= end)
	{
		const char *found = memchr(text, what[0], end - text + 1);

		if (found == NULL)
			return false;
		if (memcmp(found, what, what_length) == 0)
			return true;
		text = found + 1;
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
		return holds(text, length, "0x", 2) || holds(text, length, "): ", 3) || holds(text, length, " in ", 4);
	/* Ruby: from a.rb:12:in `b' */
	if (begins_with(text, length, "from ", 5))
		return holds(text, length, ":in `", 5);
	/* Go: "	/src/main.go:12 +0x1d" */
	return line->indent > 0 && holds(text, length, " +0x", 4);
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
	return (at >= 9 && memcmp(text + at - 9, "Exception", 9) == 0) ||
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
		const Sign *sign = &signs[i];

		if (sign->anywhere ? holds(text, length, sign->text, sign->length) : begins_with(text, length, sign->text, sign->length))
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
		if (is_letter(text[0]) && holds(text + time, Min(length - time, 80), "]: ", 3))
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
	return has_long_row(text, length);
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

/*
 * st_read_lines
 *		Counts items, lines of logs and the question marks that are no tokens.
 *		Throws only for cancel.
 */
void
st_read_lines(const StDocument *doc, StLines *out)
{
	const char *p = doc->data;
	const char *end = p + doc->length;
	int			n = 0;

	memset(out, 0, sizeof(*out));
	while (p < end)
	{
		const char *line_end = memchr(p, '\n', end - p);
		Line		line = {.text = p};
		int			length;

		if (line_end == NULL)
			line_end = end;
		length = line_end - p;
		while (line.indent < length && (p[line.indent] == ' ' || p[line.indent] == '\t'))
			line.indent++;
		line.text = p + line.indent;
		line.length = Min(length - line.indent, LINE_READ);
		if (line.length > 2)
		{
			if (is_log(&line))
				out->logs++;
			else if (is_item(&line))
				out->items++;
		}
		p = line_end + 1;
		if ((++n & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}

	/* full-width, Arabic, Greek: not in ASCII, and rarely in a row */
	for (p = doc->data; p + 1 < end; p++)
	{
		p = memchr(p, 0xD8, end - p - 1);
		if (p == NULL)
			break;
		if ((unsigned char) p[1] == 0x9F)
			out->questions++;
	}
	for (p = doc->data; p + 2 < end; p++)
	{
		p = memchr(p, 0xEF, end - p - 2);
		if (p == NULL)
			break;
		if (memcmp(p, "\xEF\xBC\x9F", 3) == 0)
			out->questions++;
	}
}
