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

/* A node while it is built, with the rows that end at it. */
typedef struct Builder
{
	StLexNode  *nodes;
	int32	   *rows;			/* of each slot: the first row, -1: none */
	uint32		mask;
	StLexNode	root;
	uint32	   *sieve;
} Builder;

/* Returns the slot of a key, made when it is new. */
static uint32
slot_of(Builder *b, uint32 key)
{
	uint32		slot = key & b->mask;

	while (b->nodes[slot].key != 0 && b->nodes[slot].key != key)
		slot = (slot + 1) & b->mask;
	b->nodes[slot].key = key;
	return slot;
}

/* Makes the nodes of a phrase; returns the slot of the last. */
static uint32
add_phrase(Builder *b, const StLexUnit *units, int n)
{
	uint32		slot = 0;

	for (int i = 0; i < n; i++)
	{
		StLexNode  *parent = i == 0 ? &b->root : &b->nodes[slot];
		uint32		key = st_lex_key(i == 0 ? ST_LEX_ROOT : parent->key, units[i].hash, units[i].how);

		if (units[i].how == ST_LEX_STEM)
			parent->stems |= (uint32) 1 << units[i].npoints;
		else
			parent->children |= ST_LEX_HAS_WORDS;
		if (i == 0)
		{
			uint32		bit = st_lex_sieve_bit(units[i].hash, units[i].how);

			b->sieve[bit / 32] |= (uint32) 1 << (bit % 32);
		}
		slot = slot_of(b, key);
	}
	return slot;
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
	int32	   *next = palloc(sizeof(int32) * Max(nrows, 1));	/* row at the same node */
	int		   *group = palloc(sizeof(int) * Max(nrows, 1));
	uint32		slots = 64;
	Size		text_size = 0;
	Size		nunits = 0;
	char	   *text;
	StLexEntry *entries;
	int			nentries = 0;
	int			most_groups = st_lex_ngroups + nrows;

	/* a group has an own number in 16 bits */
	most_groups = Min(most_groups, PG_UINT16_MAX);
	user->groups = palloc0(sizeof(StLexGroup) * Max(most_groups, 1));
	memcpy(user->groups, st_lex_groups, sizeof(StLexGroup) * st_lex_ngroups);
	user->ngroups = st_lex_ngroups;
	user->set.nentries = 0;
	if (nrows == 0)
		return;

	for (int i = 0; i < nrows; i++)
	{
		text_size += strlen(rows[i].phrase);
		nunits += ST_LEX_MAX_UNITS < strlen(rows[i].phrase) ? ST_LEX_MAX_UNITS : strlen(rows[i].phrase);
	}
	/* every unit may be a node of its own, but most phrases share beginnings */
	while (slots < 2 * nunits)
		slots *= 2;
	b.mask = slots - 1;
	b.nodes = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(StLexNode) * (Size) slots,
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	b.rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * (Size) slots);
	memset(b.rows, 0xFF, sizeof(int32) * (Size) slots);
	b.sieve = palloc0((1 << ST_LEX_SIEVE_BITS) / 8);

	for (int i = 0; i < nrows; i++)
	{
		StLexUnit	units[ST_LEX_MAX_UNITS];
		int			n = st_lex_units(rows[i].phrase, strlen(rows[i].phrase),
									 st_lex_language_folds(rows[i].language), units);
		uint32		slot;

		next[i] = -1;
		group[i] = -1;
		CHECK_FOR_INTERRUPTS();
		if (n == 0 || user->ngroups >= most_groups)
			continue;
		group[i] = group_of(user, &rows[i]);
		slot = add_phrase(&b, units, n);
		next[i] = b.rows[slot];
		b.rows[slot] = i;
	}

	entries = palloc(sizeof(StLexEntry) * nrows);
	text = palloc(text_size + 1);
	text_size = 0;
	for (uint32 slot = 0; slot < slots; slot++)
	{
		for (int i = b.rows[slot]; i >= 0; i = next[i])
		{
			StLexEntry *entry = &entries[nentries++];

			if (i == b.rows[slot])
				b.nodes[slot].entry = nentries;
			entry->text = text_size;
			entry->length = strlen(rows[i].phrase);
			memcpy(text + text_size, rows[i].phrase, entry->length);
			text_size += entry->length;
			entry->weight = rows[i].weight;
			entry->group = group[i];
			entry->flags = (next[i] < 0 ? ST_LEX_LAST : 0) |
				(st_lex_language_folds(rows[i].language) ? ST_LEX_FOLDS : 0) |
				(rows[i].blocks ? ST_LEX_BLOCKS : 0);
		}
	}
	pfree(b.rows);
	pfree(next);
	pfree(group);

	user->set.nodes = b.nodes;
	user->set.mask = b.mask;
	user->set.entries = entries;
	user->set.nentries = nentries;
	user->set.text = text;
	user->set.stems = b.root.stems;
	user->set.children = b.root.children;
	user->set.sieve = b.sieve;
}
