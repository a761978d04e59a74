/*-------------------------------------------------------------------------
 *
 * text_clean.c
 *		What the requester wrote: a document without quoted replies, forwarded
 *		headers, signatures, disclaimers and HTML.
 *
 * Deterministic, pure, and linear in the document for any input.  When nothing
 * would be left, everything is kept but the HTML: a ticket must never lose its
 * text.  text_clean.h tells how the work is divided.
 *
 *-------------------------------------------------------------------------
 */
#include "text_clean.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* The text and the spans under construction. */
typedef struct Output
{
	char	   *data;
	int			length;
	bool		want_spans;
	StSpan	   *spans;
	int		   *offsets;
	int			nspans;
	int			maxspans;
	int			piece;			/* the piece last used: offsets only grow */
} Output;

/*
 * st_clean_grow
 *		Returns the array with room for at least one more than used; NULL is an
 *		empty one.
 */
void *
st_clean_grow(void *array, int used, int *allocated, Size width)
{
	if (array == NULL)
	{
		*allocated = 32;
		return MemoryContextAllocHuge(CurrentMemoryContext, *allocated * width);
	}
	if (used < *allocated)
		return array;
	*allocated = used >= PG_INT32_MAX / 2 ? PG_INT32_MAX : used * 2;
	return repalloc_huge(array, *allocated * width);
}

/* Appends a span of the original for the last bytes of the output. */
static void
add_span(Output *out, int text_length, int start, int length)
{
	int			offset = out->length - text_length;
	StSpan	   *last;

	if (out->nspans > 0 && text_length == length)
	{
		last = &out->spans[out->nspans - 1];
		if (last->start + last->length == start && offset - out->offsets[out->nspans - 1] == last->length)
		{
			last->length += length;
			return;
		}
	}
	if (out->spans == NULL || out->nspans == out->maxspans)
	{
		int			before = out->maxspans;

		out->offsets = st_clean_grow(out->offsets, out->nspans, &before, sizeof(int));
		out->spans = st_clean_grow(out->spans, out->nspans, &out->maxspans, sizeof(StSpan));
	}
	out->spans[out->nspans].start = start;
	out->spans[out->nspans].length = length;
	out->offsets[out->nspans++] = offset;
}

/*
 * emit
 *		Copies [start, end) of the text to the output.
 */
static void
emit(const CleanDocument *doc, Output *out, int start, int end)
{
	int			from = start;

	if (start >= end)
		return;
	memcpy(out->data + out->length, doc->text + start, end - start);
	if (!out->want_spans)
	{
		out->length += end - start;
		return;
	}
	if (doc->pieces == NULL)
	{
		out->length += end - start;
		add_span(out, end - start, start, end - start);
		return;
	}
	while (from < end)
	{
		const CleanPiece *piece;
		int			piece_end;
		int			to;
		int			taken;

		while (out->piece + 1 < doc->npieces && doc->pieces[out->piece + 1].text_start <= from)
			out->piece++;
		piece = &doc->pieces[out->piece];
		piece_end = out->piece + 1 < doc->npieces ? piece[1].text_start : doc->length;
		to = Min(end, piece_end);
		taken = to - from;
		out->length += taken;
		if (piece_end - piece->text_start == piece->source_length)
			add_span(out, taken, piece->source_start + from - piece->text_start, taken);
		else
			add_span(out, taken, piece->source_start, piece->source_length);
		from = to;
	}
}

/* Puts line ends that the text does not have there. */
static void
emit_newlines(const CleanDocument *doc, Output *out, int count, int at)
{
	memset(out->data + out->length, '\n', count);
	out->length += count;
	if (!out->want_spans)
		return;
	if (doc->pieces != NULL)
	{
		/* right after what was kept before */
		int			after = out->nspans > 0 ?
		out->spans[out->nspans - 1].start + out->spans[out->nspans - 1].length : 0;

		add_span(out, count, after, 0);
	}
	else
		add_span(out, count, at, 0);
}

/*
 * emit_line
 *		Copies a line without its placeholders of pictures.
 */
static void
emit_line(const CleanDocument *doc, Output *out, const CleanLine *line, bool everything)
{
	const char *text = doc->text;
	int			start = line->start;
	int			at = start;

	while (!everything && at < line->end)
	{
		const char *bracket = memchr(text + at, '[', line->end - at);
		int			length;

		if (bracket == NULL)
			break;
		at = (int) (bracket - text);
		length = st_clean_placeholder(bracket, text + line->end);
		if (length == 0)
		{
			at++;
			continue;
		}
		emit(doc, out, start, at);
		start = at + length;
		/* not two spaces where it stood between words */
		if (start < line->end && text[start] == ' ' && (at == line->start || text[at - 1] == ' '))
			start++;
		at = start;
	}
	emit(doc, out, start, line->end);
}

/*
 * put_together
 *		Writes the kept lines, or with everything all of them.  Returns whether
 *		there is anything to read.
 */
static bool
put_together(CleanDocument *doc, Output *out, bool everything)
{
	bool		blank = false;
	int			last_end = -1;
	int			i;

	for (i = 0; i < doc->nlines; i++)
	{
		const CleanLine *line = &doc->lines[i];
		int			before = out->length;
		int			nspans = out->nspans;
		int			piece = out->piece;
		int			last_span_length = nspans > 0 && out->want_spans ? out->spans[nspans - 1].length : 0;
		int			j;

		blank |= line->blank_before;
		if (line->kind == LINE_DROP && !everything)
			continue;
		if (before > 0)
		{
			int			count = blank ? 2 : 1;

			/* the line ends of the text, where it has just these */
			if (last_end + count == line->start && doc->text[last_end] == '\n' &&
				doc->text[line->start - 1] == '\n')
				emit(doc, out, last_end, line->start);
			else
				emit_newlines(doc, out, count, last_end);
		}
		j = out->length;
		emit_line(doc, out, line, everything);
		while (j < out->length && (out->data[j] == ' ' || out->data[j] == '\t'))
			j++;
		if (j == out->length)
		{
			/* nothing but placeholders: as if the line had not been */
			out->length = before;
			out->nspans = nspans;
			out->piece = piece;
			if (nspans > 0 && out->want_spans)
				out->spans[nspans - 1].length = last_span_length;
			blank = true;
			continue;
		}
		blank = false;
		last_end = line->end;
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return out->length > 0;
}

/*
 * clean
 *		The whole work.  out->data is palloc'd in the current context.
 */
static void
clean(const char *utf8, int length, Output *out)
{
	CleanDocument doc;
	HtmlMode	mode;

	memset(&doc, 0, sizeof(doc));
	doc.text = utf8;
	doc.length = length;
	doc.want_pieces = out->want_spans;

	mode = st_html_detect(utf8, length);
	if (mode != HTML_NONE)
	{
		st_html_to_text(&doc, utf8, length, mode);
		if (doc.want_pieces && doc.pieces == NULL)
			doc.pieces = st_clean_grow(NULL, 0, &doc.maxpieces, sizeof(CleanPiece));
	}

	st_clean_read_lines(&doc);
	st_clean_drop_lines(&doc);

	/* a line that lost its trailing blanks makes room for its line ends */
	out->data = palloc((Size) doc.length + 3);
	if (!put_together(&doc, out, false))
	{
		out->length = 0;
		out->nspans = 0;
		out->piece = 0;
		put_together(&doc, out, true);
	}
	out->data[out->length] = '\0';

	if (doc.text != utf8)
		pfree(unconstify(char *, doc.text));
	if (doc.pieces)
		pfree(doc.pieces);
	if (doc.ranges)
		pfree(doc.ranges);
	if (doc.lines)
		pfree(doc.lines);
	if (doc.folded)
		pfree(doc.folded);
	if (doc.hits)
		pfree(doc.hits);
}

/* Text of one line without markup is the requester's, whatever it says. */
static inline bool
is_plain(const char *s, int length)
{
	return memchr(s, '\n', length) == NULL && memchr(s, '<', length) == NULL &&
		memchr(s, '&', length) == NULL && memchr(s, '[', length) == NULL &&
		memchr(s, '\r', length) == NULL;
}

/*
 * st_clean
 *		Returns what the requester wrote, palloc'd and NUL-terminated, and its
 *		length.  Never longer than the document; empty only when the document
 *		has no text.  Throws only for lack of memory and query cancel.
 */
char *
st_clean(const char *utf8, int length, int *out_length)
{
	Output		out;

	if (is_plain(utf8, length))
	{
		char	   *copy = palloc((Size) length + 1);

		memcpy(copy, utf8, length);
		copy[length] = '\0';
		*out_length = length;
		return copy;
	}

	memset(&out, 0, sizeof(out));
	clean(utf8, length, &out);
	*out_length = out.length;
	return out.data;
}

/*
 * st_clean_spans
 *		The same, with the spans of the original that were kept.  All of *out
 *		is palloc'd in the current context.
 */
void
st_clean_spans(const char *utf8, int length, StCleanText *result)
{
	Output		out;

	memset(&out, 0, sizeof(out));
	out.want_spans = true;
	if (is_plain(utf8, length))
	{
		out.data = palloc((Size) length + 1);
		memcpy(out.data, utf8, length);
		out.data[length] = '\0';
		out.length = length;
		if (length > 0)
			add_span(&out, length, 0, length);
	}
	else
		clean(utf8, length, &out);

	result->data = out.data;
	result->length = out.length;
	result->spans = out.spans;
	result->offsets = out.offsets;
	result->nspans = out.nspans;
}

/*
 * st_clean_original
 *		Returns the byte offset in the original of a byte offset in the cleaned
 *		text; the end of the text is the end of the last span.
 */
int
st_clean_original(const StCleanText *text, int offset)
{
	int			low = 0;
	int			high = text->nspans - 1;
	int			within;

	if (text->nspans == 0)
		return 0;
	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (text->offsets[middle] <= offset)
			low = middle;
		else
			high = middle - 1;
	}
	within = Max(offset - text->offsets[low], 0);
	high = low + 1 < text->nspans ? text->offsets[low + 1] : text->length;
	if (offset >= text->length)
		return text->spans[low].start + text->spans[low].length;
	if (high - text->offsets[low] == text->spans[low].length)
		return text->spans[low].start + within;
	return text->spans[low].start;
}
