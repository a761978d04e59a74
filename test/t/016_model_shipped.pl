# Models that came with the extension: files that are mapped where they lie, listed by
# CREATE EXTENSION, replaced by the user's own, not dumped; missing, damaged and newer
# files; standbys and other encodings.
use strict;
use warnings;

use Digest::SHA 'sha256';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

my $share = `pg_config --sharedir`;
chomp $share;
my $stem = "$share/extension/support_triage.tap_shop";
plan skip_all => "the directory of extensions, $share/extension, is not ours to write" unless -w "$share/extension";
END { unlink "$stem.stm", "$stem.json" if defined $stem }

my $node = start_triage_node('main', init => [ allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ] ]);
my $classify = q{SELECT label FROM triage.classify('tap_shop', 'Hello, my parcel has not arrived yet')};
my $card = '{"options": {}, "metrics": {"accuracy": 0.9}, "provenance": {"trained_on": "parcels"}, "trained_at": "2026-01-15T00:00:00+00:00"}';

# Puts a file in the place of another, as installing does: who maps the old one keeps it.
sub put
{
    my ($path, $bytes) = @_;
    open(my $fh, '>:raw', "$path.new") || die "$path.new: $!";
    print $fh $bytes;
    close($fh);
    rename("$path.new", $path) || die "$path: $!";
    return;
}

sub errors_of
{
    my ($db, $query) = @_;
    my ($rc, $out, $err) = $node->psql($db, $query, on_error_stop => 0);
    return $err;
}

# Two models of the same tickets, one with labels in capitals, one with a label that is not ASCII.
create_tickets($node, 'postgres');
my %file;
my $umlauts = q{replace(label, ''delivery'', U&''Gr\00F6\00DFe'')};
foreach my $label ('label', 'upper(label)', $umlauts)
{
    train($node, 'postgres', 'made', $label);
    my $hex = $node->safe_psql('postgres', q{SELECT encode(triage.model_file('made', max(version)), 'hex') FROM triage.model WHERE name = 'made'});
    $file{$label} = pack('H*', $hex);
}
my $good = $file{'label'};

# CREATE EXTENSION lists it; it is used where it lies.
put("$stem.stm", $good);
put("$stem.json", $card);
$node->safe_psql('postgres', 'CREATE DATABASE shop');
is($node->safe_psql('shop', q{
        CREATE EXTENSION support_triage;
        SELECT version, status, labels, metrics, provenance, trained_by, trained_at AT TIME ZONE 'UTC', file, weights IS NULL,
               checksum = (SELECT encode(sha256(pg_read_binary_file($$} . "$stem.stm" . q{$$, 64, 100000000)), 'hex')), size_bytes
        FROM triage.model WHERE name = 'tap_shop'}),
    q(0|active|{delivery,login,refund}|{"accuracy": 0.9}|{"trained_on": "parcels"}|support_triage|2026-01-15 00:00:00|support_triage.tap_shop.stm|t|t|) .
    (length($good) - 64), 'CREATE EXTENSION lists a shipped model');
create_tickets($node, 'shop');
my @before = map_files($node);
is(label_of($node, 'shop', 'tap_shop'), 'delivery', 'classify');
is(label_of($node, 'shop', 'tap_shop'), 'delivery', 'and again, in another connection');
is_deeply([ map_files($node) ], \@before, 'no mapping is made');
ok(-s map_directory($node) . '/pgsql_tmp_shipped_support_triage.tap_shop.stm', 'but a note that the file was found good');
is($node->safe_psql('shop', q{SELECT count(*) > 3 FROM triage.explain('tap_shop', 'where is my parcel')}), 't', 'explain');
is($node->safe_psql('shop', q{SELECT version, examples FROM triage.evaluate('tap_shop', 'SELECT body, label FROM tickets')}), '0|60', 'evaluate');
is($node->safe_psql('shop', q{SELECT change FROM triage.refresh_models() WHERE model = 'tap_shop'}), 'unchanged', 'nothing to refresh');

# The user's own takes its place, and gives it back.
my $versions = q{SELECT string_agg(version || ' ' || status, ', ' ORDER BY version) FROM triage.model WHERE name = 'tap_shop'};
is(train($node, 'shop', 'tap_shop', 'upper(label)'), 1, 'train one of the same name');
is($node->safe_psql('shop', $versions), '0 active, 1 candidate', 'it is a candidate');
is($node->safe_psql('shop', qq{SELECT triage.activate('tap_shop', 1); $classify}), "\nDELIVERY", 'the own model, activated');
is($node->safe_psql('shop', $versions), '0 retired, 1 active', 'the shipped one is retired');
is($node->safe_psql('shop', qq{SELECT version, accuracy > 0.5 FROM triage.evaluate('tap_shop', 'SELECT body, label FROM tickets', 0)}), '0|t', 'and can be compared with');
is($node->safe_psql('shop', qq{BEGIN; SELECT triage.activate('tap_shop', 0); $classify; ROLLBACK; $classify}), "\ndelivery\nDELIVERY", 'back to the shipped one, and not');
like(errors_of('shop', q{SELECT triage.drop_model('tap_shop', 0)}), qr/version 0 of model "tap_shop" cannot be dropped/, 'the shipped one cannot be dropped');
like(errors_of('shop', q{SELECT triage.drop_model('tap_shop', 1)}), qr/version 1 of model "tap_shop" is active/, 'the active one cannot either');
like(errors_of('shop', q{SELECT triage.model_file('tap_shop', 0)}), qr/version 0 of model "tap_shop" is a file already.*\Q$stem\E\.stm/s, 'where the file is');

# A dump has the own versions, and what was active; a restore the files that are there.
sub dump_and_restore
{
    my ($to) = @_;
    my $dump = $node->basedir . '/dump.sql';
    $node->command_ok([ 'pg_dump', '--file', $dump, $node->connstr('shop') ], "dump for $to");
    unlike(slurp_file($dump), qr/support_triage\.tap_shop\.stm/, 'without the shipped model');
    $node->safe_psql('postgres', "CREATE DATABASE $to");
    $node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($to), '-f', $dump ], "restore to $to");
    is($node->safe_psql($to, $versions), $node->safe_psql('shop', $versions), 'the same versions');
    is($node->safe_psql($to, $classify), $node->safe_psql('shop', $classify), 'the same answer');
    return;
}
dump_and_restore('restored_own');
$node->safe_psql('shop', q{SELECT triage.activate('tap_shop', 0)});
dump_and_restore('restored_shipped');

is($node->safe_psql('shop', q{SELECT triage.activate('tap_shop', 1); SELECT triage.drop_model('tap_shop')}), "\n1", 'drop all of the own');
is($node->safe_psql('shop', "$versions; $classify"), "0 active\ndelivery", 'the shipped one is active again');
like(errors_of('shop', q{SELECT triage.drop_model('tap_shop')}), qr/version 0 of model "tap_shop" cannot be dropped/, 'there is nothing left to drop');
is(train($node, 'shop', 'tap_shop'), 2, 'numbers are not given again');
$node->safe_psql('shop', q{SELECT triage.drop_model('tap_shop', 2)});
is($node->safe_psql('shop', q{TRUNCATE triage.model, triage.model_dropped; SELECT change FROM triage.refresh_models() WHERE model = 'tap_shop'; SELECT count(*) FROM triage.model_dropped}),
    "added\n0", 'it comes back after a TRUNCATE');
is($node->safe_psql('shop', $classify), 'delivery', 'and is used');

# An open session, for what files do behind its back.
my ($in, $out, $err) = ('', '', '');
my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('shop') ], '<', \$in, '>', \$out, '2>', \$err, $timer);

sub ask
{
    my ($query) = @_;
    $out = $err = '';
    $in .= "$query;\n\\echo done\n";
    $session->pump until $out =~ /^done$/m;
    $out =~ s/done\n//;
    $session->pump_nb;
    chomp $out;
    return $out;
}
is(ask($classify), 'delivery', 'an open session');

# Whatever is wrong with the file is said, and nothing else happens.
sub garble
{
    my ($offset, $bytes) = @_;
    my $garbled = $good;
    substr($garbled, $offset, length($bytes)) = $bytes;
    return $garbled;
}
my $half = int(length($good) / 2);
my %harm = (
    'is empty' => [ '', qr/is damaged: it is too short/ ],
    'is a header' => [ substr($good, 0, 64), qr/is damaged: it is too short/ ],
    'is cut' => [ substr($good, 0, $half), qr/is damaged: it is not as long as it says/ ],
    'is longer' => [ $good . 'x', qr/is damaged: it is not as long as it says/ ],
    'is something else' => [ garble(0, 'GARBAGE!'), qr/is damaged: it is no model of support_triage/ ],
    'is of another release' => [ garble(8, pack('L', 99)), qr/is of another release of support_triage/ ],
    'is of another byte order' => [ garble(8, scalar reverse pack('L', 1)), qr/was made for processors of another byte order/ ],
    'says another checksum' => [ garble(24, 'x' x 32), qr/is damaged: it does not match its checksum/ ],
    'has another byte' => [ garble($half, chr(ord(substr($good, $half, 1)) ^ 1)), qr/is damaged: it does not match its checksum/ ],
    'has weights that are none' => [ substr($good, 0, 24) . sha256('x' x (length($good) - 64)) . "\0" x 8 . 'x' x (length($good) - 64), qr/is damaged: the weights are damaged/ ]);
foreach my $what (sort keys %harm)
{
    my ($bytes, $message) = @{ $harm{$what} };
    put("$stem.stm", $bytes);
    like(errors_of('shop', $classify), $message, "the file $what");
    like(errors_of('shop', q{SELECT triage.refresh_models()}), qr/WARNING:  shipped model "tap_shop" is left out: .*$message/, '... and is left out of a refresh') if $what !~ /weights/;
}
unlike(errors_of('shop', $classify), qr/restore its row/, 'the hint is about files');
is(ask($classify), '', 'the open session looked again when it was refreshed');
like($err, qr/model "tap_shop"/, '... and says so');

# One that other connections found good is looked at again when it changes.
put("$stem.stm", $good);
is(label_of($node, 'shop', 'tap_shop'), 'delivery', 'a good file');
open(my $fh, '+<', "$stem.stm") || die;
my @times = (stat $fh)[8, 9];
seek($fh, $half, 0);
print $fh chr(ord(substr($good, $half, 1)) ^ 1);
close($fh);
utime(@times, "$stem.stm");
like(errors_of('shop', $classify), qr/does not match its checksum/, 'changed in place');

unlink "$stem.stm";
like(errors_of('shop', $classify), qr/ERROR:  model "tap_shop" cannot be read: file "\Q$stem\E\.stm" is missing.*HINT:  Install the files of support_triage again/s, 'a missing file');
is($node->safe_psql('shop', q{
        CREATE FUNCTION code() RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RETURN triage.classify('tap_shop', 'x'); EXCEPTION WHEN undefined_file THEN RETURN 'undefined file'; END $$;
        SELECT code()}), 'undefined file', 'has its own error code');
put("$stem.stm", $good);
is($node->safe_psql('shop', q{SELECT change FROM triage.refresh_models() WHERE model = 'tap_shop'}), 'unchanged', 'installed again');
is(ask($classify), 'delivery', 'the open session sees it');

# A newer file serves at once; a refresh lists it and reaches open sessions.
put("$stem.stm", $file{'upper(label)'});
is(label_of($node, 'shop', 'tap_shop'), 'DELIVERY', 'a newer file');
is(ask($classify), 'delivery', 'a session that has the old one open');
is($node->safe_psql('shop', q{SELECT change FROM triage.refresh_models() WHERE model = 'tap_shop'; SELECT labels FROM triage.model WHERE name = 'tap_shop'}), "updated\n{DELIVERY,LOGIN,REFUND}", 'a refresh');
is(ask($classify), 'DELIVERY', 'reaches it');

# What lies beside it.
foreach my $bad ('no json', '{}', '{"options": {}, "metrics": {}, "provenance": {}, "trained_at": "one day"}')
{
    put("$stem.json", $bad);
    like(errors_of('shop', q{SELECT triage.refresh_models()}), qr/WARNING:  shipped model "tap_shop" is left out/, "what lies beside it is: $bad");
}
unlink "$stem.json";
like(errors_of('shop', q{SELECT triage.refresh_models()}), qr/shipped model "tap_shop" is left out: could not open file ".*tap_shop\.json"/, 'what lies beside it is missing');
is(label_of($node, 'shop', 'tap_shop'), 'DELIVERY', 'classify does not need it');
put("$stem.stm", 'damaged');
$node->safe_psql('postgres', 'CREATE DATABASE warned');
like(errors_of('warned', 'CREATE EXTENSION support_triage'), qr/^psql:<stdin>:1: WARNING:  shipped model "tap_shop" is left out: file ".*" is damaged: it is too short$/m, 'CREATE EXTENSION warns of a damaged file');
like(errors_of('warned', $classify), qr/model "tap_shop" does not exist/, 'and goes on without');

# Other encodings, where a label has to be converted.
put("$stem.stm", $file{$umlauts});
put("$stem.json", '{"options": {}, "metrics": {}, "provenance": {"note": "Gr\u00f6\u00dfe \ud83d\ude00 ' . "\xe2\x82\xac" . '\\\\u0041 \u0041"}, "trained_at": "2026-01-15"}');
foreach my $encoding ('LATIN1', 'SQL_ASCII', 'EUC_JP')
{
    my $db = lc $encoding;
    $node->safe_psql('postgres', "CREATE DATABASE $db ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
    $node->safe_psql($db, 'CREATE EXTENSION support_triage');
    is($node->safe_psql($db, q{SELECT encode(label::bytea, 'escape') = encode(labels[1]::bytea, 'escape'), encode(label::bytea, 'hex')
                               FROM triage.model, triage.classify('tap_shop', 'Hello, my parcel has not arrived yet') WHERE name = 'tap_shop'}),
        't|' . { LATIN1 => '4772f6df65', SQL_ASCII => '4772c3b6c39f65', EUC_JP => '47728fabd38fa9ce65' }->{$encoding}, "a label in $encoding");
    is($node->safe_psql($db, q{SELECT provenance ->> 'note' FROM triage.model WHERE name = 'tap_shop'}), 'Gr??e ?? ???\u0041 A', "what lies beside it in $encoding");
}

put("$stem.json", $card);

# A file of other Unicode: the log says so, once a start, clients are not told.
my $weights = substr($good, 64);
substr($weights, index($weights, 'Unicode '), 12) = 'Unicode 99.0';
put("$stem.stm", substr($good, 0, 24) . sha256($weights) . "\0" x 8 . $weights);
my $from = -s $node->logfile;
is(errors_of('shop', $classify), '', 'no warning of other Unicode');
is(errors_of('shop', $classify), '', 'nor for the next');
my $said = () = slurp_file($node->logfile, $from) =~ /LOG:  shipped model "support_triage\.tap_shop\.stm" was trained with ICU .*Unicode 99\.0/g;
is($said, 1, 'the log says so, once');

# A standby uses the file of its own installation.
put("$stem.stm", $good);
$node->safe_psql('shop', 'SELECT triage.refresh_models()');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('write'));
is(label_of($standby, 'shop', 'tap_shop'), 'delivery', 'on a standby');
ok(-s map_directory($standby) . '/pgsql_tmp_shipped_support_triage.tap_shop.stm', 'with a note of its own');
my ($rc, $stdout, $stderr) = $standby->psql('shop', 'SELECT triage.refresh_models()');
like($stderr, qr/cannot execute triage\.refresh_models\(\) in a read-only transaction/, 'a standby lists what the primary does');
$standby->stop;

# A file that is no longer shipped.
unlink "$stem.stm";
is($node->safe_psql('shop', q{SELECT change FROM triage.refresh_models() WHERE model = 'tap_shop'}), 'removed', 'a file that is gone');
like(errors_of('shop', $classify), qr/model "tap_shop" does not exist/, 'is no longer a model');

$in .= "\\q\n";
$session->finish;
$node->stop;
done_testing();
