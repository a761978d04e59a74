/*-------------------------------------------------------------------------
 *
 * model_file.c
 *		Building the stored form of the weights, and opening it in place.
 *
 * What is opened may come from a file that anything has happened to: every
 * offset and count is checked against the size before it is used; scoring checks
 * the feature number of the slots that it meets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>
#include <unicode/uchar.h>
#include <unicode/uversion.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "model/model_counts.h"
#include "model/model_file.h"
#include "model/model_inner.h"
#include "model/model_kernel.h"

/* The largest factor, so that it fits 16 bits when a feature repeats. */
#define LARGEST_FACTOR	8192.0f

#define SECTION(offset) TYPEALIGN64(64, (uint64) (offset))

/*
 * slots_for
 *		The size of a hash table that is at most two thirds full.
 */
static uint32
slots_for(int nfeatures)
{
	return pg_nextpower2_32(Max(16, (uint32) nfeatures + nfeatures / 2));
}

static uint64
slots_bytes(uint32 nslots)
{
	return sizeof(StBucket) * (uint64) (nslots / ST_BUCKET_SLOTS);
}

/*
 * st_weights_size
 *		The size of the stored form, less its labels' text.
 */
Size
st_weights_size(int nlabels, int nfeatures, int hidden)
{
	Size		width = ST_PAD(hidden ? hidden : nlabels);

	return SECTION(sizeof(StWeightsHeader)) +
		slots_bytes(slots_for(nfeatures)) +
		ST_FEATURE_BYTES(width) * nfeatures +
		sizeof(float) * width +
		sizeof(float) * (Size) ST_PAD(nlabels) * (hidden + 1) +
		64 * 6;
}

/*
 * quantise_row
 *		Rounds a row to bytes; returns the factor that gives it back.
 */
static float
quantise_row(const float *row, int width, int8 *bytes)
{
	float		largest = 0;

	for (int i = 0; i < width; i++)
		largest = Max(largest, fabsf(row[i]));
	if (largest == 0)
	{
		memset(bytes, 0, width);
		return 0;
	}
	for (int i = 0; i < width; i++)
		bytes[i] = (int8) lrintf(row[i] * (127.0f / largest));
	return largest / 127.0f;
}

/*
 * fill_slots
 *		Enters the features into the hash table.
 */
static void
fill_slots(StBucket *buckets, uint32 nslots, const uint32 *hashes, int nfeatures)
{
	for (int f = 0; f < nfeatures; f++)
	{
		uint32		b = st_bucket_of(hashes[f], nslots);
		int			s = 0;

		while (buckets[b].id[s] != 0)
		{
			if (++s < ST_BUCKET_SLOTS)
				continue;
			buckets[b].id[s - 1] |= ST_SLOT_FULL;
			b = (b + 1) & (nslots / ST_BUCKET_SLOTS - 1);
			s = 0;
		}
		buckets[b].hash[s] = hashes[f];
		buckets[b].id[s] = f + 1;
	}
}

static inline StFeatureWeights *
feature_of(char *blob, const StWeightsHeader *head, int f)
{
	return (StFeatureWeights *) (blob + head->features + ST_FEATURE_BYTES(head->width) * f);
}

/*
 * st_weights_build
 *		Returns the stored form, palloc'd, and its size.  Throws only for lack
 *		of memory.
 */
void *
st_weights_build(const StWeightsSource *source, Size *size)
{
	StWeightsHeader head = {0};
	StWeightsHeader *header;
	uint64		offset = SECTION(sizeof(StWeightsHeader));
	char	   *blob;
	char	   *text;
	float		largest = 0;

	head.magic = ST_WEIGHTS_MAGIC;
	head.format = ST_WEIGHTS_FORMAT;
	head.nlabels = source->nlabels;
	head.nfeatures = source->nfeatures;
	head.nslots = slots_for(source->nfeatures);
	head.hidden = source->hidden;
	head.width = source->width;
	head.output_width = ST_PAD(source->nlabels);
	head.temperature = source->temperature;
	head.scope_threshold = source->scope_threshold;
	head.least_known = source->least_known;
	strlcpy(head.unicode, st_unicode_now(), sizeof(head.unicode));
	if (strcmp(source->reader, ST_FEATURES_TEXT) != 0)
		strlcpy(head.reader, source->reader, sizeof(head.reader));

	head.slots = offset;
	offset = SECTION(offset + slots_bytes(head.nslots));
	head.features = offset;
	offset = SECTION(offset + ST_FEATURE_BYTES(head.width) * (uint64) head.nfeatures);
	head.bias = offset;
	offset = SECTION(offset + sizeof(float) * head.width);
	head.output = offset;
	offset = SECTION(offset + sizeof(float) * (uint64) head.hidden * head.output_width);
	head.output_bias = offset;
	if (head.hidden)
		offset = SECTION(offset + sizeof(float) * head.output_width);
	head.labels = offset;
	for (int k = 0; k < source->nlabels; k++)
		offset += strlen(source->labels[k]) + 1;
	head.size = SECTION(offset);

	blob = MemoryContextAllocExtended(CurrentMemoryContext, head.size,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	header = (StWeightsHeader *) blob;
	*header = head;

	fill_slots((StBucket *) (blob + head.slots), head.nslots,
			   source->hashes, source->nfeatures);

	for (int f = 0; f < source->nfeatures; f++)
	{
		StFeatureWeights *feature = feature_of(blob, &head, f);
		float		scale = quantise_row(source->matrix + (Size) f * source->width,
										 source->width, feature->row);

		feature->value = source->values[f];
		feature->factor = scale * source->values[f];
		largest = Max(largest, feature->factor);
	}
	header->unit = largest > 0 ? largest / LARGEST_FACTOR : 1.0f;
	for (int f = 0; f < source->nfeatures; f++)
		feature_of(blob, &head, f)->factor /= header->unit;

	memcpy(blob + head.bias, source->bias, sizeof(float) * head.width);
	if (head.hidden)
	{
		float	   *output = (float *) (blob + head.output);

		/* turned over: scoring adds the rows of the units that are active */
		for (int k = 0; k < source->nlabels; k++)
			for (uint32 h = 0; h < head.hidden; h++)
				output[(Size) h * head.output_width + k] =
					source->output[(Size) k * source->width + h];
		memcpy(blob + head.output_bias, source->output_bias,
			   sizeof(float) * source->nlabels);
	}

	text = blob + head.labels;
	for (int k = 0; k < source->nlabels; k++)
	{
		Size		length = strlen(source->labels[k]) + 1;

		memcpy(text, source->labels[k], length);
		text += length;
	}

	*size = head.size;
	return blob;
}

/*
 * section_fits
 *		Whether a section lies within the bytes and begins where it should.
 */
static bool
section_fits(const StWeightsHeader *head, uint64 offset, uint64 length)
{
	return offset % 64 == 0 && offset >= sizeof(StWeightsHeader) &&
		offset <= head->size && length <= head->size - offset;
}

/*
 * sections_fit
 *		Whether all counts are in range and all sections within the bytes.
 */
static bool
sections_fit(const StWeightsHeader *head)
{
	uint32		inner = head->hidden ? head->hidden : head->nlabels;

	return head->nlabels >= 1 && head->nlabels <= ST_MAX_LABELS &&
		head->nfeatures <= ST_MOST_FEATURES &&
		head->nslots >= 16 && head->nslots <= (1U << 28) &&
		(head->nslots & (head->nslots - 1)) == 0 &&
		head->nslots > head->nfeatures &&
		head->hidden <= 4096 &&
		head->width == ST_PAD(inner) &&
		head->output_width == ST_PAD(head->nlabels) &&
		head->temperature > 0 && head->unit > 0 &&
		isfinite(head->temperature) && isfinite(head->unit) &&
		section_fits(head, head->slots, slots_bytes(head->nslots)) &&
		section_fits(head, head->features, ST_FEATURE_BYTES(head->width) * (uint64) head->nfeatures) &&
		section_fits(head, head->bias, sizeof(float) * head->width) &&
		section_fits(head, head->output, sizeof(float) * (uint64) head->hidden * head->output_width) &&
		(head->hidden == 0 ||
		 section_fits(head, head->output_bias, sizeof(float) * head->output_width)) &&
		section_fits(head, head->labels, head->nlabels);
}

/*
 * open_labels
 *		Finds the labels' text; false when it runs past the end.
 */
static bool
open_labels(StWeights *w, const char *data, Size size)
{
	const char *text = data + w->header->labels;
	const char *end = data + size;

	w->labels = palloc(sizeof(char *) * w->header->nlabels);
	for (uint32 k = 0; k < w->header->nlabels; k++)
	{
		Size		length = text < end ? strnlen(text, end - text) : 0;

		if (text + length >= end)
			return false;
		w->labels[k] = text;
		text += length + 1;
	}
	return true;
}

/*
 * st_weights_open
 *		Returns a view of stored weights, palloc'd, or NULL and why.  data must
 *		stay where it is.  Throws only for lack of memory.
 */
StWeights *
st_weights_open(const void *data, Size size, const char **why)
{
	const StWeightsHeader *head = data;
	const char *bytes = data;
	StWeights  *w;

	*why = "the weights are damaged";
	if (size < sizeof(StWeightsHeader) || head->magic != ST_WEIGHTS_MAGIC)
		return NULL;
	if (head->format != ST_WEIGHTS_FORMAT)
	{
		*why = "the weights are in a format of another release of support_triage";
		return NULL;
	}
	if (head->size != size || !sections_fit(head) || !st_counts_fit(head) ||
		memchr(head->unicode, '\0', sizeof(head->unicode)) == NULL ||
		memchr(head->reader, '\0', sizeof(head->reader)) == NULL)
		return NULL;

	w = palloc0(sizeof(StWeights));
	w->header = head;
	w->reader = st_features_find(st_weights_features(w));
	if (w->reader == NULL)
	{
		*why = "its features are of a kind that this release of support_triage does not have";
		pfree(w);
		return NULL;
	}
	w->buckets = (const StBucket *) (bytes + head->slots);
	w->features = bytes + head->features;
	w->feature_bytes = ST_FEATURE_BYTES(head->width);
	w->bias = (const float *) (bytes + head->bias);
	w->output = (const float *) (bytes + head->output);
	w->output_bias = (const float *) (bytes + head->output_bias);
	if (!open_labels(w, bytes, size))
	{
		pfree(w);
		return NULL;
	}
	*why = NULL;
	return w;
}

int
st_weights_nlabels(const StWeights *w)
{
	return w->header->nlabels;
}

/*
 * st_weights_label
 *		Returns a label in UTF-8; it lives as long as the stored weights.
 */
const char *
st_weights_label(const StWeights *w, int label)
{
	return w->labels[label];
}

/*
 * st_weights_features, st_weights_reader
 *		Return the name of the reader that gives the model's features, and the
 *		reader.
 */
const char *
st_weights_features(const StWeights *w)
{
	return w->header->reader[0] == '\0' ? ST_FEATURES_TEXT : w->header->reader;
}

StFeatureReader
st_weights_reader(const StWeights *w)
{
	return w->reader;
}

/* st_weights_counts_width: see model_inner.h */
uint32
st_weights_counts_width(const StWeights *w)
{
	return w->header->counts != 0 ? w->header->width : 0;
}

/* st_weights_temperature: what divides the logits */
float
st_weights_temperature(const StWeights *w)
{
	return w->header->temperature;
}

/*
 * st_weights_unicode
 *		Returns the ICU and Unicode versions that the model was trained with.
 */
const char *
st_weights_unicode(const StWeights *w)
{
	return w->header->unicode;
}

/*
 * st_unicode_now
 *		Returns this server's ICU and Unicode versions, in static memory.
 */
const char *
st_unicode_now(void)
{
	static char now[64] = "";

	if (now[0] == '\0')
	{
		UVersionInfo icu;
		UVersionInfo unicode;

		u_getVersion(icu);
		u_getUnicodeVersion(unicode);
		snprintf(now, sizeof(now), "ICU %d.%d, Unicode %d.%d",
				 icu[0], icu[1], unicode[0], unicode[1]);
	}
	return now;
}
