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
 * The tables have megabytes, and what is read of them lies anywhere: the time is
 * that of waiting for memory.  So a unit is hashed long before a phrase may begin
 * at it, and what will be read then is asked for in turns (make_unit, look_up,
 * fetch).
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

/* Edges that may fit a unit: itself, its shape, stems, any word. */
#define MAX_KEYS		(ST_LEX_MAX_STEM + 4)

/* Of a unit that begins a phrase; with more, nothing is asked for ahead. */
#define ROOT_KEYS		6

/* How many units before a phrase may begin its state is looked up and fetched. */
#define AHEAD_LOOK_UP	8
#define AHEAD_FETCH		4

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
	uint32		root;			/* the state behind them, shipped only; 0:
								 * none */
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
	int			nlooked;		/* of these, looked up */
	int			nfetched;
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
	make_root_keys(m, unit);
	return true;
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

/*
 * look_up
 *		Finds the state behind the root for the unit of that number, and asks for
 *		its memory.  Of the user's own phrases there may be several: left for
 *		later.
 */
static inline void
look_up(Matcher *m, int number)
{
	Unit	   *unit = &m->ring[number % RING];

	unit->root = 0;
	if (m->is_user || unit->nkeys > ROOT_KEYS)
		return;
	for (int i = 0; i < unit->nkeys && unit->root == 0; i++)
	{
		uint32		tries = 0;

		unit->root = find_edge(m->set, ST_LEX_ROOT, unit->keys[i], &tries);
	}
	if (unit->root != 0)
		__builtin_prefetch(&m->set->states[unit->root]);
}

/*
 * fetch
 *		Asks for the memory of what leaves that state and what ends there.
 */
static inline void
fetch(const Matcher *m, int number)
{
	uint32		root = m->ring[number % RING].root;
	const StLexState *state = &m->set->states[root];

	if (root == 0)
		return;
	if (state->nslots > 0)
		__builtin_prefetch(m->set->edges + state->first);
	if (ST_LEX_ACCEPTS(state) != 0)
		__builtin_prefetch(&m->set->accepts[ST_LEX_ACCEPTS(state) - 1]);
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
 * follow_key
 *		Opens a path along each edge of that key that leaves the state; returns
 *		whether there is one.
 */
static inline bool
follow_key(Matcher *m, uint32 state, uint64 key, int depth)
{
	uint32		tries = 0;
	uint32		target;
	bool		found = false;

	while (m->npaths < MAX_PATHS && (target = find_edge(m->set, state, key, &tries)) != 0)
	{
		m->paths[m->npaths].state = target;
		m->paths[m->npaths++].depth = depth;
		found = true;
		if (!m->is_user)
			break;
	}
	return found;
}

/*
 * follow_unit
 *		Opens the paths from the state by the unit.  The shipped automaton has
 *		one: what is found first stands for all that fit.
 */
static void
follow_unit(Matcher *m, uint32 state, const Unit *unit, int depth)
{
	uint64		keys[MAX_KEYS];
	int			n = list_keys(m->set, state, unit, keys);

	for (int i = 0; i < n; i++)
		if (follow_key(m, state, keys[i], depth) && !m->is_user)
			break;
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
	uint64		key = st_lex_key(state, unit->stems[Min(unit->elided, unit->nstems)], ST_LEX_WORD);
	Unit		rest;

	if ((m->set->states[state].ends & ST_LEX_HAS_WORDS) == 0 || !follow_key(m, state, key, depth))
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
	if (unit->root != 0)
	{
		m->paths[0].state = unit->root;
		m->paths[0].depth = 1;
		m->npaths = 1;
	}
	else if (m->is_user || unit->nkeys > ROOT_KEYS)
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
	m->nlooked = 0;
	m->nfetched = 0;
	for (int start = 0;; start++)
	{
		while (m->nunits < start + ST_LEX_MAX_UNITS && make_unit(m))
			;
		if (start >= m->nunits)
			break;
		while (m->nlooked < Min(start + AHEAD_LOOK_UP, m->nunits))
			look_up(m, m->nlooked++);
		while (m->nfetched < Min(start + AHEAD_FETCH, m->nunits))
			fetch(m, m->nfetched++);
		match_from(m, start);
		if ((start & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}
