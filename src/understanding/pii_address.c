/*-------------------------------------------------------------------------
 *
 * pii_address.c
 *		E-mail, web and IP addresses, and IBAN: what is known by its form.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "understanding/pii_inner.h"

#define MAX_LOCAL	64			/* of an e-mail address, before the "@" */
#define MAX_DOMAIN	255
#define MAX_SCHEME	20

/* Ends of names of files that are not those of domains: "icon@2x.png". */
static const char *const file_endings[] = {
	"png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "css", "js", "html", "txt", "json", "xml"
};

static bool
equal_lower(const PiiText *text, int start, int end, const char *word)
{
	if (end - start != strlen(word))
		return false;
	for (int i = start; i < end; i++)
	{
		if (pii_lower(text->c[i]) != word[i - start])
			return false;
	}
	return true;
}

/*
 * is_top_level
 *		Whether [start, end) can be the last label of a domain.
 */
static bool
is_top_level(const PiiText *text, int start, int end)
{
	if (end - start < 2)
		return false;
	if (end - start > 4 && pii_lower(text->c[start]) == 'x' && pii_lower(text->c[start + 1]) == 'n' &&
		text->c[start + 2] == '-' && text->c[start + 3] == '-')
		return true;
	for (int i = start; i < end; i++)
	{
		if (!pii_is(text, i, PII_IS_WORD) || pii_is(text, i, PII_IS_DIGIT))
			return false;
	}
	for (int i = 0; i < lengthof(file_endings); i++)
	{
		if (equal_lower(text, start, end, file_endings[i]))
			return false;
	}
	return true;
}

/*
 * domain_end
 *		Returns the end of the domain that begins at start, or start when there
 *		is none of at least two labels.
 */
static int
domain_end(const PiiText *text, int start)
{
	int			end = start;

	while (end - start <= MAX_DOMAIN &&
		   (pii_is(text, end, PII_IS_HOST) ||
			(pii_char(text, end) == '.' && end > start && pii_is(text, end - 1, PII_IS_HOST) &&
			 pii_is(text, end + 1, PII_IS_WORD))))
		end++;
	if (end - start > MAX_DOMAIN)
		return start;
	while (end > start && pii_char(text, end - 1) == '-')
		end--;

	/* the last label that is a top-level domain */
	while (end > start)
	{
		int			dot = end;

		while (dot > start && text->c[dot - 1] != '.')
			dot--;
		if (dot == start)
			return start;
		if (is_top_level(text, dot, end))
			return end;
		end = dot - 1;
	}
	return start;
}

/*
 * st_pii_email
 *		Looks for an e-mail address around the "@" at i.
 */
int
st_pii_email(PiiScan *scan, int i)
{
	const PiiText *text = scan->text;
	int			start = i;
	int			end;

	while (start > 0 && i - start <= MAX_LOCAL && pii_is(text, start - 1, PII_IS_LOCAL))
		start--;
	if (i - start > MAX_LOCAL)
		return i + 1;
	while (start < i && !pii_is(text, start, PII_IS_WORD) && text->c[start] != '_')
		start++;
	end = domain_end(text, i + 1);
	if (start == i || end == i + 1)
		return i + 1;

	st_pii_found(scan, PII_EMAIL, start, end, PII_MOST_CONFIDENCE);
	return end;
}

/*
 * link_end
 *		Returns where a web address that goes on at i ends.
 */
static int
link_end(const PiiText *text, int i)
{
	int			start = i;
	int			round = 0;
	int			square = 0;

	for (; i < text->n; i++)
	{
		uint8		c = text->c[i];

		if (c <= ' ' || c == 0x7F || c == PII_WIDE || c == PII_OTHER || c == PII_MONEY ||
			c == '<' || c == '>' || c == '"' || c == '`' || c == '{' || c == '}' ||
			c == '|' || c == '\\' || c == '^')
			break;
		round += (c == '(') - (c == ')');
		square += (c == '[') - (c == ']');
		if (round < 0 || square < 0)
			break;
	}

	/* what ends a sentence is none of it */
	while (i > start && !pii_is(text, i - 1, PII_IS_WORD) && strchr("/)]=&#%+-$@", text->c[i - 1]) == NULL)
		i--;
	return i;
}

/*
 * link_found
 *		Notes a web address [start, end), of which text begins at body; returns
 *		where to go on.
 */
static int
link_found(PiiScan *scan, int start, int body, int end, float confidence)
{
	bool		empty = true;

	for (int i = body; i < end && empty; i++)
		empty = !pii_is(scan->text, i, PII_IS_WORD);
	if (empty)
		return body;
	scan->url_end = end;
	if (!scan->skip_urls)
		return body;
	st_pii_found(scan, PII_URL, start, end, confidence);
	return end;
}

/* What is written before "//" of most links. */
static bool
is_web_scheme(const PiiText *text, int start, int end)
{
	return equal_lower(text, start, end, "http") || equal_lower(text, start, end, "https") ||
		equal_lower(text, start, end, "ftp") || equal_lower(text, start, end, "ftps") ||
		equal_lower(text, start, end, "sftp") || equal_lower(text, start, end, "ws") ||
		equal_lower(text, start, end, "wss");
}

/*
 * link_at
 *		Looks for a web address whose "://" is at i.
 */
static int
link_at(PiiScan *scan, int i)
{
	const PiiText *text = scan->text;
	int			start = i;
	float		confidence;

	while (start > 0 && i - start <= MAX_SCHEME &&
		   (pii_is(text, start - 1, PII_IS_ALPHA | PII_IS_DIGIT) ||
			(strchr("+.-", text->c[start - 1]) != NULL)))
		start--;
	if (i - start > MAX_SCHEME)
		return i + 3;
	while (start < i && !pii_is(text, start, PII_IS_ALPHA))
		start++;
	if (i - start < 2)
		return i + 3;

	confidence = is_web_scheme(text, start, i) ? PII_MOST_CONFIDENCE : 0.7f;
	return link_found(scan, start, i + 3, link_end(text, i + 3), confidence);
}

/*
 * st_pii_www
 *		Looks for a web address without a scheme at the "w" at i.
 */
int
st_pii_www(PiiScan *scan, int i)
{
	const PiiText *text = scan->text;
	int			end = i + 4;

	if (i < scan->url_end || pii_is(text, i - 1, PII_IS_WORD) ||
		pii_lower(pii_char(text, i + 1)) != 'w' || pii_lower(pii_char(text, i + 2)) != 'w' ||
		pii_char(text, i + 3) != '.' || !pii_is(text, i + 4, PII_IS_WORD))
		return i + 1;

	while (pii_is(text, end, PII_IS_HOST))
		end++;
	if (pii_char(text, end) != '.' || !pii_is(text, end + 1, PII_IS_WORD))
		return end;
	return link_found(scan, i, i + 4, link_end(text, end), 0.95f);
}

/*
 * octets_end
 *		Returns the end of four numbers of at most 255 with dots between them
 *		that begin at i, or i.
 */
static int
octets_end(const PiiText *text, int i)
{
	int			end = i;

	for (int octet = 0; octet < 4; octet++)
	{
		int			value = 0;
		int			first;

		if (octet > 0 && pii_char(text, end++) != '.')
			return i;
		first = end;
		while (pii_is(text, end, PII_IS_DIGIT) && end - first < 4)
			value = value * 10 + (text->c[end++] - '0');
		if (end == first || end - first > 3 || value > 255 ||
			(end - first > 1 && text->c[first] == '0'))
			return i;
	}
	return end;
}

/*
 * st_pii_ipv4
 *		Looks for an address of IP version 4 that begins at i.  Returns its end,
 *		or i.
 */
int
st_pii_ipv4(PiiScan *scan, int i)
{
	const PiiText *text = scan->text;
	int			end = octets_end(text, i);
	uint8		before = pii_char(text, i - 1);
	uint8		after = pii_char(text, end);
	PiiContext	context;
	float		confidence;

	if (end == i)
		return i;

	/* a fifth number, or part of a name or a version */
	if (((before == '.' || before == '_') && pii_is(text, i - 2, PII_IS_WORD)) ||
		(before == '-' && pii_is(text, i - 2, PII_IS_WORD) && !pii_is(text, i - 2, PII_IS_DIGIT)) ||
		pii_is(text, end, PII_IS_WORD) || after == '_' ||
		(after == '.' && pii_is(text, end + 1, PII_IS_DIGIT)) ||
		(after == '-' && pii_is(text, end + 1, PII_IS_WORD) && !pii_is(text, end + 1, PII_IS_DIGIT)))
		return i;

	context = st_pii_context(scan, PII_IP_ADDRESS, i, end);
	confidence = end - i == 7 || text->c[i] == '0' ? 0.45f : 0.8f;
	if (context.is)
		confidence += PII_CONTEXT_FOR;
	else if (context.against)
		confidence -= PII_CONTEXT_AGAINST;
	st_pii_found(scan, PII_IP_ADDRESS, i, end, confidence);
	return end;
}

/*
 * ipv6_end
 *		Returns the end of an address of IP version 6 that begins at start, or
 *		start; *groups is how many groups are written.
 */
static int
ipv6_end(const PiiText *text, int start, int *groups)
{
	bool		compressed = false;
	bool		digit = false;
	int			n = 0;
	int			i = start;

	if (pii_char(text, i) == ':')
	{
		compressed = true;
		i += 2;
	}
	while (n < 8)
	{
		int			length = 0;

		while (length < 5 && pii_is(text, i + length, PII_IS_HEX))
		{
			digit |= pii_is(text, i + length, PII_IS_DIGIT);
			length++;
		}
		if (length == 0)
			break;
		if (pii_char(text, i + length) == '.' && octets_end(text, i) > i)
		{
			n += 2;
			i = octets_end(text, i);
			break;
		}
		if (length > 4 || pii_is(text, i + length, PII_IS_WORD))
			return start;
		n++;
		i += length;
		if (pii_char(text, i) != ':')
			break;
		if (pii_char(text, i + 1) == ':')
		{
			if (compressed)
				return start;
			compressed = true;
			i += 2;
		}
		else if (pii_is(text, i + 1, PII_IS_HEX))
			i++;
		else
			break;
	}

	*groups = n;
	if (compressed ? n < 1 || n > 7 : n != 8)
		return start;
	if (!digit && n < 4)
		return start;			/* "dead::beef" is a name in a program */
	if (pii_is(text, i, PII_IS_WORD) ||
		(pii_char(text, i) == ':' && (pii_is(text, i + 1, PII_IS_HEX) || pii_char(text, i + 1) == ':')))
		return start;
	return i;
}

/*
 * st_pii_colon
 *		Looks for a web address or one of IP version 6 around the ":" at i.
 */
int
st_pii_colon(PiiScan *scan, int i)
{
	const PiiText *text = scan->text;
	int			start = i;
	int			end;
	int			groups;

	if (pii_char(text, i + 1) == '/' && pii_char(text, i + 2) == '/')
		return i < scan->url_end ? i + 3 : link_at(scan, i);

	while (i - start < 5 && pii_is(text, start - 1, PII_IS_HEX))
		start--;
	if (i - start > 4 || (start == i && pii_char(text, i + 1) != ':') ||
		pii_is(text, start - 1, PII_IS_WORD) || pii_char(text, start - 1) == ':')
		return i + 1;
	end = ipv6_end(text, start, &groups);
	if (end == start)
		return i + 1;

	/* the zone of a local address */
	if (pii_char(text, end) == '%' && pii_is(text, end + 1, PII_IS_WORD))
	{
		int			zone = end + 1;

		while (zone - end <= 16 && pii_is(text, zone, PII_IS_WORD))
			zone++;
		if (zone - end <= 16)
			end = zone;
	}
	st_pii_found(scan, PII_IP_ADDRESS, start, end, groups > 2 ? 0.95f : 0.7f);
	return end;
}

/*
 * token_end
 *		Returns the end of the token that goes on at i.
 */
static int
token_end(const PiiText *text, int i)
{
	while (pii_is(text, i, PII_IS_WORD))
		i++;
	return i;
}

/*
 * st_pii_iban_at
 *		Looks for an IBAN whose check digits begin at i, in a token that began
 *		before.  Returns the end of that token at least.
 */
int
st_pii_iban_at(PiiScan *scan, int i)
{
	const PiiText *text = scan->text;
	int			start = i - 2;
	int			end = start;
	int			taken = 0;
	int			digits = 0;
	int			group = 0;
	int			length;
	bool		regular = true;

	if (!pii_is(text, i - 1, PII_IS_ALPHA) || !pii_is(text, i - 2, PII_IS_ALPHA) ||
		pii_is(text, i - 3, PII_IS_WORD) || !pii_is(text, i + 1, PII_IS_DIGIT))
		return token_end(text, i);
	length = st_pii_iban_length(text->c + start);
	if (length == 0)
		return token_end(text, i);

	while (taken < length)
	{
		uint8		c = pii_char(text, end);

		if (pii_is(text, end, PII_IS_ALPHA | PII_IS_DIGIT))
		{
			taken++;
			group++;
			digits += pii_is(text, end, PII_IS_DIGIT);
		}
		else if ((c == ' ' || c == '-') && group > 0)
		{
			regular &= group == 4;
			group = 0;
		}
		else
			break;
		end++;
	}

	/* words may follow one another too: what has odd groups has digits */
	if (taken < length || pii_is(text, end, PII_IS_WORD) || (!regular && digits < 8) ||
		!st_pii_iban(text->c + start, end - start))
		return token_end(text, i);
	st_pii_found(scan, PII_IBAN, start, end, PII_MOST_CONFIDENCE);
	return end;
}
