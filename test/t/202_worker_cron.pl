# triage.tick() driven by pg_cron, by its background workers and by its connections.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageWorker;

my ($libdir) = run_command([ 'pg_config', '--pkglibdir' ]);

SKIP:
{
    skip 'pg_cron is not installed', 1 unless -e "$libdir/pg_cron.so";

    foreach my $by ('on', 'off')
    {
        my $node = start_triage_node("cron_$by", conf => qq{
            shared_preload_libraries = 'pg_cron'
            cron.use_background_workers = $by
            max_worker_processes = 16});
        $node->append_conf('postgresql.conf', "cron.host = '" . $node->host . "'\n");
        $node->restart;
        create_notes($node, 'postgres');
        $node->safe_psql('postgres', q{
            CREATE FUNCTION fails() RETURNS timestamptz LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO public.noted (timeout) VALUES ('fails');
                RAISE EXCEPTION 'no luck';
            END $$;
            INSERT INTO triage.task (name, function, run_every) VALUES ('fails', 'public.fails()', '1 hour');
            CREATE EXTENSION pg_cron;
            SELECT cron.schedule('triage', '@reboot', 'CALL triage.tick()');});
        # a job of pg_cron's minutes would take minutes: one that is run at each start does not
        $node->restart;
        ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM noted'), "background workers $by: tasks are run");
        ok($node->poll_query_until('postgres', q{SELECT failures = 1 FROM triage.task_status WHERE name = 'fails'}), 'one that fails is noted');
        ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM cron.job_run_details WHERE status = 'succeeded'}), 'the call succeeds');
        $node->restart;
        ok($node->poll_query_until('postgres', 'SELECT count(*) = 2 FROM noted'), 'and run again');
        is($node->safe_psql('postgres', q{SELECT count(*) FROM noted WHERE timeout = 'fails'}), '0', 'what it wrote is undone');
        is($node->safe_psql('postgres', q{SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'}), '0', 'and no call failed');
        is($node->safe_psql('postgres', 'SELECT state FROM triage.worker_status'), 'not running', 'there is no worker');

        # a worker that comes at the same time does no harm
        $node->safe_psql('postgres', q{SELECT cron.schedule('worker', '@reboot', 'SELECT triage.start_worker()')});
        $node->restart;
        ok(wait_for_worker($node, 'postgres'), 'a worker beside it, started by it');
        ok($node->poll_query_until('postgres', q{SELECT count(*) = 4 FROM cron.job_run_details WHERE status = 'succeeded'}), 'they go on side by side');
        is($node->safe_psql('postgres', q{SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'}), '0', 'without errors');
        $node->stop;
    }
}

done_testing();
