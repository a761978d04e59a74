-- Tasks as rows: what may be one, what a run does, what is noted of it.
\set VERBOSITY default
SELECT name, function, run_every, on_wake, enabled FROM triage.task ORDER BY name;
-- each function is there and can be a task
SELECT t.name FROM triage.task t LEFT JOIN pg_proc p ON p.oid = to_regprocedure(t.function)
WHERE p.prorettype IS DISTINCT FROM 'timestamptz'::regtype OR p.pronargs <> 0 OR has_function_privilege('public', p.oid, 'EXECUTE');
SELECT state, failing FROM triage.worker_status;

-- All that there is, with nothing to do.
CALL triage.tick();
SELECT name, failures, last_error, last_finished >= last_started AS finished, next_due > clock_timestamp() AS planned,
       next_due <= last_started + run_every AS in_time, lag
FROM triage.task_status ORDER BY name;

-- What is no task.
CREATE FUNCTION takes(a int) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
CREATE FUNCTION gives_text() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
CREATE FUNCTION gives_many() RETURNS SETOF timestamptz LANGUAGE sql AS 'SELECT now()';
CREATE FUNCTION ok() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
INSERT INTO triage.task (name, function, run_every) VALUES ('t', 'public.takes(int)', '1 hour');
INSERT INTO triage.task (name, function, run_every) VALUES ('t', 'public.gives_text()', '1 hour');
INSERT INTO triage.task (name, function, run_every) VALUES ('t', 'public.gives_many()', '1 hour');
INSERT INTO triage.task (name, function, run_every) VALUES ('t', 'public.nothing()', '1 hour');
INSERT INTO triage.task (name, function, run_every) VALUES ('t', 'ok()', '1 hour');
INSERT INTO triage.task (name, function, run_every) VALUES ('t', 'public.ok(); DROP TABLE triage.task', '1 hour');
INSERT INTO triage.task (name, function, run_every) VALUES ('t', '', '1 hour');
\set VERBOSITY terse
INSERT INTO triage.task (name, function, run_every) VALUES ('', 'public.ok()', '1 hour');
INSERT INTO triage.task (name, function, run_every) VALUES ('t', 'public.ok()', '0');
INSERT INTO triage.task (name, function, run_every) VALUES ('t', 'public.ok()', '400 days');
\set VERBOSITY default
UPDATE triage.task SET function = 'pg_catalog.version()' WHERE name = 'clocks';

-- One that fails is noted and put off, what it wrote is undone, the others go on.
CREATE TABLE written (what text, who name, path text);
CREATE FUNCTION fails() RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.written VALUES ('fails');
    RAISE EXCEPTION 'no luck' USING DETAIL = 'Not today.';
END $$;
CREATE FUNCTION writes() RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.written VALUES ('writes', current_user, current_setting('search_path'));
    RETURN NULL;
END $$;
INSERT INTO triage.task (name, function, run_every, on_wake) VALUES
    ('a fails', 'public.fails()', '1 hour', true), ('b writes', 'public.writes()', '1 hour', false);
\set VERBOSITY terse
CALL triage.tick();
\set VERBOSITY default
SELECT what, who = (SELECT nspowner::regrole::name FROM pg_namespace WHERE nspname = 'triage') AS as_owner, path FROM written;
SELECT name, failures, last_error FROM triage.task_status WHERE name LIKE '_ %' ORDER BY name;
SELECT last_error_task, last_error, failing FROM triage.worker_status;
SELECT next_due - last_finished AS pause FROM triage.task_status WHERE name = 'a fails';
-- not due
UPDATE triage.task_state SET next_due = now() + interval '1 hour' WHERE task LIKE '_ %';
CALL triage.tick();
SELECT count(*) FROM written;
-- due again: twice the pause
UPDATE triage.task_state SET next_due = now() WHERE task IN ('a fails', 'b writes');
\set VERBOSITY terse
CALL triage.tick();
\set VERBOSITY default
SELECT failures, next_due - last_finished AS pause FROM triage.task_status WHERE name = 'a fails';
SELECT count(*) FROM written;
-- when it succeeds again, what happened stays visible
CREATE OR REPLACE FUNCTION fails() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
UPDATE triage.task_state SET next_due = now() WHERE task = 'a fails';
CALL triage.tick();
SELECT failures, last_error, last_error_at < last_finished AS earlier FROM triage.task_status WHERE name = 'a fails';
-- one whose function is dropped
DROP FUNCTION fails();
\set VERBOSITY terse
CALL triage.tick();
\set VERBOSITY default
SELECT failures, last_error FROM triage.task_status WHERE name = 'a fails';
-- a task that is removed takes its state along; one that is not enabled is not run
DELETE FROM triage.task WHERE name = 'a fails';
UPDATE triage.task SET enabled = false WHERE name = 'b writes';
UPDATE triage.task_state SET next_due = now() WHERE task = 'b writes';
CALL triage.tick();
SELECT count(*) FROM written;
SELECT name, lag FROM triage.task_status WHERE name LIKE '_ %';
-- an error at the commit
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION orphan() RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO public.child VALUES (1); SELECT NULL::timestamptz $$;
INSERT INTO triage.task (name, function, run_every) VALUES ('orphan', 'public.orphan()', '1 hour');
\set VERBOSITY terse
CALL triage.tick();
\set VERBOSITY default
SELECT failures, last_error FROM triage.task_status WHERE name = 'orphan';
DELETE FROM triage.task WHERE name = 'orphan';

-- When it wants to be called again: at once, as long as it does something.
CREATE TABLE todo AS SELECT generate_series(1, 5) AS n;
CREATE FUNCTION few() RETURNS timestamptz LANGUAGE sql AS $$
    DELETE FROM public.todo WHERE n = (SELECT min(n) FROM public.todo);
    SELECT CASE WHEN EXISTS (SELECT FROM public.todo) THEN triage.now() ELSE triage.now() + interval '7 minutes' END $$;
CREATE FUNCTION never_done() RETURNS timestamptz LANGUAGE sql AS 'SELECT triage.now()';
CREATE FUNCTION longest() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz 'infinity' $$;
CREATE FUNCTION earliest() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '-infinity' $$;
INSERT INTO triage.task (name, function, run_every) VALUES ('few', 'public.few()', '1 hour'), ('never done', 'public.never_done()', '1 hour'),
    ('longest', 'public.longest()', '1 hour'), ('earliest', 'public.earliest()', '1 hour');
CALL triage.tick();
SELECT count(*) FROM todo;
SELECT name, runs, round(extract(epoch FROM next_due - last_finished)) AS seconds FROM triage.task_state s JOIN triage.task t ON t.name = s.task
WHERE function LIKE 'public%' AND enabled ORDER BY name;
DELETE FROM triage.task WHERE function LIKE 'public%';

-- Inside a transaction block all of it is one transaction.
INSERT INTO triage.task (name, function, run_every) VALUES ('writes', 'public.writes()', '1 hour');
BEGIN;
CALL triage.tick();
ROLLBACK;
SELECT count(*) FROM triage.task_state WHERE task = 'writes';
SELECT count(*) FROM written;
CALL triage.tick('0');
CALL triage.tick(NULL);
CALL triage.tick('1 month');
BEGIN READ ONLY;
CALL triage.tick();
ROLLBACK;
BEGIN READ ONLY;
SELECT triage.start_worker();
ROLLBACK;

-- Whose function it is, and who may say so.
CREATE ROLE worker_stranger;
CREATE ROLE worker_admin;
GRANT USAGE ON SCHEMA triage TO worker_admin, worker_stranger;
GRANT SELECT, INSERT, UPDATE ON triage.task TO worker_admin;
GRANT EXECUTE ON FUNCTION triage.now() TO worker_admin;
GRANT CREATE ON SCHEMA public TO worker_stranger, worker_admin;
DELETE FROM triage.task WHERE name = 'writes';
TRUNCATE written;
SET ROLE worker_stranger;
CREATE FUNCTION evil() RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO public.written VALUES ('evil', current_user); SELECT NULL::timestamptz $$;
SELECT triage.start_worker();
SELECT triage.stop_worker();
SELECT triage.wake_worker();
CALL triage.tick();
SELECT name FROM triage.task;
RESET ROLE;
SET ROLE worker_admin;
CREATE FUNCTION mine() RETURNS timestamptz LANGUAGE sql AS $$ SELECT NULL::timestamptz $$;
INSERT INTO triage.task (name, function, run_every) VALUES ('mine', 'public.mine()', '1 hour');
UPDATE triage.task SET function = 'pg_catalog.clock_timestamp()' WHERE name = 'clocks';
UPDATE triage.task SET run_every = '2 minutes' WHERE name = 'clocks';
RESET ROLE;
SELECT run_every, changed_by = session_user AS by_me FROM triage.task WHERE name = 'clocks';
-- even the owner's word does not make a stranger's function a task
INSERT INTO triage.task (name, function, run_every) VALUES ('evil', 'public.evil()', '1 hour');
\set VERBOSITY terse
CALL triage.tick();
\set VERBOSITY default
SELECT last_error FROM triage.task_status WHERE name = 'evil';
SELECT count(*) FROM written;
-- and one that was a superuser's and is a stranger's now is none any longer
DELETE FROM triage.task WHERE name = 'evil';
CREATE FUNCTION good() RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO public.written VALUES ('good', current_user); SELECT NULL::timestamptz $$;
INSERT INTO triage.task (name, function, run_every) VALUES ('good', 'public.good()', '1 hour');
CALL triage.tick();
ALTER FUNCTION good() OWNER TO worker_stranger;
\set VERBOSITY terse
CALL triage.tick();
SELECT count(*) FROM written;
DELETE FROM triage.task WHERE name = 'good';

-- A deferred trigger of what a task wrote fires with the rights of the task, not of who drives it.
CREATE TABLE deferred (n int);
CREATE FUNCTION who_fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.written VALUES ('fired', current_user); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER who_fires AFTER INSERT ON deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION who_fires();
CREATE ROLE worker_driver SUPERUSER;
CREATE FUNCTION defers() RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO public.deferred VALUES (1); SELECT NULL::timestamptz $$;
INSERT INTO triage.task (name, function, run_every) VALUES ('defers', 'public.defers()', '1 hour');
TRUNCATE written;
SET ROLE worker_driver;
CALL triage.tick();
SELECT who = (SELECT nspowner::regrole::name FROM pg_namespace WHERE nspname = 'triage') AS as_owner FROM written;
SELECT current_user;
RESET ROLE;
DROP OWNED BY worker_stranger, worker_admin, worker_driver;
DROP ROLE worker_stranger, worker_admin, worker_driver;
