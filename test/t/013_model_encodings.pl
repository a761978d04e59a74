# Models in databases of other encodings.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

my $node = start_triage_node('main');

foreach my $encoding ('UTF8', 'LATIN1', 'SQL_ASCII')
{
    my $db = lc "db_$encoding";
    $node->safe_psql('postgres', "CREATE DATABASE $db ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    $node->safe_psql($db, 'CREATE EXTENSION support_triage');
    create_tickets($node, $db);

    # the bytes of labels and documents, in the database's encoding
    my $utf8 = $encoding eq 'LATIN1' ? 0 : 1;
    my $e = $utf8 ? 'c3a9' : 'e9';
    my $text = sub { my ($hex) = @_; return "convert_from('\\x$hex'::bytea, '$encoding')" };
    my $label = $text->('7265636c616d6174696f6e20' . $e);    # reclamation e-acute
    my $document = $text->("6c6520636f6c697320657374206162" . $e . "6d" . $e);    # le colis est abeme

    $node->safe_psql($db, "INSERT INTO tickets SELECT $document || ' ' || i, $label FROM generate_series(1, 20) AS i");
    is($node->safe_psql($db, qq{SET client_min_messages = warning; SELECT labels, skipped FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY body')}),
        '4|0', "$encoding: train");
    is($node->safe_psql($db, "SELECT label = $label FROM triage.classify('shop', $document)"), 't', "$encoding: classify gives the label back");
    is($node->safe_psql($db, "SELECT $label = ANY (labels) FROM triage.model WHERE version > 0"), 't', "$encoding: the row has the label in the database's encoding");
    is($node->safe_psql($db, "SELECT count(*) > 1, bool_and(token = substr($document, start, length)) FILTER (WHERE token IS NOT NULL) FROM triage.explain('shop', $document, $label)"),
        't|t', "$encoding: explain's tokens are of the document");
    is($node->safe_psql($db, "SELECT accuracy > 0.8, unknown_labels FROM triage.evaluate('shop', 'SELECT body, label FROM tickets')"),
        't|0', "$encoding: evaluate");
}

# SQL_ASCII holds what is no text in any encoding; labels come back as they were.
my $db = 'db_sql_ascii';
my $broken = q{convert_from('\xff41fe'::bytea, 'SQL_ASCII')};
$node->safe_psql($db, "INSERT INTO tickets SELECT $broken || ' broken ' || i, $broken FROM generate_series(1, 20) AS i");
is(train($node, $db, 'shop'), 2, 'SQL_ASCII: train with bytes that are no text');
$node->safe_psql($db, q{SELECT triage.activate('shop', 2)});
is($node->safe_psql($db, "SELECT label = $broken FROM triage.classify('shop', $broken || ' broken 7')"), 't', 'SQL_ASCII: a label of such bytes comes back');
is($node->safe_psql($db, "SELECT bool_and(token = substr($broken || ' broken 7', start, length)) FROM triage.explain('shop', $broken || ' broken 7') WHERE token IS NOT NULL"),
    't', 'SQL_ASCII: explain');

# A dump from one encoding into another keeps models and labels.
my $dump = $node->basedir . '/latin1.dump';
$node->command_ok([ 'pg_dump', '--encoding=UTF8', '--file', $dump, $node->connstr('db_latin1') ], 'dump of the LATIN1 database');
$node->safe_psql('postgres', q{CREATE DATABASE restored ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0});
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'restored into a UTF8 database');
is($node->safe_psql('restored', q{SELECT label = convert_from('\x7265636c616d6174696f6e20c3a9'::bytea, 'UTF8') FROM triage.classify('shop', convert_from('\x6c6520636f6c69732065737420616269c3a96d'::bytea, 'UTF8'))}),
    't', 'classify there gives the label in UTF8');

$node->stop;
done_testing();
