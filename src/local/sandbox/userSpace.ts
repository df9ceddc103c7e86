import { createHash } from 'node:crypto';
import { dieWithParent, findProgram, requireProgram } from '../host/hostPrograms';
import { systemCalls } from '../host/systemCalls';
import { type UserSpace, mapWords } from './namespaceOptions';

/** The first number of users that no system gives to anybody, and how many come after it. */
const nobodies = 2_000_000_000;
const howMany = 2 ** 27;

/**
 * Makes a user namespace that belongs to a user of its own, maps the usual numbers into it and becomes its root. The kernel
 * counts inotify instances, message queues, pending signals and namespaces for whoever owns the namespace too: if that is
 * root of this computer, one devbox can have all that there are for it, its own services and every other devbox.
 * Arguments: the numbers of the calls prctl and unshare, the owner's number, the command.
 */
const ownedScript = String.raw`
my ($prctl, $unshare, $owner) = splice(@ARGV, 0, 3);
my $self = $$;
pipe(my $told, my $tell) or exit 127;
defined(my $mapper = fork) or exit 127;
if (!$mapper) {
  close $tell;
  sysread($told, my $word, 1) or exit 1;
  for my $kind ('uid', 'gid') {
    open(my $map, '>', "/proc/$self/${'$'}{kind}_map") or exit 1;
    syswrite($map, "0 0 65536\n") or exit 1;
  }
  exit 0;
}
close $told;
# Rights stay with another owner. Where there is none of that number, as in some containers, it stays root.
if (syscall($prctl, 28, 4) == 0) { $> = $owner }
syscall($unshare, 0x10000000) == 0 or die "No user namespace could be made: $!\n";
syswrite($tell, 'x');
waitpid($mapper, 0);
$? == 0 or die "Users could not be mapped.\n";
$> = 0;
$> == 0 or die "Root could not be had: $!\n";
exec {$ARGV[0]} @ARGV;
exit 127;
`;

/**
 * Words in front of the options of `unshare`: what they make belongs to a devbox's own users.
 * @param id whose; the same id has the same owner
 */
export function unshareWith(users: UserSpace, id: string): readonly string[] {
  const unshare = requireProgram('unshare');
  const perl = users === 'users' ? findProgram('perl') : undefined;
  if (perl === undefined || systemCalls === undefined) {
    return [unshare, ...mapWords[users]];
  }
  const owner = nobodies + (createHash('sha256').update(id).digest().readUInt32BE() % howMany);
  const { prctl, unshare: call } = systemCalls;
  // With another user comes another life: what was asked of the kernel before is forgotten.
  return [perl, '-e', ownedScript, String(prctl), String(call), String(owner), ...dieWithParent(), unshare];
}
