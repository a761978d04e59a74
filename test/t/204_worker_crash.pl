# kill -9 under load, of a session, of the worker and of the whole server: no ticket is
# without a decision or a note in the backlog, none is decided or escalated twice, and
# the worker goes on by itself.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;
use TriageWorker;

my $node = start_triage_node('main', preload => 1, conf => "restart_after_crash = on\nsynchronous_commit = on\nfsync = on\n");
attach_tickets($node, 'postgres');
$node->safe_psql('postgres', q{
    CREATE TABLE later (id bigint PRIMARY KEY, subject text, body text);
    SELECT triage.attach('later', options => '{"mode": "deferred"}');
    INSERT INTO triage.queue (name, is_default) VALUES ('all', true) ON CONFLICT DO NOTHING;
    INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'refunds', 'refund_request', 'money');
    CREATE SEQUENCE ids;});
ok(wait_for_worker($node, 'postgres'), 'there is a worker');

my $script = $node->basedir . '/load.sql';
append_to_file($script, q{
    INSERT INTO tickets (id, body) SELECT nextval('ids'), (ARRAY['I want a refund', 'where is my parcel', 'the login fails'])[n] FROM generate_series(1, 3) n;
    INSERT INTO later (id, body) SELECT nextval('ids'), (ARRAY['I want a refund', 'where is my parcel', 'the login fails'])[n] FROM generate_series(1, 3) n;
    UPDATE later SET body = 'give my money back' WHERE id = (SELECT max(id) FROM later);
    DELETE FROM later WHERE id = (SELECT min(id) FROM later);
});

# Load until CODE has done its harm; what it commits is counted by what is there afterwards.
sub under_load
{
    my ($harm) = @_;
    my $before = $node->safe_psql('postgres', 'SELECT last_value FROM ids');
    my ($out, $err) = ('', '');
    my $load = IPC::Run::start(
        [ 'pgbench', '--no-vacuum', '--client=4', '--time=120', '--file', $script, $node->connstr('postgres') ],
        '>', \$out, '2>', \$err);

    $node->poll_query_until('postgres', "SELECT last_value > $before + 600 FROM ids") || die 'no load';
    $harm->();
    $load->finish;
    return;
}

# Everything that must hold at any time, right after recovery too: undecided tickets are in the backlog.
sub nothing_is_lost
{
    my ($name) = @_;

    is($node->safe_psql('postgres', q{
        SELECT count(*) FILTER (WHERE d.ticket_key IS NULL) || '|' || count(*) FILTER (WHERE t.id IS NULL)
        FROM tickets t FULL JOIN (SELECT d.* FROM triage.decision d JOIN triage.source s USING (source_id) WHERE s.tickets = 'tickets'::regclass) d
        ON d.ticket_key = t.id::text}), '0|0', "$name: each ticket has its decision, and no other");
    is($node->safe_psql('postgres', q{
        SELECT count(*) FROM later t
        WHERE NOT EXISTS (SELECT FROM triage.decision d JOIN triage.source s USING (source_id) WHERE s.tickets = 'later'::regclass AND d.ticket_key = t.id::text)
          AND NOT EXISTS (SELECT FROM triage.backlog b WHERE b.ticket_key = t.id::text)}), '0', "$name: or is in the backlog");
    is($node->safe_psql('postgres', q{
        SELECT count(*) FROM triage.decision d JOIN triage.source s USING (source_id)
        WHERE s.tickets = 'tickets'::regclass AND d.intent = 'refund_request'
          AND 1 <> (SELECT count(*) FROM triage.escalation e WHERE e.source_id = d.source_id AND e.ticket_key = d.ticket_key AND e.cause = 'rule:refunds')}),
        '0', "$name: each that a rule escalates is escalated once");
    return;
}

sub the_worker_goes_on
{
    my ($name) = @_;

    ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM triage.backlog'), "$name: the worker decides the backlog");
    is($node->safe_psql('postgres', q{
        SELECT count(*) FILTER (WHERE d.ticket_key IS NULL) || '|' || count(*) FILTER (WHERE t.id IS NULL)
        FROM later t FULL JOIN (SELECT d.* FROM triage.decision d JOIN triage.source s USING (source_id) WHERE s.tickets = 'later'::regclass) d
        ON d.ticket_key = t.id::text}), '0|0', "$name: all of it");
    is($node->safe_psql('postgres', q{SELECT count(*) FROM triage.decision WHERE outcome = 'failed'}), '0', "$name: without failures");
    return;
}

under_load(sub { kill 'KILL', worker_pid($node, 'postgres') });
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server recovers when the worker was killed');
nothing_is_lost('worker killed');
the_worker_goes_on('worker killed');

under_load(sub {
    kill 'KILL', $node->safe_psql('postgres', q{SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()});
});
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server recovers when a session was killed');
nothing_is_lost('session killed');
the_worker_goes_on('session killed');

under_load(sub { $node->kill9 });
# sessions of the old server may take a moment to notice that it is gone
my $started = 0;
for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
    last if ($started = $node->start(fail_ok => 1));
    $node->stop('fast', fail_ok => 1);
    select(undef, undef, undef, 0.1);
}
ok($started, 'the server starts when all of it was killed');
$node->poll_query_until('postgres', 'SELECT true');
nothing_is_lost('server killed');
the_worker_goes_on('server killed');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM tickets'), '>', 100, 'there was something to lose');

$node->stop;
done_testing();
