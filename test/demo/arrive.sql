-- All at once, as an import would; then one by one, as customers do.
SELECT count(*) AS n, count(*) - 20 AS bulk FROM arriving \gset
CREATE TEMP TABLE clock (part text, began timestamptz, ended timestamptz);

INSERT INTO clock VALUES ('bulk', clock_timestamp());
INSERT INTO tickets (subject, body, customer_id, channel, segment, language)
SELECT subject, body, 1000 + position * 7919 % 9000, channel, segment, language
FROM arriving WHERE position <= :bulk ORDER BY position;
UPDATE clock SET ended = clock_timestamp() WHERE part = 'bulk';

INSERT INTO clock VALUES ('single', clock_timestamp());
SELECT format('INSERT INTO tickets (subject, body, customer_id, channel, segment, language) VALUES (%L, %L, %s, %L, %L, %L)',
              subject, body, 1000 + position * 7919 % 9000, channel, segment, language)
FROM arriving WHERE position > :bulk ORDER BY position
\gexec
UPDATE clock SET ended = clock_timestamp() WHERE part = 'single';

SELECT to_char(1000 * extract(epoch FROM b.ended - b.began), 'FM999990') AS bulk_ms,
       to_char(1000 * extract(epoch FROM b.ended - b.began) / greatest(:bulk, 1), 'FM990.00') AS bulk_each,
       to_char(1000 * extract(epoch FROM s.ended - s.began) / 20, 'FM990.0') AS single_each
FROM clock b, clock s WHERE b.part = 'bulk' AND s.part = 'single' \gset
\echo :bulk in one statement, :bulk_ms ms in all: :bulk_each ms a ticket, stored, read, decided and routed.
\echo 20 one by one, as customers write: :single_each ms each, commit and round trip included.
