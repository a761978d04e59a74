# TriagePipeline.pm: an attached table of tickets, for the TAP tests of src/pipeline.
package TriagePipeline;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(train_intents attach_tickets undecided);

# train_intents(NODE, DB): a model "intent" of three labels.
sub train_intents
{
    my ($node, $db) = @_;

    return $node->safe_psql($db, q{
        SELECT labels FROM triage.train('intent', $$
            SELECT opening || ' ' || request, label
            FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
                 (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                         ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                         ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
        $$)});
}

# attach_tickets(NODE, DB): trains, creates table tickets and attaches it.
sub attach_tickets
{
    my ($node, $db) = @_;

    train_intents($node, $db);
    $node->safe_psql($db, 'CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, status text)');
    return $node->safe_psql($db, q{SELECT triage.attach('tickets') ->> 'body'});
}

# undecided(NODE, DB): how many tickets have no decision, and how many decisions no ticket.
sub undecided
{
    my ($node, $db) = @_;

    return $node->safe_psql($db, q{
        SELECT count(*) FILTER (WHERE d.ticket_key IS NULL) || '|' || count(*) FILTER (WHERE t.id IS NULL)
        FROM tickets t FULL JOIN triage.decision d ON d.ticket_key = t.id::text});
}

1;
