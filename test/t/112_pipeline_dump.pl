# Dump and restore: attached tables, rules, queues, decisions, history and
# escalations come back as they were, and nothing is decided by the restore.
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
    INSERT INTO triage.queue (name, tier) VALUES ('money', 'senior');
    INSERT INTO triage.routing_rule (position, name, intent, min_confidence, queue, tier, escalate_reason)
    VALUES (1, 'refunds', 'refund_request', 0.5, 'money', 'self_service', 'money'), (2, 'late', 'delivery_status', NULL, NULL, NULL, NULL);
    UPDATE triage.routing_rule SET priority = 60 WHERE name = 'refunds';
    UPDATE triage.queue SET name = 'people' WHERE is_default;
    INSERT INTO tickets (id, body) SELECT g, 'I want a refund' FROM generate_series(1, 20) AS g;
    UPDATE tickets SET body = 'where is my parcel' WHERE id <= 5;
    CREATE TABLE parts (id int, kind text, body text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
    CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
    SELECT triage.attach('parts');
    INSERT INTO parts VALUES (1, 'a', 'the login fails');});

$node->safe_psql('postgres', q{
    UPDATE triage.signal_policy SET repeat_window = '3 days';
    UPDATE triage.sensitive_policy SET escalates = false WHERE topic = 'press';
    INSERT INTO triage.sensitive_policy (topic, min_tier) VALUES ('works_council', 'senior');
    UPDATE triage.tier_policy SET complex_from = 0.5;
    INSERT INTO triage.tier_policy (channel, simple_below) VALUES ('chat', 0.1);
    INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund_request', 0.1);
    INSERT INTO triage.escalation_policy (cause, max_attempts) VALUES ('rule:', 3);
    INSERT INTO triage.escalation_step VALUES ('rule:', 1, '1 hour', 90);
    INSERT INTO triage.escalation_settings (ageing, retention) VALUES (20, '30 days');
    SELECT triage.record_evidence('intent', 1, 'refund_request', 0.5, true) FROM generate_series(1, 60);
    SELECT triage.solve_automation();
    CREATE TABLE messages (id int PRIMARY KEY, ticket_id bigint, body text);
    SELECT triage.attach_messages('messages', tickets => 'tickets');
    INSERT INTO triage.ticket_handling (tenant_id, source_id, ticket_key, paused, reopened, solved_at, intent, minutes)
    SELECT '', 1, g::text, '{[2026-11-23 10:00+00,2026-11-23 11:00+00)}', g % 2, now(), 'refund_request', g FROM generate_series(1, 5) AS g;
    SELECT triage.learn_intent_history();});

my @tables = qw(queue routing_rule signal_policy sensitive_policy tier_policy
    automation_policy automation_evidence automation_threshold source message_source decision decision_history
    ticket_handling intent_history escalation escalation_policy escalation_step escalation_settings);

sub contents
{
    my ($db) = @_;
    return join "\n", map {
        $node->safe_psql($db, "SELECT row_to_json(t) FROM triage.$_ t ORDER BY t::text")
    } @tables;
}

my $before = contents('postgres');

for my $format ('plain', 'custom')
{
    my $file = $node->basedir . "/dump.$format";
    my $db = "restored_$format";

    $node->command_ok([ 'pg_dump', '--format', $format, '--file', $file, $node->connstr('postgres') ], "$format: dump");
    $node->safe_psql('postgres', "CREATE DATABASE $db");
    $node->command_ok(
        $format eq 'plain'
        ? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($db), '-f', $file ]
        : [ 'pg_restore', '--exit-on-error', '-d', $node->connstr($db), $file ],
        "$format: restore");
    is(contents($db), $before, "$format: everything is as it was");

    # It goes on working: triggers, rules, and identities that are not used twice.
    $node->safe_psql($db, q{
        INSERT INTO tickets (id, body) VALUES (21, 'I want a refund');
        INSERT INTO parts VALUES (2, 'a', 'where is my parcel');
        INSERT INTO triage.queue (name) VALUES ('new one');
        INSERT INTO triage.routing_rule (position, name) VALUES (9, 'new one');
        UPDATE tickets SET body = 'the login fails' WHERE id = 20;});
    is( $node->safe_psql($db, q{SELECT string_agg(ticket_key || ' ' || coalesce(rule, '-') || ' ' || queue, ', ' ORDER BY ticket_key)
            FROM triage.ticket_overview WHERE ticket_key IN ('2', '20', '21')}),
        '2 late people, 2 late people, 20 new one people, 21 refunds money',
        "$format: new tickets are decided by the restored rules");
    is($node->safe_psql($db, q{CALL triage.backfill('tickets')}), '0', "$format: nothing is undecided");
}

# Data alone, into a database that has the tables: COPY fires the triggers, before
# or after the decisions come, and the decisions of the dump are not doubled.
my $data = $node->basedir . '/tickets.sql';
$node->command_ok([ 'pg_dump', '--data-only', '--table', 'tickets', '--file', $data, $node->connstr('postgres') ], 'dump of the tickets');
$node->safe_psql('restored_plain', 'TRUNCATE tickets');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored_plain'), '-f', $data ], 'restore of the tickets');
is( $node->safe_psql('restored_plain', q{SELECT count(*) FROM tickets t JOIN triage.ticket_overview o ON o.tickets = 'tickets' AND o.ticket_key = t.id::text}),
    '20', 'tickets that a dump brings are decided');

$node->stop;
done_testing();
