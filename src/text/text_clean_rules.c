/*-------------------------------------------------------------------------
 *
 * text_clean_rules.c
 *		Which lines of a document did the requester not write?
 *
 * A line is dropped for a reason that can be named: it is a quote, it stands
 * below a message separator that something was written above, it is a
 * signature, a disclaimer, a leftover of MIME or of the phone.  What follows a
 * quote whose lines are marked is kept, because people answer below and
 * between; where quoted lines are not marked and nothing was written above,
 * everything is kept.  When in doubt a line stays: a line too much costs less
 * than the customer's sentence.
 *
 *-------------------------------------------------------------------------
 */
#include "text_clean.h"

#include "miscadmin.h"

#define MAX_SIGNATURE_LINES		25	/* after "-- " */
#define MAX_LOOSE_SIGNATURE_LINES 12	/* after "--" */
#define MAX_CLOSING_LINES		8	/* after "Kind regards" */

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char) c >= 0x80;
}

/*
 * apply_ranges
 *		Marks the lines that are in HTML quotes, drops HTML signatures.  A Gmail
 *		quote that is a forward is none: its headers will be found, its text is
 *		what the requester sent.
 */
static void
apply_ranges(CleanDocument *doc)
{
	int			from = 0;
	int			r;

	for (r = 0; r < doc->nranges; r++)
	{
		CleanRange *range = &doc->ranges[r];
		bool		forward = false;
		int			first;
		int			i;

		/* ranges begin in order */
		while (from < doc->nlines && doc->lines[from].start < range->start)
			from++;
		first = from;
		if (range->kind == RANGE_SOFT_QUOTE)
			for (i = first; i < doc->nlines && i < first + 4 && doc->lines[i].start < range->end; i++)
			{
				int			h;

				for (h = doc->lines[i].first_hit; h < doc->lines[i + 1].first_hit; h++)
					forward |= (st_clean_phrases[doc->hits[h].phrase].kind == PHRASE_FORWARD);
			}
		if (forward)
			continue;
		if (range->kind == RANGE_TAIL)
		{
			if (first < doc->nlines)
				doc->lines[first].tail = true;
			continue;
		}
		for (i = first; i < doc->nlines && doc->lines[i].start < range->end; i++)
		{
			if (range->kind == RANGE_SIGNATURE)
				doc->lines[i].kind = LINE_DROP;
			else
				doc->lines[i].quoted = true;
		}
	}
}

/*
 * reads_like_prose
 *		Returns whether a line that begins with '>' looks quoted from a letter,
 *		not from a shell, a diff or a program.
 */
static bool
reads_like_prose(const CleanDocument *doc, int i)
{
	int			length;
	const char *s = st_clean_folded(doc, i, &length);
	int			words = 0;
	int			letters = 0;
	int			wide = 0;
	int			j;

	while (length > 0 && (*s == '>' || *s == ' '))
	{
		s++;
		length--;
	}
	for (j = 0; j < length; j++)
	{
		if (strchr("{}=;$\\|`_#[]<>@/", s[j]) != NULL)
			return false;
		if (s[j] == '-' && (j == 0 || s[j - 1] == ' ') && j + 1 < length && s[j + 1] != ' ')
			return false;
		if (is_letter(s[j]))
			letters++;
		if ((unsigned char) s[j] >= 0xE3)
			wide++;
		if (s[j] != ' ' && (j == 0 || s[j - 1] == ' '))
			words++;
	}
	if (wide >= 4)
		return true;
	return words >= 3 && letters * 10 >= length * 6;
}

/*
 * drop_quotes
 *		Drops the lines that begin with '>' where they are quotes.
 */
static void
drop_quotes(CleanDocument *doc)
{
	CleanLine  *lines = doc->lines;
	bool		attributed = false;
	bool		shallow = false;
	bool		diff = false;
	int			quoted_until = -1;
	int			i;

	for (i = 0; i < doc->nlines; i++)
	{
		const char *s = doc->text + lines[i].start;

		attributed |= (lines[i].mark == MARK_ATTRIBUTION || lines[i].mark == MARK_ORIGINAL ||
					   lines[i].mark == MARK_HEADER);
		shallow |= (lines[i].depth == 1 || lines[i].depth == 2);
		diff |= (lines[i].end - lines[i].start > 2 && s[0] == '<' && s[1] == ' ');
	}
	for (i = 0; i < doc->nlines;)
	{
		bool		quote = attributed;
		int			j;

		if (lines[i].depth == 0)
		{
			if (lines[i].mark != MARK_NONE)
				quoted_until = i + lines[i].mark_lines;
			i++;
			continue;
		}
		quote |= (quoted_until == i);
		for (j = i; j < doc->nlines && lines[j].depth > 0; j++)
			quote |= (!diff && shallow && reads_like_prose(doc, j));
		if (quote)
			st_clean_drop(doc, i, j - 1);
		i = j;
	}
}

/*
 * cut_sentence
 *		A disclaimer begins inside this line, at that folded position: returns
 *		the end of the sentence before it in the text, -1 when there is none.
 */
static int
cut_sentence(CleanDocument *doc, int i, int position)
{
	const char *s = doc->folded + doc->lines[i].fold_start;
	const char *text = doc->text;
	int			sentences = 0;
	int			p;

	if (position < 30)
		return -1;
	for (p = 0; p + 1 < position; p++)
		if ((s[p] == '.' || s[p] == '!' || s[p] == '?') && s[p + 1] == ' ')
			sentences++;
	if (sentences == 0)
		return -1;

	/* the same full stop in the text: folding may drop characters, not these */
	for (p = doc->lines[i].start; p + 1 < doc->lines[i].end; p++)
		if ((text[p] == '.' || text[p] == '!' || text[p] == '?') &&
			(text[p + 1] == ' ' || text[p + 1] == '\t') && --sentences == 0)
			return p + 1;
	return -1;
}

/*
 * drop_disclaimers
 *		A paragraph with two different legal phrases is a disclaimer from the
 *		first of them on; one footer phrase is enough.
 */
static void
drop_disclaimers(CleanDocument *doc)
{
	CleanLine  *lines = doc->lines;
	int			first;
	int			next;

	for (first = 0; first < doc->nlines; first = next)
	{
		int			legal = -1;
		int			found = -1;
		int			line;
		int			cut;
		int			h;

		for (next = first + 1; next < doc->nlines && !lines[next].blank_before; next++)
			;
		for (h = lines[first].first_hit; h < lines[next].first_hit && found < 0; h++)
		{
			PhraseKind	kind = st_clean_phrases[doc->hits[h].phrase].kind;

			if (kind == PHRASE_FOOTER)
				found = legal >= 0 ? legal : h;
			else if (kind == PHRASE_LEGAL)
			{
				if (legal < 0)
					legal = h;
				else if (doc->hits[legal].phrase != doc->hits[h].phrase &&
						 doc->hits[h].position >= doc->hits[legal].position + doc->hits[legal].length)
					found = legal;
			}
		}
		if (found < 0)
			continue;

		for (line = first; line + 1 < next && lines[line + 1].fold_start <= doc->hits[found].position; line++)
			;
		/* the sentence may have begun on the line before */
		cut = cut_sentence(doc, line, doc->hits[found].position - lines[line].fold_start);
		if (cut >= 0)
		{
			lines[line].end = cut;
			line++;
		}
		else
		{
			/* "... this e-mail\nis confidential and ...": begin where it does */
			while (line > first && lines[line].fold_start > 0 &&
				   lines[line - 1].fold_end - lines[line - 1].fold_start > 50 &&
				   strchr(".!?:,;", doc->folded[lines[line - 1].fold_end - 1]) == NULL)
				line--;
		}
		st_clean_drop(doc, line, next - 1);
	}
}

/* Is there a message below: a quote, an attribution, a separator? */
static bool
ends_part(const CleanLine *line)
{
	return line->mark != MARK_NONE || line->depth > 0 || line->quoted || line->tail;
}

/*
 * drop_signatures
 *		Drops what follows "-- ", and "--" where it is short.
 */
static void
drop_signatures(CleanDocument *doc)
{
	CleanLine  *lines = doc->lines;
	bool		above = false;
	int			i;

	for (i = 0; i < doc->nlines; i++)
	{
		const char *s = doc->text + lines[i].start;
		int			length = lines[i].end - lines[i].start;
		bool		exact;
		int			kept = 0;
		int			j;

		if (lines[i].kind == LINE_DROP || ends_part(&lines[i]))
			continue;
		if (!((length == 2 && memcmp(s, "--", 2) == 0) ||
			  (length == 3 && memcmp(s, "\xE2\x80\x94", 3) == 0)) || !above)
		{
			above = true;
			continue;
		}
		exact = doc->html || (lines[i].start + 2 < doc->length && s[2] == ' ');
		for (j = i + 1; j < doc->nlines && !ends_part(&lines[j]); j++)
			kept += (lines[j].kind == LINE_KEEP);
		if (kept <= (exact ? MAX_SIGNATURE_LINES : MAX_LOOSE_SIGNATURE_LINES))
			st_clean_drop(doc, i, j - 1);
		i = j - 1;
	}
}

/* Part of a signature below "Kind regards": a name, a title, a way to reach. */
static bool
is_signature_line(const CleanDocument *doc, int i)
{
	int			length;
	const char *s = st_clean_folded(doc, i, &length);
	bool		digits = false;
	int			j;

	if (length <= 0 || length > 90 || s[length - 1] == '?' || s[length - 1] == '!')
		return false;
	if (s[0] == 'p' && (length < 3 || s[1] == 's' || (s[1] == '.' && s[2] == 's')) && length > 4)
		return false;
	for (j = 0; j < length; j++)
		digits |= (s[j] >= '0' && s[j] <= '9');
	if (memchr(s, '@', length) != NULL || (length > 4 && memcmp(s, "www.", 4) == 0) ||
		(length > 4 && memcmp(s, "http", 4) == 0) || (length > 3 && memcmp(s, "tel", 3) == 0) ||
		(length > 3 && memcmp(s, "fax", 3) == 0) || (length > 3 && memcmp(s, "mob", 3) == 0) ||
		(length > 5 && memcmp(s, "phone", 5) == 0) || s[0] == '+')
		return st_clean_words(s, length) <= 8;
	if (digits)
		return false;
	return st_clean_words(s, length) <= 6 && s[length - 1] != '.' && s[length - 1] != ':';
}

/*
 * drop_closings
 *		Drops "Kind regards" with the name below it, at the end of a part.
 *		Lines that may say something (numbers, questions, sentences) stop it.
 */
static void
drop_closings(CleanDocument *doc)
{
	CleanLine  *lines = doc->lines;
	bool		above = false;
	int			i;

	for (i = 0; i < doc->nlines; i++)
	{
		int			length;
		const char *s = st_clean_folded(doc, i, &length);
		bool		closing = false;
		int			last;
		int			j;
		int			h;

		if (lines[i].kind == LINE_DROP || ends_part(&lines[i]))
			continue;
		for (h = lines[i].first_hit; h < lines[i + 1].first_hit && length <= 80 && above; h++)
		{
			int			end = doc->hits[h].position + doc->hits[h].length - lines[i].fold_start;

			if (st_clean_phrases[doc->hits[h].phrase].kind != PHRASE_CLOSING ||
				doc->hits[h].position != lines[i].fold_start)
				continue;
			while (end < length && strchr(" ,.!-", s[end]) != NULL)
				end++;
			closing |= (end >= length ||
						(strchr(",.!-", s[end - 2]) != NULL && st_clean_words(s + end, length - end) <= 3 &&
						 is_signature_line(doc, i)));
		}
		if (!closing)
		{
			above = true;
			continue;
		}
		last = i;
		for (j = i + 1; j < doc->nlines && j <= i + MAX_CLOSING_LINES && !ends_part(&lines[j]); j++)
		{
			if (lines[j].kind == LINE_KEEP && !is_signature_line(doc, j))
				break;
			last = j;
		}
		/* a blank line and then prose: not the end */
		if (j < doc->nlines && !ends_part(&lines[j]) && lines[j].kind == LINE_KEEP &&
			!lines[j].blank_before && last == i)
		{
			above = true;
			continue;
		}
		/* what stands alone below a gap and is followed by text belongs to it */
		while (last > i && j < doc->nlines && !ends_part(&lines[j]) && !lines[last + 1].blank_before)
			last--;
		st_clean_drop(doc, i, last);
		i = last;
	}
}

/*
 * drop_messages
 *		Drops the marked lines, and below a separator whose message is not
 *		marked line by line everything that follows, when something was
 *		written above.
 */
static void
drop_messages(CleanDocument *doc)
{
	CleanLine  *lines = doc->lines;
	bool		above = false;
	int			i;

	for (i = 0; i < doc->nlines; i++)
	{
		int			last;

		if (lines[i].tail && above)
		{
			st_clean_drop(doc, i, doc->nlines - 1);
			return;
		}
		if (lines[i].quoted)
		{
			lines[i].kind = LINE_DROP;
			continue;
		}
		if (lines[i].mark == MARK_NONE)
		{
			above |= (lines[i].kind == LINE_KEEP);
			continue;
		}
		last = i + lines[i].mark_lines - 1;
		st_clean_drop(doc, i, last);
		if (lines[i].mark != MARK_FORWARD && above && last + 1 < doc->nlines &&
			!(lines[i].mark != MARK_BANNER &&
			  (lines[last + 1].quoted || (lines[last + 1].depth > 0 && lines[last + 1].kind == LINE_DROP))))
		{
			/* headers under an attribution: still the same message */
			if (lines[i].mark == MARK_ATTRIBUTION && !doc->html && !lines[i].blank_before &&
				memchr(doc->folded + lines[i].fold_start, '@',
					   lines[last].fold_end - lines[i].fold_start) == NULL)
			{
				i = last;
				continue;
			}
			st_clean_drop(doc, last + 1, doc->nlines - 1);
			return;
		}
		i = last;
	}
}

/*
 * drop_lonely_rules
 *		Drops a line of dashes or underscores that has only dropped lines below
 *		it.
 */
static void
drop_lonely_rules(CleanDocument *doc)
{
	bool		below_dropped = false;
	int			i;

	for (i = doc->nlines - 1; i >= 0; i--)
	{
		int			length;
		const char *s = st_clean_folded(doc, i, &length);
		int			j;

		if (doc->lines[i].kind == LINE_DROP)
		{
			below_dropped = true;
			continue;
		}
		for (j = 0; j < length && strchr("-_=*~ ", s[j]) != NULL; j++)
			;
		if (!below_dropped || j < length || length < 3)
		{
			below_dropped = false;
			continue;
		}
		doc->lines[i].kind = LINE_DROP;
	}
}

/*
 * st_clean_drop_lines
 *		Decides for every line.
 */
void
st_clean_drop_lines(CleanDocument *doc)
{
	if (doc->nlines == 0)
		return;
	apply_ranges(doc);
	st_clean_find_replies(doc);
	drop_quotes(doc);
	CHECK_FOR_INTERRUPTS();
	st_clean_drop_leftovers(doc);
	drop_disclaimers(doc);
	drop_signatures(doc);
	drop_closings(doc);
	CHECK_FOR_INTERRUPTS();
	drop_messages(doc);
	drop_lonely_rules(doc);
}
