# A streaming standby explains decisions; a logical subscriber uses the rules that
# replication brings, in sessions that have read the old ones.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;

my $node = start_triage_node('main', init => [ allows_streaming => 'logical' ]);
attach_tickets($node, 'postgres');
$node->safe_psql('postgres', q{INSERT INTO tickets (id, body) VALUES (1, 'I want a refund')});

# --- streaming standby ---

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q{INSERT INTO tickets (id, body) VALUES (2, 'where is my parcel')});
$node->wait_for_catchup($standby);

is($standby->safe_psql('postgres', 'SELECT string_agg(ticket_key || intent, $$,$$ ORDER BY ticket_key) FROM triage.ticket_overview'),
    '1refund_request,2delivery_status', 'a standby shows decisions');
is($standby->safe_psql('postgres', q{SELECT triage.explain_decision('tickets', '2') -> 'decision' ->> 'intent'}),
    'delivery_status', 'and explains them');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM triage.sentiment_path('tickets', '2')}), '1', 'and tells how their tone moved');
for my $call (q{SELECT triage.decide_again('tickets', '1')}, q{SELECT triage.escalate('tickets', '1', 'angry')},
    q{SELECT triage.attach('tickets')}, q{CALL triage.backfill('tickets')})
{
    my ($ret, $out, $err) = $standby->psql('postgres', $call);
    like($err, qr/read-only transaction|during recovery/, "refused there: $call");
}

$standby->promote;
$standby->safe_psql('postgres', q{INSERT INTO tickets (id, body) VALUES (3, 'the login fails')});
is($standby->safe_psql('postgres', q{SELECT intent FROM triage.decision WHERE ticket_key = '3'}),
    'account_access', 'promoted, it decides');
$standby->stop;

# --- logical subscriber ---

my $subscriber = start_triage_node('subscriber');
attach_tickets($subscriber, 'postgres');
$node->safe_psql('postgres', 'CREATE PUBLICATION rules FOR TABLE triage.queue, triage.routing_rule');
$subscriber->safe_psql('postgres', 'DELETE FROM triage.queue');
my $connstr = $node->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION rules CONNECTION '$connstr' PUBLICATION rules");
$subscriber->wait_for_subscription_sync($node, 'rules') if $subscriber->can('wait_for_subscription_sync');

# One session: a ticket before the rule comes, one after.
my ($out, $err) = ('', '');
my $session = IPC::Run::start(
    [ 'psql', '-X', '-qAt', '-d', $subscriber->connstr('postgres'), '-c', q{
        DO $$
        BEGIN
            INSERT INTO tickets (id, body) VALUES (11, 'I want a refund');
            COMMIT;
            WHILE NOT EXISTS (SELECT FROM triage.routing_rule) LOOP
                PERFORM pg_sleep(0.05);
                COMMIT;
            END LOOP;
            INSERT INTO tickets (id, body) VALUES (12, 'I want a refund');
        END
        $$}], '>', \$out, '2>', \$err);
ok($subscriber->poll_query_until('postgres', q{SELECT count(*) = 1 FROM triage.decision WHERE ticket_key = '11'}), 'a session has read the rules');
$node->safe_psql('postgres', q{INSERT INTO triage.routing_rule (position, name, tier) VALUES (1, 'everything', 'senior')});
$session->finish;
is($err, '', 'the session ended well');
is($subscriber->safe_psql('postgres', 'SELECT string_agg(ticket_key || tier, $$,$$ ORDER BY ticket_key) FROM triage.decision'),
    '11assisted,12senior', 'and used the rule as soon as it was there');

$subscriber->stop;
$node->stop;
done_testing();
