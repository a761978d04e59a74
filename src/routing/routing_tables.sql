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
    entities             jsonb,
    complexity_history   real
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
COMMENT ON COLUMN triage.facts.complexity IS 'How much work the text promises, 0 to 1, together with how much tickets of its intent were: see triage.intent_history.';
COMMENT ON COLUMN triage.facts.pii_kinds IS 'Kinds of personal data in the text, sorted; empty when there is none. Never the values.';
COMMENT ON COLUMN triage.facts.duplicate_of IS 'ticket_key of an earlier ticket of the same table and tenant that says nearly the same; NULL when there is none or it was not looked for. A link: nothing is merged.';
COMMENT ON COLUMN triage.facts.duplicate_similarity IS 'How alike the two are, 0 to 1.';
COMMENT ON COLUMN triage.facts.repeat_contact IS 'How many earlier tickets the same requester wrote with the same intent within triage.signal_policy.repeat_window; 20 stands for 20 or more. NULL when it cannot be known: no requester, no intent in scope.';
COMMENT ON COLUMN triage.facts.entities IS 'What the text names that the user''s own tables have; NULL when it was not looked for.';
COMMENT ON COLUMN triage.facts.complexity_history IS 'What of the complexity the history of the intent added to that of the text, -0.35 to 0.35; NULL when none was known.';

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
COMMENT ON COLUMN triage.queue.tier IS 'Least tier of tickets here for which no rule names one. NULL: what the facts give, see triage.tier_policy.';
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
    condition       text,
    queue           text REFERENCES triage.queue (name) ON UPDATE CASCADE,
    tier            triage.tier,
    priority        smallint CHECK (priority >= 0 AND priority <= 100),
    skills          jsonb,
    tags            text[] CHECK (pg_catalog.array_position(tags, NULL) IS NULL AND pg_catalog.cardinality(tags) <= 64),
    sla_policy      text REFERENCES triage.sla_policy (name) ON UPDATE CASCADE,
    escalate_reason text CHECK (escalate_reason <> ''),
    block_automation boolean NOT NULL DEFAULT false,
    stop            boolean NOT NULL DEFAULT true,
    valid_from      timestamptz,
    valid_until     timestamptz,
    source_id       integer,
    tenant          text,
    rollout_percent smallint NOT NULL DEFAULT 100 CHECK (rollout_percent >= 0 AND rollout_percent <= 100),
    version         integer NOT NULL DEFAULT 1,
    changed_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    changed_by      name NOT NULL DEFAULT session_user,
    CONSTRAINT routing_rule_is_valid_sometime CHECK (valid_from < valid_until)
);
COMMENT ON TABLE triage.routing_rule IS 'Rules from facts to a place. Rules are tried by position; one whose tests all hold applies, and the first that applies and has stop is the last that is tried. A NULL test tests nothing. Of queue, tier, priority and sla_policy the first rule that sets one has its way; tags, skills, escalations and block_automation add up. What no rule sends elsewhere goes to the default queue.';
COMMENT ON COLUMN triage.routing_rule.rule_id IS 'Identity of the rule; decisions refer to it.';
COMMENT ON COLUMN triage.routing_rule.position IS 'Order of trying, ascending; ties by rule_id.';
COMMENT ON COLUMN triage.routing_rule.name IS 'Name that people see in reasons.';
COMMENT ON COLUMN triage.routing_rule.description IS 'Why the rule exists, for people.';
COMMENT ON COLUMN triage.routing_rule.enabled IS 'Whether the rule is tried at all.';
COMMENT ON COLUMN triage.routing_rule.intent IS 'Test: the intent is this one and in scope. NULL: any, also unknown.';
COMMENT ON COLUMN triage.routing_rule.min_confidence IS 'Test: the intent is in scope with at least this calibrated probability, 0 to 1. NULL: any. Automation has a threshold of its own: triage.automation_policy.';
COMMENT ON COLUMN triage.routing_rule.channel IS 'Test: the ticket came by this channel. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.segment IS 'Test: the customer is of this segment. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.language IS 'Test: the ticket has this language. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.condition IS 'Test: this boolean SQL expression over the attributes of triage.facts is true; NULL and an error count as false. Of immutable functions and operators of pg_catalog and of this extension and triage.now(), the decision''s own clock. Checked when written, with the parser''s message and position. NULL: none.';
COMMENT ON COLUMN triage.routing_rule.queue IS 'Sets the queue. NULL: not set; when no rule sets it, the default queue.';
COMMENT ON COLUMN triage.routing_rule.tier IS 'Sets the tier. NULL: not set; when no rule sets it, what the facts give by triage.tier_policy, not below the tier of the queue. self_service stands only where triage.automation_policy allows it, else it is assisted.';
COMMENT ON COLUMN triage.routing_rule.priority IS 'Sets the priority, 0 (can wait) to 100 (at once). NULL: not set; when no rule sets it, 50.';
COMMENT ON COLUMN triage.routing_rule.skills IS 'Adds skills that whoever takes the ticket must have: [{"skill": "tax", "level": 5, "drop_after": "30 minutes"}]; level is 1 to 10 (default 1), drop_after how long the ticket waits for it (default: for ever). A skill that an earlier rule added stays as it is. A ticket has 16 at most.';
COMMENT ON COLUMN triage.routing_rule.tags IS 'Adds tags; a ticket has 64 at most.';
COMMENT ON COLUMN triage.routing_rule.sla_policy IS 'Sets the service-level policy. NULL: the first policy whose condition holds.';
COMMENT ON COLUMN triage.routing_rule.escalate_reason IS 'Queues an escalation with this reason. NULL: none.';
COMMENT ON COLUMN triage.routing_rule.block_automation IS 'Forbids that the ticket is answered without a person, whatever other rules say; also when the condition throws an error.';
COMMENT ON COLUMN triage.routing_rule.stop IS 'Whether no later rule is tried once this one applies.';
COMMENT ON COLUMN triage.routing_rule.valid_from IS 'Test: the decision is made at this time or later. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.valid_until IS 'Test: the decision is made before this time. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.source_id IS 'Test: the ticket is of this attached table, triage.source.source_id. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.tenant IS 'Test: the ticket is of this tenant. NULL: any.';
COMMENT ON COLUMN triage.routing_rule.rollout_percent IS 'Test: the ticket is among this share of tickets, 0 to 100, chosen by a hash of its key and the rule''s name: the same tickets each time, and those of a lesser share are among those of a greater.';
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

-- Agents, the queues they serve, and who has which ticket

CREATE TABLE triage.skill (
    name        text PRIMARY KEY CHECK (name <> ''),
    description text
);
COMMENT ON TABLE triage.skill IS 'Skills that agents have and tickets need. A skill that is not here cannot be given to an agent, so that a slip of the pen is an error and not a silent wait.';
COMMENT ON COLUMN triage.skill.name IS 'Name of the skill.';
COMMENT ON COLUMN triage.skill.description IS 'For people.';

CREATE TABLE triage.agent (
    agent_id     integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name         text NOT NULL UNIQUE CHECK (name <> ''),
    display_name text,
    active       boolean NOT NULL DEFAULT true,
    languages    text[] CHECK (pg_catalog.array_position(languages, NULL) IS NULL),
    capacity     integer NOT NULL DEFAULT 10 CHECK (capacity >= 0),
    ramp_in      integer CHECK (ramp_in >= 0),
    ramp_after   interval NOT NULL DEFAULT '4 hours' CHECK (ramp_after >= '0' AND ramp_after <= '3660 days'),
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE triage.agent IS 'People who work on tickets. One who has tickets cannot be deleted; one who leaves for good is best set inactive, so that the history keeps a name.';
COMMENT ON COLUMN triage.agent.agent_id IS 'Identity; assignments refer to it.';
COMMENT ON COLUMN triage.agent.name IS 'Name by which functions and other tables refer to the agent.';
COMMENT ON COLUMN triage.agent.display_name IS 'Name that people see.';
COMMENT ON COLUMN triage.agent.active IS 'Whether the agent gets new tickets; those that they have stay theirs.';
COMMENT ON COLUMN triage.agent.languages IS 'Languages that the agent writes, ISO 639: {en,de}. NULL: any. de is also good for de-AT.';
COMMENT ON COLUMN triage.agent.capacity IS 'Units of work that the agent has at a time: a ticket takes those of its channel, see triage.channel_weight. Never exceeded by new work; lowered below what the agent has, it only stops new work.';
COMMENT ON COLUMN triage.agent.ramp_in IS 'At most this many new tickets in the first hour after an absence of ramp_after or longer. NULL: no such limit.';
COMMENT ON COLUMN triage.agent.ramp_after IS 'How long an absence is that is followed by ramping in.';
COMMENT ON COLUMN triage.agent.created_at IS 'When the agent was entered.';

CREATE TABLE triage.agent_skill (
    agent text NOT NULL REFERENCES triage.agent (name) ON UPDATE CASCADE ON DELETE CASCADE,
    skill text NOT NULL REFERENCES triage.skill ON UPDATE CASCADE,
    level smallint NOT NULL DEFAULT 5 CHECK (level BETWEEN 1 AND 10),
    PRIMARY KEY (agent, skill)
);
COMMENT ON TABLE triage.agent_skill IS 'What agents can do, and how well.';
COMMENT ON COLUMN triage.agent_skill.agent IS 'The agent''s name.';
COMMENT ON COLUMN triage.agent_skill.skill IS 'The skill.';
COMMENT ON COLUMN triage.agent_skill.level IS '1 (a beginner) to 10.';

CREATE TABLE triage.agent_queue (
    agent    text NOT NULL REFERENCES triage.agent (name) ON UPDATE CASCADE ON DELETE CASCADE,
    queue    text NOT NULL REFERENCES triage.queue (name) ON UPDATE CASCADE ON DELETE CASCADE,
    position integer NOT NULL DEFAULT 1,
    PRIMARY KEY (agent, queue)
);
COMMENT ON TABLE triage.agent_queue IS 'Which queues an agent serves.';
COMMENT ON COLUMN triage.agent_queue.agent IS 'The agent''s name.';
COMMENT ON COLUMN triage.agent_queue.queue IS 'The queue''s name.';
COMMENT ON COLUMN triage.agent_queue.position IS 'Order in which the agent serves them, ascending: a later one only while nothing for them waits in the earlier ones. Queues of the same position are served as one.';

CREATE TABLE triage.agent_channel (
    agent       text NOT NULL REFERENCES triage.agent (name) ON UPDATE CASCADE ON DELETE CASCADE,
    channel     text NOT NULL,
    max_tickets integer NOT NULL CHECK (max_tickets >= 0),
    PRIMARY KEY (agent, channel)
);
COMMENT ON TABLE triage.agent_channel IS 'How many tickets of a channel an agent has at a time. A channel without a row is limited by the capacity alone.';
COMMENT ON COLUMN triage.agent_channel.agent IS 'The agent''s name.';
COMMENT ON COLUMN triage.agent_channel.channel IS 'The channel, letter for letter as tickets have it.';
COMMENT ON COLUMN triage.agent_channel.max_tickets IS 'At most this many; 0: none.';

CREATE TABLE triage.agent_shift (
    agent    text NOT NULL REFERENCES triage.agent (name) ON UPDATE CASCADE ON DELETE CASCADE,
    calendar text REFERENCES triage.calendar ON UPDATE CASCADE,
    shifts   tstzmultirange,
    CONSTRAINT agent_shift_is_one_thing CHECK (pg_catalog.num_nonnulls(calendar, shifts) = 1)
);
CREATE INDEX agent_shift_agent ON triage.agent_shift (agent);
COMMENT ON TABLE triage.agent_shift IS 'When agents work: while any of their rows says so. An agent without a row always does. Tickets are assigned during shifts; an agent who claims one themselves may do so at any time.';
COMMENT ON COLUMN triage.agent_shift.agent IS 'The agent''s name.';
COMMENT ON COLUMN triage.agent_shift.calendar IS 'While this calendar is open. Either this or shifts.';
COMMENT ON COLUMN triage.agent_shift.shifts IS 'During these times.';

CREATE TABLE triage.agent_leave (
    agent  text NOT NULL REFERENCES triage.agent (name) ON UPDATE CASCADE ON DELETE CASCADE,
    during tstzrange NOT NULL CHECK (NOT pg_catalog.isempty(during)),
    reason text
);
CREATE INDEX agent_leave_agent ON triage.agent_leave (agent);
COMMENT ON TABLE triage.agent_leave IS 'When agents are away although their shifts say otherwise.';
COMMENT ON COLUMN triage.agent_leave.agent IS 'The agent''s name.';
COMMENT ON COLUMN triage.agent_leave.during IS 'From when until when.';
COMMENT ON COLUMN triage.agent_leave.reason IS 'For people.';

CREATE TABLE triage.channel_weight (
    channel text PRIMARY KEY,
    units   smallint NOT NULL CHECK (units BETWEEN 1 AND 1000)
);
COMMENT ON TABLE triage.channel_weight IS 'How much of an agent''s capacity a ticket takes, by its channel. Without a row: 1.';
COMMENT ON COLUMN triage.channel_weight.channel IS 'The channel, letter for letter as tickets have it.';
COMMENT ON COLUMN triage.channel_weight.units IS 'Units of capacity, 1 to 1000. Tickets that wait or are assigned keep what they have.';

CREATE TABLE triage.queue_policy (
    queue          text PRIMARY KEY REFERENCES triage.queue (name) ON UPDATE CASCADE ON DELETE CASCADE,
    ageing         real NOT NULL DEFAULT 10 CHECK (ageing >= 0.01 AND ageing <= 10000),
    max_wait       interval CHECK (max_wait > '0' AND max_wait <= '3660 days'),
    overflow_queue text REFERENCES triage.queue (name) ON UPDATE CASCADE,
    language_after interval CHECK (language_after >= '0' AND language_after <= '3660 days'),
    CONSTRAINT queue_policy_overflow_needs_max_wait CHECK (overflow_queue IS NULL OR max_wait IS NOT NULL)
);
COMMENT ON TABLE triage.queue_policy IS 'How tickets wait in a queue. A queue without a row has the defaults.';
COMMENT ON COLUMN triage.queue_policy.queue IS 'The queue''s name.';
COMMENT ON COLUMN triage.queue_policy.ageing IS 'Points of priority that an hour of waiting is worth, 0.01 to 10000, so that nothing waits for ever: with 10, a ticket of priority 50 that has waited an hour comes before a new one of 59.';
COMMENT ON COLUMN triage.queue_policy.max_wait IS 'A ticket that has waited in the queue this long overflows; without overflow_queue it raises an alert. NULL: no limit.';
COMMENT ON COLUMN triage.queue_policy.overflow_queue IS 'Where tickets go that waited too long.';
COMMENT ON COLUMN triage.queue_policy.language_after IS 'After waiting this long a ticket may go to an agent who does not write its language. NULL: never.';

CREATE TYPE triage.presence AS ENUM ('available', 'away', 'offline', 'lost');
COMMENT ON TYPE triage.presence IS 'Whether an agent is there: available (gets tickets), away (there, gets none), offline, lost (did not say so: the presence expired).';

CREATE TABLE triage.agent_presence (
    agent_id   integer PRIMARY KEY REFERENCES triage.agent ON DELETE CASCADE,
    presence   triage.presence NOT NULL,
    since      timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE triage.agent_presence IS 'Who is there. Written by triage.agent_heartbeat and triage.set_presence.';
COMMENT ON COLUMN triage.agent_presence.agent_id IS 'The agent.';
COMMENT ON COLUMN triage.agent_presence.presence IS 'What the agent said last; lost when the presence expired and the tickets were returned.';
COMMENT ON COLUMN triage.agent_presence.since IS 'Since when.';
COMMENT ON COLUMN triage.agent_presence.seen_at IS 'When the agent was heard of last.';
COMMENT ON COLUMN triage.agent_presence.expires_at IS 'Until when this holds without a word from the agent; NULL: until they say otherwise.';

-- One narrow row an agent, changed in place (no index but that of the key) in the
-- transaction that gives or takes a ticket: whoever does so holds the row's lock.
CREATE TABLE triage.agent_work (
    agent_id         integer PRIMARY KEY REFERENCES triage.agent ON DELETE CASCADE,
    units            integer NOT NULL DEFAULT 0,
    tickets          integer NOT NULL DEFAULT 0,
    ramp_left        integer NOT NULL DEFAULT 0,
    ramp_until       timestamptz NOT NULL DEFAULT '-infinity',
    last_assigned_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 25);
COMMENT ON TABLE triage.agent_work IS 'What agents have at the moment. Changed by the functions of assignment alone.';
COMMENT ON COLUMN triage.agent_work.agent_id IS 'The agent.';
COMMENT ON COLUMN triage.agent_work.units IS 'Units of capacity that their tickets take.';
COMMENT ON COLUMN triage.agent_work.tickets IS 'How many tickets they have.';
COMMENT ON COLUMN triage.agent_work.ramp_left IS 'How many new tickets they may still get before ramp_until.';
COMMENT ON COLUMN triage.agent_work.ramp_until IS 'Until when ramp_left counts.';
COMMENT ON COLUMN triage.agent_work.last_assigned_at IS 'When they got a ticket last.';

-- The hot table: written straight into the heap where it has no triggers and no
-- checks, so it has none.
CREATE TABLE triage.waiting (
    waiting_id         bigint GENERATED BY DEFAULT AS IDENTITY,
    tenant_id          text COLLATE "C" NOT NULL,
    source_id          integer NOT NULL,
    ticket_key         text COLLATE "C" NOT NULL,
    queue_id           integer NOT NULL,
    rank               timestamptz NOT NULL,
    since              timestamptz NOT NULL,
    queued_at          timestamptz NOT NULL,
    priority           smallint NOT NULL,
    units              smallint NOT NULL,
    channel            text,
    language           text,
    preferred_agent_id integer,
    skills             text[],
    skill_levels       smallint[],
    skill_drop_after   interval[],
    PRIMARY KEY (tenant_id, source_id, ticket_key)
);
CREATE INDEX waiting_next ON triage.waiting (queue_id, rank, waiting_id);
CREATE INDEX waiting_preferred ON triage.waiting (preferred_agent_id) WHERE preferred_agent_id IS NOT NULL;
COMMENT ON TABLE triage.waiting IS 'Tickets that wait for a person, and what that person must be able to do. A ticket that is claimed or assigned is not here.';
COMMENT ON COLUMN triage.waiting.waiting_id IS 'Number of this stay in a queue; ties of rank are taken in this order. The assignment that ends it has the same number.';
COMMENT ON COLUMN triage.waiting.tenant_id IS 'Tenant of the ticket; the empty string where there are no tenants.';
COMMENT ON COLUMN triage.waiting.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.waiting.ticket_key IS 'Key of the ticket in its table, as text.';
COMMENT ON COLUMN triage.waiting.queue_id IS 'Where it waits: triage.queue.queue_id.';
COMMENT ON COLUMN triage.waiting.rank IS 'The least is taken first: since, less an hour for each queue_policy.ageing points of priority. Growing old needs no update.';
COMMENT ON COLUMN triage.waiting.since IS 'Since when it waits; a ticket that was released keeps this, and so its rank.';
COMMENT ON COLUMN triage.waiting.queued_at IS 'When it came into this queue.';
COMMENT ON COLUMN triage.waiting.priority IS '0 (can wait) to 100 (at once).';
COMMENT ON COLUMN triage.waiting.units IS 'How much of an agent''s capacity it takes.';
COMMENT ON COLUMN triage.waiting.channel IS 'Its channel, for agents'' limits by channel.';
COMMENT ON COLUMN triage.waiting.language IS 'The language that the agent must write; NULL or und: any.';
COMMENT ON COLUMN triage.waiting.preferred_agent_id IS 'The agent who had it before it was reopened: they get it first when they claim.';
COMMENT ON COLUMN triage.waiting.skills IS 'Skills that the agent must have; NULL: none.';
COMMENT ON COLUMN triage.waiting.skill_levels IS 'Least level of each, 1 to 10.';
COMMENT ON COLUMN triage.waiting.skill_drop_after IS 'After waiting how long each is no longer needed; a NULL element: never.';

CREATE TABLE triage.assignment (
    assignment_id    bigint NOT NULL,
    tenant_id        text COLLATE "C" NOT NULL,
    source_id        integer NOT NULL,
    ticket_key       text COLLATE "C" NOT NULL,
    agent_id         integer NOT NULL,
    assigned_at      timestamptz NOT NULL,
    released_at      timestamptz,
    reason           text NOT NULL,
    released_why     text,
    queue_id         integer NOT NULL,
    rank             timestamptz NOT NULL,
    since            timestamptz NOT NULL,
    priority         smallint NOT NULL,
    units            smallint NOT NULL,
    channel          text,
    language         text,
    skills           text[],
    skill_levels     smallint[],
    skill_drop_after interval[],
    PRIMARY KEY (tenant_id, source_id, ticket_key, assignment_id)
);
CREATE UNIQUE INDEX assignment_owner ON triage.assignment (tenant_id, source_id, ticket_key) WHERE released_at IS NULL;
CREATE INDEX assignment_agent ON triage.assignment (agent_id) WHERE released_at IS NULL;
COMMENT ON TABLE triage.assignment IS 'Who has or had which ticket. A unique index allows a ticket one owner at a time: the row without released_at.';
COMMENT ON COLUMN triage.assignment.assignment_id IS 'Number of the stay in a queue that it ended, ascending for a ticket.';
COMMENT ON COLUMN triage.assignment.tenant_id IS 'Tenant of the ticket; the empty string where there are no tenants.';
COMMENT ON COLUMN triage.assignment.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.assignment.ticket_key IS 'Key of the ticket in its table, as text.';
COMMENT ON COLUMN triage.assignment.agent_id IS 'The agent: triage.agent.agent_id.';
COMMENT ON COLUMN triage.assignment.assigned_at IS 'From when on it is theirs.';
COMMENT ON COLUMN triage.assignment.released_at IS 'Until when it was; NULL while it is.';
COMMENT ON COLUMN triage.assignment.reason IS 'Why it went to this agent.';
COMMENT ON COLUMN triage.assignment.released_why IS 'Why it is no longer theirs.';
COMMENT ON COLUMN triage.assignment.queue_id IS 'The queue it came from, and returns to when it is released.';
COMMENT ON COLUMN triage.assignment.rank IS 'Its rank there; see triage.waiting, as for all that follows.';
COMMENT ON COLUMN triage.assignment.since IS 'Since when it had waited.';
COMMENT ON COLUMN triage.assignment.priority IS 'Its priority, 0 to 100.';
COMMENT ON COLUMN triage.assignment.units IS 'How much of the agent''s capacity it takes.';
COMMENT ON COLUMN triage.assignment.channel IS 'Its channel.';
COMMENT ON COLUMN triage.assignment.language IS 'Its language.';
COMMENT ON COLUMN triage.assignment.skills IS 'Skills that it needs.';
COMMENT ON COLUMN triage.assignment.skill_levels IS 'Least level of each.';
COMMENT ON COLUMN triage.assignment.skill_drop_after IS 'After waiting how long each is no longer needed.';

CREATE TABLE triage.alert (
    alert_id    bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind <> ''),
    subject     text NOT NULL,
    detail      text,
    raised_at   timestamptz NOT NULL,
    resolved_at timestamptz
);
CREATE UNIQUE INDEX alert_open ON triage.alert (kind, subject) WHERE resolved_at IS NULL;
COMMENT ON TABLE triage.alert IS 'What a lead should know: there is one open alert for each kind and subject.';
COMMENT ON COLUMN triage.alert.alert_id IS 'Identity.';
COMMENT ON COLUMN triage.alert.kind IS 'nobody_can_take: tickets wait that no active agent of the queue could ever take, on shift or off. waits_too_long: tickets wait longer than the queue''s max_wait, and it has no overflow_queue.';
COMMENT ON COLUMN triage.alert.subject IS 'What it is about: the queue and what its tickets need.';
COMMENT ON COLUMN triage.alert.detail IS 'In words.';
COMMENT ON COLUMN triage.alert.raised_at IS 'When it was raised.';
COMMENT ON COLUMN triage.alert.resolved_at IS 'When it no longer held; NULL while it does.';

SELECT pg_catalog.pg_extension_config_dump('triage.skill', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent_agent_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent_skill', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent_queue', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent_channel', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent_shift', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent_leave', '');
SELECT pg_catalog.pg_extension_config_dump('triage.channel_weight', '');
SELECT pg_catalog.pg_extension_config_dump('triage.queue_policy', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent_presence', '');
SELECT pg_catalog.pg_extension_config_dump('triage.agent_work', '');
SELECT pg_catalog.pg_extension_config_dump('triage.waiting', '');
SELECT pg_catalog.pg_extension_config_dump('triage.waiting_waiting_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('triage.assignment', '');
SELECT pg_catalog.pg_extension_config_dump('triage.alert', '');
SELECT pg_catalog.pg_extension_config_dump('triage.alert_alert_id_seq', '');
