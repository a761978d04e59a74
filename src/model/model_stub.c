/*-------------------------------------------------------------------------
 *
 * model_stub.c
 *		Stand-in for the text engine: hashed bag of words, naive Bayes.  It
 *		exists so that storing, mapping, caching and the SQL functions can be
 *		built and tested before features and trainer are there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>
#include <unicode/uchar.h>
#include <unicode/uversion.h>

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "model/model_inner.h"

#define STUB_MAGIC 0x42555453
#define STUB_UNICODE_BYTES 64

typedef struct StubHeader
{
	uint32		magic;
	uint32		nlabels;
	uint32		nbuckets;
	uint32		labels_offset;	/* nlabels uint32 offsets of C strings */
	uint32		prior_offset;	/* nlabels floats */
	uint32		weights_offset; /* nbuckets * nlabels floats */
	uint32		known_offset;	/* nbuckets bytes */
	uint32		size;
	char		unicode[STUB_UNICODE_BYTES];
} StubHeader;

struct StWeights
{
	const char *base;
	const StubHeader *header;
	const float *prior;
	const float *weights;
	const uint8 *known;
};

struct StTrainOptions
{
	int			buckets;
};

typedef struct StubExample
{
	int			label;
	int			n;
	uint32	   *hashes;
} StubExample;

struct StCorpus
{
	MemoryContext cxt;
	StubExample *examples;
	int64		n;
	int64		allocated;
};

int			st_max_document_bytes = 65536;

void
st_document_read(const char *bytes, int length, StDocument *doc)
{
	doc->data = bytes;
	doc->length = length;
	doc->truncated = false;

	if (GetDatabaseEncoding() == PG_UTF8)
	{
		if (length > st_max_document_bytes)
		{
			doc->length = pg_encoding_mbcliplen(PG_UTF8, bytes, length, st_max_document_bytes);
			doc->truncated = true;
		}
	}
	else if (GetDatabaseEncoding() == PG_SQL_ASCII)
	{
		char	   *copy = palloc((Size) length * 3 + 1);
		int			out = 0;
		int			i = 0;

		while (i < length && out < st_max_document_bytes)
		{
			int			l = pg_utf_mblen((const unsigned char *) bytes + i);

			if (i + l <= length && pg_utf8_islegal((const unsigned char *) bytes + i, l))
			{
				memcpy(copy + out, bytes + i, l);
				out += l;
				i += l;
			}
			else
			{
				memcpy(copy + out, "\357\277\275", 3);
				out += 3;
				i++;
			}
		}
		doc->data = copy;
		doc->length = out;
		doc->truncated = i < length;
	}
	else
	{
		if (length > st_max_document_bytes)
		{
			length = pg_mbcliplen(bytes, length, st_max_document_bytes);
			doc->truncated = true;
		}
		doc->data = pg_server_to_any(bytes, length, PG_UTF8);
		doc->length = (doc->data == bytes) ? length : (int) strlen(doc->data);
	}
}

const char *
st_unicode_now(void)
{
	static char now[STUB_UNICODE_BYTES];

	if (now[0] == '\0')
	{
		UVersionInfo icu;
		UVersionInfo unicode;

		u_getVersion(icu);
		u_getUnicodeVersion(unicode);
		snprintf(now, sizeof(now), "ICU %d.%d, Unicode %d.%d", icu[0], icu[1], unicode[0], unicode[1]);
	}
	return now;
}

/* characters of UTF-8 */
static int
count_chars(const char *s, int length)
{
	int			n = 0;

	for (int i = 0; i < length; i++)
		n += (s[i] & 0xC0) != 0x80;
	return n;
}

/* next word of a document: false at the end */
static bool
next_word(const StDocument *doc, int *pos, int *start, int *length, uint32 *hash)
{
	int			i = *pos;
	char		lower[64];
	int			n = 0;

#define WORDCHAR(c) ((unsigned char) (c) >= 0x80 || isalnum((unsigned char) (c)))
	while (i < doc->length && !WORDCHAR(doc->data[i]))
		i++;
	if (i >= doc->length)
		return false;
	*start = i;
	while (i < doc->length && WORDCHAR(doc->data[i]))
	{
		if (n < (int) sizeof(lower))
			lower[n++] = pg_ascii_tolower((unsigned char) doc->data[i]);
		i++;
	}
	*length = i - *start;
	*pos = i;
	*hash = hash_bytes((unsigned char *) lower, n);
	return true;
}

StWeights *
st_weights_open(const void *data, Size size, const char **why)
{
	const StubHeader *h = data;
	StWeights  *w;

	if (size < sizeof(StubHeader) || h->magic != STUB_MAGIC)
	{
		*why = "the weights are in an unknown format";
		return NULL;
	}
	if (h->size != size || h->nlabels < 1 || h->nlabels > ST_MAX_LABELS)
	{
		*why = "the weights are incomplete";
		return NULL;
	}
	w = palloc(sizeof(StWeights));
	w->base = data;
	w->header = h;
	w->prior = (const float *) (w->base + h->prior_offset);
	w->weights = (const float *) (w->base + h->weights_offset);
	w->known = (const uint8 *) (w->base + h->known_offset);
	return w;
}

int
st_weights_nlabels(const StWeights *w)
{
	return w->header->nlabels;
}

const char *
st_weights_label(const StWeights *w, int label)
{
	const uint32 *offsets = (const uint32 *) (w->base + w->header->labels_offset);

	return w->base + offsets[label];
}

const char *
st_weights_unicode(const StWeights *w)
{
	return w->header->unicode;
}

void
st_weights_score(const StWeights *w, const StDocument *doc, float *probs, bool *in_scope, float *scope_score)
{
	int			n = w->header->nlabels;
	int			pos = 0;
	int			start;
	int			length;
	uint32		hash;
	int			words = 0;
	int			known = 0;
	float		max;
	float		sum = 0;

	memcpy(probs, w->prior, n * sizeof(float));
	while (next_word(doc, &pos, &start, &length, &hash))
	{
		uint32		b = hash % w->header->nbuckets;

		words++;
		if (w->known[b])
		{
			known++;
			for (int i = 0; i < n; i++)
				probs[i] += w->weights[(Size) b * n + i];
		}
	}
	max = probs[0];
	for (int i = 1; i < n; i++)
		max = Max(max, probs[i]);
	for (int i = 0; i < n; i++)
	{
		probs[i] = expf(probs[i] - max);
		sum += probs[i];
	}
	for (int i = 0; i < n; i++)
		probs[i] /= sum;
	*scope_score = words == 0 ? 0 : (float) known / words;
	*in_scope = *scope_score >= 0.5;
}

StContribution *
st_weights_explain(const StWeights *w, const StDocument *doc, int label, int *n, double *score)
{
	int			nlabels = w->header->nlabels;
	StContribution *out = palloc(sizeof(StContribution) * (doc->length / 2 + 2));
	int			pos = 0;
	int			start;
	int			length;
	int			byte = 0;
	int			chars = 0;
	uint32		hash;

	out[0].start = 0;
	out[0].length = 0;
	out[0].contribution = w->prior[label];
	*score = w->prior[label];
	*n = 1;
	while (next_word(doc, &pos, &start, &length, &hash))
	{
		uint32		b = hash % w->header->nbuckets;

		chars += count_chars(doc->data + byte, start - byte);
		byte = start;
		out[*n].start = chars + 1;
		out[*n].length = count_chars(doc->data + start, length);
		out[*n].contribution = w->known[b] ? w->weights[(Size) b * nlabels + label] : 0;
		*score += out[*n].contribution;
		(*n)++;
	}
	return out;
}

StTrainOptions *
st_train_options(Jsonb *options)
{
	StTrainOptions *o = palloc0(sizeof(StTrainOptions));
	JsonbIterator *it;
	JsonbValue	v;
	JsonbIteratorToken tok;

	o->buckets = 4096;
	if (!JB_ROOT_IS_OBJECT(options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("training options must be a JSON object")));
	it = JsonbIteratorInit(&options->root);
	while ((tok = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (tok != WJB_KEY)
			continue;
		if (v.val.string.len == 7 && strncmp(v.val.string.val, "buckets", 7) == 0)
		{
			(void) JsonbIteratorNext(&it, &v, true);
			if (v.type != jbvNumeric)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("training option \"buckets\" must be a number")));
			o->buckets = DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(v.val.numeric)));
		}
		else
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown training option \"%s\"", pnstrdup(v.val.string.val, v.val.string.len))));
	}
	return o;
}

StCorpus *
st_corpus_begin(const StTrainOptions *options)
{
	StCorpus   *c = palloc0(sizeof(StCorpus));

	c->cxt = CurrentMemoryContext;
	c->allocated = 1024;
	c->examples = palloc(c->allocated * sizeof(StubExample));
	return c;
}

void
st_corpus_add(StCorpus *c, const StDocument *doc, int label)
{
	StubExample *e;
	int			pos = 0;
	int			start;
	int			length;
	uint32		hash;

	if (c->n == c->allocated)
	{
		c->allocated *= 2;
		c->examples = repalloc_huge(c->examples, c->allocated * sizeof(StubExample));
	}
	e = &c->examples[c->n++];
	e->label = label;
	e->n = 0;
	e->hashes = MemoryContextAlloc(c->cxt, sizeof(uint32) * (doc->length / 2 + 1));
	while (next_word(doc, &pos, &start, &length, &hash))
		e->hashes[e->n++] = hash;
}

void
st_corpus_relabel(StCorpus *c, const int *new_label, int nlabels)
{
	for (int64 i = 0; i < c->n; i++)
		c->examples[i].label = new_label[c->examples[i].label];
}

void
st_train(StCorpus *c, char **labels_utf8, int nlabels, const StTrainOptions *options,
		 StProgress progress, void *arg, StTrained *out)
{
	int			nbuckets = options->buckets;
	Size		size = sizeof(StubHeader);
	Size		labels_size = 0;
	StubHeader *h;
	char	   *base;
	uint32	   *offsets;
	float	   *prior;
	float	   *weights;
	uint8	   *known;
	double	   *totals = palloc0(nlabels * sizeof(double));

	for (int i = 0; i < nlabels; i++)
		labels_size += strlen(labels_utf8[i]) + 1;
	size += nlabels * sizeof(uint32) + MAXALIGN(labels_size);
	size += nlabels * sizeof(float) + (Size) nbuckets * nlabels * sizeof(float) + nbuckets + 64;
	base = MemoryContextAllocExtended(CurrentMemoryContext, size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	h = (StubHeader *) base;
	h->magic = STUB_MAGIC;
	h->size = size;
	h->nlabels = nlabels;
	h->nbuckets = nbuckets;
	strlcpy(h->unicode, st_unicode_now(), sizeof(h->unicode));
	h->prior_offset = sizeof(StubHeader);
	h->weights_offset = h->prior_offset + nlabels * sizeof(float);
	h->labels_offset = h->weights_offset + nbuckets * nlabels * sizeof(float);
	h->known_offset = h->labels_offset + nlabels * sizeof(uint32) + MAXALIGN(labels_size);
	prior = (float *) (base + h->prior_offset);
	weights = (float *) (base + h->weights_offset);
	known = (uint8 *) (base + h->known_offset);
	offsets = (uint32 *) (base + h->labels_offset);
	labels_size = nlabels * sizeof(uint32);
	for (int i = 0; i < nlabels; i++)
	{
		offsets[i] = h->labels_offset + labels_size;
		strcpy(base + offsets[i], labels_utf8[i]);
		labels_size += strlen(labels_utf8[i]) + 1;
	}
	for (int64 i = 0; i < c->n; i++)
	{
		StubExample *e = &c->examples[i];

		CHECK_FOR_INTERRUPTS();
		if (i % 1000 == 0)
			progress(arg, "counting", (double) i / c->n);
		prior[e->label]++;
		for (int j = 0; j < e->n; j++)
		{
			uint32		b = e->hashes[j] % nbuckets;

			weights[(Size) b * nlabels + e->label]++;
			totals[e->label]++;
			known[b] = 1;
		}
	}
	progress(arg, "fitting", 0);
	for (int i = 0; i < nlabels; i++)
	{
		prior[i] = logf((prior[i] + 1) / (c->n + nlabels));
		for (int b = 0; b < nbuckets; b++)
			weights[(Size) b * nlabels + i] = log((weights[(Size) b * nlabels + i] + 0.1) / (totals[i] + 0.1 * nbuckets));
	}
	progress(arg, "fitting", 1);
	memset(out, 0, sizeof(*out));
	out->blob = base;
	out->size = size;
	out->examples_used = c->n;
	out->metrics.n = c->n;
	out->metrics.accuracy = 1;
	out->metrics.macro_f1 = 1;
	out->metrics.coverage = 1;
	out->metrics.accuracy_in_scope = 1;
	out->metrics.out_of_scope_threshold = 0.5;
}
