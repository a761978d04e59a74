-- The tickets of the invented shop "Kettle & Leaf" (test/demo/README.md): of ten
-- lines seven are the past, three are to arrive. :file is tickets.tsv.
CREATE TEMP TABLE line (
    n bigint GENERATED ALWAYS AS IDENTITY,
    intent text, language text, channel text, segment text, subject text, body text
);
COPY line (intent, language, channel, segment, subject, body) FROM :'file';

INSERT INTO past_tickets (subject, body, channel, segment, language, intent)
SELECT nullif(subject, ''), body, channel, segment, language, intent
FROM line WHERE n % 10 < 7 ORDER BY n;

INSERT INTO arriving (subject, body, channel, segment, language, intent)
SELECT nullif(subject, ''), body, channel, segment, language, intent
FROM line WHERE n % 10 >= 7 ORDER BY n;
