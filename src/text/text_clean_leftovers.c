/*-------------------------------------------------------------------------
 *
 * text_clean_leftovers.c
 *		Single lines that programs leave in a mail: "Sent from my phone", MIME
 *		headers and boundaries, OpenPGP armour.
 *
 *-------------------------------------------------------------------------
 */
#include "text_clean.h"

/* "Sent from my phone": returns whether the line is one. */
static bool
is_sent_from(const CleanDocument *doc, int i)
{
	const CleanLine *line = &doc->lines[i];
	int			length;
	const char *s = st_clean_folded(doc, i, &length);
	bool		device = false;
	bool		sent = false;
	int			start = 0;
	int			end = length;
	int			words;
	int			h;

	if (length > 170 || line->first_hit == line[1].first_hit)
		return false;
	/* something else must not go on below */
	if (!line[1].blank_before && line[1].mark == MARK_NONE && line[1].depth == 0 &&
		line[1].kind == LINE_KEEP && !line[1].quoted && !line[1].tail)
		return false;
	words = st_clean_words(s, length);
	if (words > 11)
		return false;
	while (start < length && strchr("-_=*<(>\"' ", s[start]) != NULL)
		start++;
	while (end > start && strchr("-_=*<(>)\"' .!", s[end - 1]) != NULL)
		end--;
	for (h = line->first_hit; h < line[1].first_hit; h++)
	{
		const CleanHit *hit = &doc->hits[h];
		int			position = hit->position - line->fold_start;

		switch (st_clean_phrases[hit->phrase].kind)
		{
			case PHRASE_DEVICE:
				device = true;
				break;
			case PHRASE_SENT:
				sent |= (position == start);
				break;
			case PHRASE_SENT_END:
				sent |= (position + hit->length == end && words <= 6);
				break;
			default:
				break;
		}
	}
	return device && sent;
}

/*
 * is_mime
 *		Returns whether the line is a leftover of MIME or OpenPGP.  A header
 *		alone may be what the ticket is about; two neighbours are a leftover.
 */
static bool
is_mime(const CleanDocument *doc, int i)
{
	int			length;
	const char *s = st_clean_folded(doc, i, &length);
	int			n;

	if (length >= 24 && memcmp(s, "content-transfer-encodin", 24) == 0)
		return true;
	if (length >= 17 && length < 24 && memcmp(s, "mime-version: 1.0", 17) == 0)
		return true;
	if (length >= 43 && memcmp(s, "this is a multi-part message in mime format", 43) == 0)
		return true;
	if (length >= 13 && memcmp(s, "content-type:", 13) == 0)
	{
		for (n = Max(i - 2, 0); n <= i + 2 && n < doc->nlines; n++)
		{
			int			other_length;
			const char *other = st_clean_folded(doc, n, &other_length);

			if (n != i && ((other_length >= 24 && memcmp(other, "content-transfer-encodin", 24) == 0) ||
						   (other_length >= 13 && memcmp(other, "mime-version:", 13) == 0) ||
						   (other_length >= 12 && memcmp(other, "--", 2) == 0 && memchr(other, ' ', other_length) == NULL)))
				return true;
		}
		return false;
	}
	/* a boundary: no spaces, not only dashes, and a header or its kin beside */
	if (length >= 12 && s[0] == '-' && s[1] == '-' && memchr(s, ' ', length) == NULL)
	{
		int			next_length;
		const char *next;

		if ((length >= 16 && memcmp(s, "------=_nextpart", 16) == 0) || memcmp(s, "--_000_", 7) == 0 ||
			memcmp(s, "--apple-mail", 12) == 0 || memcmp(s, "--0000000000", 12) == 0)
			return true;
		if (i + 1 < doc->nlines)
		{
			next = st_clean_folded(doc, i + 1, &next_length);
			if (next_length >= 13 && (memcmp(next, "content-type:", 13) == 0 ||
									  memcmp(next, "content-trans", 13) == 0))
				return true;
		}
	}
	if (length >= 34 && memcmp(s, "-----begin pgp signed message-----", 34) == 0)
		return true;
	if (length >= 9 && length < 16 && memcmp(s, "hash: sha", 9) == 0 && i > 0)
	{
		s = st_clean_folded(doc, i - 1, &length);
		return length >= 34 && memcmp(s, "-----begin pgp signed message-----", 34) == 0;
	}
	return false;
}

/* Drops "-----BEGIN PGP SIGNATURE-----" with what follows, up to its end. */
static void
drop_pgp_signature(CleanDocument *doc, int i)
{
	int			j;

	for (j = i + 1; j < doc->nlines && j < i + 60; j++)
	{
		int			length;
		const char *s = st_clean_folded(doc, j, &length);

		if (length >= 27 && memcmp(s, "-----end pgp signature-----", 27) == 0)
		{
			st_clean_drop(doc, i, j);
			return;
		}
	}
}

/*
 * st_clean_drop_leftovers
 *		Drops leftovers of MIME and of phones.
 */
void
st_clean_drop_leftovers(CleanDocument *doc)
{
	int			i;

	for (i = doc->nlines - 1; i >= 0; i--)
	{
		int			length;
		const char *s = st_clean_folded(doc, i, &length);

		if (doc->lines[i].depth > 0 || doc->lines[i].mark != MARK_NONE || doc->lines[i].quoted)
			continue;
		if ((s[0] == '-' || s[0] == 'c' || s[0] == 'm' || s[0] == 't' || s[0] == 'h') && is_mime(doc, i))
			st_clean_drop(doc, i, i);
		else if (length >= 29 && s[0] == '-' && memcmp(s, "-----begin pgp signature-----", 29) == 0)
			drop_pgp_signature(doc, i);
		else if (is_sent_from(doc, i))
			st_clean_drop(doc, i, i);
	}
}
