-- Conditions of rules: SQL over facts, and nothing beside.
CREATE FUNCTION holds(condition text, facts jsonb) RETURNS boolean LANGUAGE sql
AS 'SELECT triage.test_condition(condition, jsonb_populate_record(NULL::triage.facts, facts))';

SELECT condition, holds(condition, '{"intent": "refund", "intent_confidence": 0.9, "segment": "vip", "channel": "e-mail",
                                     "created_at": "2026-11-23 08:30:00+01", "body_length": 120, "in_scope": true}')
FROM unnest(ARRAY[
    'true',
    'intent = ''refund''',
    'facts.intent = ''refund'' AND intent_confidence >= 0.9::real',
    'intent IN (''refund'', ''cancel'') AND segment = ''vip''',
    'intent ~ ''^ref'' AND NOT in_scope',
    'lower(segment) LIKE ''v%''',
    'customer IS NULL',
    'customer = ''anna''',
    'coalesce(customer, ''nobody'') = ''nobody''',
    'CASE WHEN body_length > 1000 THEN false ELSE intent_margin IS NULL END',
    'channel = ANY (ARRAY[''chat'', ''e-mail''])',
    'extract(isodow FROM created_at AT TIME ZONE ''Europe/Berlin'') < 6',
    'triage.now() > timestamptz ''2026-01-01 00:00+00''',
    'body_length BETWEEN 100 AND 200 AND length(intent) = 6',
    'intent_confidence::numeric(3,1) = 0.9'
]) AS condition;

-- what is no condition
SELECT holds('', '{}');
SELECT holds('intent = = ''refund''', '{}');
SELECT holds('intent = ''refund', '{}');
SELECT holds('intent', '{}');
SELECT holds('body_length + 1', '{}');
SELECT holds('body_length = ''many''', '{}');
SELECT holds('intent = 5', '{}');
SELECT holds('colour = ''red''', '{}');
SELECT holds('intent = ''a'', channel = ''b''', '{}');
SELECT holds('intent = ''a'' AS name', '{}');
SELECT holds('true; DROP TABLE triage.decision', '{}');
SELECT holds('true FROM triage.decision', '{}');
SELECT holds('true ORDER BY 1', '{}');
SELECT holds('nosuch(intent)', '{}');
SELECT holds('$1', '{}');
SELECT holds('pg_catalog.pg_class.relname = ''x''', '{}');

-- what would read, write, run or change its mind
SELECT holds('EXISTS (SELECT 1)', '{}');
SELECT holds('intent = (SELECT intent)', '{}');
SELECT holds('count(*) > 1', '{}');
SELECT holds('row_number() OVER () = 1', '{}');
SELECT holds('generate_series(1, 3) = 1', '{}');
SELECT holds('random() < 0.5', '{}');
SELECT holds('now() > created_at', '{}');
SELECT holds('created_at > CURRENT_DATE', '{}');
SELECT holds('created_at > CURRENT_TIMESTAMP', '{}');
SELECT holds('created_at - interval ''1 day'' < triage.now()', '{}');
SELECT holds('pg_sleep(1) IS NULL', '{}');
SELECT holds('current_setting(''is_superuser'') = ''on''', '{}');
SELECT holds('table_to_xml(''pg_class'', true, true, '''') IS NOT NULL', '{}');
SELECT holds('query_to_xml(''DELETE FROM x'', true, true, '''') IS NOT NULL', '{}');
SELECT holds('pg_read_file(''x'') IS NULL', '{}');
SELECT holds('nextval(''s'') = 1', '{}');
SELECT holds('(triage.classify(''x'', intent)).in_scope', '{}');

-- nothing of a user's own, whatever the search_path
CREATE FUNCTION public.mine(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION public.always(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR public.=== (FUNCTION = public.always, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR public.= (FUNCTION = public.always, LEFTARG = text, RIGHTARG = text);
CREATE DOMAIN public.checked AS text CHECK (public.mine(value));
CREATE TYPE public.mood AS ENUM ('glad');
SET search_path = public, pg_catalog;
SELECT public.holds('mine(intent)', '{}');
SELECT public.holds('public.mine(intent)', '{}');
SELECT public.holds('intent === ''x''', '{}');
SELECT public.holds('intent OPERATOR(public.===) ''x''', '{}');
SELECT public.holds('intent::public.checked IS NULL', '{}');
SELECT public.holds('''x''::public.checked IS NULL', '{}');
SELECT public.holds('''glad''::public.mood IS NULL', '{}');
SELECT public.holds('intent = ''refund''', '{"intent": "other"}') AS not_by_the_operator_of_public;
RESET search_path;

-- what fails at run time says so; at once when it can be known
SELECT holds('10 / body_length > 1', '{"body_length": 0}');
SELECT holds('1 / 0 = 1', '{}');
SELECT holds(repeat('true AND ', 2000) || 'true', '{}');
