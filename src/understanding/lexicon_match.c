/*-------------------------------------------------------------------------
 *
 * lexicon_match.c
 *		Finding the lexicon's phrases in a reading.
 *
 * Tokens are read as units: a word, a symbol, or each character of a script
 * without spaces, so that what a dictionary takes for a word does not matter
 * there.  From each unit the automaton of the lexicon is followed as far as some
 * phrase may continue.  Units lie in a ring that reaches as far ahead as phrases
 * are long: memory does not grow with the document, and time grows linearly.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "understanding/lexicon_inner.h"

#define RING			64		/* units, more than ST_LEX_MAX_UNITS */
#define MAX_PATHS		256		/* open at once */
#define MAX_STEPS		2048	/* states that are visited from one unit */

/* For StPhraseHit.topic: a phrase that is no sign took the hit away. */
#define BLOCKED			PG_INT16_MIN

/* Scratch above this many hits is not kept for the next document. */
#define KEEP_HITS		(64 * 1024)

typedef struct Unit
{
	int32		token;
	int32		first;			/* its code points */
	int32		npoints;
	uint64		hash;
	uint64		shape;			/* with '#' for digits; only of has_digits */
	int			nstems;			/* the longest */
	uint64		stems[ST_LEX_MAX_STEM + 1]; /* by their length */
	int			elided;			/* points before an apostrophe; 0: none */
	bool		has_digits;
	bool		digit_first;
	bool		is_word;		/* no symbol */
	bool		is_broken;		/* a sentence ends before it */
} Unit;

typedef struct Path
{
	uint32		state;
	int			depth;			/* units up to it */
} Path;

typedef struct Matcher
{
	const StLexSet *set;
	bool		is_user;
	const StTokens *tokens;
	const uint8 *breaks;
	bool		by_bytes;		/* as of StDocument */
	int			token;			/* next to be made units of */
	int			point;			/* in it */
	int			nunits;			/* made so far */
	Unit		ring[RING];
	int			npaths;
	Path		paths[MAX_PATHS];
} Matcher;

static Matcher matcher;
static MemoryContext hits_context;
static StPhraseHit *hits;
static int	nhits;
static int	hits_size;
static bool has_blocks;

/* The shipped tables as a set. */
static const StLexSet *
shipped_set(void)
{
	static StLexSet set;

	if (set.edges == NULL)
	{
		set.mask = st_lex_mask;
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

/*
 * is_apostrophe
 *		Whether one was dropped between two letters of a word that are so many
 *		characters apart.  A letter with a combining accent looks the same, which
 *		does no harm.
 */
static inline bool
is_apostrophe(int distance, uint32 before, bool by_bytes)
{
	if (!by_bytes)
		return distance == 2;
	return before < 0x80 && (distance == 2 || distance == 4);
}

/*
 * hash_unit
 *		Hashes the unit as it is, by its shape and by its stems.
 */
static void
hash_unit(const Matcher *m, Unit *unit)
{
	const uint32 *points = &m->tokens->points[unit->first];
	const int32 *sources = &m->tokens->sources[unit->first];
	uint64		hash = ST_LEX_HASH_SEED;
	uint64		shape = ST_LEX_HASH_SEED;
	bool		in_digits = false;

	unit->nstems = 0;
	unit->elided = 0;
	unit->has_digits = false;
	unit->digit_first = unit->is_word && st_lex_is_digit(points[0]);
	for (int i = 0; i < unit->npoints; i++)
	{
		uint32		c = st_lex_same(points[i]);

		if (c == 0)
			continue;
		if (i > 0 && unlikely(sources[i] != sources[i - 1] + 1) && unit->is_word &&
			is_apostrophe(sources[i] - sources[i - 1], points[i - 1], m->by_bytes))
			unit->elided = i;
		if (unlikely(st_lex_is_digit(c)))
		{
			if (!unit->has_digits)
				shape = hash;
			unit->has_digits = unit->is_word;
			if (!in_digits)
				shape = st_lex_hash(shape, '#');
			in_digits = true;
		}
		else
		{
			if (unit->has_digits)
				shape = st_lex_hash(shape, c);
			in_digits = false;
		}
		hash = st_lex_hash(hash, c);
		if (unit->nstems < ST_LEX_MAX_STEM)
			unit->stems[++unit->nstems] = hash;
	}
	unit->hash = hash;
	unit->shape = shape;
}

/*
 * make_unit
 *		Makes the next unit; returns false at the end.
 */
static inline bool
make_unit(Matcher *m)
{
	const StToken *token;
	Unit	   *unit = &m->ring[m->nunits % RING];

	if (m->token >= m->tokens->ntokens)
		return false;
	token = &m->tokens->tokens[m->token];
	unit->token = m->token;
	unit->first = token->first + m->point;
	unit->is_word = token->kind == ST_TOKEN_WORD;
	unit->is_broken = m->point == 0 && m->breaks[m->token] == ST_BREAK_SENTENCE;
	if (unit->is_word && unlikely(st_lex_is_complex(m->tokens->points[token->first])))
	{
		unit->npoints = 1;
		m->point++;
	}
	else
	{
		unit->npoints = token->length;
		m->point = token->length;
	}
	if (m->point >= token->length)
	{
		m->token++;
		m->point = 0;
	}
	m->nunits++;
	hash_unit(m, unit);
	return true;
}

/*
 * add_hit
 *		Records that the entry of that number covers units start to end, but for
 *		the first points of the first.
 */
static void
add_hit(const Matcher *m, uint32 number, int start, int skip, int end)
{
	const StLexEntry *entry = &m->set->entries[number];
	const StTokens *tokens = m->tokens;
	const Unit *first = &m->ring[start % RING];
	const Unit *last = &m->ring[end % RING];
	const StToken *last_token = &tokens->tokens[last->token];
	const StLexGroup *group;
	int			last_end;
	StPhraseHit *hit;

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

	if (last->first + last->npoints == last_token->first + last_token->length)
		last_end = last_token->start + last_token->source_length;
	else
		last_end = tokens->sources[last->first + last->npoints];

	group = m->is_user ? &st_lexicon_user()->groups[entry->group] : &st_lex_groups[entry->group];
	hit = &hits[nhits++];
	hit->first = first->token;
	hit->last = last->token;
	hit->start = tokens->sources[first->first + skip];
	hit->length = last_end - hit->start;
	hit->kind = (StPhraseKind) group->kind;
	hit->topic = group->topic;
	hit->group = entry->group;
	hit->entry = m->is_user ? -1 - (int32) number : (int32) number;
	hit->weight = entry->weight;
	memcpy(hit->language, group->language, sizeof(hit->language));
	if (entry->flags & ST_LEX_BLOCKS)
	{
		/* told apart from a weight until they have done their work */
		hit->weight = get_float4_nan();
		has_blocks = true;
	}
}

/*
 * follow
 *		Opens a path along each edge that leaves the state by that hash; returns
 *		whether there is one.
 */
static inline bool
follow(Matcher *m, uint32 state, uint64 hash, int how, int depth)
{
	uint64		key = st_lex_key(state, hash, how);
	uint32		check = (uint32) (key >> 32);
	uint32		low = (uint32) key;
	uint32		slot = low & m->set->mask;
	const StLexEdge *edges = m->set->edges;
	bool		found = false;

	if (state == ST_LEX_ROOT)
	{
		uint32		bit = st_lex_sieve_bit(key);

		if (likely(((m->set->sieve[bit / 32] >> (bit % 32)) & 1) == 0))
			return false;
	}
	while (edges[slot].target != 0)
	{
		if (edges[slot].check == check && (edges[slot].target & 0xFF) == low >> 24 &&
			m->npaths < MAX_PATHS)
		{
			m->paths[m->npaths].state = edges[slot].target >> 8;
			m->paths[m->npaths++].depth = depth;
			found = true;
		}
		slot = (slot + 1) & m->set->mask;
	}
	return found;
}

/*
 * follow_unit
 *		Opens the paths from the state by the unit.  The shipped automaton has
 *		one: what is found first stands for all that fit.
 */
static inline void
follow_unit(Matcher *m, uint32 state, const Unit *unit, int depth)
{
	const StLexState *from = &m->set->states[state];
	bool		once = !m->is_user;

	if (from->edges & ST_LEX_HAS_WORDS)
	{
		if (follow(m, state, unit->hash, ST_LEX_WORD, depth) && once)
			return;
		if (unit->has_digits && follow(m, state, unit->shape, ST_LEX_WORD, depth) && once)
			return;
	}
	if (from->stems != 0 && unit->is_word)
	{
		uint32		stems = from->stems & (0xFFFFFFFF >> (31 - unit->nstems));

		while (stems != 0)
		{
			int			length = pg_leftmost_one_pos32(stems);

			if (follow(m, state, unit->stems[length], ST_LEX_STEM, depth) && once)
				return;
			stems &= ~((uint32) 1 << length);
		}
		if (unit->digit_first && (from->stems & 2) != 0 &&
			follow(m, state, st_lex_hash(ST_LEX_HASH_SEED, '#'), ST_LEX_STEM, depth) && once)
			return;
	}
	if ((from->edges & ST_LEX_HAS_ANY) && unit->is_word)
		follow(m, state, 0, ST_LEX_ANY, depth);
}

/*
 * elided_rest
 *		Makes a unit of what stands behind the apostrophe: "agent" of "l'agent".
 */
static void
elided_rest(const Matcher *m, const Unit *unit, Unit *rest)
{
	*rest = *unit;
	rest->first += unit->elided;
	rest->npoints -= unit->elided;
	hash_unit(m, rest);
}

/*
 * follow_elided
 *		As follow_unit for a word with an apostrophe, read as two.
 */
static void
follow_elided(Matcher *m, uint32 state, const Unit *unit, int depth)
{
	int			before = m->npaths;
	uint32		middle[8];
	int			nmiddle = 0;
	Unit		rest;

	if ((m->set->states[state].edges & ST_LEX_HAS_WORDS) == 0 ||
		!follow(m, state, unit->stems[Min(unit->elided, unit->nstems)], ST_LEX_WORD, depth))
		return;
	while (m->npaths > before)
	{
		m->npaths--;
		if (nmiddle < lengthof(middle))
			middle[nmiddle++] = m->paths[m->npaths].state;
	}
	elided_rest(m, unit, &rest);
	for (int i = 0; i < nmiddle; i++)
		follow_unit(m, middle[i], &rest, depth);
}

/*
 * match_paths
 *		Follows the open paths to their ends and records all entries on the way.
 *		They begin at the unit of that number, behind so many of its points.
 */
static void
match_paths(Matcher *m, int start, int skip)
{
	int			steps = 0;

	while (m->npaths > 0 && steps++ < MAX_STEPS)
	{
		Path		path = m->paths[--m->npaths];
		const StLexState *state = &m->set->states[path.state];
		const Unit *unit;

		if (state->accepts != 0)
		{
			const uint32 *accept = &m->set->accepts[state->accepts - 1];

			add_hit(m, *accept & ~ST_LEX_LAST, start, skip, start + path.depth - 1);
			while ((*accept & ST_LEX_LAST) == 0)
				add_hit(m, *++accept & ~ST_LEX_LAST, start, skip, start + path.depth - 1);
		}
		if ((state->edges == 0 && state->stems == 0) ||
			path.depth >= ST_LEX_MAX_UNITS || start + path.depth >= m->nunits)
			continue;
		unit = &m->ring[(start + path.depth) % RING];
		if (unit->is_broken)
			continue;
		follow_unit(m, path.state, unit, path.depth + 1);
		if (unlikely(unit->elided > 0))
			follow_elided(m, path.state, unit, path.depth + 1);
	}
}

/*
 * match_from
 *		Records all entries that begin at the unit of that number.
 */
static void
match_from(Matcher *m, int start)
{
	const Unit *unit = &m->ring[start % RING];

	m->npaths = 0;
	follow_unit(m, ST_LEX_ROOT, unit, 1);
	if (unlikely(unit->elided > 0))
		follow_elided(m, ST_LEX_ROOT, unit, 1);
	match_paths(m, start, 0);
	if (unlikely(unit->elided > 0))
	{
		Unit		rest;

		elided_rest(m, unit, &rest);
		m->npaths = 0;
		follow_unit(m, ST_LEX_ROOT, &rest, 1);
		match_paths(m, start, unit->elided);
	}
}

/* Records all entries of the set, in order of their first unit. */
static void
match_set(const StLexSet *set, bool is_user, const StReading *reading, const uint8 *breaks)
{
	Matcher    *m = &matcher;

	m->set = set;
	m->is_user = is_user;
	m->tokens = reading->tokens;
	m->by_bytes = reading->doc.by_bytes;
	m->breaks = breaks;
	m->token = 0;
	m->point = 0;
	m->nunits = 0;
	for (int start = 0;; start++)
	{
		while (m->nunits < start + ST_LEX_MAX_UNITS && make_unit(m))
			;
		if (start >= m->nunits)
			break;
		match_from(m, start);
		if ((start & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
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
 *		Drops hits within others of their group.
 */
static void
keep_longest(int ngroups)
{
	static int32 *ends = NULL;	/* where the last hit of each group ends */
	static uint32 *stamps = NULL;
	static int	size = 0;
	static uint32 stamp = 0;
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
		hits[kept++] = hits[i];
	}
	nhits = kept;
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
		has_blocks = false;
		match_set(shipped_set(), false, reading, breaks);
		nshipped = nhits;
		if (user->set.nentries > 0)
			match_set(&user->set, true, reading, breaks);
		if (nhits > nshipped && nshipped > 0)
			qsort(hits, nhits, sizeof(StPhraseHit), compare_hits);
		else
			sort_hits();
		keep_longest(user->ngroups);
		if (has_blocks)
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
