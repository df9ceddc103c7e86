import { shortTurnsScript } from '../starter/shortTurns';

/**
 * A Perl program that asks the kernel for the sockets that listen on a port, by its own way for such questions (netlink),
 * which Node cannot speak. It answers each line `number port` with one of the number and, for each socket, address, number
 * and whether it is of version 6 only, with colons in between. It ends with its input, or when the kernel does not answer.
 * Argument: the number of the call for short turns.
 */
export const diagnosisScript = String.raw`
use strict;${shortTurnsScript}$| = 1;
take_short_turns($ARGV[0], 0);
socket(my $kernel, 16, 3, 4) or exit 3;
my $turn = 0;
while (defined(my $line = <STDIN>)) {
  my ($number, $port) = split(' ', $line);
  my @found;
  for my $family (2, 10) {
    $turn++;
    # Everything of this family, of TCP, that listens, on the port.
    my $question = pack('L S S L L', 72, 20, 0x301, $turn, 0) . pack('C C C C L n n x44', $family, 6, 0, 0, 1 << 10, $port, 0);
    send($kernel, $question, 0, pack('S S L L', 16, 0, 0, 0)) or exit 4;
    my $more = 1;
    while ($more) {
      defined(recv($kernel, my $answer, 1 << 18, 0)) or exit 5;
      length($answer) or exit 5;
      while (length($answer) >= 16) {
        my ($length, $kind, undef, $of) = unpack('L S S L', $answer);
        exit 6 if $length < 16 || $length > length($answer);
        my $part = substr($answer, 16, $length - 16);
        my $next = ($length + 3) & ~3;
        $answer = $next >= length($answer) ? '' : substr($answer, $next);
        next if $of != $turn;
        if ($kind == 3) { $more = 0; last }
        exit 7 if $kind == 2;
        next if $kind != 20 || length($part) < 72;
        my ($is, undef, undef, undef, $own) = unpack('C C C C n', $part);
        next if $own != $port;
        my $address = unpack('H*', substr($part, 8, $is == 10 ? 16 : 4));
        my $inode = unpack('L', substr($part, 68, 4));
        my ($only6, $facts) = (0, substr($part, 72));
        while (length($facts) >= 4) {
          my ($size, $name) = unpack('S S', $facts);
          last if $size < 4 || $size > length($facts);
          $only6 = 1 if $name == 11 && $size >= 5 && unpack('C', substr($facts, 4, 1));
          my $step = ($size + 3) & ~3;
          $facts = $step >= length($facts) ? '' : substr($facts, $step);
        }
        push(@found, "$address:$inode:$only6");
      }
    }
  }
  print(join(' ', $number, @found), "\n");
}
`;
