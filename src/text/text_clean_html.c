/*-------------------------------------------------------------------------
 *
 * text_clean_html.c
 *		HTML to text, in one pass, with the quote containers of the mail
 *		programs remembered as ranges and, when asked for, the source of every
 *		piece.
 *
 * Quotes are not dropped here: text_clean_rules.c decides, because it must be
 * able to keep them when nothing else is left.  The text is never longer than
 * its source (the shortest tag that makes two line ends is "<p>", the shortest
 * reference that makes three bytes is "&#0;"), so the buffer never grows.
 *
 * Linear on hostile input: a search that found nothing is remembered, and a
 * container is a counter, not a stack.
 *
 *-------------------------------------------------------------------------
 */
#include "text_clean.h"

#include <unicode/utf8.h>

#include "miscadmin.h"

/* Elements whose end is waited for: nested ones of the same name are counted. */
typedef struct Container
{
	bool		open;
	int			element;
	int			depth;
	int			range;			/* index into the ranges, -1 none */
} Container;

typedef struct HtmlReader
{
	CleanDocument *doc;
	const char *source;
	const char *end;
	HtmlMode	mode;
	char	   *out;
	int			out_length;

	/* white space that is owed before the next character */
	int			newlines;
	int			newline_source;
	int			space_source;	/* -1 none */
	int			space_length;

	Container	quote;			/* blockquote and its kin */
	Container	soft;			/* gmail_quote */
	Container	hidden;
	Container	preformatted;
	bool		tail;			/* in a range that reaches to the end */
	bool		ignore_hidden;

	/* what a search would not find again */
	bool		no_comment_end;
	int			no_raw_end[8];
	int			no_raw_count;
} HtmlReader;

/* Remembers that length bytes of text at the end of out came from a source span. */
static void
add_piece(HtmlReader *reader, int text_length, int source_start, int source_length)
{
	CleanDocument *doc = reader->doc;
	CleanPiece *piece;

	if (!doc->want_pieces)
		return;
	if (doc->npieces > 0 && text_length == source_length)
	{
		int			last_text;

		piece = &doc->pieces[doc->npieces - 1];
		last_text = reader->out_length - text_length - piece->text_start;
		if (last_text == piece->source_length &&
			piece->source_start + piece->source_length == source_start)
		{
			piece->source_length += source_length;
			return;
		}
	}
	doc->pieces = st_clean_grow(doc->pieces, doc->npieces, &doc->maxpieces, sizeof(CleanPiece));
	piece = &doc->pieces[doc->npieces++];
	piece->text_start = reader->out_length - text_length;
	piece->source_start = source_start;
	piece->source_length = source_length;
}

/* Writes the line ends or the space that are owed. */
static void
pay_white_space(HtmlReader *reader)
{
	if (reader->newlines > 0)
	{
		if (reader->out_length > 0)
		{
			memset(reader->out + reader->out_length, '\n', reader->newlines);
			reader->out_length += reader->newlines;
			add_piece(reader, reader->newlines, reader->newline_source, 0);
		}
		reader->newlines = 0;
	}
	else if (reader->space_source >= 0 && reader->out_length > 0)
	{
		reader->out[reader->out_length++] = ' ';
		add_piece(reader, 1, reader->space_source, reader->space_length);
	}
	reader->space_source = -1;
}

/* Copies text to out. */
static void
put(HtmlReader *reader, const char *s, int length, int source_start, int source_length)
{
	if (reader->hidden.open)
		return;
	pay_white_space(reader);
	memcpy(reader->out + reader->out_length, s, length);
	reader->out_length += length;
	add_piece(reader, length, source_start, source_length);
}

/* A line end is owed: at least so many, or (added) one more. */
static void
owe_newlines(HtmlReader *reader, int least, int added, const char *at)
{
	if (reader->hidden.open)
		return;
	if (reader->newlines == 0)
		reader->newline_source = (int) (at - reader->source);
	reader->newlines = Min(2, Max(reader->newlines + added, least));
}

/* A space is owed for so many bytes, 0 where a cell begins. */
static void
owe_space(HtmlReader *reader, const char *at, int length)
{
	if (reader->space_source >= 0 || reader->hidden.open)
		return;
	reader->space_source = (int) (at - reader->source);
	reader->space_length = length;
}

/* Begins a range at the next line; returns its index. */
static int
open_range(HtmlReader *reader, CleanRangeKind kind, const char *at)
{
	CleanDocument *doc = reader->doc;
	CleanRange *range;

	owe_newlines(reader, 1, 0, at);
	doc->ranges = st_clean_grow(doc->ranges, doc->nranges, &doc->maxranges, sizeof(CleanRange));
	range = &doc->ranges[doc->nranges];
	range->start = reader->out_length;
	range->end = PG_INT32_MAX;
	range->kind = kind;
	return doc->nranges++;
}

/* Ends the container and its range here. */
static void
close_container(HtmlReader *reader, Container *container, const char *at)
{
	container->open = false;
	if (container->range >= 0)
	{
		reader->doc->ranges[container->range].end = reader->out_length;
		owe_newlines(reader, 1, 0, at);
	}
}

static void
open_container(HtmlReader *reader, Container *container, int element, int range)
{
	container->open = true;
	container->element = element;
	container->depth = 1;
	container->range = range;
}

/* Counts nested elements; closes the container at the last of them. */
static void
follow_container(HtmlReader *reader, Container *container, const HtmlTag *tag, const char *at)
{
	if (!container->open || tag->element != container->element)
		return;
	if (!tag->closing)
		container->depth++;
	else if (--container->depth == 0)
		close_container(reader, container, at);
}

/* Does the value contain this lower-case word, in any case? */
static bool
value_has(const char *value, int length, const char *word)
{
	int			word_length = strlen(word);
	int			i;

	for (i = 0; i + word_length <= length; i++)
		if ((value[i] | 0x20) == (word[0] | 0x20) && pg_strncasecmp(value + i, word, word_length) == 0)
			return true;
	return false;
}

typedef enum Meaning
{
	MEANS_NOTHING,
	MEANS_QUOTE,
	MEANS_SOFT_QUOTE,
	MEANS_SIGNATURE,
	MEANS_TAIL,
	MEANS_HIDDEN,
	MEANS_PREFORMATTED
} Meaning;

/* Classes and identifiers that mail programs give to what is not the reply. */
static const struct
{
	const char *word;
	Meaning		meaning;
}			meanings[] = {
	{"gmail_quote", MEANS_SOFT_QUOTE},
	{"gmail_attr", MEANS_SOFT_QUOTE},
	{"gmail_signature", MEANS_SIGNATURE},
	{"yahoo_quoted", MEANS_QUOTE},
	{"ymail_android_signature", MEANS_SIGNATURE},
	{"outlookmessageheader", MEANS_TAIL},
	{"appendonsend", MEANS_TAIL},
	{"divrplyfwdmsg", MEANS_TAIL},
	{"mail-editor-reference-message-container", MEANS_TAIL},
	{"ms-outlook-mobile-reference-message", MEANS_TAIL},
	{"ms-outlook-mobile-signature", MEANS_SIGNATURE},
	{"olk_src_body_section", MEANS_QUOTE},
	{"moz-cite-prefix", MEANS_QUOTE},
	{"moz-signature", MEANS_SIGNATURE},
	{"moz-forward-container", MEANS_NOTHING},
	{"protonmail_quote", MEANS_QUOTE},
	{"protonmail_signature_block", MEANS_SIGNATURE},
	{"tutanota_quote", MEANS_QUOTE},
	{"zmail_extra", MEANS_QUOTE},
	{"freshdesk_quote", MEANS_QUOTE},
	{"front-blockquote", MEANS_QUOTE},
	{"ms-exchange-quote", MEANS_QUOTE}
};

/*
 * what_it_means
 *		Returns what an element's class, id and style say.
 */
static Meaning
what_it_means(const HtmlTag *tag)
{
	const char *p = tag->attributes;
	const char *end = tag->end - 1;
	Meaning		meaning = MEANS_NOTHING;

	while (p < end)
	{
		const char *name;
		const char *value;
		int			name_length;
		int			value_length;
		int			i;

		while (p < end && !((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')))
			p++;
		name = p;
		while (p < end && *p != '=' && *p != ' ' && *p != '\n' && *p != '\t' && *p != '\r')
			p++;
		name_length = (int) (p - name);
		while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
			p++;
		if (p >= end || *p != '=')
			continue;
		p++;
		while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
			p++;
		if (p < end && (*p == '"' || *p == '\''))
		{
			char		quote = *p++;

			value = p;
			while (p < end && *p != quote)
				p++;
			value_length = (int) (p - value);
			p = Min(p + 1, end);
		}
		else
		{
			value = p;
			while (p < end && *p != ' ' && *p != '\n' && *p != '\t' && *p != '\r')
				p++;
			value_length = (int) (p - value);
		}

		if (value_length > 1000)
			continue;
		if (name_length == 5 && pg_strncasecmp(name, "style", 5) == 0)
		{
			if (value_has(value, value_length, "display:none") ||
				value_has(value, value_length, "display: none") ||
				value_has(value, value_length, "mso-hide:all"))
				return MEANS_HIDDEN;
			if (value_has(value, value_length, "white-space:pre") ||
				value_has(value, value_length, "white-space: pre"))
				meaning = MEANS_PREFORMATTED;
			continue;
		}
		if (!(name_length == 5 && pg_strncasecmp(name, "class", 5) == 0) &&
			!(name_length == 2 && pg_strncasecmp(name, "id", 2) == 0))
			continue;
		/* "Signature", and "x_Signature" once it was quoted */
		if (name_length == 2 &&
			((value_length == 9 && pg_strncasecmp(value, "signature", 9) == 0) ||
			 (value_length == 11 && pg_strncasecmp(value, "x_signature", 11) == 0)))
			return MEANS_SIGNATURE;
		for (i = 0; i < lengthof(meanings); i++)
			if (value_has(value, value_length, meanings[i].word))
				return meanings[i].meaning;
	}
	return meaning;
}

/*
 * open_meaning
 *		Begins the container that an opening tag makes, if it makes one.
 */
static void
open_meaning(HtmlReader *reader, const HtmlTag *tag, const char *at)
{
	const char *name = st_html_element_name(tag->element);
	Meaning		meaning = tag->attributes_empty ? MEANS_NOTHING : what_it_means(tag);

	if (st_html_element_class(tag->element) & (ELEMENT_VOID | ELEMENT_PAGE))
		return;

	if (meaning == MEANS_HIDDEN)
	{
		if (!reader->hidden.open && !reader->ignore_hidden)
			open_container(reader, &reader->hidden, tag->element, -1);
		return;
	}
	if (meaning == MEANS_PREFORMATTED || strcmp(name, "pre") == 0)
	{
		if (!reader->preformatted.open)
			open_container(reader, &reader->preformatted, tag->element, -1);
	}
	if (meaning == MEANS_TAIL)
	{
		if (!reader->tail && !reader->quote.open)
		{
			reader->tail = true;
			open_range(reader, RANGE_TAIL, at);
		}
		return;
	}
	if (strcmp(name, "blockquote") == 0)
		meaning = MEANS_QUOTE;
	else if (meaning == MEANS_QUOTE && strcmp(name, "body") == 0)
		meaning = MEANS_NOTHING;

	if (meaning == MEANS_QUOTE || meaning == MEANS_SIGNATURE)
	{
		if (reader->quote.open)
			return;
		open_container(reader, &reader->quote, tag->element,
					   open_range(reader, meaning == MEANS_QUOTE ? RANGE_QUOTE : RANGE_SIGNATURE, at));
	}
	else if (meaning == MEANS_SOFT_QUOTE && !reader->quote.open && !reader->soft.open)
		open_container(reader, &reader->soft, tag->element,
					   open_range(reader, RANGE_SOFT_QUOTE, at));
}

/*
 * skip_raw
 *		Returns where reading goes on after a script, style, title: after its
 *		closing tag, or right after the opening one when there is none.
 */
static const char *
skip_raw(HtmlReader *reader, const HtmlTag *tag)
{
	const char *name = st_html_element_name(tag->element);
	int			length = strlen(name);
	const char *p = tag->end;
	int			i;

	for (i = 0; i < reader->no_raw_count; i++)
		if (reader->no_raw_end[i] == tag->element)
			return tag->end;
	while ((p = memchr(p, '<', reader->end - p)) != NULL)
	{
		if (p + 2 + length < reader->end && p[1] == '/' && pg_strncasecmp(p + 2, name, length) == 0 &&
			!(p[2 + length] >= 'a' && p[2 + length] <= 'z'))
		{
			const char *close = memchr(p, '>', reader->end - p);

			return close != NULL ? close + 1 : reader->end;
		}
		p++;
	}
	if (reader->no_raw_count < lengthof(reader->no_raw_end))
		reader->no_raw_end[reader->no_raw_count++] = tag->element;
	return tag->end;
}

/*
 * skip_declaration
 *		At "<!" or "<?": returns where reading goes on, NULL when it is text.
 */
static const char *
skip_declaration(HtmlReader *reader, const char *p)
{
	const char *limit;

	if (reader->end - p >= 4 && memcmp(p, "<!--", 4) == 0)
	{
		const char *q;

		if (reader->end - p >= 5 && p[4] == '>')
			return p + 5;
		if (reader->no_comment_end)
			return p + 4;
		for (q = p + 4; (q = memchr(q, '>', reader->end - q)) != NULL; q++)
			if (q - p >= 6 && q[-1] == '-' && q[-2] == '-')
				return q + 1;
		reader->no_comment_end = true;
		return p + 4;
	}
	if (reader->end - p < 3 || !(p[1] == '?' || p[2] == '[' || (p[2] | 0x20) == 'd'))
		return NULL;
	limit = p + Min(reader->end - p, 1000);
	p = memchr(p, '>', limit - p);
	return p == NULL ? NULL : p + 1;
}

/*
 * read_tag
 *		Does what the tag at p asks for.  Returns where reading goes on, NULL
 *		when the '<' there is text.
 */
static const char *
read_tag(HtmlReader *reader, const char *p)
{
	HtmlTag		tag;
	int			class;

	if (p + 1 < reader->end && (p[1] == '!' || p[1] == '?'))
		return skip_declaration(reader, p);
	if (!st_html_tag(p, reader->end, &tag))
		return NULL;
	if (tag.element < 0)
		return (tag.namespaced || reader->mode == HTML_DOCUMENT) ? tag.end : NULL;

	class = st_html_element_class(tag.element);
	if ((class & ELEMENT_RAW) && !tag.closing)
		return skip_raw(reader, &tag);

	follow_container(reader, &reader->hidden, &tag, p);
	follow_container(reader, &reader->preformatted, &tag, p);
	follow_container(reader, &reader->soft, &tag, p);
	if (reader->quote.open)
	{
		bool		was_blockquote = strcmp(st_html_element_name(reader->quote.element), "blockquote") == 0;

		follow_container(reader, &reader->quote, &tag, p);
		/* below the quote, even in the same container, people write again */
		if (!reader->quote.open && was_blockquote && reader->soft.open &&
			reader->soft.range >= 0)
		{
			reader->doc->ranges[reader->soft.range].end = reader->out_length;
			reader->soft.range = -1;
		}
	}
	if (!tag.closing)
		open_meaning(reader, &tag, p);

	if (class & ELEMENT_BREAK)
		owe_newlines(reader, 0, 1, p);
	else if (class & ELEMENT_PARAGRAPH)
		owe_newlines(reader, 2, 0, p);
	else if (class & ELEMENT_BLOCK)
		owe_newlines(reader, 1, 0, p);
	else if (class & ELEMENT_CELL)
		owe_space(reader, p, 0);
	return tag.end;
}

/*
 * read_entity
 *		Puts the character that the reference at p stands for.  Returns where
 *		reading goes on, NULL when the '&' there is text.
 */
static const char *
read_entity(HtmlReader *reader, const char *p)
{
	uint32		codepoint;
	int			taken = st_html_entity(p, reader->end, &codepoint);
	char		bytes[4];
	int			length = 0;

	if (taken == 0)
		return NULL;
	if (codepoint == 0xA0 || codepoint == ' ' || codepoint == '\n')
	{
		if (reader->mode == HTML_ENTITIES)
			put(reader, codepoint == '\n' ? "\n" : " ", 1, (int) (p - reader->source), taken);
		else
			owe_space(reader, p, taken);
	}
	else
	{
		U8_APPEND_UNSAFE(bytes, length, codepoint);
		put(reader, bytes, length, (int) (p - reader->source), taken);
	}
	return p + taken;
}

/*
 * st_html_to_text
 *		Makes doc->text (palloc'd), its ranges and, when wanted, its pieces.
 */
void
st_html_to_text(CleanDocument *doc, const char *source, int length, HtmlMode mode)
{
	HtmlReader	reader;
	const char *p;
	bool		ignore_hidden = false;

again:
	p = source;
	memset(&reader, 0, sizeof(reader));
	reader.doc = doc;
	reader.source = source;
	reader.end = source + length;
	reader.mode = mode;
	reader.space_source = -1;
	reader.ignore_hidden = ignore_hidden;
	reader.out = palloc((Size) length + 4);

	while (p < reader.end)
	{
		const char *start = p;
		const char *next = NULL;
		bool		verbatim = mode == HTML_ENTITIES || reader.preformatted.open;

		/* a run of ordinary characters */
		while (p < reader.end && *p != '<' && *p != '&' && *p != '\n' &&
			   (verbatim || (*p != ' ' && *p != '\t' && *p != '\r' && *p != '\f')))
			p++;
		if (p > start)
			put(&reader, start, (int) (p - start), (int) (start - source), (int) (p - start));
		if (p >= reader.end)
			break;

		CHECK_FOR_INTERRUPTS();
		if (*p == '&')
			next = read_entity(&reader, p);
		else if (*p == '<')
			next = mode == HTML_ENTITIES ? NULL : read_tag(&reader, p);
		else
		{
			if (mode == HTML_ENTITIES)
				put(&reader, p, 1, (int) (p - source), 1);
			else if (*p == '\n' && (verbatim || mode == HTML_LINES))
			{
				/* the line end after <br> is not another one */
				bool		after_tag = p > source && (p[-1] == '>' || (p[-1] == '\r' && p - source > 1 && p[-2] == '>'));

				owe_newlines(&reader, 0, (after_tag && reader.newlines > 0) ? 0 : 1, p);
			}
			else
				owe_space(&reader, p, 1);
			next = p + 1;
		}
		if (next == NULL)
		{
			put(&reader, p, 1, (int) (p - source), 1);
			next = p + 1;
		}
		p = next;
	}

	if (reader.hidden.open && !ignore_hidden)
	{
		/* what never ended hid nothing */
		ignore_hidden = true;
		pfree(reader.out);
		doc->nranges = doc->npieces = 0;
		goto again;
	}
	reader.out[reader.out_length] = '\0';
	doc->text = reader.out;
	doc->length = reader.out_length;
	doc->html = mode != HTML_ENTITIES;
}
