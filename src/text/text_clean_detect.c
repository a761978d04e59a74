/*-------------------------------------------------------------------------
 *
 * text_clean_detect.c
 *		Is this document HTML?  Tags, elements, and the decision.
 *
 * A wrong yes eats what the requester pasted (XML, code, log lines); a wrong no
 * leaves tags in the text.  So it takes evidence: the document begins with an
 * HTML element, or its lines are made by markup and not by line ends.  Text
 * with paragraphs of its own that contains tags is text about tags.
 *
 *-------------------------------------------------------------------------
 */
#include "text_clean.h"

/* A quoted attribute value with a '<' in it is believed up to this length. */
#define MAX_ODD_VALUE	2000

typedef struct HtmlElement
{
	const char *name;
	int			class;
} HtmlElement;

/* sorted by name */
static const HtmlElement elements[] = {
	{"a", ELEMENT_INLINE}, {"abbr", ELEMENT_INLINE}, {"acronym", ELEMENT_INLINE},
	{"address", ELEMENT_BLOCK}, {"area", ELEMENT_VOID}, {"article", ELEMENT_BLOCK},
	{"aside", ELEMENT_BLOCK}, {"audio", ELEMENT_INLINE}, {"b", ELEMENT_INLINE},
	{"base", ELEMENT_VOID}, {"bdi", ELEMENT_INLINE}, {"bdo", ELEMENT_INLINE},
	{"big", ELEMENT_INLINE}, {"blockquote", ELEMENT_BLOCK}, {"body", ELEMENT_PAGE},
	{"br", ELEMENT_BREAK | ELEMENT_VOID}, {"button", ELEMENT_INLINE},
	{"caption", ELEMENT_BLOCK}, {"center", ELEMENT_BLOCK}, {"cite", ELEMENT_INLINE},
	{"code", ELEMENT_INLINE}, {"col", ELEMENT_VOID}, {"colgroup", ELEMENT_VOID},
	{"dd", ELEMENT_BLOCK}, {"del", ELEMENT_INLINE}, {"details", ELEMENT_BLOCK},
	{"dfn", ELEMENT_INLINE}, {"dir", ELEMENT_BLOCK}, {"div", ELEMENT_BLOCK},
	{"dl", ELEMENT_BLOCK}, {"dt", ELEMENT_BLOCK}, {"em", ELEMENT_INLINE},
	{"fieldset", ELEMENT_BLOCK}, {"figcaption", ELEMENT_BLOCK},
	{"figure", ELEMENT_BLOCK}, {"font", ELEMENT_INLINE}, {"footer", ELEMENT_BLOCK},
	{"form", ELEMENT_BLOCK}, {"h1", ELEMENT_PARAGRAPH}, {"h2", ELEMENT_PARAGRAPH},
	{"h3", ELEMENT_PARAGRAPH}, {"h4", ELEMENT_PARAGRAPH}, {"h5", ELEMENT_PARAGRAPH},
	{"h6", ELEMENT_PARAGRAPH}, {"head", ELEMENT_RAW | ELEMENT_PAGE},
	{"header", ELEMENT_BLOCK}, {"hr", ELEMENT_BLOCK | ELEMENT_VOID},
	{"html", ELEMENT_PAGE}, {"i", ELEMENT_INLINE}, {"iframe", ELEMENT_RAW},
	{"img", ELEMENT_INLINE | ELEMENT_VOID}, {"input", ELEMENT_VOID},
	{"ins", ELEMENT_INLINE}, {"kbd", ELEMENT_INLINE}, {"label", ELEMENT_INLINE},
	{"legend", ELEMENT_BLOCK}, {"li", ELEMENT_BLOCK}, {"link", ELEMENT_VOID},
	{"main", ELEMENT_BLOCK}, {"map", ELEMENT_INLINE}, {"mark", ELEMENT_INLINE},
	{"meta", ELEMENT_VOID | ELEMENT_PAGE}, {"nav", ELEMENT_BLOCK},
	{"nobr", ELEMENT_INLINE}, {"noscript", ELEMENT_BLOCK}, {"object", ELEMENT_INLINE},
	{"ol", ELEMENT_BLOCK}, {"option", ELEMENT_BLOCK}, {"p", ELEMENT_PARAGRAPH},
	{"param", ELEMENT_VOID}, {"picture", ELEMENT_INLINE}, {"pre", ELEMENT_BLOCK},
	{"q", ELEMENT_INLINE}, {"s", ELEMENT_INLINE}, {"samp", ELEMENT_INLINE},
	{"script", ELEMENT_RAW}, {"section", ELEMENT_BLOCK}, {"select", ELEMENT_INLINE},
	{"small", ELEMENT_INLINE}, {"source", ELEMENT_VOID}, {"span", ELEMENT_INLINE},
	{"strike", ELEMENT_INLINE}, {"strong", ELEMENT_INLINE},
	{"style", ELEMENT_RAW | ELEMENT_PAGE}, {"sub", ELEMENT_INLINE},
	{"summary", ELEMENT_BLOCK}, {"sup", ELEMENT_INLINE}, {"svg", ELEMENT_RAW},
	{"table", ELEMENT_BLOCK}, {"tbody", ELEMENT_BLOCK}, {"td", ELEMENT_CELL},
	{"template", ELEMENT_RAW}, {"textarea", ELEMENT_INLINE}, {"tfoot", ELEMENT_BLOCK},
	{"th", ELEMENT_CELL}, {"thead", ELEMENT_BLOCK}, {"time", ELEMENT_INLINE},
	{"title", ELEMENT_RAW | ELEMENT_PAGE}, {"tr", ELEMENT_BLOCK},
	{"tt", ELEMENT_INLINE}, {"u", ELEMENT_INLINE}, {"ul", ELEMENT_BLOCK},
	{"var", ELEMENT_INLINE}, {"video", ELEMENT_INLINE}, {"wbr", ELEMENT_VOID},
	{"xml", ELEMENT_RAW}
};

#define MAX_ELEMENT_NAME 10

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/*
 * st_html_element
 *		Returns the number of the element of that name, -1 when HTML has none.
 */
int
st_html_element(const char *name, int length)
{
	char		lower[MAX_ELEMENT_NAME + 1];
	int			low = 0;
	int			high = lengthof(elements) - 1;
	int			i;

	if (length < 1 || length > MAX_ELEMENT_NAME)
		return -1;
	for (i = 0; i < length; i++)
		lower[i] = (name[i] >= 'A' && name[i] <= 'Z') ? name[i] + 32 : name[i];
	lower[length] = '\0';

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		int			cmp = strcmp(lower, elements[middle].name);

		if (cmp == 0)
			return middle;
		if (cmp < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}

/* Returns the ELEMENT_ flags of an element; 0 for -1. */
int
st_html_element_class(int element)
{
	return element < 0 ? 0 : elements[element].class;
}

/* Returns the name of an element in lower case. */
const char *
st_html_element_name(int element)
{
	return element < 0 ? "" : elements[element].name;
}

/*
 * st_html_tag
 *		Reads the tag at s, which points to '<'.  Returns false when it is no
 *		complete tag: "5 < 6", "<3", "<https://…>", "<name@example.com>", or one
 *		that does not end before the next '<'.
 */
bool
st_html_tag(const char *s, const char *end, HtmlTag *tag)
{
	const char *p = s + 1;
	const char *name;

	tag->closing = false;
	if (p < end && *p == '/')
	{
		tag->closing = true;
		p++;
	}
	if (p >= end || !is_letter(*p))
		return false;
	name = p;
	tag->namespaced = false;
	while (p < end && (is_letter(*p) || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' || *p == '.' || *p == ':'))
	{
		if (*p == ':')
			tag->namespaced = true;
		p++;
	}
	if (p >= end || !(is_space(*p) || *p == '>' || *p == '/'))
		return false;
	/* <http://…> is an address */
	if (tag->namespaced && *p == '/')
		return false;
	tag->element = st_html_element(name, (int) (p - name));
	tag->attributes = p;

	while (p < end && *p != '>')
	{
		if (*p == '<')
			return false;
		/* a quote opens a value only after '=' */
		if ((*p == '"' || *p == '\'') && (p[-1] == '=' || is_space(p[-1])))
		{
			char		quote = *p;
			const char *value = ++p;
			const char *odd = NULL;

			while (p < end && *p != quote)
			{
				if (*p == '<' && odd == NULL)
					odd = p;
				if (odd != NULL && p - value > MAX_ODD_VALUE)
					return false;
				p++;
			}
			if (p >= end)
				return false;
		}
		p++;
	}
	if (p >= end)
		return false;
	tag->attributes_empty = (tag->attributes == p);
	tag->end = p + 1;
	return true;
}

/* Does the text at s begin with these lower-case letters, in any case? */
static bool
begins(const char *s, const char *end, const char *word)
{
	for (; *word != '\0'; s++, word++)
		if (s >= end || ((*s >= 'A' && *s <= 'Z') ? *s + 32 : *s) != *word)
			return false;
	return true;
}

/*
 * begins_with_markup
 *		Returns whether the document begins with HTML, and in *page whether
 *		with that of a whole page.  Comments, byte order marks and <?xml?> are
 *		stepped over.
 */
static bool
begins_with_markup(const char *s, const char *end, bool *page)
{
	int			rounds;

	*page = false;
	if (end - s >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
		s += 3;
	for (rounds = 0; rounds < 8; rounds++)
	{
		HtmlTag		tag;

		while (s < end && is_space(*s))
			s++;
		if (s >= end || *s != '<')
			return false;
		if (begins(s, end, "<!doctype html"))
		{
			*page = true;
			return true;
		}
		if (begins(s, end, "<!--"))
		{
			const char *p = s + 4;

			while (p + 2 < end && !(p[0] == '-' && p[1] == '-' && p[2] == '>'))
				p++;
			if (p + 2 >= end)
				return false;
			s = p + 3;
			continue;
		}
		if (begins(s, end, "<?xml") || begins(s, end, "<!doctype"))
		{
			s = memchr(s, '>', end - s);
			if (s == NULL)
				return false;
			s++;
			continue;
		}
		if (!st_html_tag(s, end, &tag) || tag.element < 0)
			return false;
		*page = (st_html_element_class(tag.element) & ELEMENT_PAGE) != 0;
		return true;
	}
	return false;
}

/*
 * st_html_detect
 *		Returns how to read the document.  One pass over its tags and lines.
 */
HtmlMode
st_html_detect(const char *s, int length)
{
	const char *end = s + length;
	const char *p;
	const char *text_end = s;	/* where the last tag ended */
	bool		first;
	bool		page;
	bool		entities = false;
	int			known = 0;
	int			unknown = 0;
	int			breaks = 0;
	int			closings = 0;
	int			newlines = 0;	/* line ends that have text at both sides */
	int			paragraphs = 0; /* the same, two at once */

	if (memchr(s, '<', length) == NULL)
	{
		uint32		codepoint;

		for (p = s; (p = memchr(p, '&', end - p)) != NULL; p++)
			if (st_html_entity(p, end, &codepoint) > 0)
				return HTML_ENTITIES;
		return HTML_NONE;
	}

	first = begins_with_markup(s, end, &page);
	for (p = s; p < end;)
	{
		HtmlTag		tag;
		uint32		codepoint;

		if (*p == '\n')
		{
			const char *q = p + 1;
			int			count = 1;

			while (q < end && is_space(*q))
				count += (*q++ == '\n');
			if (q < end && *q != '<' && p > text_end)
			{
				newlines++;
				paragraphs += (count > 1);
			}
			p = q;
			continue;
		}
		if (*p == '&' && !entities && st_html_entity(p, end, &codepoint) > 0)
			entities = true;
		if (*p != '<')
		{
			p++;
			continue;
		}
		if (!st_html_tag(p, end, &tag))
		{
			p++;
			continue;
		}
		if (tag.element >= 0)
		{
			int			class = st_html_element_class(tag.element);
			bool		spaced;

			/* "the tag <br> is shown": somebody speaks about it */
			spaced = p > s && (p[-1] == ' ' || p[-1] == '"' || p[-1] == '`') &&
				tag.end < end && (*tag.end == ' ' || *tag.end == '"' || *tag.end == '`');
			if ((class & (ELEMENT_BLOCK | ELEMENT_PARAGRAPH | ELEMENT_BREAK)) && !spaced)
				breaks++;
			if (tag.closing && (p == s || p[-1] != ' '))
				closings++;
			known++;
		}
		else if (!tag.namespaced)
			unknown++;
		p = tag.end;
		while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		text_end = p;
	}

	if (first && page)
		return HTML_DOCUMENT;
	if (known > 0 && unknown * (first ? 1 : 3) <= known)
	{
		if (first && breaks + closings > 0)
			return breaks > 0 && paragraphs == 0 ? HTML_FRAGMENT : HTML_LINES;
		if (newlines == 0 && breaks + closings > 0)
			return HTML_FRAGMENT;
		if (paragraphs == 0 && breaks >= 2 && breaks * 2 >= newlines)
			return HTML_LINES;
	}
	/* entities of pasted XML belong to it */
	if (entities && known == 0 && unknown == 0)
		return HTML_ENTITIES;
	return HTML_NONE;
}
