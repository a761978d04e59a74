/*-------------------------------------------------------------------------
 *
 * pipeline_inner.h
 *		What the files of pipeline/ share.  Other rooms include pipeline.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_PIPELINE_INNER_H
#define ST_PIPELINE_INNER_H

#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "catalog/pg_attribute.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"
#include "utils/rel.h"

#include "core/core.h"
#include "model/model.h"
#include "pipeline/pipeline.h"
#include "routing/assignment.h"
#include "routing/routing.h"
#include "sla/sla.h"
#include "understanding/understanding.h"

/* In statements whose parameters begin with tenant, source and key of a ticket. */
#define ST_KEY_IS_1_2_3 \
	"tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2" \
	" AND ticket_key OPERATOR(pg_catalog.=) $3"

/* ---- roles of columns, options (pipeline_options.c) ---- */

typedef enum StRole
{
	ST_ROLE_ID,
	ST_ROLE_SUBJECT,
	ST_ROLE_BODY,
	ST_ROLE_CUSTOMER,
	ST_ROLE_CHANNEL,
	ST_ROLE_SEGMENT,
	ST_ROLE_LANGUAGE,
	ST_ROLE_PRIORITY,
	ST_ROLE_STATUS,
	ST_ROLE_ASSIGNED_AGENT,
	ST_ROLE_CREATED_AT,
	ST_ROLE_TENANT
} StRole;

#define ST_NUM_ROLES	12

extern const char *const st_role_names[ST_NUM_ROLES];

/* Which column plays a role, by name: NULL when none does. */
typedef struct StColumns
{
	char	   *name[ST_NUM_ROLES];
} StColumns;

typedef struct StOptions
{
	char	   *intent_model;
	bool		raise;			/* on_error => raise */
	bool		clean;
	bool		assign;			/* tickets for people wait for one */
	bool		deferred;		/* noted in the trigger, decided later */
	uint32		understand;		/* ST_SIGNAL_... and ST_WATCH_... */
} StOptions;

/* What the pipeline adds to the signals of a text alone. */
#define ST_WATCH_HISTORY	0x100	/* the requester's earlier tickets, and
									 * those of the intent */
#define ST_WATCH_DUPLICATES 0x200	/* other tickets that say the same */

extern void st_columns_parse(Jsonb *given, StColumns *columns, bool *named);
extern void st_columns_guess(Relation rel, StColumns *columns, const bool *named);
extern Jsonb *st_columns_to_jsonb(const StColumns *columns);
extern void st_options_parse(Jsonb *given, StOptions *options);
extern bool st_column_is_time(Oid typid);
extern char *st_list_of_columns(Relation rel);
extern char *st_table_literal(Relation rel);
extern Form_pg_attribute st_find_column(Relation rel, const char *name, bool fold);
extern char *st_primary_key_column(Relation rel);

/* ---- attached tables (pipeline_config.c) ---- */

/* How the text of a column is had. */
typedef enum StTextKind
{
	ST_KIND_TEXT,				/* text, varchar and what is stored like them */
	ST_KIND_INT2,
	ST_KIND_INT4,
	ST_KIND_INT8,
	ST_KIND_OTHER				/* by the type's output function */
} StTextKind;

typedef struct StColumn
{
	AttrNumber	attnum;			/* 0: not mapped */
	Oid			typid;			/* of a domain, its base type */
	StTextKind	kind;
	FmgrInfo	output;			/* for ST_KIND_OTHER */
} StColumn;

/*
 * An attached table as seen through one relation: the table itself, a
 * partition, a shard.  Valid until the end of the transaction.
 */
typedef struct StSource
{
	int32		source_id;
	Oid			relid;			/* the relation that columns were resolved for */
	Oid			tickets;		/* the attached table */
	bool		attached;
	StColumns	columns;
	StOptions	options;
	StColumn	column[ST_NUM_ROLES];
	char	   *broken;			/* a mapped column is missing: says which */
	bool		key_broken;		/* and it is one that the key is made of */
} StSource;

extern void st_config_init(void) pg_attribute_cold;
extern bool st_resolve_column(StColumn *column, Relation rel, const char *name, MemoryContext cxt);
extern StSource *st_source_for(int32 source_id, Relation rel);
extern int32 st_source_find(Oid tickets, bool attached_only);
extern int32 st_source_get(Oid tickets);

/* ---- a ticket on its way to the table ---- */

#define ST_NUM_BANDS	3

/* What others' tickets are compared with. */
typedef struct StTrace
{
	TimestampTz asked_at;		/* when it was created, else the present */
	bool		has_requester;
	int64		requester;		/* hash of tenant, source, customer */
	uint64		intent;			/* hash of the intent; 0: none in scope */
	int			words;			/* 0: there is no signature */
	StSignature signature;
	int64		band[ST_NUM_BANDS];
} StTrace;

/* What tells quickly that of many others one is not like it. */
typedef struct StMark
{
	int64		requester;		/* as in StTrace */
	int64		band[ST_NUM_BANDS];
} StMark;

/* One decided ticket. */
typedef struct StDecided
{
	StFacts		facts;
	StDecision	decision;
	StTrace		trace;
	char	   *note;			/* what could not be found out; NULL: nothing */
	bool		assign;			/* by the options of its table */
	bool		has_status;		/* its table tells */
	StPhase		phase;			/* by st_policies_choose; so below */
	const StPolicy *policy;		/* NULL: none */
} StDecided;

typedef struct StWriter StWriter;
typedef struct StHistory StHistory;
typedef struct StSimilar StSimilar;

/* ---- reading a ticket (pipeline_read.c, pipeline_understand.c) ---- */

/*
 * Reads and decides tickets of one source, one after the other.  Facts and
 * decisions are allocated in the context that is current at st_decide; the
 * document lives in a context of its own that is reset each time.
 */
typedef struct StReader
{
	StSource   *source;
	StRouting  *routing;
	StModel    *model;			/* NULL: cannot be had */
	char	   *failure;		/* then why */
	text	   *model_name;
	int32		model_version;
	Oid			owner;			/* of the tickets table: entities are looked
								 * up as they */
	MemoryContext cxt;			/* lives as long as the reader */
	MemoryContext row_cxt;
	uint64		disturbances;	/* when the model was had */
	TimestampTz now;
	bool		again;			/* tickets that may have a decision */
	StWriter   *writer;			/* has tickets that are not in the table yet;
								 * NULL: none are */
	StHistory  *history;		/* NULL until the first ticket needs it */
	StSimilar  *similar;		/* likewise */
} StReader;

/* A longer tenant and key fit no page of a B-tree with others. */
#define ST_MAX_KEY_BYTES	2000

/* Raise this whenever SPI ran: other triggers may have opened other models. */
extern uint64 st_disturbances;

extern void st_reader_begin(StReader *reader, StSource *source, StWriter *writer);
extern void st_reader_end(StReader *reader);
extern bool st_same_text(const text *a, const text *b);
extern text *st_column_text(StColumn *column, TupleTableSlot *slot);
extern bool st_column_time(const StColumn *column, TupleTableSlot *slot, TimestampTz *at);
extern bool st_key_is_usable(const StSource *source, const text *tenant, const text *key);
extern void st_read_key(StSource *source, TupleTableSlot *slot, text **tenant, text **key);
extern void st_read_document(StReader *reader, TupleTableSlot *slot, StFacts *facts, StDocument *doc);
extern bool st_is_blank(const char *data, int length);
extern void st_read_ticket(StReader *reader, TupleTableSlot *slot, StDecided *decided);
extern bool st_decide(StReader *reader, TupleTableSlot *slot, StDecided *decided);

/* ---- what came before (pipeline_history.c, pipeline_similar.c) ---- */

/* One earlier ticket of the requester. */
typedef struct StPast
{
	TimestampTz asked_at;
	uint64		intent;			/* as in StTrace */
	char		language[8];	/* "" when not known, or longer */
} StPast;

extern void st_trace_begin(StReader *reader, const StFacts *facts, StTrace *trace);
extern uint64 st_trace_intent(const text *intent);
extern int	st_history_read(StReader *reader, const StDecided *decided, StPast *past);
extern void st_history_end(StHistory *history);
extern void st_similar_init(void) pg_attribute_cold;
extern bool st_similar_asked_at(StReader *reader, const StFacts *facts, TimestampTz *asked_at);
extern void st_similar_sign(StReader *reader, StReading *reading, StDecided *decided);
extern void st_similar_find(StReader *reader, StDecided *decided);
extern void st_similar_end(StSimilar *similar);
extern void st_similar_write(const StDecided *const *decided, int n);
extern void st_similar_replace(const StDecided *decided);

/* ---- how much work tickets of an intent were (pipeline_effort.c, pipeline_handling.c) ---- */

/* A row of triage.intent_history that says how the intent ranks. */
typedef struct StEffort
{
	int64		tickets;
	float4		minutes;		/* not known: too few have a handle time */
	float4		reopen_rate;
	float4		history;		/* 0 to 1 */
} StEffort;

extern void st_effort_init(void) pg_attribute_cold;
extern const StEffort *st_effort_of(const text *tenant, const text *intent, uint64 intent_hash);
extern void st_effort_add(const StTrace *trace, StFacts *facts);
extern void st_handling_moved(text *tenant_id, int32 source_id, text *ticket_key, StPhase before, StPhase after);

/* ---- our tables, past the executor (pipeline_table.c) ---- */

#define ST_MAX_TABLE_COLUMNS	96

/* One of our tables as it is; found out anew after an invalidation. */
typedef struct StOwnTable
{
	const char *name;
	const char *const *columns;
	int			ncolumns;
	const char *constraint;		/* its check constraint, which the writer sees
								 * to; NULL: it has none */
	bool		valid;
	uint64		generation;		/* raised when it is found out anew */
	Oid			relid;
	bool		local;			/* its rows are in it: not so with Citus */
	bool		direct;			/* may be written straight */
	AttrNumber	attnum[ST_MAX_TABLE_COLUMNS];
} StOwnTable;

extern void st_own_table_init(StOwnTable *table);
extern Relation st_own_table_open(StOwnTable *table, LOCKMODE lockmode);

/* Rows on their way into heap and indexes. */
typedef struct StInserter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *rri;
	MemoryContext cxt;
	int			nslots;
	int			max_slots;
	TupleTableSlot **slots;
	TupleDesc	shape;			/* see st_batch_slot */
} StInserter;

extern void st_inserter_begin(StInserter *inserter, Relation rel, int max_rows);
extern TupleTableSlot *st_inserter_slot(StInserter *inserter, int i);
extern int *st_inserter_write(StInserter *inserter, int n, int *nconflicts);
extern void st_inserter_clear(StInserter *inserter, int n);
extern void st_inserter_end(StInserter *inserter);

#define ST_PROBE_KEYS	3

/* An index of one of them. */
typedef struct StProbe
{
	Relation	heap;
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;		/* the row that was found */
	MemoryContext cxt;			/* lives as long as the scan, which keeps
								 * things of its own in it */
	int			nkeys;
	ScanKeyData keys[ST_PROBE_KEYS];	/* for the caller to fill */
} StProbe;

extern bool st_probe_begin(StProbe *probe, Relation heap, const char *index, int nkeys);
extern void st_probe_start(StProbe *probe);
extern bool st_probe_next(StProbe *probe, ScanDirection direction);
extern void st_probe_stop(StProbe *probe);
extern void st_probe_end(StProbe *probe);

/* ---- writing decisions (pipeline_values.c, pipeline_write.c, pipeline_replace.c) ---- */

/* What to do with a ticket that has a decision. */
typedef enum StWriteMode
{
	ST_WRITE_NEW,				/* there should be none; if there is, replace
								 * it */
	ST_WRITE_AGAIN,				/* there should be one: replace it */
	ST_WRITE_MISSING			/* leave it alone */
} StWriteMode;

extern void st_write_init(void) pg_attribute_cold;
extern StWriter *st_writer_begin(StWriteMode mode, const char *why);
extern MemoryContext st_writer_context(StWriter *writer);
extern StDecided *st_writer_next(StWriter *writer);
extern const StDecided *st_writer_pending(const StWriter *writer, const StMark **marks, int *n);
extern void st_writer_add(StWriter *writer);
extern void st_writer_of_the_past(StWriter *writer);
extern int64 st_writer_end(StWriter *writer);

/* The columns of triage.decision, in the order in which values are handed on. */
typedef enum StDecisionColumn
{
	ST_COL_TENANT_ID,
	ST_COL_SOURCE_ID,
	ST_COL_TICKET_KEY,
	ST_COL_REVISION,
	ST_COL_DECIDED_AT,
	ST_COL_OUTCOME,
	ST_COL_TIER,
	ST_COL_QUEUE_ID,
	ST_COL_PRIORITY,
	ST_COL_RULE_ID,
	ST_COL_RULE_VERSION,
	ST_COL_RULES,
	ST_COL_RULE_VERSIONS,
	ST_COL_FAILED_RULES,
	ST_COL_TAGS,
	ST_COL_SKILLS,
	ST_COL_SKILL_LEVELS,
	ST_COL_SKILL_DROP_AFTER,
	ST_COL_SLA_POLICY_ID,
	ST_COL_AUTOMATION_BLOCKED,
	ST_COL_AUTOMATION_THRESHOLD,
	ST_COL_REASONS,
	ST_COL_CUSTOMER,
	ST_COL_CHANNEL,
	ST_COL_SEGMENT,
	ST_COL_LANGUAGE,
	ST_COL_STATUS,
	ST_COL_TICKET_PRIORITY,
	ST_COL_ASSIGNED_AGENT,
	ST_COL_CREATED_AT,
	ST_COL_SUBJECT_LENGTH,
	ST_COL_BODY_LENGTH,
	ST_COL_TRUNCATED,
	ST_COL_INTENT,
	ST_COL_INTENT_CONFIDENCE,
	ST_COL_INTENT_MARGIN,
	ST_COL_IN_SCOPE,
	ST_COL_MODEL_NAME,
	ST_COL_MODEL_VERSION,
	ST_COL_LANGUAGE_CONFIDENCE,
	ST_COL_SCRIPT,
	ST_COL_MIXED_LANGUAGE,
	ST_COL_SENTIMENT,
	ST_COL_SENTIMENT_LABEL,
	ST_COL_SENTIMENT_CONFIDENCE,
	ST_COL_EMOTION,
	ST_COL_EMOTION_CONFIDENCE,
	ST_COL_IRONY,
	ST_COL_SIGNALS_CONFLICT,
	ST_COL_URGENCY,
	ST_COL_WANTS_HUMAN,
	ST_COL_SENSITIVE_TOPICS,
	ST_COL_COMPLEXITY,
	ST_COL_PII_KINDS,
	ST_COL_DUPLICATE_OF,
	ST_COL_DUPLICATE_SIMILARITY,
	ST_COL_REPEAT_CONTACT,
	ST_COL_ENTITIES,
	ST_COL_COMPLEXITY_HISTORY
} StDecisionColumn;

#define ST_NUM_DECISION_COLUMNS (ST_COL_COMPLEXITY_HISTORY + 1)

extern const char *const st_decision_columns[ST_NUM_DECISION_COLUMNS];
extern const Oid st_decision_types[ST_NUM_DECISION_COLUMNS];

/* Facts are those columns that the ticket brought or its text gave. */
#define ST_COLUMN_IS_FACT(column) \
	((column) <= ST_COL_TICKET_KEY || (column) >= ST_COL_CUSTOMER)

extern void st_decision_values(const StDecided *decided, TimestampTz now, Datum *values, bool *nulls);

/* What became of a decision. */
typedef enum StWritten
{
	ST_WRITTEN_NOT,				/* there was one, which stays */
	ST_WRITTEN_FIRST,
	ST_WRITTEN_AGAIN			/* it replaced one */
} StWritten;

/* What the decision that was replaced had said. */
typedef struct StReplaced
{
	bool		automated;		/* it spared a person */
	bool		solved;			/* the ticket was, when it was decided */
} StReplaced;

extern StWritten st_replace_decision(const StDecided *decided, StWriteMode mode, const char *why, StReplaced *old);

/* ---- what follows decisions (pipeline_clocks.c, pipeline_waiting.c) ---- */

/* Clocks and waiting tickets of a statement's decisions, on their way. */
typedef struct StFollow
{
	MemoryContext cxt;
	bool		past;			/* tickets of a backfill */
	StTableWriter *clocks;		/* NULL until the first; so below */
	StWaitingWriter *waiting;
} StFollow;

extern void st_policies_choose(StDecided *decided, int n);
extern void st_follow_begin(StFollow *follow);
extern void st_follow_new(StFollow *follow, const StDecided *const *decided, int n);
extern void st_follow_again(const StDecided *decided, const StReplaced *old);
extern void st_follow_wait(StFollow *follow, const StDecided *decided);
extern void st_follow_end(StFollow *follow);
extern bool st_names_agent(const text *agent);
extern bool st_decided_waits(const StDecided *decided);
extern void st_wait_again(const StDecided *decided, bool was_automated);
extern bool st_wait_as_decided(text *tenant_id, int32 source_id, text *ticket_key, bool unless_done);

/* ---- triggers (pipeline_trigger.c) ---- */

extern StSource *st_trigger_source(FunctionCallInfo fcinfo, const char *function, int event);

/* ---- explanations (pipeline_evidence.c) ---- */

extern void st_put_considered(StringInfo out, const StDecided *decided);
extern void st_put_facts(StringInfo out, const StDecided *decided);
extern void st_put_evidence(StringInfo out, StReader *reader, const StDecided *decided, const StDocument *doc);

/* ---- removing what was derived (pipeline_replace.c) ---- */

extern void st_forget_tickets(int32 source_id, Datum *tenants, Datum *keys, int n);
extern void st_forget_source(int32 source_id, bool everything);
extern void st_rekey_ticket(int32 source_id, text *old_tenant, text *old_key,
							text *new_tenant, text *new_key);

/* ---- what a table consists of (pipeline_storage.c) ---- */

extern ArrayType *st_storage_of(Oid tickets);
extern bool st_storage_lost(ArrayType *then, ArrayType *now);
extern bool st_storage_same(ArrayType *a, ArrayType *b);

/* ---- trying again what failed (pipeline_retry.c) ---- */

extern int64 st_retry_failed(StSource *source, Datum *keys, int n, bool escalate, int64 *failed);

/* ---- the tickets table, asked through SPI (pipeline_ticket.c) ---- */

extern char *st_table_name(Oid relid);
extern Oid	st_table_owner(Oid relid);
extern void st_key_condition(StringInfo sql, const char *column, Oid typid, char comparison, int parameter);
extern void st_key_any_condition(StringInfo sql, const char *column, Oid typid, int parameter);
extern char *st_ticket_target(const StSource *source, StSource *projected);
extern uint64 st_lock_tickets(StSource *source, Datum keys, bool wait, StSource *projected);
extern TupleTableSlot *st_ticket_fetch(StSource *source, StSource *projected, const text *tenant,
									   const text *key, bool for_share);
extern bool st_ticket_is_live(StSource *source, const text *tenant, const text *key);

/* ---- deferred mode (pipeline_backlog.c, pipeline_backlog_decide.c) ---- */

typedef struct StNoter StNoter;

extern void st_backlog_init(void) pg_attribute_cold;
extern StNoter *st_noter_begin(StSource *source, bool again);
extern void st_noter_add(StNoter *noter, TupleTableSlot *ticket);
extern void st_noter_end(StNoter *noter);
extern void st_note_ticket(StSource *source, TupleTableSlot *ticket, bool again);
extern bool st_ticket_has_decision(StSource *source, TupleTableSlot *ticket);
extern int	st_text_compare(const text *a, const text *b);
extern void st_backlog_forget_source(int32 source_id);
extern void st_backlog_answered(int32 source_id, Datum *tenants, Datum *keys, int n);

/* ---- the messages of a ticket's thread (pipeline_messages.c) ---- */

typedef enum StMessageRole
{
	ST_MESSAGE_ID,
	ST_MESSAGE_TICKET,
	ST_MESSAGE_BODY,
	ST_MESSAGE_AUTHOR_KIND,
	ST_MESSAGE_CREATED_AT,
	ST_MESSAGE_TENANT
} StMessageRole;

#define ST_NUM_MESSAGE_ROLES	(ST_MESSAGE_TENANT + 1)

/* A messages table that belongs to a tickets table. */
typedef struct StMessages
{
	Oid			messages;
	int32		source_id;
	char	   *name[ST_NUM_MESSAGE_ROLES]; /* columns; NULL: none */
	char	  **words[ST_NUM_AUTHORS];	/* values of author_kind, by
										 * StAuthorKind */
	int			nwords[ST_NUM_AUTHORS];
} StMessages;

extern const char *const st_author_names[ST_NUM_AUTHORS];
extern void st_thread_init(void) pg_attribute_cold;
extern void st_thread_catch_up(void);
extern void st_messages_drop_trigger(Oid messages);
extern bool st_messages_of(int32 source_id, StMessages *found);
extern void st_messages_read(StTableScan *scan, StMessages *found);
extern StAuthorKind st_message_author(const StMessages *messages, const char *author_kind);
extern bool st_message_is_customers(const StMessages *messages, const char *author_kind);

/* ---- a ticket's thread (pipeline_path.c) ---- */

extern void st_put_thread(StringInfo out, StSource *source, StReader *reader, TupleTableSlot *slot, StDecided *decided);

/* ---- someone else's identity, worn while rows are written (pipeline_owner.c) ---- */

typedef struct StIdentity
{
	Oid			userid;
	int			sec_context;
} StIdentity;

extern void st_become_owner(StIdentity *saved);
extern void st_become(Oid userid, StIdentity *saved);
extern void st_become_reader(Oid owner, StIdentity *saved);
extern void st_become_caller(const StIdentity *saved);

/* A statement whose plan is kept for the life of the backend. */
#define ST_STATEMENT_MAX_ARGS	10

typedef struct StStatement
{
	const char *sql;
	int			nargs;
	Oid			argtypes[ST_STATEMENT_MAX_ARGS];
	bool		plan_again;		/* for each call, by the tables' present sizes */
	SPIPlanPtr	plan;
} StStatement;

extern void st_statement_run(StStatement *statement, Datum *values, const char *nulls, int expected);
extern char *st_statement_text(StStatement *statement, Datum *values, const char *nulls);
extern Portal st_statement_open(StStatement *statement, Datum *values, const char *nulls);

#endif							/* ST_PIPELINE_INNER_H */
