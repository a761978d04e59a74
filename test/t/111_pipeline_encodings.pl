# Databases that are not UTF-8: tickets are decided, reasons and explanations are readable.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;

my $node = start_triage_node('main', init => [ extra => [ '--locale=C', '--encoding=UTF8' ] ]);

for my $encoding ('LATIN1', 'SQL_ASCII', 'EUC_JP')
{
    my $db = lc $encoding;
    $node->safe_psql('postgres', "CREATE DATABASE $db ENCODING '$encoding' TEMPLATE template0");
    $node->safe_psql($db, 'CREATE EXTENSION support_triage');
    is(attach_tickets($node, $db), 'body', "$encoding: attached");

    $node->safe_psql($db, q{
        INSERT INTO triage.routing_rule (position, name, intent, min_confidence, tier, escalate_reason)
        VALUES (1, 'refunds', 'refund_request', 0.5, 'assisted', 'money');
        INSERT INTO tickets (id, subject, body) VALUES (1, 'refund', 'I want a refund'), (2, NULL, NULL);
        INSERT INTO tickets (id, body) VALUES (3, '<p>I want a refund of 5 &euro; &#128512; &mdash; please</p>');});
    is( $node->safe_psql($db, 'SELECT string_agg(ticket_key || outcome || tier, $$,$$ ORDER BY ticket_key) FROM triage.decision'),
        '1assistassisted,2abstainassisted,3assistassisted',
        "$encoding: decided");
    like(
        $node->safe_psql($db, q{SELECT reasons[1] FROM triage.decision WHERE ticket_key = '1'}),
        qr/^rule refunds matched: intent refund_request, confidence [01]\.\d\d >= 0\.50$/,
        "$encoding: reasons are readable");
    is($node->safe_psql($db, q{SELECT triage.explain_decision('tickets', '3') -> 'decision' ->> 'rule'}),
        'refunds', "$encoding: explained, with characters that the encoding does not know");
}

# Bytes beyond ASCII in each.
$node->safe_psql('latin1', q{SET client_encoding = 'UTF8';
    INSERT INTO tickets (id, body) VALUES (10, U&'\00C4rger! I want a refund \00A3'), (11, repeat(U&'\00E9', 100000));});
is($node->safe_psql('latin1', q{SELECT intent FROM triage.decision WHERE ticket_key = '10'}), 'refund_request', 'LATIN1 text');
is( $node->safe_psql('latin1', q{SET client_encoding = 'UTF8';
        INSERT INTO triage.lexicon (language, phrase, kind, weight) VALUES ('', U&'gro\00DFer \00C4rger', 'topic.trouble', 1);
        INSERT INTO tickets (id, body) VALUES (12, U&'F\00FCr Ann: gro\00DFer \00C4rger, ann@example.com');
        SELECT d.sensitive_topics, d.pii_kinds, triage.explain_decision('tickets', '12') -> 'evidence' -> 'pii' -> 0 -> 'start',
               triage.explain_decision('tickets', '12') -> 'evidence' -> 'phrases' @> U&'[{"text": "gro\00DFer \00C4rger", "start": 10, "length": 12}]'::jsonb
        FROM triage.decision d WHERE ticket_key = '12'}),
    '{trouble}|{EMAIL}|24|t', 'LATIN1: what a text tells, and where');
is($node->safe_psql('latin1', q{SELECT truncated FROM triage.decision WHERE ticket_key = '11'}),
    't', 'a text whose UTF-8 is longer than the limit is cut');
$node->safe_psql('sql_ascii', q{
    INSERT INTO tickets (id, body) VALUES (10, E'\xff\xfe\xc3 I want a refund \xe2\x82'), (11, E'\x80\x81');});
is($node->safe_psql('sql_ascii', q{SELECT intent FROM triage.decision WHERE ticket_key = '10'}),
    'refund_request', 'bytes of no encoding are read around');
is($node->safe_psql('sql_ascii', q{SELECT jsonb_typeof(triage.explain_decision('tickets', '10'))}), 'object', 'and explained');
is($node->safe_psql('sql_ascii', q{CALL triage.backfill('tickets')}), '0', 'nothing is left undecided');

$node->stop;
done_testing();
