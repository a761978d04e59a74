-- The help desk's own tables, as a shop may have had them for years. Nothing here
-- knows of support_triage.
CREATE TABLE tickets (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject     text,
    body        text NOT NULL,
    customer_id bigint,
    channel     text,
    segment     text,
    language    text,
    status      text NOT NULL DEFAULT 'open',
    priority    text,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Tickets of the past: agents answered them and said what they were about.
CREATE TABLE past_tickets (
    n        bigint GENERATED ALWAYS AS IDENTITY,
    subject  text,
    body     text NOT NULL,
    channel  text,
    segment  text,
    language text,
    intent   text NOT NULL
);

-- Tickets that are about to arrive, with what a person would call them: only to
-- compare afterwards, triage never sees it.
CREATE TABLE arriving (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject  text,
    body     text NOT NULL,
    channel  text,
    segment  text,
    language text,
    intent   text NOT NULL
);
