/*-------------------------------------------------------------------------
 *
 * model_counts_file.c
 *		Storing the weights of models of the kind "counts"; see model_counts.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "model/model_counts.h"
#include "model/model_inner.h"
#include "model/model_kernel.h"

/* Bytes of a record; a dense one has fewer than two for each label. */
#define MOST_RECORD (3 + 2 * ST_COUNTS_DENSE)

StaticAssertDecl(ST_PAD(ST_COUNTS_LABELS) <= 2 * ST_COUNTS_DENSE, "a dense record is too long");

/*
 * st_counts_fit
 *		Whether the counts of a stored model, if it has any, lie within it and
 *		the directory is what the records can bear; records are checked as they
 *		are met.
 */
bool
st_counts_fit(const StWeightsHeader *head)
{
	const StCounts *counts;
	uint64		rest;

	if (head->counts == 0)
		return true;
	if (head->counts % 64 != 0 || head->counts < sizeof(StWeightsHeader) ||
		head->counts > head->size || head->size - head->counts < sizeof(StCounts) ||
		head->nlabels > ST_COUNTS_LABELS || head->hidden != 0)
		return false;
	counts = st_counts_of(head);
	rest = head->size - head->counts - sizeof(StCounts);
	return counts->nbuckets >= ST_COUNTS_BUCKETS && counts->nbuckets <= (1U << 28) &&
		(counts->nbuckets & (counts->nbuckets - 1)) == 0 &&
		rest >= sizeof(uint32) * ((uint64) counts->nbuckets + 1) &&
		rest - sizeof(uint32) * ((uint64) counts->nbuckets + 1) >= counts->size;
}

/* Sorts weights by bucket, then by what is left of the hash, then by label. */
static int
by_bucket(const void *a, const void *b, void *arg)
{
	const StCountsWeight *x = a;
	const StCountsWeight *y = b;
	uint32		mask = *(uint32 *) arg;
	uint32		p = murmurhash32(x->hash);
	uint32		q = murmurhash32(y->hash);

	if ((p & mask) != (q & mask))
		return (p & mask) < (q & mask) ? -1 : 1;
	if (p != q)
		return p < q ? -1 : 1;
	return x->label - y->label;
}

/*
 * put_record
 *		Stores the weights of one feature at p unless it is NULL; returns the
 *		bytes that they take.
 */
static Size
put_record(uint8 *p, const StCountsWeight *weights, Size n, float unit, int width)
{
	uint8		nstored = 0;
	bool		dense = n >= ST_COUNTS_DENSE || 2 * n >= width;

	if (p != NULL)
	{
		uint32		mixed = murmurhash32(weights[0].hash);

		p[0] = mixed >> 16 & 0xFF;
		p[1] = mixed >> 24;
		if (dense)
			memset(p + 3, 0, width);
	}
	for (Size i = 0; i < n; i++)
	{
		long		rounded = lrintf(weights[i].weight / unit);
		int8		byte = (int8) Max(-127, Min(127, rounded));

		if (byte == 0)
			continue;
		if (p != NULL && dense)
			((int8 *) p)[3 + weights[i].label] = byte;
		else if (p != NULL)
		{
			p[3 + 2 * nstored] = (uint8) weights[i].label;
			((int8 *) p)[4 + 2 * nstored] = byte;
		}
		nstored++;
	}
	if (p != NULL)
		p[2] = dense ? ST_COUNTS_DENSE : nstored;
	return 3 + (dense ? width : 2 * nstored);
}

/*
 * move_forward
 *		Moves the last record of a bucket, of size bytes, before those that have
 *		fewer weights; most text asks for what has many, and finds it at once.
 *		Records of as many stay as they are.
 */
static void
move_forward(uint8 *bucket, uint8 *last, Size size, int width)
{
	uint8		record[MOST_RECORD];
	uint8	   *p = bucket;

	while (p < last && p[2] >= last[2])
		p += 3 + (p[2] == ST_COUNTS_DENSE ? width : 2 * p[2]);
	if (p == last)
		return;
	memcpy(record, last, size);
	memmove(p + size, p, last - p);
	memcpy(p, record, size);
}

/*
 * st_counts_build
 *		Returns the stored form, palloc'd, and its size.  weights, which is
 *		sorted, may name a feature without weight (0), for what is longer, and
 *		may name a label twice: then they are added.
 *		Throws only for cancel and lack of memory.
 */
void *
st_counts_build(const StWeightsSource *source, StCountsWeight *weights, Size nweights,
				Size *size)
{
	Size		start;
	char	   *blob = st_weights_build(source, &start);
	StWeightsHeader *head;
	StCounts   *counts;
	uint32		nbuckets = ST_COUNTS_BUCKETS;
	uint32		mask;
	uint32	   *directory;
	uint8	   *records;
	Size		nfeatures = 0;
	Size		nmerged = 0;
	Size		bytes = 0;
	float		largest = 0;
	float		unit;

	mask = nbuckets - 1;
	qsort_arg(weights, nweights, sizeof(StCountsWeight), by_bucket, &mask);
	for (Size i = 0; i < nweights; i++)
	{
		if (nmerged > 0 && weights[i].hash == weights[nmerged - 1].hash &&
			weights[i].label == weights[nmerged - 1].label)
			weights[nmerged - 1].weight += weights[i].weight;
		else
			weights[nmerged++] = weights[i];
	}
	nweights = nmerged;
	for (Size i = 0; i < nweights; i++)
		largest = Max(largest, fabsf(weights[i].weight));
	unit = largest > 0 ? largest / 127.0f : 1.0f;
	for (Size i = 0, next; i < nweights; i = next)
	{
		for (next = i + 1; next < nweights && weights[next].hash == weights[i].hash; next++);
		bytes += put_record(NULL, weights + i, next - i, unit, source->width);
		nfeatures++;
	}
	while (nbuckets * 4 < nfeatures)
		nbuckets *= 2;
	if (nbuckets != mask + 1)
	{
		mask = nbuckets - 1;
		qsort_arg(weights, nweights, sizeof(StCountsWeight), by_bucket, &mask);
	}
	CHECK_FOR_INTERRUPTS();

	*size = TYPEALIGN64(64, start + sizeof(StCounts) +
						sizeof(uint32) * ((Size) nbuckets + 1) + bytes);
	blob = repalloc_huge(blob, *size);
	memset(blob + start, 0, *size - start);
	head = (StWeightsHeader *) blob;
	head->size = *size;
	head->counts = start;
	head->unit = unit;
	counts = (StCounts *) (blob + start);
	counts->nbuckets = nbuckets;
	counts->size = bytes;
	directory = (uint32 *) st_counts_directory(counts);
	records = (uint8 *) st_counts_records(counts);

	bytes = 0;
	for (uint32 b = 0, i = 0; b < nbuckets; b++)
	{
		directory[b] = bytes;
		while (i < nweights && (murmurhash32(weights[i].hash) & mask) == b)
		{
			uint32		next = i + 1;
			Size		length;

			while (next < nweights && weights[next].hash == weights[i].hash)
				next++;
			length = put_record(records + bytes, weights + i, next - i, unit, source->width);
			move_forward(records + directory[b], records + bytes, length, source->width);
			bytes += length;
			i = next;
		}
	}
	directory[nbuckets] = bytes;
	return blob;
}
