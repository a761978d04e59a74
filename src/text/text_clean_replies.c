/*-------------------------------------------------------------------------
 *
 * text_clean_replies.c
 *		Where in a document other people's messages begin: attributions
 *		("On Monday, somebody wrote:"), blocks of mail headers, separators
 *		("-----Original Message-----"), banners ("reply above this line").
 *
 * Only marks the lines; text_clean_rules.c drops.  Each mark needs evidence
 * that prose rarely has: a verb is not enough for an attribution, it takes a
 * date, an address, or a quote that follows; "From: Berlin, To: Madrid,
 * Date: 5 May" is a journey and not a mail.
 *
 *-------------------------------------------------------------------------
 */
#include "text_clean.h"

#include "miscadmin.h"

#define MAX_ATTRIBUTION_LINES	4
#define MAX_ATTRIBUTION_BYTES	420
#define MAX_HEADER_LINES		16

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Returns whether the lines [first, last] have a phrase of that kind. */
static bool
has_phrase(const CleanDocument *doc, int first, int last, PhraseKind kind)
{
	int			i;

	for (i = doc->lines[first].first_hit; i < doc->lines[last + 1].first_hit; i++)
		if (st_clean_phrases[doc->hits[i].phrase].kind == kind)
			return true;
	return false;
}

typedef struct Evidence
{
	bool		year;			/* a year or a written-out date */
	bool		time;
	bool		address;
} Evidence;

/*
 * look_for_evidence
 *		Finds years, times and mail addresses in folded text.
 */
static Evidence
look_for_evidence(const char *s, int length)
{
	Evidence	found = {false, false, false};
	int			i = 0;

	while (i < length)
	{
		int			start = i;
		int			digits;

		if (s[i] == '@' && i > 0 && i + 2 < length && s[i - 1] != ' ' && s[i + 1] != ' ')
			found.address = true;
		if (!is_digit(s[i]))
		{
			i++;
			continue;
		}
		while (i < length && is_digit(s[i]))
			i++;
		digits = i - start;
		if (digits == 4 && ((s[start] == '1' && s[start + 1] == '9') || (s[start] == '2' && s[start + 1] == '0')))
			found.year = true;
		if (digits <= 2 && i + 2 < length && (s[i] == ':' || s[i] == '.' || s[i] == 'h') &&
			is_digit(s[i + 1]) && is_digit(s[i + 2]) && !(i + 3 < length && is_digit(s[i + 3])))
			found.time = true;
		/* 05/01/23, 5.1.23, 5-1-23 */
		if (digits <= 2 && i + 3 < length && (s[i] == '/' || s[i] == '.' || s[i] == '-') && is_digit(s[i + 1]))
		{
			int			j = i + 1;

			while (j < length && j < i + 3 && is_digit(s[j]))
				j++;
			if (j + 2 < length && s[j] == s[i] && is_digit(s[j + 1]) && is_digit(s[j + 2]))
				found.year = true;
		}
		/* "3:04 pm", "下午3点04" and its kin have the digits apart */
		if (digits <= 2 && i + 3 < length && (memcmp(s + i, "\xE6\x97\xB6", 3) == 0 ||
											  memcmp(s + i, "\xE7\x82\xB9", 3) == 0 ||
											  memcmp(s + i, "\xE6\x99\x82", 3) == 0 ||
											  memcmp(s + i, "\xEC\x8B\x9C", 3) == 0))
			found.time = true;
	}
	return found;
}

/* Cuts "----" and its kin from the end of a folded line; returns its length. */
static int
without_trailing_dashes(const char *s, int length)
{
	while (length > 0 && (s[length - 1] == '-' || s[length - 1] == ' ' || s[length - 1] == '*' || s[length - 1] == '_'))
		length--;
	return length;
}

/*
 * is_attribution
 *		Returns whether the lines [first, last] are one.
 */
static bool
is_attribution(const CleanDocument *doc, int first, int last, bool quote_follows)
{
	const char *s = doc->folded + doc->lines[first].fold_start;
	int			length = doc->lines[last].fold_end - doc->lines[first].fold_start;
	int			end = without_trailing_dashes(s, length);
	bool		colon = end > 0 && s[end - 1] == ':';
	bool		wrote = has_phrase(doc, first, last, PHRASE_WROTE);
	bool		starts = st_clean_starts(s, length);
	Evidence	found;
	int			i;

	if (length > MAX_ATTRIBUTION_BYTES)
		return false;
	if (wrote && colon && quote_follows)
		return true;

	found = look_for_evidence(s, length);
	for (i = 0; i < length && i < 40 && !starts; i++)
		starts = is_digit(s[i]);

	if (!colon)
	{
		/* "---- On ..., Jane <j@x.com> wrote ----" */
		int			j;

		if (!wrote || !starts || !(found.year || found.time) || !(found.address || quote_follows))
			return false;
		for (j = doc->lines[first].first_hit; j < doc->lines[last + 1].first_hit; j++)
			if (st_clean_phrases[doc->hits[j].phrase].kind == PHRASE_WROTE &&
				doc->hits[j].position + doc->hits[j].length == doc->lines[first].fold_start + end)
				return true;
		return false;
	}
	if (wrote && found.address && (starts || found.year || found.time || end < 120))
		return true;
	if (wrote && starts && found.year && (found.time || quote_follows))
		return true;
	/* no verb: "Fri, 5 Jan 2023, 12:34 Jane <j@x.com>:" */
	if (found.address && starts && found.year && found.time && end >= 2 &&
		(s[end - 2] == '>' || s[end - 2] == ')'))
		return true;
	return quote_follows && starts && found.year && found.time;
}

/*
 * find_attribution
 *		When an attribution ends with this line, marks it from its first line
 *		on.
 */
static void
find_attribution(CleanDocument *doc, int last)
{
	CleanLine  *lines = doc->lines;
	const char *s = doc->folded + lines[last].fold_start;
	int			length = lines[last].fold_end - lines[last].fold_start;
	int			end = without_trailing_dashes(s, length);
	bool		quote_follows = last + 1 < doc->nlines &&
	(lines[last + 1].depth > 0 || (lines[last + 1].quoted && !lines[last].quoted));
	int			tightest = -1;
	int			widest = -1;
	int			first;

	if (end <= 0 || length > MAX_ATTRIBUTION_BYTES)
		return;
	if (s[end - 1] != ':' && !has_phrase(doc, last, last, PHRASE_WROTE))
		return;

	for (first = last; first >= 0 && first > last - MAX_ATTRIBUTION_LINES; first--)
	{
		const char *f = doc->folded + lines[first].fold_start;
		int			f_length = lines[first].fold_end - lines[first].fold_start;

		if (lines[first].mark != MARK_NONE || lines[first].depth > 0 ||
			lines[last].fold_end - lines[first].fold_start > MAX_ATTRIBUTION_BYTES)
			break;
		if (is_attribution(doc, first, last, quote_follows))
		{
			Evidence	found = look_for_evidence(f, f_length);

			if (tightest < 0)
				tightest = first;
			/* wrapped: its first line has the date or begins as such lines do */
			if (first < last && (found.year || found.time) &&
				(st_clean_starts(f, f_length) || is_digit(f[0])))
				widest = first;
		}
		if (lines[first].blank_before)
			break;
	}
	if (tightest < 0)
		return;
	first = widest >= 0 ? widest : tightest;
	lines[first].mark = MARK_ATTRIBUTION;
	lines[first].mark_lines = (uint8) (last - first + 1);
}

/* Labels that a line has inside: "From: A Sent: B To: C Subject: D". */
static int
inner_labels(const char *s, int length)
{
	int			found = LABEL_NONE;
	int			i;

	for (i = 1; i < length; i++)
	{
		int			start = i;
		int			words;

		if (s[i] != ':')
			continue;
		for (words = 0; words < 3 && start > 0 && i - start < 40; words++)
		{
			start--;
			while (start > 0 && s[start - 1] != ' ' && i - start < 40)
				start--;
			found |= st_clean_label(s + start, i + 1 - start);
		}
	}
	return found;
}

/*
 * header_lines
 *		Returns how many lines from here on are a block of mail headers, 0 when
 *		they are none.  After a separator less evidence is needed.
 */
static int
header_lines(const CleanDocument *doc, int first, bool after_separator)
{
	const CleanLine *lines = doc->lines;
	int			seen = LABEL_NONE;
	int			kinds = 0;
	int			last = first - 1;
	bool		address = false;
	int			i;

	for (i = first; i < doc->nlines && i < first + MAX_HEADER_LINES; i++)
	{
		const char *s = doc->folded + lines[i].fold_start;
		int			length = Min(lines[i].fold_end - lines[i].fold_start, 1000);

		if (lines[i].depth > 0)
			break;
		if (lines[i].label != LABEL_NONE)
		{
			int			new = lines[i].label;

			/* a second From: is another message */
			if ((new & LABEL_FROM) && (seen & LABEL_FROM) && (seen & LABEL_SUBJECT))
				break;
			if (i == first && length > 40)
			{
				int			inner = inner_labels(s, length);

				if ((inner & LABEL_SENT) && (inner & (LABEL_TO | LABEL_SUBJECT)))
					new |= inner & (LABEL_SENT | LABEL_TO | LABEL_SUBJECT);
			}
			if (new & ~seen)
				kinds++;
			seen |= new;
			last = i;
		}
		else if (lines[i].blank_before || i - last > 2 ||
				 !(look_for_evidence(s, length).address || memchr(s, ';', length) != NULL ||
				   doc->text[lines[i].start] == ' ' || doc->text[lines[i].start] == '\t' ||
				   (i + 1 < doc->nlines && lines[i + 1].label != LABEL_NONE && !lines[i + 1].blank_before)))
			break;
		if (!address)
			address = look_for_evidence(s, length).address;
	}

	if (after_separator)
		return kinds >= 2 || (kinds == 1 && (seen & (LABEL_FROM | LABEL_SUBJECT))) ? last + 1 - first : 0;
	if (!(seen & LABEL_FROM) || !(seen & LABEL_SENT) || !(seen & (LABEL_TO | LABEL_SUBJECT)))
		return 0;
	if (kinds < 3 && last > first)
		return 0;
	if (!(seen & LABEL_SUBJECT) && !address)
		return 0;
	if (last == first && !((seen & LABEL_SUBJECT) && address))
		return 0;
	return last + 1 - first;
}

/*
 * find_separator
 *		Marks "-----Original Message-----" and "Begin forwarded message:",
 *		together with the headers below.
 */
static void
find_separator(CleanDocument *doc, int i)
{
	CleanLine  *lines = doc->lines;
	const char *s = doc->folded + lines[i].fold_start;
	int			length = lines[i].fold_end - lines[i].fold_start;
	int			start = 0;
	int			h;

	if (length > 160)
		return;
	while (start < length && strchr("-_=*<>~ \"[(", s[start]) != NULL)
		start++;
	for (h = lines[i].first_hit; h < lines[i + 1].first_hit; h++)
	{
		PhraseKind	kind = st_clean_phrases[doc->hits[h].phrase].kind;
		int			end = doc->hits[h].position + doc->hits[h].length - lines[i].fold_start;
		bool		colon = false;
		int			headers;

		if (kind != PHRASE_ORIGINAL && kind != PHRASE_FORWARD)
			continue;
		if (doc->hits[h].position - lines[i].fold_start != start)
			continue;
		while (end < length && strchr("-_=*<>~ \":])", s[end]) != NULL)
			colon |= (s[end++] == ':');
		if (end < length)
			continue;
		headers = header_lines(doc, i + 1, true);
		if (start < 2 && headers == 0 && !(colon && kind == PHRASE_FORWARD))
			continue;
		lines[i].mark = kind == PHRASE_ORIGINAL ? MARK_ORIGINAL : MARK_FORWARD;
		lines[i].mark_lines = (uint8) (1 + headers);
		return;
	}
	/* QQ: "------------------ Original ------------------" */
	if (start >= 6 && length - start >= 12 && memcmp(s + start, "original", 8) == 0 &&
		without_trailing_dashes(s, length) == start + 8)
	{
		lines[i].mark = MARK_ORIGINAL;
		lines[i].mark_lines = (uint8) (1 + header_lines(doc, i + 1, true));
	}
}

/* Returns whether a line asks to reply above it. */
static bool
is_banner(const CleanDocument *doc, int i)
{
	const char *s = doc->folded + doc->lines[i].fold_start;
	int			length = doc->lines[i].fold_end - doc->lines[i].fold_start;

	if (length > 300)
		return false;
	if (length > 8 && memcmp(s, "##-", 3) == 0 && memcmp(s + length - 3, "-##", 3) == 0)
		return true;
	if (!has_phrase(doc, i, i, PHRASE_BANNER))
		return false;
	/* not "should I reply above this line?" in the middle of a letter */
	return length < 110 || strchr("#-=*_~<[>", s[0]) != NULL;
}

/*
 * st_clean_find_replies
 *		Marks where attributions, headers, separators and banners begin.
 */
void
st_clean_find_replies(CleanDocument *doc)
{
	CleanLine  *lines = doc->lines;
	int			i;

	for (i = 0; i < doc->nlines; i++)
	{
		if (lines[i].depth > 0 || lines[i].quoted)
			continue;
		if (i % 256 == 0)
			CHECK_FOR_INTERRUPTS();
		if (is_banner(doc, i))
		{
			lines[i].mark = MARK_BANNER;
			lines[i].mark_lines = 1;
			continue;
		}
		if (lines[i].first_hit < lines[i + 1].first_hit ||
			doc->folded[lines[i].fold_start] == '-')
		{
			find_separator(doc, i);
			if (lines[i].mark != MARK_NONE)
			{
				i += lines[i].mark_lines - 1;
				continue;
			}
		}
		if (lines[i].label != LABEL_NONE)
		{
			int			headers = header_lines(doc, i, false);

			if (headers > 0)
			{
				lines[i].mark = MARK_HEADER;
				lines[i].mark_lines = (uint8) headers;
				i += headers - 1;
				continue;
			}
		}
		find_attribution(doc, i);
	}
}
