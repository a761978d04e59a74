# Loops come once for every x86-64 and once for AVX2: both give the same weights, scores
# and signatures, to the bit, so that a primary and a standby on other processors agree.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

plan skip_all => 'this processor has no AVX2' unless -r '/proc/cpuinfo' && slurp_file('/proc/cpuinfo') =~ /\bavx2\b/;

my $node = start_triage_node('main');
create_tickets($node, 'postgres');

# Texts with many features and with few, of 2 labels (16 columns), of 40 (48) and with a
# hidden layer of 72 (80), an odd and an even number of rows.
$node->safe_psql('postgres', q{
    CREATE VIEW few AS SELECT body, label FROM tickets ORDER BY body;
    CREATE VIEW many AS SELECT 'word' || i % 40 || ' and ' || md5(i::text) AS body, 'label ' || i % 40 AS label FROM generate_series(1, 400) i;
    CREATE VIEW texts AS
    SELECT i, string_agg(CASE j % 3 WHEN 0 THEN 'parcel ' ELSE 'word' END || (i * j) % 50, ' ') AS text
    FROM generate_series(1, 60) i, generate_series(1, i) j GROUP BY i});

sub results
{
    my ($suffix) = @_;
    my @found;

    foreach (
        [ "few_$suffix", 'few', '{"kind": "linear"}' ],
        [ "many_$suffix", 'many', '{"kind": "linear"}' ],
        [ "hidden_$suffix", 'many', '{"kind": "hidden", "hidden": 72}' ])
    {
        my ($model, $view, $options) = @$_;
        $node->safe_psql('postgres', qq{
            SET client_min_messages = warning;
            SELECT triage.train('$model', 'SELECT body, label FROM $view ORDER BY body', '$options')});
        push @found, $node->safe_psql('postgres', "SELECT md5(weights) FROM triage.model WHERE name = '$model'"),
            $node->safe_psql('postgres', qq{
                SELECT string_agg(c::text, ' ' ORDER BY i, c.label) FROM texts, triage.classify_top('$model', text, 3) c});
    }
    push @found, $node->safe_psql('postgres', q{
        SELECT string_agg(concat_ws(' ', triage.sentiment(text), triage.emotion(text), triage.language(text), triage.signature(text)), ' ' ORDER BY i) FROM texts});
    return \@found;
}

my $with = results('with');
{
    local $ENV{GLIBC_TUNABLES} = 'glibc.cpu.hwcaps=-AVX2,-AVX2_Usable';
    $node->restart;
    is_deeply(results('without'), $with, 'weights, scores and signatures are the same without AVX2');
}
like($with->[1], qr/parcel|delivery|refund/, 'and there were some');

$node->stop;
done_testing();
