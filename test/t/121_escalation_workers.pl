# The workers of docs/queue.md, as they are printed there.
use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use Time::HiRes 'usleep';

my $node = start_triage_node('main');
my $dir = $node->basedir;
my $guide = slurp_file(dirname(__FILE__) . '/../../docs/queue.md');

# What is fenced as a language in the guide, into a file.
sub extract
{
    my ($language, $name) = @_;
    $guide =~ /^```$language\n(.*?)^```$/ms or die "no $language in the guide";
    append_to_file("$dir/$name", $1);
    chmod 0755, "$dir/$name";
    return "$dir/$name";
}

sub fill
{
    my ($from) = @_;
    $node->safe_psql('postgres', qq{
        SELECT triage.enqueue_escalation('', 1, 't$from', 'test', 'tab\tand "quote''s"'),
               triage.enqueue_escalation('', 1, 'u$from', 'test', 'second'),
               triage.enqueue_escalation('', 1, 'b$from', 'broken', 'never works');});
}

sub poll
{
    my ($query) = @_;
    for (1 .. 6000)
    {
        return 1 if $node->safe_psql('postgres', $query) eq 't';
        usleep(10_000);
    }
    return 0;
}

$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGDATABASE} = 'postgres';
$node->safe_psql('postgres', q{INSERT INTO triage.escalation_policy (cause, max_attempts) VALUES ('broken', 1)});

# --- shell ---
my $shell = extract('sh', 'worker.sh');
append_to_file("$dir/handle", <<'EOF');
#!/bin/sh
case $1 in b*) echo "cannot: it's \"broken\"" >&2; exit 1 ;; esac
echo "handled $1: $2"
EOF
chmod 0755, "$dir/handle";
fill(1);
my ($out, $err) = ('', '');
ok(IPC::Run::run([ 'sh', '-c', "cd '$dir' && ./worker.sh --once" ], '>', \$out, '2>', \$err), 'worker in shell');
is($err, '', 'without a complaint');
is($node->safe_psql('postgres', q{SELECT string_agg(outcome, ', ' ORDER BY ticket_key) FROM triage.escalation_history}),
    q{handled t1: tab and "quote's", handled u1: second}, 'its outcomes');
is($node->safe_psql('postgres', 'SELECT why FROM triage.escalation_dead'), q{cannot: it's "broken"}, 'its error');

# --- Python ---
my $python = extract('python', 'worker.py');
my $interpreter = '/usr/bin/python3';
SKIP:
{
    skip 'no psycopg 3 here', 5 if system("$interpreter -c 'import psycopg; assert psycopg.__version__[0] == \"3\"' 2>/dev/null") != 0;
    $node->safe_psql('postgres', 'TRUNCATE triage.escalation_history, triage.escalation_dead');
    fill(2);
    my ($said, $complaint) = ('', '');
    my $h = IPC::Run::start([ $interpreter, $python ], '>', \$said, '2>', \$complaint);
    ok(poll('SELECT count(*) = 2 FROM triage.escalation_history'), 'worker in Python works off what is there');
    ok(poll('SELECT count(*) = 1 FROM triage.escalation_dead'), 'and fails what fails');
    fill(3);
    ok(poll('SELECT count(*) = 4 FROM triage.escalation_history'), 'and hears of what comes');
    is($node->safe_psql('postgres', 'SELECT DISTINCT outcome FROM triage.escalation_history'), 'told the team', 'its outcomes');
    $h->signal('TERM');
    eval { $h->finish };
    is($complaint, '', 'ends when told, without a complaint');
}

done_testing();
