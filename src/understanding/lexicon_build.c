/*-------------------------------------------------------------------------
 *
 * lexicon_build.c
 *		Tables of the user's own phrases, in the form of the shipped ones.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "core/compat.h"
#include "understanding/lexicon_inner.h"

typedef struct Builder
{
	StLexEdge  *edges;
	uint32		nslots;
	StLexState *states;
	int32	   *rows;			/* of each state: the first row that ends at
								 * it, -1: none */
	uint32		nstates;
	uint32	   *sieve;
} Builder;

/*
 * follow_edge
 *		Returns the state behind the edge of that key, which is made when it is
 *		new: to the given state or, when that is 0, to a new one.
 */
static uint32
follow_edge(Builder *b, uint32 from, uint64 hash, int how, uint32 to)
{
	uint64		key = st_lex_key(from, hash, how);
	uint32		slot = ST_LEX_SLOT(key, b->nslots);

	while (b->edges[slot] != 0)
	{
		if (ST_LEX_EDGE_IS(b->edges[slot], key) &&
			(to == 0 || ST_LEX_EDGE_TARGET(b->edges[slot]) == to))
			return ST_LEX_EDGE_TARGET(b->edges[slot]);
		if (++slot == b->nslots)
			slot = 0;
	}
	if (to == 0)
	{
		to = b->nstates++;
		b->rows[to] = -1;
	}
	b->edges[slot] = ST_LEX_EDGE(key, to);
	if (from == ST_LEX_ROOT)
	{
		uint32		bit = st_lex_sieve_bit(key);

		b->sieve[bit / 32] |= (uint32) 1 << (bit % 32);
	}
	return to;
}

/* Makes the states of a phrase; returns the last. */
static uint32
add_phrase(Builder *b, const StLexUnit *units, int n)
{
	uint32		at = ST_LEX_ROOT;

	for (int i = 0; i < n; i++)
	{
		StLexState *state = &b->states[at];
		uint32		next = follow_edge(b, at, units[i].hash, units[i].how, 0);

		if (units[i].how == ST_LEX_STEM)
			state->stems |= (uint32) 1 << units[i].npoints;
		else
			state->ends |= ST_LEX_HAS_WORDS;
		if (units[i].plain != units[i].hash)
			follow_edge(b, at, units[i].plain, units[i].how, next);
		at = next;
	}
	return at;
}

/* The group of a row's kind, topic and language, made when it is new. */
static int
group_of(StLexUser *user, const StLexRow *row)
{
	StLexGroup *group;

	for (int i = 0; i < user->ngroups; i++)
	{
		group = &user->groups[i];
		if (group->kind == row->kind && group->topic == row->topic &&
			strcmp(group->language, row->language) == 0)
			return i;
	}
	group = &user->groups[user->ngroups++];
	group->kind = row->kind;
	group->topic = row->topic;
	memcpy(group->language, row->language, sizeof(group->language));
	return user->ngroups - 1;
}

/*
 * st_lex_build
 *		Fills user->set and user->groups from rows, in the current context; the
 *		topics are there already.  Throws only for lack of memory and cancel.
 */
void
st_lex_build(StLexUser *user, const StLexRow *rows, int nrows)
{
	Builder		b = {0};
	int32	   *next = palloc(sizeof(int32) * Max(nrows, 1));	/* row at the same state */
	int		   *group = palloc(sizeof(int) * Max(nrows, 1));
	uint32		slots;
	Size		text_size = 0;
	Size		nunits = 0;
	char	   *text;
	uint32	   *accepts;
	StLexEntry *entries;
	int			nentries = 0;
	int			most_groups = Min(st_lex_ngroups + nrows, ST_LEX_BLOCKS);

	user->groups = palloc0(sizeof(StLexGroup) * Max(most_groups, 1));
	memcpy(user->groups, st_lex_groups, sizeof(StLexGroup) * st_lex_ngroups);
	user->ngroups = st_lex_ngroups;
	user->set.nentries = 0;
	if (nrows == 0)
		return;

	for (int i = 0; i < nrows; i++)
	{
		Size		length = strlen(rows[i].phrase);

		text_size += length;
		nunits += Min(length, ST_LEX_MAX_UNITS);
	}

	/* with and without accents, and room to find quickly */
	b.nslots = slots = 3 * nunits + 64;
	b.edges = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(StLexEdge) * (Size) slots,
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	b.states = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(StLexState) * (nunits + 1),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	b.rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * (nunits + 1));
	b.rows[ST_LEX_ROOT] = -1;
	b.nstates = 1;
	b.sieve = palloc0((1 << ST_LEX_SIEVE_BITS) / 8);

	for (int i = 0; i < nrows; i++)
	{
		StLexUnit	units[ST_LEX_MAX_UNITS];
		int			n = st_lex_units(rows[i].phrase, strlen(rows[i].phrase),
									 st_lex_language_folds(rows[i].language), units);
		uint32		state;

		CHECK_FOR_INTERRUPTS();
		if (n == 0 || user->ngroups >= most_groups || b.nstates + n >= ST_LEX_MAX_STATES)
			continue;
		group[i] = group_of(user, &rows[i]);
		state = add_phrase(&b, units, n);
		next[i] = b.rows[state];
		b.rows[state] = i;
	}

	entries = palloc(sizeof(StLexEntry) * nrows);
	accepts = palloc(sizeof(uint32) * nrows);
	text = palloc(text_size + 1);
	text_size = 0;
	for (uint32 state = 0; state < b.nstates; state++)
	{
		for (int i = b.rows[state]; i >= 0; i = next[i])
		{
			StLexEntry *entry = &entries[nentries];

			if (i == b.rows[state])
				b.states[state].ends |= (uint32) (nentries + 1) << 2;
			accepts[nentries] = nentries | (next[i] < 0 ? ST_LEX_LAST : 0);
			nentries++;
			entry->text = text_size;
			entry->length = strlen(rows[i].phrase);
			memcpy(text + text_size, rows[i].phrase, entry->length);
			text_size += entry->length;
			entry->weight = rows[i].weight;
			entry->group = group[i] | (rows[i].blocks ? ST_LEX_BLOCKS : 0);
		}
	}
	pfree(b.rows);
	pfree(next);
	pfree(group);

	/* all states share the slots: a key tells its state */
	for (uint32 state = 0; state < b.nstates; state++)
		b.states[state].nslots = b.nslots;
	user->set.edges = b.edges;
	user->set.states = b.states;
	user->set.accepts = accepts;
	user->set.entries = entries;
	user->set.nentries = nentries;
	user->set.text = text;
	user->set.sieve = b.sieve;
}
