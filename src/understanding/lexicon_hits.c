/*-------------------------------------------------------------------------
 *
 * lexicon_hits.c
 *		The hits of a document: which of those found count.
 *
 * Of one kind, topic and language only the longest counts, of the user's phrases
 * and ours the user's; and what is no sign takes away what it overlaps.  Hits
 * lie in scratch memory of the backend, overwritten by the next document.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "core/compat.h"
#include "understanding/lexicon_inner.h"

/* For StPhraseHit.topic: a phrase that is no sign took the hit away. */
#define BLOCKED			PG_INT16_MIN

/* Scratch above this many hits is not kept for the next document. */
#define KEEP_HITS		(64 * 1024)

static MemoryContext hits_context;
static StPhraseHit *hits;
static int	nhits;
static int	hits_size;

/* The shipped tables as a set. */
static const StLexSet *
shipped_set(void)
{
	static StLexSet set;

	if (set.edges == NULL)
	{
		set.entries = st_lex_entries;
		set.nentries = st_lex_nentries;
		set.text = st_lex_text;
		set.sieve = st_lex_sieve;
		set.states = st_lex_states;
		set.accepts = st_lex_accepts;
		set.edges = st_lex_edges;
	}
	return &set;
}

/* Returns room for one hit more; throws only for lack of memory. */
StPhraseHit *
st_lex_new_hit(void)
{
	if (unlikely(nhits >= hits_size))
	{
		int			size = hits_size ? hits_size * 2 : 256;

		if (hits_context == NULL)
			hits_context = AllocSetContextCreate(TopMemoryContext, "support_triage hits",
												 ALLOCSET_DEFAULT_SIZES);
		if (hits == NULL)
			hits = MemoryContextAllocHuge(hits_context, sizeof(StPhraseHit) * (Size) size);
		else
			hits = repalloc_huge(hits, sizeof(StPhraseHit) * (Size) size);
		hits_size = size;
	}
	return &hits[nhits++];
}

/*
 * By first character, the longer first, by group; in one group the user's before
 * ours, what is no sign before signs, the stronger before the weaker.
 */
static int
compare_hits(const void *a, const void *b)
{
	const StPhraseHit *ha = a;
	const StPhraseHit *hb = b;

	if (ha->start != hb->start)
		return ha->start < hb->start ? -1 : 1;
	if (ha->length != hb->length)
		return ha->length > hb->length ? -1 : 1;
	if (ha->group != hb->group)
		return ha->group < hb->group ? -1 : 1;
	if ((ha->entry < 0) != (hb->entry < 0))
		return ha->entry < 0 ? -1 : 1;
	if (isnan(ha->weight) != isnan(hb->weight))
		return isnan(ha->weight) ? -1 : 1;
	if (fabsf(ha->weight) != fabsf(hb->weight))
		return fabsf(ha->weight) > fabsf(hb->weight) ? -1 : 1;
	return ha->entry - hb->entry;
}

/* Sorts what is nearly sorted; hits of one start are few. */
static void
sort_hits(void)
{
	for (int i = 1; i < nhits; i++)
	{
		StPhraseHit hit;
		int			j = i - 1;

		if (compare_hits(&hits[j], &hits[i]) <= 0)
			continue;
		hit = hits[i];
		while (j >= 0 && compare_hits(&hits[j], &hit) > 0)
		{
			hits[j + 1] = hits[j];
			j--;
		}
		hits[j + 1] = hit;
	}
}

/*
 * keep_longest
 *		Drops hits within others of their group; returns whether one that is left
 *		is no sign.
 */
static bool
keep_longest(int ngroups)
{
	static int32 *ends = NULL;	/* where the last hit of each group ends */
	static uint32 *stamps = NULL;
	static int	size = 0;
	static uint32 stamp = 0;
	bool		has_blocks = false;
	int			kept = 0;

	if (ngroups > size)
	{
		if (ends != NULL)
			pfree(ends);
		if (stamps != NULL)
			pfree(stamps);
		size = 0;
		ends = NULL;
		stamps = NULL;
		ends = MemoryContextAllocZero(TopMemoryContext, sizeof(int32) * ngroups);
		stamps = MemoryContextAllocZero(TopMemoryContext, sizeof(uint32) * ngroups);
		size = ngroups;
		stamp = 0;
	}
	if (++stamp == 0)
	{
		memset(stamps, 0, sizeof(uint32) * size);
		stamp = 1;
	}
	for (int i = 0; i < nhits; i++)
	{
		int			group = hits[i].group;
		int			end = hits[i].start + hits[i].length;

		if (stamps[group] == stamp && ends[group] >= end)
			continue;
		stamps[group] = stamp;
		ends[group] = end;
		has_blocks = has_blocks || isnan(hits[i].weight);
		hits[kept++] = hits[i];
	}
	nhits = kept;
	return has_blocks;
}

/*
 * is_blocked
 *		Whether a phrase that is no sign takes the hit away: they overlap, and
 *		the hit is not the longer one around it.  Whatever their languages: a
 *		word that two share is one.
 */
static inline bool
is_blocked(const StPhraseHit *hit, const StPhraseHit *block)
{
	int			hit_end = hit->start + hit->length;
	int			block_end = block->start + block->length;

	if (hit->kind != block->kind || hit->topic != block->topic || isnan(hit->weight) ||
		hit_end <= block->start || hit->start >= block_end)
		return false;
	return hit->start > block->start || hit_end < block_end || hit->length <= block->length;
}

/*
 * apply_blocks
 *		Removes hits that overlap a phrase that is no sign of their kind, and
 *		those phrases.
 */
static void
apply_blocks(void)
{
	int			kept = 0;

	for (int b = 0; b < nhits; b++)
	{
		const StPhraseHit *block = &hits[b];

		if (!isnan(block->weight))
			continue;
		for (int i = b - 1; i >= 0 && hits[i].first > block->first - ST_LEX_MAX_UNITS; i--)
		{
			if (is_blocked(&hits[i], block))
				hits[i].topic = BLOCKED;
		}
		for (int i = b + 1; i < nhits && hits[i].start < block->start + block->length; i++)
		{
			if (is_blocked(&hits[i], block))
				hits[i].topic = BLOCKED;
		}
	}
	for (int i = 0; i < nhits; i++)
	{
		if (!isnan(hits[i].weight) && hits[i].topic != BLOCKED)
			hits[kept++] = hits[i];
	}
	nhits = kept;
}

/* See understanding.h. */
const StPhraseHit *
st_reading_hits(StReading *reading, int *n)
{
	if (reading->hits == NULL)
	{
		const StLexUser *user;
		const uint8 *breaks = st_reading_breaks(reading);
		int			nshipped;

		st_lexicon_prepare();
		user = st_lexicon_user();
		if (hits_size > KEEP_HITS)
		{
			pfree(hits);
			hits = NULL;
			hits_size = 0;
		}
		nhits = 0;
		st_lex_match(shipped_set(), false, reading, breaks);
		nshipped = nhits;
		if (user->set.nentries > 0)
			st_lex_match(&user->set, true, reading, breaks);
		if (nhits > nshipped && nshipped > 0)
			qsort(hits, nhits, sizeof(StPhraseHit), compare_hits);
		else
			sort_hits();
		if (keep_longest(user->ngroups))
			apply_blocks();
		reading->hits = hits != NULL ? hits : (const StPhraseHit *) "";
		reading->nhits = nhits;
	}
	*n = reading->nhits;
	return reading->hits;
}

/* See understanding.h. */
bool
st_hit_is_of(const StPhraseHit *hit, const char *language)
{
	return hit->language[0] == '\0' || language == NULL ||
		strcmp(language, ST_LANGUAGE_UNKNOWN) == 0 || strcmp(hit->language, language) == 0;
}

/* See understanding.h. */
char *
st_hit_phrase(const StPhraseHit *hit)
{
	const StLexSet *set = hit->entry >= 0 ? shipped_set() : &st_lexicon_user()->set;
	const StLexEntry *entry = &set->entries[hit->entry >= 0 ? hit->entry : -1 - hit->entry];

	return pnstrdup(set->text + entry->text, entry->length);
}
