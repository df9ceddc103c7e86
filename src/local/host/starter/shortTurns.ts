/**
 * Perl that has the kernel give a process short turns of the processor: it gets as much as before, in smaller pieces, and need not
 * wait for the end of others' turns (Linux 6.12; older kernels pass it over). What it starts has the usual ones. Wants the number
 * of the call sched_setattr, behind which sched_getattr is, and a process; nothing changes where the call is not allowed.
 */
export const shortTurnsScript = String.raw`
sub take_short_turns {
  my ($call, $pid) = @_;
  my $how = "\0" x 48;
  $call > 0 && syscall($call + 1, $pid + 0, $how, 48, 0) == 0 or return;
  my (undef, $policy, $flags) = unpack('LLQ', $how);
  return if $policy != 0;
  substr($how, 0, 16) = pack('LLQ', 48, 0, $flags | 1);
  substr($how, 24, 8) = pack('Q', 100_000);
  syscall($call + 0, $pid + 0, $how, 0);
}
`;
