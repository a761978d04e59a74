# Without shared_preload_libraries: triage.start_worker(), waking, and leaving when
# the extension or the database goes; triage.tick() beside it and without it.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageWorker;

my $node = start_triage_node('main', conf => "restart_after_crash = on\n");
is($node->safe_psql('postgres', 'SELECT state FROM triage.worker_status'), 'not running', 'nobody has started one');
create_notes($node, 'postgres');

# --- tick alone ---

$node->safe_psql('postgres', 'CALL triage.tick()');
is(noted($node, 'postgres'), '1', 'a tick runs tasks');
$node->safe_psql('postgres', 'CALL triage.tick()');
is(noted($node, 'postgres'), '2', 'and each one what a wake would');

# --- start_worker ---

$node->safe_psql('postgres', 'BEGIN; SELECT triage.start_worker(); ROLLBACK');
$node->safe_psql('postgres', 'SELECT triage.start_worker()');
my $pid = wait_for_worker($node, 'postgres');
like($pid, qr/^\d+$/, 'start_worker');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 3 FROM noted'), 'it runs tasks when it comes');
$node->safe_psql('postgres', 'SELECT triage.start_worker()') for 1 .. 3;
is(worker_pid($node, 'postgres'), $pid, 'there is one at most');

# Waking: an open session, which read where the worker is before it began anew.
my ($in, $out) = ('', '');
my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, $timer);

sub wakes
{
    my ($name) = @_;

    # a row of our own tells the runs before from those after
    my $mark = $node->safe_psql('postgres', 'INSERT INTO noted (timeout) VALUES ($$mark$$) RETURNING at');
    $in .= "SELECT triage.wake_worker();\nSELECT 'woken';\n";
    $out = '';
    $session->pump until $out =~ /woken/;
    ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM noted WHERE timeout = '0' AND at > '$mark'"), $name);
    return;
}

wakes('woken by a session');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok($node->poll_query_until('postgres', "SELECT pid <> $pid AND state = 'waiting' FROM triage.worker_status"), 'terminated, it comes back');
wakes('the session finds the new one');

# A tick beside the worker: a task is run by one of them at a time.
$node->safe_psql('postgres', q{
    CREATE FUNCTION slow() RETURNS timestamptz LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.noted (timeout) VALUES ('slow');
        PERFORM pg_catalog.pg_advisory_xact_lock(42);
        RETURN NULL;
    END $$});
my ($in2, $out2) = ("BEGIN; SELECT pg_advisory_xact_lock(42); SELECT 'held';\n", '');
my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in2, '>', \$out2, $timer);
$holder->pump until $out2 =~ /held/;
my ($in3, $out3) = ('', '');
$node->safe_psql('postgres', 'SELECT triage.stop_worker()');
ok(wait_for_no_worker($node, 'postgres'), 'stop_worker');
$node->safe_psql('postgres', q{INSERT INTO triage.task (name, function, run_every) VALUES ('slow', 'public.slow()', '1 hour')});
my $tick = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'CALL triage.tick()' ], '<', \$in3, '>', \$out3, $timer);
ok( $node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE query = 'CALL triage.tick()' AND wait_event_type = 'Lock'}),
    'a tick is in the middle of a task');
$node->safe_psql('postgres', 'CALL triage.tick()');
pass('another tick passes it over');
$in2 .= "COMMIT;\n\\q\n";
$holder->finish;
$tick->finish;
is($node->safe_psql('postgres', q{SELECT count(*) FROM noted WHERE timeout = 'slow'}), '1', 'the task was run once');
$node->safe_psql('postgres', q{DELETE FROM triage.task WHERE name = 'slow'});

# --- leaving ---

$node->safe_psql('postgres', 'SELECT triage.start_worker()');
$pid = wait_for_worker($node, 'postgres');
$node->safe_psql('postgres', 'DROP EXTENSION support_triage CASCADE');
ok(wait_for_no_worker($node, 'postgres'), 'DROP EXTENSION: it leaves');
unlike(worker_log($node), qr/ERROR:  relation "triage/, 'without an error');

$node->safe_psql('postgres', 'CREATE DATABASE app');
$node->safe_psql('app', 'CREATE EXTENSION support_triage; SELECT triage.start_worker()');
ok(wait_for_worker($node, 'app'), 'a start in the transaction that creates the extension');
$node->safe_psql('postgres', 'DROP DATABASE app');
pass('DROP DATABASE: it leaves');
$node->safe_psql('postgres', 'CREATE DATABASE app');
$node->safe_psql('app', 'CREATE EXTENSION support_triage; SELECT triage.start_worker()');
ok(wait_for_worker($node, 'app'), 'started again');
$node->safe_psql('postgres', 'DROP DATABASE app WITH (FORCE)');
pass('DROP DATABASE WITH (FORCE)');

# --- a crash, a restart ---

$node->safe_psql('postgres', 'CREATE EXTENSION support_triage; SELECT triage.start_worker()');
$pid = wait_for_worker($node, 'postgres');
kill 'KILL', $pid;
ok($node->poll_query_until('postgres', "SELECT pid <> $pid FROM triage.worker_status WHERE state = 'waiting'"), 'a crash of the server does not end it');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'app'}), '0', 'nothing looks for the database that is gone');
$node->restart;
is($node->safe_psql('postgres', 'SELECT state FROM triage.worker_status'), 'not running', 'a restart does');
$node->safe_psql('postgres', 'SELECT triage.wake_worker()');
pass('waking nobody does no harm');

$in .= "\\q\n";
$session->finish;
$node->stop;
done_testing();
