# Workers and the server killed by kill -9: no escalation is lost or finished twice.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use Time::HiRes 'usleep';

my $node = start_triage_node('main', conf => "restart_after_crash = on\nlog_statement = none\n");

# What workers do: each escalation once, in the transaction that completes it.
$node->safe_psql('postgres', q{
    CREATE TABLE done (escalation_id bigint, worker text);
    CREATE TABLE queued (ticket_key text PRIMARY KEY);
    INSERT INTO triage.escalation_policy (cause, max_attempts) VALUES ('', 1000);
});

my $queue = $node->basedir . '/queue.sql';
append_to_file($queue, q{
\set from random(1, 1000000000)
BEGIN;
INSERT INTO queued SELECT i::text FROM generate_series(:from, :from + 9) i ON CONFLICT DO NOTHING;
SELECT triage.enqueue_escalation('', 1, i::text, 'test', 'why', i % 100) FROM generate_series(:from, :from + 9) i;
END;
});
my $work = $node->basedir . '/work.sql';
append_to_file($work, q{
SELECT coalesce(array_agg(escalation_id), '{}') AS ids FROM triage.claim_escalations('w' || :client_id, NULL, 7, '300 milliseconds') \gset
BEGIN;
SELECT triage.complete_escalations(':ids', 'w' || :client_id, 'done');
INSERT INTO done SELECT unnest(':ids'::bigint[]), 'w' || :client_id;
END;
});

sub start
{
    my ($file, $clients) = @_;
    my ($out, $err) = ('', '');
    return IPC::Run::start([ 'pgbench', '-n', '-c', $clients, '-T', 600, '-f', $file, $node->connstr('postgres') ],
        '>', \$out, '2>', \$err);
}

sub finished { return $node->safe_psql('postgres', 'SELECT count(*) FROM done') }

# poll(WHAT): until WHAT->() is true
sub poll
{
    my ($what) = @_;
    for (1 .. 6000)
    {
        return 1 if $what->();
        usleep(10_000);
    }
    return 0;
}

sub consistent
{
    my ($name) = @_;
    is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT escalation_id) FROM done'), '0', "$name: nothing was done twice");
    is($node->safe_psql('postgres', q{
        SELECT count(*) FROM (SELECT escalation_id FROM done EXCEPT SELECT escalation_id FROM triage.escalation_history) x}),
        '0', "$name: what was done is in the history");
    is($node->safe_psql('postgres', q{
        SELECT count(*) FROM (SELECT escalation_id FROM triage.escalation_history EXCEPT ALL SELECT escalation_id FROM done) x}),
        '0', "$name: the history has nothing else, and nothing twice");
    is($node->safe_psql('postgres', q{
        SELECT count(*) FROM (SELECT ticket_key FROM queued EXCEPT
            (SELECT ticket_key FROM triage.escalation UNION ALL SELECT ticket_key FROM triage.escalation_history)) x}),
        '0', "$name: no escalation is lost");
}

# Workers are killed while they hold leases.
my $producer = start($queue, 2);
for my $round (1 .. 3)
{
    my $before = finished();
    my $worker = start($work, 4);
    ok(poll(sub { finished() > $before + 100 }), "round $round: workers work");
    $worker->signal('KILL');
    eval { $worker->finish };
}
consistent('workers killed');

# A backend is killed, which restarts the server; then the postmaster.
my $before = finished();
my $worker = start($work, 4);
ok(poll(sub { finished() > $before + 100 }), 'workers work');
my $pid = $node->safe_psql('postgres', q{
    SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query ~ '(claim|complete)_escalations' ORDER BY pid LIMIT 1});
kill('KILL', $pid);
eval { $worker->finish };
eval { $producer->finish };
ok(poll(sub { ($node->psql('postgres', 'SELECT 1'))[0] == 0 }), 'the server comes back');
consistent('backend killed');

$producer = start($queue, 2);
$worker = start($work, 4);
$before = finished();
ok(poll(sub { finished() > $before + 100 }), 'workers work again');
$node->stop('immediate');
eval { $worker->finish };
eval { $producer->finish };
$node->start;
consistent('server killed');

# What was left is worked off, leases that ran out included.
$node->safe_psql('postgres', 'SELECT triage.tend_escalations()');
ok(poll(sub {
    $node->safe_psql('postgres', q{
        WITH c AS MATERIALIZED (SELECT * FROM triage.claim_escalations('last', batch => 1000)),
             d AS (INSERT INTO done SELECT escalation_id, 'last' FROM c RETURNING *)
        SELECT triage.complete_escalations(coalesce(array_agg(escalation_id), '{}'), 'last') FROM c});
    return $node->safe_psql('postgres', 'SELECT count(*) FROM triage.escalation') eq '0';
}), 'all is worked off');
consistent('at the end');

# A dump has the queue, the history and its turns.
$node->safe_psql('postgres', q{
    SELECT triage.tend_escalations();
    SELECT triage.enqueue_escalation('', 1, 'left', 'test', 'why');});
my $state = q{SELECT (SELECT count(*) FROM triage.escalation), (SELECT count(*) FROM triage.escalation_history),
    (SELECT count(*) FROM triage.escalation_turn), (SELECT count(*) FROM triage.escalation_policy)};
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'restored');
is($node->safe_psql('restored', $state), $node->safe_psql('postgres', $state), 'the same queue');
is($node->safe_psql('restored', q{
    SELECT triage.enqueue_escalation('', 1, 'next', 'test', 'why') > max(escalation_id) FROM triage.escalation}), 't',
    'numbers go on');

done_testing();
