/*-------------------------------------------------------------------------
 *
 * lexicon_match.h
 *		What finding phrases works on: the units of a reading, and the edges of
 *		the automaton that they may take.
 *
 * Private to lexicon_units.c and lexicon_match.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_LEXICON_MATCH_H
#define ST_LEXICON_MATCH_H

#include "port/pg_bitutils.h"

#include "understanding/lexicon_inner.h"

/* Phrases that may begin at so many units in a row are looked for together. */
#define CHAINS			32

/* Units at hand: of all these phrases. */
#define RING			(CHAINS + ST_LEX_MAX_UNITS)
#define MAX_PATHS		256		/* open at once */
#define MAX_STEPS		2048	/* states that are visited from one unit */

/* Edges that may fit a unit: itself, its shape, stems, any word. */
#define MAX_KEYS		(ST_LEX_MAX_STEM + 4)

/* Of a unit that begins a phrase; with more, nothing is asked for ahead. */
#define ROOT_KEYS		6

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
	int			nkeys;			/* edges that may leave the root by it; above
								 * ROOT_KEYS: not known */
	uint64		keys[ROOT_KEYS];
} Unit;

typedef struct Path
{
	uint32		state;
	int			depth;			/* units up to it */
} Path;

/* The shipped phrases that begin at one unit: one way through the automaton. */
typedef struct Chain
{
	uint32		state;
	int			depth;			/* units up to it */
	int			nkeys;			/* edges that may lead on */
	uint64		keys[MAX_KEYS];
	bool		by_itself;		/* it may branch: left to match_from */
	int			nends;
	struct
	{
		uint32		accept;		/* place in the set's accepts */
		int			depth;
	}			ends[ST_LEX_MAX_UNITS];
} Chain;

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
	Chain		chains[CHAINS];
	int			nactive;		/* chains that may go on */
	uint8		active[CHAINS];
} Matcher;

/* Makes the next unit; returns false at the end. */
extern bool st_lex_make_unit(Matcher *m);

/* Makes a unit of what stands behind the apostrophe: "agent" of "l'agent". */
extern void st_lex_elided_rest(const Matcher *m, const Unit *unit, Unit *rest);

/*
 * add_key
 *		Adds a key to n others, but for what the sieve knows not to be there;
 *		returns how many there are.
 */
static inline int
add_key(uint64 *keys, int n, const uint32 *sieve, uint64 key)
{
	uint32		bit = st_lex_sieve_bit(key);

	keys[n] = key;
	return n + (sieve == NULL || ((sieve[bit / 32] >> (bit % 32)) & 1) != 0);
}

/*
 * list_keys
 *		Lists the keys of the edges that may leave the state by the unit, the one
 *		that comes first first; returns how many.
 */
static inline int
list_keys(const StLexSet *set, uint32 state, const Unit *unit, uint64 *keys)
{
	const StLexState *from = &set->states[state];
	const uint32 *sieve = state == ST_LEX_ROOT ? set->sieve : NULL;
	int			n = 0;

	if (from->ends & ST_LEX_HAS_WORDS)
	{
		n = add_key(keys, n, sieve, st_lex_key(state, unit->hash, ST_LEX_WORD));
		if (unit->has_digits)
			n = add_key(keys, n, sieve, st_lex_key(state, unit->shape, ST_LEX_WORD));
	}
	if (from->stems != 0 && unit->is_word)
	{
		uint32		stems = from->stems & (0xFFFFFFFF >> (31 - unit->nstems));

		while (stems != 0)
		{
			int			length = pg_leftmost_one_pos32(stems);

			n = add_key(keys, n, sieve, st_lex_key(state, unit->stems[length], ST_LEX_STEM));
			stems &= ~((uint32) 1 << length);
		}
		if (unit->digit_first && (from->stems & 2) != 0)
			n = add_key(keys, n, sieve, st_lex_key(state, st_lex_hash(ST_LEX_HASH_SEED, '#'), ST_LEX_STEM));
	}
	if ((from->ends & ST_LEX_HAS_ANY) && unit->is_word)
		n = add_key(keys, n, sieve, st_lex_key(state, 0, ST_LEX_ANY));
	return n;
}

/*
 * find_edge
 *		Returns where the state's edge of that key leads, or 0.  Of the user's own
 *		there may be several: *tries, which begins at 0, goes on behind the last.
 */
static inline uint32
find_edge(const StLexSet *set, uint32 state, uint64 key, uint32 *tries)
{
	const StLexState *from = &set->states[state];
	const StLexEdge *edges = set->edges + from->first;
	uint32		slot = ST_LEX_SLOT(key, from->nslots) + *tries;

	for (; *tries < from->nslots; slot++)
	{
		StLexEdge	edge = edges[slot < from->nslots ? slot : slot - from->nslots];

		if (edge == 0)
			break;
		(*tries)++;
		if (ST_LEX_EDGE_IS(edge, key))
			return ST_LEX_EDGE_TARGET(edge);
	}
	return 0;
}

#endif							/* ST_LEXICON_MATCH_H */
