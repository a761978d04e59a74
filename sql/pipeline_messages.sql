-- The messages of a thread: attaching them, and how their tone moved
SET client_min_messages = warning;
CREATE SCHEMA pipeline_messages;
SET search_path = pipeline_messages;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'), ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, created_at timestamptz);
CREATE TABLE others (id uuid PRIMARY KEY, body text);
SELECT triage.attach('tickets') ->> 'id' AS id;
CREATE TABLE messages (id int PRIMARY KEY, ticket_id int REFERENCES tickets, author_type text, body text, sent_at timestamptz);

-- columns are guessed or named; the tickets are what the foreign key refers to
SELECT triage.attach_messages('messages');
SELECT messages, columns ->> 'ticket' AS ticket, options, attached_by = session_user AS by_me FROM triage.message_source;
INSERT INTO tickets VALUES (1, 'Parcel', 'Where is my parcel? Thank you in advance, you are great!', '2024-05-01 10:00+00'), (2, NULL, 'I want a refund', NULL), (3, NULL, NULL, NULL);
INSERT INTO messages VALUES
    (3, 1, 'customer', 'This is the third time that I ask, this is terrible and I am very angry!', '2024-05-03 10:00+00'),
    (1, 1, 'agent', 'Thank you so much for your wonderful message! We love to help you.', '2024-05-01 11:00+00'),
    (2, 1, 'End_User', E'It has still not arrived, I am disappointed.\n\nOn 1 May 2024 support wrote:\n> Thank you so much for your wonderful message!', '2024-05-02 10:00+00'),
    (4, 1, 'agent', 'We are sorry.', '2024-05-03 11:00+00'),
    (5, 2, 'customer', 'hello', NULL), (6, 1, 'customer', NULL, '2024-05-04 10:00+00');
SELECT "position", at, author_kind, by_customer, score IS NOT NULL AS scored, label IS NOT NULL AS labelled, confidence BETWEEN 0 AND 1 AS sure FROM triage.sentiment_path('tickets', '1');
-- it went down: the requester's last message counts as much as all before it together
WITH path AS (SELECT *, row_number() OVER (ORDER BY "position") AS n FROM triage.sentiment_path('tickets', '1') WHERE score IS NOT NULL)
SELECT a.score > b.score AND a.score > c.score AS falling, c.score < 0 AS negative, a.mood = a.score AS first, a.slope IS NULL AS no_slope,
       abs(c.mood - (((a.score + b.score) / 2 + c.score) / 2)) < 0.0001 AS mood, abs(c.slope - (c.score - a.score) / 2) < 0.0001 AS slope
FROM path a, path b, path c WHERE a.n = 1 AND b.n = 2 AND c.n = 3;
SELECT "position", author_kind, by_customer, score IS NULL AS unscored FROM triage.sentiment_path('tickets', '3');
SELECT "position", at, author_kind FROM triage.sentiment_path('tickets', '2');
SELECT count(*) FROM triage.sentiment_path('tickets', NULL);
SELECT * FROM triage.sentiment_path('tickets', '99');
SELECT * FROM triage.sentiment_path('others', '1');

-- who is the requester may be said; order may come from the key
ALTER TABLE messages ADD is_agent boolean;
UPDATE messages SET is_agent = author_type = 'agent';
SELECT triage.attach_messages('messages', '{"author_kind": "is_agent", "created_at": null}', options => '{"customer": [false]}');
SELECT "position", at, author_kind, by_customer FROM triage.sentiment_path('tickets', '1');
SELECT triage.attach_messages('messages', '{"author_kind": null}') ->> 'author_kind' AS author_kind;
SELECT count(*) FILTER (WHERE by_customer) AS by_customer FROM triage.sentiment_path('tickets', '1');

-- what cannot be attached says why
SELECT triage.attach_messages('messages', '{"colour": "red"}');
SELECT triage.attach_messages('messages', '{"body": 5}');
SELECT triage.attach_messages('messages', '[]');
SELECT triage.attach_messages('messages', '{"body": "nosuch"}');
SELECT triage.attach_messages('messages', '{"created_at": "body"}');
SELECT triage.attach_messages('messages', '{"id": null, "created_at": null}');
SELECT triage.attach_messages('messages', options => '{"customer": "all"}');
SELECT triage.attach_messages('messages', options => '{"customers": []}');
SELECT triage.attach_messages('others');
SELECT triage.attach_messages('messages', tickets => 'others');
SELECT triage.attach_messages(0);
SELECT triage.attach_messages('messages', NULL);
CREATE TABLE notes (nr int PRIMARY KEY, about uuid, words text);
SELECT triage.attach_messages('notes', '{"ticket": "about", "body": "words", "id": "nr"}');
CREATE VIEW both_of_them AS SELECT id, ticket_id, author_type, body FROM messages UNION ALL SELECT nr, 1, 'customer', words FROM notes;
SELECT triage.attach_messages('both_of_them', tickets => 'tickets');
SELECT triage.detach_messages('messages');
SELECT triage.detach_messages('messages');
SELECT triage.attach_messages('both_of_them');
INSERT INTO notes (nr, words) VALUES (100, 'It came. Thank you!');
SELECT count(*), max(author_kind) AS author_kind FROM triage.sentiment_path('tickets', '1');
-- messages that are gone are gone; another table takes their place
DROP VIEW both_of_them;
SELECT count(*) FROM triage.sentiment_path('tickets', '1');
SELECT triage.attach_messages('messages') ->> 'body' AS body;
SELECT messages FROM triage.message_source;

-- as the caller: who cannot read the messages, or the tickets, reads no path
CREATE ROLE triage_messages_reader;
GRANT USAGE ON SCHEMA pipeline_messages, triage TO triage_messages_reader;
GRANT EXECUTE ON FUNCTION triage.sentiment_path, triage.attach_messages, triage.detach_messages TO triage_messages_reader;
SET ROLE triage_messages_reader;
SELECT * FROM triage.sentiment_path('tickets', '1');
SELECT triage.detach_messages('messages');
SELECT triage.attach_messages('messages');
RESET ROLE;
GRANT SELECT ON tickets TO triage_messages_reader;
SET ROLE triage_messages_reader;
SELECT count(*) FROM triage.sentiment_path('tickets', '1');
RESET ROLE;
GRANT SELECT ON messages TO triage_messages_reader;
SET ROLE triage_messages_reader;
SELECT count(*) FROM triage.sentiment_path('tickets', '1');
RESET ROLE;

-- a long thread: its newest thousand
INSERT INTO messages SELECT g, 2, 'customer', 'message ' || g, timestamptz '2024-06-01 00:00+00' + g * interval '1 minute' FROM generate_series(1001, 2500) AS g;
SELECT count(*), max(at) FROM triage.sentiment_path('tickets', '2');

-- purging the tickets forgets their messages
SELECT triage.detach('tickets', true);
SELECT count(*) FROM triage.message_source;
DROP OWNED BY triage_messages_reader;
DROP ROLE triage_messages_reader;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_messages CASCADE;
