/*-------------------------------------------------------------------------
 *
 * lexicon_units.c
 *		A reading as the units of which the lexicon's phrases are made.
 *
 * A unit is a word, a symbol, or each character of a script without spaces, so
 * that what a dictionary takes for a word does not matter there.  It is hashed
 * once for all the ways in which it may fit: as it is, by its shape, by its stems.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/compat.h"
#include "understanding/lexicon_match.h"

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
 * make_root_keys
 *		Lists the unit's edges from the root, and asks for their memory.
 */
static inline void
make_root_keys(const Matcher *m, Unit *unit)
{
	const StLexState *root = &m->set->states[ST_LEX_ROOT];
	uint64		keys[MAX_KEYS];

	unit->nkeys = list_keys(m->set, ST_LEX_ROOT, unit, keys);
	for (int i = 0; i < Min(unit->nkeys, ROOT_KEYS); i++)
	{
		unit->keys[i] = keys[i];
		__builtin_prefetch(m->set->edges + root->first + ST_LEX_SLOT(keys[i], root->nslots));
	}
}

/* See lexicon_match.h. */
bool
st_lex_make_unit(Matcher *m)
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
	make_root_keys(m, unit);
	return true;
}

/* See lexicon_match.h. */
void
st_lex_elided_rest(const Matcher *m, const Unit *unit, Unit *rest)
{
	*rest = *unit;
	rest->first += unit->elided;
	rest->npoints -= unit->elided;
	hash_unit(m, rest);
}
