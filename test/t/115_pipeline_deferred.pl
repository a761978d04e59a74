# Deferred mode: the backlog is dumped and restored, several sessions empty it
# while others write tickets, and a crash loses nothing.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;

my $node = start_triage_node('main');
attach_tickets($node, 'postgres');
$node->safe_psql('postgres', q{
    SELECT triage.attach('tickets', options => '{"mode": "deferred"}');
    INSERT INTO triage.queue (name, is_default) VALUES ('all', true) ON CONFLICT DO NOTHING;
    INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'refunds', 'refund_request', 'money');});

# drain(DB): empties the backlog, held tickets too.
sub drain
{
    my ($db) = @_;

    for (1 .. 200)
    {
        $node->safe_psql($db, 'SELECT triage.decide_backlog(1000)');
        return 1 if $node->safe_psql($db, 'SELECT count(*) FROM triage.backlog') eq '0';
        $node->safe_psql($db, 'UPDATE triage.backlog_note SET next_try = NULL');
    }
    return 0;
}

# wrong(): tickets whose decision is not of their last text; each text names its intent's phrase.
sub wrong
{
    return $node->safe_psql('postgres', q{
        SELECT count(*) FROM tickets t JOIN triage.decision d ON d.ticket_key = t.id::text
        WHERE d.intent IS DISTINCT FROM CASE WHEN t.body ~ 'refund' THEN 'refund_request'
                                             WHEN t.body ~ 'parcel' THEN 'delivery_status' ELSE 'account_access' END});
}

# a dump takes the backlog along, and the restore decides nothing
$node->safe_psql('postgres', q{
    INSERT INTO tickets (id, body) SELECT g, 'I want a refund' FROM generate_series(1, 300) AS g;
    UPDATE tickets SET body = 'where is my parcel' WHERE id = 7;});
my $file = $node->basedir . '/dump.sql';
my $noted = $node->safe_psql('postgres', 'SELECT json_agg(b ORDER BY note_id) FROM triage.backlog_note b');
$node->command_ok([ 'pg_dump', '--file', $file, $node->connstr('postgres') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $file ], 'restore');
is($node->safe_psql('restored', 'SELECT json_agg(b ORDER BY note_id) FROM triage.backlog_note b'), $noted, 'the backlog is as it was');
is($node->safe_psql('restored', 'SELECT count(*) FROM triage.decision'), '0', 'the restore decided nothing');
$node->safe_psql('restored', q{INSERT INTO tickets (id, body) VALUES (1000, 'the login fails')});
ok(drain('restored'), 'the restored backlog is decided');
is(undecided($node, 'restored'), '0|0', 'each restored ticket has its decision');
is( $node->safe_psql('restored', q{SELECT intent, revision FROM triage.decision WHERE ticket_key IN ('7', '1000') ORDER BY ticket_key}),
    "account_access|1\ndelivery_status|1", 'of its last text, once');
ok(drain('postgres'), 'the backlog is decided');

# several who write and several who decide
my %scripts = (
    insert => q{
        \set id random(1000, 100000000)
        INSERT INTO tickets (id, body) VALUES (:id, 'I want a refund'), (:id + 1, 'where is my parcel'), (:id + 2, 'the login fails') ON CONFLICT DO NOTHING;
    },
    update => q{
        UPDATE tickets SET body = (ARRAY['I want a refund', 'where is my parcel', 'the login fails'])[1 + (random() * 2)::int]
        WHERE id = (SELECT id FROM tickets ORDER BY random() LIMIT 1);
    },
    delete => q{
        DELETE FROM tickets WHERE id = (SELECT id FROM tickets ORDER BY random() LIMIT 1);
    },
    decide => q{
        SELECT triage.decide_backlog(20);
    });
for my $name (keys %scripts)
{
    append_to_file($node->basedir . "/$name.sql", $scripts{$name});
}
my @bench = ('pgbench', '--no-vacuum', '--client=4', '--jobs=2',
    map({ ('-f', $node->basedir . "/$_") } 'insert.sql@4', 'update.sql@3', 'delete.sql@1', 'decide.sql@2'),
    '--max-tries=100');
$node->command_ok([ @bench, '--transactions=150', $node->connstr('postgres') ], 'writers and deciders at once');
ok(drain('postgres'), 'then the backlog is decided');
is(undecided($node, 'postgres'), '0|0', 'every ticket has a decision, and no decision is without its ticket');
is(wrong(), '0', 'each of its last text');
is($node->safe_psql('postgres', q{SELECT count(*) FROM triage.decision WHERE outcome = 'failed'}), '0', 'none failed');
is( $node->safe_psql('postgres', q{
        SELECT count(*) FROM (SELECT FROM triage.escalation WHERE status IN ('waiting', 'claimed') GROUP BY tenant_id, source_id, ticket_key, cause HAVING count(*) > 1) e}),
    '0', 'no ticket is escalated twice');

# a crash in the middle
my $h = IPC::Run::start([ @bench, '--time=120', $node->connstr('postgres') ], '>', \my $out, '2>', \my $err);
my $before = $node->safe_psql('postgres', 'SELECT max(note_id) FROM triage.backlog_note') || 0;
ok($node->poll_query_until('postgres', 'SELECT last_value > 500 * 60 + ' . $before . ' FROM triage.backlog_note_note_id_seq'), 'they are at it');
$node->stop('immediate');
$h->finish;
$node->start;
ok(drain('postgres'), 'after a crash the backlog is decided');
is(undecided($node, 'postgres'), '0|0', 'the crash lost no ticket');
is(wrong(), '0', 'nor a change');

$node->stop;
done_testing();
