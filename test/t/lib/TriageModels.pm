# TriageModels.pm: tickets to train with and a look at the mappings, for the TAP
# tests of src/model.
package TriageModels;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(create_tickets train label_of map_files map_directory wait_until);

# create_tickets(NODE, DB): a table of 60 tickets with three labels.
sub create_tickets
{
    my ($node, $db) = @_;

    $node->safe_psql($db, q{
        CREATE TABLE tickets AS
        SELECT greeting || ' ' || request AS body, label
        FROM unnest(ARRAY['Hello,', 'Good morning,', 'Dear team,', 'Hi there,', 'Please help:']) AS greeting,
             (VALUES ('delivery', 'my parcel has not arrived yet'),
                     ('delivery', 'where is the package that I ordered last week'),
                     ('delivery', 'the courier left my parcel with a neighbour'),
                     ('delivery', 'tracking shows no movement of the shipment'),
                     ('refund', 'I want my money back for the broken lamp'),
                     ('refund', 'when will the refund reach my bank account'),
                     ('refund', 'you charged me twice, please return the money'),
                     ('refund', 'I sent the shoes back and wait for my refund'),
                     ('login', 'I cannot log in with my new password'),
                     ('login', 'the password reset mail never comes'),
                     ('login', 'my account is locked after three wrong passwords'),
                     ('login', 'the login page says that my user is unknown')) AS r(label, request)});
    return;
}

# train(NODE, DB, MODEL, LABEL): trains with LABEL, an expression; returns the version.
sub train
{
    my ($node, $db, $model, $label) = @_;

    $label ||= 'label';
    return $node->safe_psql($db,
        "SET client_min_messages = warning; SELECT version FROM triage.train('$model', 'SELECT body, $label FROM tickets ORDER BY body')");
}

# label_of(NODE, DB, MODEL): what a new connection makes of a ticket about a delivery.
sub label_of
{
    my ($node, $db, $model) = @_;

    return $node->safe_psql($db, "SELECT label FROM triage.classify('$model', 'Hello, my parcel has not arrived yet')");
}

sub map_directory
{
    my ($node) = @_;

    return $node->data_dir . '/pgsql_tmp_support_triage';
}

# map_files(NODE): names of the mappings, sorted.
sub map_files
{
    my ($node) = @_;

    my @files;
    opendir(my $dir, map_directory($node)) || return @files;
    @files = sort grep { /\.map$/ } readdir($dir);
    closedir($dir);
    return @files;
}

# wait_until(CODE): polls until CODE returns true; false when it did not in time.
sub wait_until
{
    my ($code) = @_;

    for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
    {
        return 1 if $code->();
        select(undef, undef, undef, 0.1);
    }
    return 0;
}

1;
