import { apartScript } from '../hostSide';
import { shortTurnsScript } from './shortTurns';

/**
 * A Perl program that starts programs which lead into devboxes. It is small, so that a copy of it is made at once, and the copy
 * does itself what would take programs of their own, one after the other: it counts itself for the devbox, holds itself to its
 * limits and sets itself apart as `hostSide` does.
 *
 * Orders come on its input, each behind its length: words with a zero between them. `pipes` makes so many, and tells the numbers
 * of their ends; `close` closes them; `reap` tells how a process ended. `start` has the number of the start, the paths of
 * input, output and error output, three lists, each behind its length, and variables. The lists are files of control groups,
 * limits as kind and value, and the command. What has ended keeps its number until it is reaped: who signals it meets nobody else.
 * The calls 434 (pidfd_open) and 436 (close_range) have their numbers everywhere.
 * Arguments: the numbers of the calls keyctl and prlimit64, the spare keyring, and the number of the call for short turns, which
 * it takes for itself and for the platform: all requests to all devboxes pass both.
 */
export const starterScript = String.raw`
use POSIX ();
my ($join, $prlimit, $spare, $schedule) = @ARGV;
my ($input, %running, %ended, %kept) = ('');
exit if syscall(434, $$ + 0, 0) < 0;${shortTurnsScript}take_short_turns($schedule, $_) for 0, getppid();
sub tell_it { syswrite(STDOUT, "@_\n") // exit }
sub fail { print STDERR "The command could not be started ($!).\n"; exit 127 }
sub become {
  my ($files, $groups, $limits, $words, $variables) = @_;
  for (0 .. 2) { POSIX::dup2(fileno($files->[$_]), $_) // fail() }
  POSIX::setsid();
  for (@$groups) {
    open(my $group, '>', $_) or exit 126;
    syswrite($group, '0') or exit 126;
  }
  while (my ($kind, $most) = splice(@$limits, 0, 2)) { syscall($prlimit, 0, $kind + 0, pack('QQ', $most, $most), 0) == 0 or fail() }
  %ENV = map { split(/=/, $_, 2) } @$variables;
  @ARGV = @$words;${apartScript}fail();
}
sub start {
  my ($id, $in, $out, $err, @rest) = @_;
  my @lists = map { [splice(@rest, 0, shift @rest)] } 1 .. 3;
  my @files;
  for ([$in, 0], [$out, 1], [$err, 1]) {
    sysopen(my $file, $_->[0], $_->[1]) or return tell_it('refused', $id, "$!");
    push @files, $file;
  }
  my $pid = fork();
  return tell_it('refused', $id, "$!") if !defined $pid;
  become(\@files, @lists, \@rest) if $pid == 0;
  my $end = syscall(434, $pid, 0);
  if ($end < 0) {
    tell_it('refused', $id, "$!");
    kill(9, $pid);
    return waitpid($pid, 0);
  }
  $running{$end} = [$id, $pid];
  tell_it('started', $id, $pid);
}
sub obey {
  my ($what, @words) = @_;
  if ($what eq 'start') { start(@words) }
  elsif ($what eq 'close') { delete @kept{@words} }
  elsif ($what eq 'reap') {
    waitpid(delete $ended{$words[0]}, 0);
    tell_it('exited', $words[0], $? & 127 ? 128 + ($? & 127) : $? >> 8);
  } else {
    my @made;
    for (1 .. $words[0]) {
      pipe(my $read, my $write) or last;
      for ($read, $write) { $kept{fileno($_)} = $_; push @made, fileno($_) }
    }
    tell_it('pipes', @made);
  }
}
while (1) {
  my $ready = '';
  vec($ready, $_, 1) = 1 for 0, keys %running;
  next if select($ready, undef, undef, undef) < 1;
  for my $end (grep { vec($ready, $_, 1) } keys %running) {
    my ($id, $pid) = @{delete $running{$end}};
    POSIX::close($end);
    $ended{$id} = $pid;
    tell_it('ended', $id);
  }
  next if !vec($ready, 0, 1);
  sysread(STDIN, $input, 65536, length $input) or exit;
  while (length $input >= 4 && length $input >= 4 + (my $length = unpack('N', $input))) {
    obey(split(/\0/, substr($input, 4, $length), -1));
    substr($input, 0, 4 + $length, '');
  }
}
`;
