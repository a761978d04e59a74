# With shared_preload_libraries: a worker in each database that has the extension,
# woken at commit, out of the way when its database or extension is to go.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageWorker;

my $node = start_triage_node('main', preload => 1, conf => "max_worker_processes = 16\nrestart_after_crash = on\n");
my $pid = wait_for_worker($node, 'postgres');
like($pid, qr/^\d+$/, 'CREATE EXTENSION brings a worker');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'support_triage launcher'}), '1', 'there is a launcher');
is($node->safe_psql('postgres', 'SELECT pid FROM triage.worker_status'), $pid, 'worker_status shows it');

# --- it runs what is due, and sleeps without a transaction ---

create_notes($node, 'postgres');
ok($node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM noted'), 'a new task is run at once');
is($node->safe_psql('postgres', 'SELECT DISTINCT pid, path, timeout, who FROM noted'),
    "$pid|pg_catalog, pg_temp|0|" . $node->safe_psql('postgres', q{SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'triage'}),
    'by the worker, as the owner of schema triage, with a pinned search_path');
ok( $node->poll_query_until('postgres', qq{SELECT state = 'idle' AND xact_start IS NULL AND backend_xmin IS NULL AND backend_xid IS NULL
        FROM pg_stat_activity WHERE pid = $pid}),
    'it sleeps without a transaction');
is($node->safe_psql('postgres', qq{SELECT count(*) FROM pg_locks WHERE pid = $pid AND locktype <> 'advisory'}), '0', 'and without locks');
is($node->safe_psql('postgres', qq{SELECT application_name FROM pg_stat_activity WHERE pid = $pid}), 'support_triage worker', 'it has a name');

# --- waking ---

my $before = noted($node, 'postgres');
$node->safe_psql('postgres', 'BEGIN; SELECT triage.wake_worker(); ROLLBACK');
$node->safe_psql('postgres', 'BEGIN; SAVEPOINT s; SELECT triage.wake_worker(); RELEASE s; COMMIT');
ok($node->poll_query_until('postgres', 'SELECT count(*) = ' . ($before + 1) . ' FROM noted'), 'woken at commit, once, and not by a rollback');
$node->safe_psql('postgres', 'SELECT triage.wake_worker()') for 1 .. 5;
ok($node->poll_query_until('postgres', 'SELECT count(*) > ' . ($before + 1) . ' FROM noted'), 'and again');

# A wake that comes while the worker waits for a lock in the middle of a task is not lost.
my ($in, $out) = ('', '');
$in = "BEGIN; LOCK TABLE noted IN ACCESS EXCLUSIVE MODE;\nSELECT 'locked';\n";
my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
my $locker = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, $timer);
$locker->pump until $out =~ /locked/;
$node->safe_psql('postgres', 'SELECT triage.wake_worker()');
ok($node->poll_query_until('postgres', qq{SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid}), 'the worker waits for a lock');
$node->safe_psql('postgres', 'CREATE TABLE later (n int); CREATE FUNCTION later() RETURNS timestamptz LANGUAGE sql AS $$
    INSERT INTO public.later VALUES (1); SELECT NULL::timestamptz $$;
    INSERT INTO triage.task (name, function, run_every) VALUES ($$later$$, $$public.later()$$, $$1 hour$$)');
ok($node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM later'), 'other tasks run while one cannot');
$in .= "COMMIT;\n\\q\n";
$locker->finish;
ok($node->poll_query_until('postgres', q{SELECT failures = 0 AND last_error ~ 'lock timeout' FROM triage.task_status WHERE name = 'note'}),
    'it gave up, said why, and tried again');

# --- one task fails, the others go on ---

$node->safe_psql('postgres', q{
    CREATE FUNCTION fails() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no luck' USING DETAIL = 'Never.'; END $$;
    INSERT INTO triage.task (name, function, run_every) VALUES ('fails', 'public.fails()', '1 hour');});
ok($node->poll_query_until('postgres', q{SELECT failures >= 2 AND last_error = E'no luck\nNever.' FROM triage.task_status WHERE name = 'fails'}),
    'an error is noted, and the task tried again');
is($node->safe_psql('postgres', q{SELECT failing, last_error_task FROM triage.worker_status}), '1|fails', 'worker_status tells');
$before = noted($node, 'postgres');
$node->safe_psql('postgres', 'SELECT triage.wake_worker()');
ok($node->poll_query_until('postgres', "SELECT count(*) > $before FROM noted"), 'the others go on');
is(worker_pid($node, 'postgres'), $pid, 'in the same process');
$node->safe_psql('postgres', q{DELETE FROM triage.task WHERE name = 'fails'});

# An error at commit only, by a deferred constraint.
$node->safe_psql('postgres', q{
    CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    CREATE FUNCTION orphan() RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO public.child VALUES (1); SELECT NULL::timestamptz $$;
    INSERT INTO triage.task (name, function, run_every) VALUES ('orphan', 'public.orphan()', '1 hour');});
ok($node->poll_query_until('postgres', q{SELECT last_error ~ 'foreign key' FROM triage.task_status WHERE name = 'orphan'}), 'an error at commit is noted too');
$node->safe_psql('postgres', q{DELETE FROM triage.task WHERE name = 'orphan'});

# --- settings of users and of the server do not end it; a reload is taken ---

$ENV{PGOPTIONS} = '-c statement_timeout=0 -c default_transaction_read_only=off';
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET statement_timeout = '1ms'; ALTER DATABASE postgres SET default_transaction_read_only = on});
$node->append_conf('postgresql.conf', "statement_timeout = '1ms'\n");
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM triage.worker_status});
ok($node->poll_query_until('postgres', qq{SELECT pid <> $pid FROM triage.worker_status WHERE pid IS NOT NULL}), 'terminated, it comes back');
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT state = 'waiting' FROM triage.worker_status}), 'and goes on after a reload');
$node->safe_psql('postgres', q{INSERT INTO noted (timeout) SELECT 'mark'; SELECT triage.wake_worker()});
ok( $node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM noted
        WHERE timeout = '0' AND at > (SELECT at FROM noted WHERE timeout = 'mark')}),
    'with time limits of users switched off');
$node->safe_psql('postgres', q{
    ALTER DATABASE postgres RESET ALL; ALTER SYSTEM SET statement_timeout = 0});
$node->reload;
delete $ENV{PGOPTIONS};

# --- stopping and starting ---

$node->safe_psql('postgres', 'SELECT triage.stop_worker()');
ok(wait_for_no_worker($node, 'postgres'), 'stop_worker');
is($node->safe_psql('postgres', 'SELECT state, pid IS NULL FROM triage.worker_status'), 'stopped|t', 'worker_status says so');
$node->restart;
is($node->safe_psql('postgres', 'SELECT state FROM triage.worker_status'), 'stopped', 'it stays away after a restart');
$node->safe_psql('postgres', 'BEGIN; SELECT triage.start_worker(); ROLLBACK');
is($node->safe_psql('postgres', 'SELECT state FROM triage.worker_status'), 'stopped', 'a start that is rolled back is none');
$node->safe_psql('postgres', 'SELECT triage.start_worker()');
$pid = wait_for_worker($node, 'postgres');
ok($pid, 'start_worker');
$node->safe_psql('postgres', 'SELECT triage.start_worker()') for 1 .. 3;
is(wait_for_worker($node, 'postgres'), $pid, 'starting one that runs does nothing');

# --- databases ---

$node->safe_psql('postgres', 'CREATE DATABASE app');
$node->safe_psql('app', 'CREATE EXTENSION support_triage');
ok(wait_for_worker($node, 'app'), 'another database');
create_notes($node, 'app');
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE app');
ok(wait_for_worker($node, 'copied'), 'a copy of it; the worker was not in the way');
ok(wait_for_worker($node, 'app'), 'and came back');
isnt(worker_pid($node, 'copied'), worker_pid($node, 'app'), 'one each');
$node->safe_psql('postgres', 'ALTER DATABASE copied RENAME TO renamed');
ok(wait_for_worker($node, 'renamed'), 'renamed');
$node->safe_psql('postgres', 'DROP DATABASE renamed');
is(worker_pid($node, 'renamed'), '', 'dropped');

# Who may not drop a database does not send its worker away either.
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN');
$pid = wait_for_worker($node, 'app');
my ($ret, $stdout, $stderr) = $node->psql('postgres', 'DROP DATABASE app', extra_params => [ '-U', 'nobody' ]);
like($stderr, qr/must be owner of database/, 'a stranger may not drop it');
is(worker_pid($node, 'app'), $pid, 'and the worker is still there');

# Another session is in the way: the command fails, the worker returns.
($in, $out) = ("SELECT 'here';\n", '');
my $guest = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('app') ], '<', \$in, '>', \$out, $timer);
$guest->pump until $out =~ /here/;
($ret, $stdout, $stderr) = $node->psql('postgres', 'ALTER DATABASE app RENAME TO other');
like($stderr, qr/is being accessed by other users/, 'a session is in the way');
ok(wait_for_worker($node, 'app'), 'the worker returns after a command that failed');
$in .= "\\q\n";
$guest->finish;

# --- support_triage.databases ---

$node->append_conf('postgresql.conf', "support_triage.databases = 'postgres, nowhere'\n");
$node->reload;
ok(wait_for_no_worker($node, 'app'), 'a database that is not named has no worker');
is($node->safe_psql('app', 'SELECT state FROM triage.worker_status'), 'not running', 'worker_status says so');
$node->append_conf('postgresql.conf', "support_triage.databases = ''\n");
$node->reload;
ok(wait_for_worker($node, 'app'), 'until it is again');

# --- DROP EXTENSION ---

$node->safe_psql('app', 'DROP EXTENSION support_triage CASCADE');
ok(wait_for_no_worker($node, 'app'), 'DROP EXTENSION: it leaves');
$node->safe_psql('app', 'CREATE EXTENSION support_triage');
ok(wait_for_worker($node, 'app'), 'and comes again');
$node->safe_psql('postgres', 'DROP DATABASE app WITH (FORCE)');
pass('DROP DATABASE WITH (FORCE)');

# --- a crash ---

$pid = wait_for_worker($node, 'postgres');
kill 'KILL', $pid;
ok( $node->poll_query_until('postgres', "SELECT pid <> $pid FROM triage.worker_status WHERE state IN ('working', 'waiting')"),
    'after kill -9 the server recovers, and the worker is there');
$before = noted($node, 'postgres');
$node->safe_psql('postgres', 'SELECT triage.wake_worker()');
ok($node->poll_query_until('postgres', "SELECT count(*) > $before FROM noted"), 'and works');
unlike(worker_log($node), qr/PANIC|TRAP/, 'no panic');

$node->stop;
done_testing();
