/*-------------------------------------------------------------------------
 *
 * lexicon_match.c
 *		Finding the lexicon's phrases in a reading.
 *
 * From each unit (lexicon_units.c) the automaton of the lexicon is followed as far
 * as some phrase may continue.  Units lie in a ring that reaches as far ahead as
 * phrases are long: memory does not grow with the document, and time grows
 * linearly.
 *
 * The tables have megabytes, and what is read of them lies anywhere: the time is
 * that of waiting for memory.  Of the shipped phrases one way at most leads on
 * from a state, so those that begin at many units are followed side by side: what
 * all of them will read next is asked for before any of it is read.  The user's
 * own, and words with an apostrophe, which are read as one and as two, may branch:
 * these are followed one by one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/float.h"

#include "core/compat.h"
#include "understanding/lexicon_match.h"

static Matcher matcher;

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
 * add_hits
 *		Records all entries that end at a state: their list begins at that accept.
 */
static void
add_hits(const Matcher *m, uint32 accept, int start, int skip, int end)
{
	const uint32 *list = &m->set->accepts[accept];

	add_hit(m, *list & ~ST_LEX_LAST, start, skip, end);
	while ((*list & ST_LEX_LAST) == 0)
		add_hit(m, *++list & ~ST_LEX_LAST, start, skip, end);
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
	st_lex_elided_rest(m, unit, &rest);
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
			add_hits(m, ST_LEX_ACCEPTS(state) - 1, start, skip, start + path.depth - 1);
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
 *		Records all entries that begin at the unit of that number, one path after
 *		the other.
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

		st_lex_elided_rest(m, unit, &rest);
		m->npaths = 0;
		follow_unit(m, ST_LEX_ROOT, &rest, 1);
		match_paths(m, start, unit->elided);
	}
}

/*
 * begin_chains
 *		Looks up the states behind the root for n units, and asks for them.
 */
static void
begin_chains(Matcher *m, int start, int n)
{
	m->nactive = 0;
	for (int i = 0; i < n; i++)
	{
		const Unit *unit = &m->ring[(start + i) % RING];
		Chain	   *chain = &m->chains[i];
		uint32		state = 0;

		chain->nends = 0;
		chain->by_itself = m->is_user || unit->nkeys > ROOT_KEYS || unit->elided > 0;
		if (chain->by_itself)
			continue;
		for (int k = 0; k < unit->nkeys && state == 0; k++)
		{
			uint32		tries = 0;

			state = find_edge(m->set, ST_LEX_ROOT, unit->keys[k], &tries);
		}
		if (state == 0)
			continue;
		__builtin_prefetch(&m->set->states[state]);
		chain->state = state;
		chain->depth = 1;
		m->active[m->nactive++] = i;
	}
}

/*
 * read_states
 *		Notes what ends at the states that chains have reached, and asks for the
 *		edges by which they may go on; those that may not are done.
 */
static void
read_states(Matcher *m, int start)
{
	const StLexSet *set = m->set;
	int			nactive = 0;

	for (int i = 0; i < m->nactive; i++)
	{
		Chain	   *chain = &m->chains[m->active[i]];
		const StLexState *state = &set->states[chain->state];
		int			next = start + m->active[i] + chain->depth;
		const Unit *unit = &m->ring[next % RING];

		if (ST_LEX_ACCEPTS(state) != 0)
		{
			chain->ends[chain->nends].accept = ST_LEX_ACCEPTS(state) - 1;
			chain->ends[chain->nends++].depth = chain->depth;
			__builtin_prefetch(&set->accepts[ST_LEX_ACCEPTS(state) - 1]);
		}
		if (((state->ends & ST_LEX_FOLLOWS) == 0 && state->stems == 0) ||
			chain->depth >= ST_LEX_MAX_UNITS || next >= m->nunits || unit->is_broken)
			continue;
		chain->by_itself = unit->elided > 0;
		if (chain->by_itself)
			continue;
		chain->nkeys = list_keys(set, chain->state, unit, chain->keys);
		for (int k = 0; k < chain->nkeys; k++)
			__builtin_prefetch(set->edges + state->first + ST_LEX_SLOT(chain->keys[k], state->nslots));
		m->active[nactive++] = m->active[i];
	}
	m->nactive = nactive;
}

/*
 * follow_edges
 *		Takes each chain one unit on, and asks for the state that it reaches;
 *		those without an edge are done.
 */
static void
follow_edges(Matcher *m)
{
	int			nactive = 0;

	for (int i = 0; i < m->nactive; i++)
	{
		Chain	   *chain = &m->chains[m->active[i]];
		uint32		state = 0;

		for (int k = 0; k < chain->nkeys && state == 0; k++)
		{
			uint32		tries = 0;

			state = find_edge(m->set, chain->state, chain->keys[k], &tries);
		}
		if (state == 0)
			continue;
		__builtin_prefetch(&m->set->states[state]);
		chain->state = state;
		chain->depth++;
		m->active[nactive++] = m->active[i];
	}
	m->nactive = nactive;
}

/*
 * end_chains
 *		Records the entries that begin at n units, in their order.
 */
static void
end_chains(Matcher *m, int start, int n)
{
	for (int i = 0; i < n; i++)
	{
		const Chain *chain = &m->chains[i];

		for (int e = 0; e < chain->nends && !chain->by_itself; e++)
			__builtin_prefetch(&m->set->entries[m->set->accepts[chain->ends[e].accept] & ~ST_LEX_LAST]);
	}
	for (int i = 0; i < n; i++)
	{
		const Chain *chain = &m->chains[i];

		if (chain->by_itself)
			match_from(m, start + i);
		else
			for (int e = 0; e < chain->nends; e++)
				add_hits(m, chain->ends[e].accept, start + i, 0, start + i + chain->ends[e].depth - 1);
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
	int			n;

	m->set = set;
	m->is_user = is_user;
	m->tokens = reading->tokens;
	m->by_bytes = reading->doc.by_bytes;
	m->breaks = breaks;
	m->token = 0;
	m->point = 0;
	m->nunits = 0;
	for (int start = 0;; start += n)
	{
		while (m->nunits < start + RING && st_lex_make_unit(m))
			;
		n = Min(CHAINS, m->nunits - start);
		if (n <= 0)
			break;
		begin_chains(m, start, n);
		while (m->nactive > 0)
		{
			read_states(m, start);
			follow_edges(m);
		}
		end_chains(m, start, n);
		CHECK_FOR_INTERRUPTS();
	}
}
