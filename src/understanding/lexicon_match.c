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

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/float.h"

#include "core/compat.h"
#include "understanding/lexicon_inner.h"

#define RING			64		/* units, more than ST_LEX_MAX_UNITS */
#define MAX_PATHS		256		/* open at once */
#define MAX_STEPS		2048	/* states that are visited from one unit */

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

	if (last->first + last->npoints == last_token->first + last_token->length)
		last_end = last_token->start + last_token->source_length;
	else
		last_end = tokens->sources[last->first + last->npoints];

	group = m->is_user ? &st_lexicon_user()->groups[ST_LEX_GROUP(entry)] : &st_lex_groups[ST_LEX_GROUP(entry)];
	hit = st_lex_new_hit();
	hit->first = first->token;
	hit->last = last->token;
	hit->start = tokens->sources[first->first + skip];
	hit->length = last_end - hit->start;
	hit->kind = (StPhraseKind) group->kind;
	hit->topic = group->topic;
	hit->group = ST_LEX_GROUP(entry);
	hit->entry = m->is_user ? -1 - (int32) number : (int32) number;
	hit->weight = entry->group & ST_LEX_BLOCKS ? get_float4_nan() : entry->weight;
	memcpy(hit->language, group->language, sizeof(hit->language));
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
	const StLexSet *set = m->set;
	uint32		slot;
	bool		found = false;

	if (state == ST_LEX_ROOT)
	{
		uint32		bit = st_lex_sieve_bit(key);

		if (likely(((set->sieve[bit / 32] >> (bit % 32)) & 1) == 0))
			return false;
	}
	slot = ST_LEX_SLOT(key, set->nslots);
	while (set->edges[slot] != 0)
	{
		if (ST_LEX_EDGE_IS(set->edges[slot], key) && m->npaths < MAX_PATHS)
		{
			m->paths[m->npaths].state = ST_LEX_EDGE_TARGET(set->edges[slot]);
			m->paths[m->npaths++].depth = depth;
			found = true;
		}
		if (++slot == set->nslots)
			slot = 0;
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

	if (from->ends & ST_LEX_HAS_WORDS)
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
	if ((from->ends & ST_LEX_HAS_ANY) && unit->is_word)
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

	if ((m->set->states[state].ends & ST_LEX_HAS_WORDS) == 0 ||
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

		if (ST_LEX_ACCEPTS(state) != 0)
		{
			const uint32 *accept = &m->set->accepts[ST_LEX_ACCEPTS(state) - 1];

			add_hit(m, *accept & ~ST_LEX_LAST, start, skip, start + path.depth - 1);
			while ((*accept & ST_LEX_LAST) == 0)
				add_hit(m, *++accept & ~ST_LEX_LAST, start, skip, start + path.depth - 1);
		}
		if (((state->ends & ST_LEX_FOLLOWS) == 0 && state->stems == 0) ||
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

/*
 * st_lex_match
 *		Records all entries of the set, in order of their first unit.  Throws only
 *		for cancel and lack of memory.
 */
void
st_lex_match(const StLexSet *set, bool is_user, const StReading *reading, const uint8 *breaks)
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
