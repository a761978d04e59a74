-- src/routing/routing_tables.sql: tiers, outcomes, facts, queues and rules

CREATE TYPE triage.tier AS ENUM ('self_service', 'assisted', 'senior', 'priority');
COMMENT ON TYPE triage.tier IS 'Who should handle a ticket: self_service (an automatic answer), assisted (an agent with suggestions), senior (an experienced agent), priority (a person at once). From least to most human effort.';

CREATE TYPE triage.outcome AS ENUM ('auto', 'assist', 'human', 'abstain', 'failed');
COMMENT ON TYPE triage.outcome IS 'What was decided: auto (may be answered without a person), assist (a person with suggestions), human (a person), abstain (the model does not know the ticket; a person), failed (triage had an error; a person).';

-- Everything known about a ticket.  No column of any table has this type, so
-- that attributes can be added at its end.
CREATE TYPE triage.facts AS (
    tenant_id            text,
    source_id            integer,
    ticket_key           text,
    customer             text,
    channel              text,
    segment              text,
    language             text,
    status               text,
    ticket_priority      text,
    assigned_agent       text,
    created_at           timestamptz,
    subject_length       integer,
    body_length          integer,
    truncated            boolean,
    intent               text,
    intent_confidence    real,
    intent_margin        real,
    in_scope             boolean,
    model_name           text,
    model_version        integer,
    language_confidence  real,
    script               text,
    mixed_language       boolean,
    sentiment            real,
    sentiment_label      text,
    sentiment_confidence real,
    emotion              text,
    emotion_confidence   real,
    irony                real,
    signals_conflict     boolean,
    urgency              real,
    wants_human          boolean,
    sensitive_topics     text[],
    complexity           real,
    pii_kinds            text[],
    duplicate_of         text,
    duplicate_similarity real,
    repeat_contact       integer,
    entities             jsonb
);
COMMENT ON TYPE triage.facts IS 'Everything that was known about a ticket when it was decided: what routing sees. New attributes are added at the end.';
COMMENT ON COLUMN triage.facts.tenant_id IS 'Tenant of the ticket; the empty string where the tickets table has no tenant column.';
COMMENT ON COLUMN triage.facts.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.facts.ticket_key IS 'Key of the ticket in its table, as text.';
COMMENT ON COLUMN triage.facts.customer IS 'Who wrote the ticket, from the mapped column; NULL when unmapped.';
COMMENT ON COLUMN triage.facts.channel IS 'Where the ticket came from (e-mail, chat, ...), from the mapped column; NULL when unmapped.';
COMMENT ON COLUMN triage.facts.segment IS 'Customer segment, from the mapped column; NULL when unmapped.';
COMMENT ON COLUMN triage.facts.language IS 'Language of the ticket: what the mapped column says, else the detected one as ISO 639-1 or 639-3, und when unsure.';
COMMENT ON COLUMN triage.facts.status IS 'Status of the ticket when it was decided, from the mapped column.';
COMMENT ON COLUMN triage.facts.ticket_priority IS 'Priority that the ticket itself carries, from the mapped column.';
COMMENT ON COLUMN triage.facts.assigned_agent IS 'Agent whom the ticket itself names, from the mapped column.';
COMMENT ON COLUMN triage.facts.created_at IS 'When the ticket was created, from the mapped column.';
COMMENT ON COLUMN triage.facts.subject_length IS 'Bytes of the subject; NULL when there is none.';
COMMENT ON COLUMN triage.facts.body_length IS 'Bytes of the body before cleaning; NULL when there is none.';
COMMENT ON COLUMN triage.facts.truncated IS 'Whether the document was cut at support_triage.max_document_bytes.';
COMMENT ON COLUMN triage.facts.intent IS 'The most probable label of the intent model, also when in_scope is false; NULL when nothing was predicted.';
COMMENT ON COLUMN triage.facts.intent_confidence IS 'Calibrated probability of the intent, 0 to 1.';
COMMENT ON COLUMN triage.facts.intent_margin IS 'Confidence less that of the second label, 0 to 1.';
COMMENT ON COLUMN triage.facts.in_scope IS 'False when the model says that it does not know this kind of ticket.';
COMMENT ON COLUMN triage.facts.model_name IS 'Name of the model that predicted the intent.';
COMMENT ON COLUMN triage.facts.model_version IS 'Version of that model.';
COMMENT ON COLUMN triage.facts.language_confidence IS 'Calibrated probability of the detected language, 0 to 1; NULL when the mapped column gave it.';
COMMENT ON COLUMN triage.facts.script IS 'Script of most letters, ISO 15924: Latn, Cyrl, ...; Zyyy without letters.';
COMMENT ON COLUMN triage.facts.mixed_language IS 'Whether parts of the text are in another language or script.';
COMMENT ON COLUMN triage.facts.sentiment IS 'Tone of the text, -1 (bad) to 1 (good).';
COMMENT ON COLUMN triage.facts.sentiment_label IS 'The same in words: very_negative, negative, neutral, positive, very_positive.';
COMMENT ON COLUMN triage.facts.sentiment_confidence IS 'Probability of that label, 0 to 1.';
COMMENT ON COLUMN triage.facts.emotion IS 'anger, joy, optimism, sadness or neutral. A signal, not a verdict.';
COMMENT ON COLUMN triage.facts.emotion_confidence IS 'Probability of that emotion, 0 to 1.';
COMMENT ON COLUMN triage.facts.irony IS 'Probability that the text means the opposite of what it says, 0 to 1. A signal, not a verdict.';
COMMENT ON COLUMN triage.facts.signals_conflict IS 'Whether tone and situation disagree: see triage.signal_policy. Forbids automation.';
COMMENT ON COLUMN triage.facts.urgency IS 'Urgency as the text states it, 0 to 1; not what a service level says.';
COMMENT ON COLUMN triage.facts.wants_human IS 'Whether the text asks for a person. Forbids automation.';
COMMENT ON COLUMN triage.facts.sensitive_topics IS 'Sensitive topics that the text touches, sorted; empty when it touches none. Any forbids automation: see triage.sensitive_policy.';
COMMENT ON COLUMN triage.facts.complexity IS 'How much work the text promises, 0 to 1.';
COMMENT ON COLUMN triage.facts.pii_kinds IS 'Kinds of personal data in the text, sorted; empty when there is none. Never the values.';
COMMENT ON COLUMN triage.facts.duplicate_of IS 'ticket_key of an earlier ticket of the same table and tenant that says nearly the same; NULL when there is none or it was not looked for. A link: nothing is merged.';
COMMENT ON COLUMN triage.facts.duplicate_similarity IS 'How alike the two are, 0 to 1.';
COMMENT ON COLUMN triage.facts.repeat_contact IS 'How many earlier tickets the same requester wrote with the same intent within triage.signal_policy.repeat_window; 20 stands for 20 or more. NULL when it cannot be known: no requester, no intent in scope.';
COMMENT ON COLUMN triage.facts.entities IS 'What the text names that the user''s own tables have; NULL when it was not looked for.';

CREATE TABLE triage.queue (
    queue_id    integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name <> ''),
    description text,
    tier        triage.tier CHECK (tier <> 'self_service'),
    is_default  boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE UNIQUE INDEX queue_default ON triage.queue (is_default) WHERE is_default;
COMMENT ON TABLE triage.queue IS 'Places where tickets wait for people. Exactly one may be the default: it takes what no rule sends elsewhere. triage.attach creates a default queue "triage" when there is none.';
COMMENT ON COLUMN triage.queue.queue_id IS 'Identity of the queue; decisions and rules refer to it.';
COMMENT ON COLUMN triage.queue.name IS 'Name that people see.';
COMMENT ON COLUMN triage.queue.description IS 'What belongs into the queue, for people.';
COMMENT ON COLUMN triage.queue.tier IS 'Tier of tickets that a rule sends here without a tier of its own; NULL means assisted. Never self_service: only a rule automates.';
COMMENT ON COLUMN triage.queue.is_default IS 'Whether this is the queue of last resort, staffed by people; at most one is.';
COMMENT ON COLUMN triage.queue.created_at IS 'When the queue was created.';

CREATE TABLE triage.routing_rule (
    rule_id         integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    position        integer NOT NULL,
    name            text NOT NULL UNIQUE CHECK (name <> ''),
    description     text,
    enabled         boolean NOT NULL DEFAULT true,
    intent          text,
    min_confidence  real CHECK (min_confidence >= 0 AND min_confidence <= 1),
    channel         text,
    segment         text,
    language        text,
    queue           text REFERENCES triage.queue (name) ON UPDATE CASCADE,
    tier            triage.tier,
    priority        smallint CHECK (priority >= 0 AND priority <= 100),
    escalate_reason text CHECK (escalate_reason <> ''),
    version         integer NOT NULL DEFAULT 1,
    changed_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    changed_by      name NOT NULL DEFAULT session_user,
    CONSTRAINT routing_rule_automation_is_explicit
        CHECK (tier IS DISTINCT FROM 'self_service' OR (intent IS NOT NULL AND min_confidence IS NOT NULL))
);
COMMENT ON TABLE triage.routing_rule IS 'Rules from facts to a place. The first enabled rule by position whose tests all hold decides; NULL tests nothing. What no rule sends elsewhere goes to the default queue.';
COMMENT ON COLUMN triage.routing_rule.rule_id IS 'Identity of the rule; decisions refer to it.';
COMMENT ON COLUMN triage.routing_rule.position IS 'Order of trying, ascending; ties by rule_id.';
COMMENT ON COLUMN triage.routing_rule.name IS 'Name that people see in reasons.';
COMMENT ON COLUMN triage.routing_rule.description IS 'Why the rule exists, for people.';
COMMENT ON COLUMN triage.routing_rule.enabled IS 'Whether the rule is tried at all.';
COMMENT ON COLUMN triage.routing_rule.intent IS 'Test: the intent is this one and in scope. NULL: any, also unknown.';
COMMENT ON COLUMN triage.routing_rule.min_confidence IS 'Test: the intent is in scope with at least this calibrated probability, 0 to 1. NULL: any. Required, with an intent, for tier self_service.';
COMMENT ON COLUMN triage.routing_rule.channel IS 'Test: the ticket came by this channel. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.segment IS 'Test: the customer is of this segment. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.language IS 'Test: the ticket has this language. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.queue IS 'Sets the queue. NULL: the default queue.';
COMMENT ON COLUMN triage.routing_rule.tier IS 'Sets the tier. NULL: the tier of the queue, else assisted. Only self_service lets a ticket be answered without a person.';
COMMENT ON COLUMN triage.routing_rule.priority IS 'Sets the priority, 0 (can wait) to 100 (at once). NULL: 50.';
COMMENT ON COLUMN triage.routing_rule.escalate_reason IS 'Queues an escalation with this reason. NULL: none.';
COMMENT ON COLUMN triage.routing_rule.version IS 'Number of the rule''s present form, raised by every UPDATE; decisions record it.';
COMMENT ON COLUMN triage.routing_rule.changed_at IS 'When the rule got its present form.';
COMMENT ON COLUMN triage.routing_rule.changed_by IS 'Who gave it its present form.';

-- How signals are judged: one row.  The rows that ship have no changed_at: those
-- that have one are dumped, and replace what CREATE EXTENSION has put there.
CREATE TABLE triage.signal_policy (
    single               boolean PRIMARY KEY DEFAULT true CHECK (single),
    repeat_window        interval NOT NULL DEFAULT '7 days'
        CHECK (repeat_window >= '0' AND repeat_window <= '366 days'),
    duplicate_window     interval NOT NULL DEFAULT '1 day'
        CHECK (duplicate_window >= '0' AND duplicate_window <= '366 days'),
    duplicate_similarity real NOT NULL DEFAULT 0.7 CHECK (duplicate_similarity >= 0.5 AND duplicate_similarity <= 1),
    duplicate_words      integer NOT NULL DEFAULT 8 CHECK (duplicate_words >= 1),
    irony_conflict       real NOT NULL DEFAULT 0.6 CHECK (irony_conflict >= 0 AND irony_conflict <= 1),
    positive_conflict    real NOT NULL DEFAULT 0.3 CHECK (positive_conflict >= 0 AND positive_conflict <= 1),
    urgency_conflict     real NOT NULL DEFAULT 0.8 CHECK (urgency_conflict >= 0 AND urgency_conflict <= 1),
    strong_emotion       real NOT NULL DEFAULT 0.8 CHECK (strong_emotion >= 0 AND strong_emotion <= 1),
    human_escalates      boolean NOT NULL DEFAULT true,
    changed_at           timestamptz DEFAULT pg_catalog.now(),
    changed_by           name DEFAULT session_user
);
COMMENT ON TABLE triage.signal_policy IS 'How signals are judged: one row, changed by UPDATE. The one definition of repeat contact, near-duplicate, conflicting signals and strong emotion.';
COMMENT ON COLUMN triage.signal_policy.single IS 'True: there is one row.';
COMMENT ON COLUMN triage.signal_policy.repeat_window IS 'An earlier ticket of the same requester counts as repeat contact, and as the original of a duplicate, when it is not older than this. 0 to 366 days.';
COMMENT ON COLUMN triage.signal_policy.duplicate_window IS 'A ticket of another requester counts as the original of a duplicate when it is not older than this. 0 to 366 days.';
COMMENT ON COLUMN triage.signal_policy.duplicate_similarity IS 'Least likeness of a duplicate, 0.5 to 1: see triage.signature_similarity.';
COMMENT ON COLUMN triage.signal_policy.duplicate_words IS 'Fewer words are no duplicate of another requester''s ticket: two strangers who say hello do not say the same.';
COMMENT ON COLUMN triage.signal_policy.irony_conflict IS 'Signals conflict from this irony on, 0 to 1.';
COMMENT ON COLUMN triage.signal_policy.positive_conflict IS 'Signals conflict from this sentiment on (0 to 1) in a ticket that is a repeat contact, is urgent (see urgency_conflict) or shows anger or sadness.';
COMMENT ON COLUMN triage.signal_policy.urgency_conflict IS 'Least urgency, 0 to 1, that does not go with kind words.';
COMMENT ON COLUMN triage.signal_policy.strong_emotion IS 'Anger or sadness of at least this probability, 0 to 1, goes to people.';
COMMENT ON COLUMN triage.signal_policy.human_escalates IS 'Whether asking for a person queues an escalation (cause wants_human).';
COMMENT ON COLUMN triage.signal_policy.changed_at IS 'When it was changed; NULL while it is as it shipped.';
COMMENT ON COLUMN triage.signal_policy.changed_by IS 'Who changed it.';
INSERT INTO triage.signal_policy (changed_at, changed_by) VALUES (NULL, NULL);

CREATE TABLE triage.sensitive_policy (
    topic        text PRIMARY KEY CHECK (topic <> ''),
    description  text,
    may_automate boolean NOT NULL DEFAULT false,
    min_tier     triage.tier NOT NULL DEFAULT 'assisted' CHECK (min_tier <> 'self_service'),
    min_priority smallint NOT NULL DEFAULT 0 CHECK (min_priority >= 0 AND min_priority <= 100),
    escalates    boolean NOT NULL DEFAULT true,
    changed_at   timestamptz DEFAULT pg_catalog.now(),
    changed_by   name DEFAULT session_user,
    CONSTRAINT sensitive_policy_never_automates CHECK (NOT may_automate)
);
COMMENT ON TABLE triage.sensitive_policy IS 'What a sensitive topic demands, whatever the rules say. A topic that has no row here goes to people too, at tier assisted, and escalates.';
COMMENT ON COLUMN triage.sensitive_policy.topic IS 'Name of the topic, as in facts.sensitive_topics.';
COMMENT ON COLUMN triage.sensitive_policy.description IS 'What it is, for people.';
COMMENT ON COLUMN triage.sensitive_policy.may_automate IS 'Always false: a constraint forbids anything else.';
COMMENT ON COLUMN triage.sensitive_policy.min_tier IS 'Least tier of such a ticket; a rule may ask for more.';
COMMENT ON COLUMN triage.sensitive_policy.min_priority IS 'Least priority of such a ticket and of its escalation, 0 (can wait) to 100 (at once).';
COMMENT ON COLUMN triage.sensitive_policy.escalates IS 'Whether such a ticket queues an escalation at once (cause "topic:" and the name).';
COMMENT ON COLUMN triage.sensitive_policy.changed_at IS 'When it was changed; NULL while it is as it shipped.';
COMMENT ON COLUMN triage.sensitive_policy.changed_by IS 'Who changed it.';
INSERT INTO triage.sensitive_policy (topic, description, min_tier, min_priority, escalates, changed_at, changed_by) VALUES
    ('self_harm',       'Talk of suicide or of hurting oneself',             'priority', 100, true,  NULL, NULL),
    ('violence',        'Threats against people',                            'priority', 100, true,  NULL, NULL),
    ('medical',         'Illness, injury, medication, an emergency',         'priority', 90,  true,  NULL, NULL),
    ('minors',          'Children and what may happen to them',              'senior',   80,  true,  NULL, NULL),
    ('legal_threat',    'Lawyers, courts, regulators, a threat to sue',      'senior',   80,  true,  NULL, NULL),
    ('fraud',           'Stolen accounts, cards or identities, scams',       'senior',   80,  true,  NULL, NULL),
    ('discrimination',  'Being treated worse for what one is',               'senior',   80,  true,  NULL, NULL),
    ('press',           'Journalists, reviews and posts that are announced', 'senior',   60,  true,  NULL, NULL),
    ('data_protection', 'What is stored of a person, and its erasure',       'senior',   50,  false, NULL, NULL);

SELECT pg_catalog.pg_extension_config_dump('triage.signal_policy', 'WHERE changed_at IS NOT NULL');
SELECT pg_catalog.pg_extension_config_dump('triage.sensitive_policy', 'WHERE changed_at IS NOT NULL');
SELECT pg_catalog.pg_extension_config_dump('triage.queue', '');
SELECT pg_catalog.pg_extension_config_dump('triage.queue_queue_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('triage.routing_rule', '');
SELECT pg_catalog.pg_extension_config_dump('triage.routing_rule_rule_id_seq', '');
