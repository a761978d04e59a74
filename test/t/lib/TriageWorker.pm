# TriageWorker.pm: watching the background worker, for the TAP tests of src/worker.
package TriageWorker;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(worker_pid wait_for_worker wait_for_no_worker worker_log create_notes noted);

# worker_pid(NODE, DB): its process, the empty string when there is none.
sub worker_pid
{
    my ($node, $db) = @_;

    return $node->safe_psql('postgres',
        "SELECT string_agg(pid::text, ',') FROM pg_stat_activity WHERE backend_type = 'support_triage worker' AND datname = '$db'");
}

# wait_for_worker(NODE, DB): until it is at work; its process, the empty string when it did not come.
sub wait_for_worker
{
    my ($node, $db) = @_;

    $node->poll_query_until($db, q{SELECT state IN ('working', 'waiting') FROM triage.worker_status}) || return '';
    return worker_pid($node, $db);
}

# wait_for_no_worker(NODE, DB): whether there was a moment without one.
sub wait_for_no_worker
{
    my ($node, $db) = @_;

    return $node->poll_query_until('postgres',
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'support_triage worker' AND datname = '$db'");
}

# worker_log(NODE): the server's log.
sub worker_log
{
    my ($node) = @_;

    return slurp_file($node->logfile);
}

# create_notes(NODE, DB): a task "note" that leaves a row in table noted each time that it is run.
sub create_notes
{
    my ($node, $db) = @_;

    $node->safe_psql($db, q{
        CREATE TABLE noted (at timestamptz DEFAULT clock_timestamp(), who name, pid int, path text, timeout text);
        CREATE FUNCTION note() RETURNS timestamptz LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.noted (who, pid, path, timeout)
            VALUES (current_user, pg_backend_pid(), current_setting('search_path'), current_setting('statement_timeout'));
            RETURN NULL;
        END $$;
        INSERT INTO triage.task (name, function, run_every) VALUES ('note', 'public.note()', '1 hour');});
    return;
}

# noted(NODE, DB): how often it was.
sub noted
{
    my ($node, $db) = @_;

    return $node->safe_psql($db, 'SELECT count(*) FROM noted');
}

1;
