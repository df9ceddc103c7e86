import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './hostPrograms';
import { systemCalls } from './systemCalls';

/** The keyring for those who can have none of their own. */
export const spareKeyring = 'runloop-devbox';

/**
 * Closes every descriptor but the three usual ones (call 436 everywhere), joins a new session keyring, and becomes the command in @ARGV.
 * The kernel gives each user number so many keys (else the error is 122), and one devbox may have taken them all. So root
 * makes the keyring as a user that nobody is, and everybody else joins the spare one then. Where that is gone too nothing is
 * started, as the keys of whoever started this would go along.
 */
export const apartScript = String.raw`
syscall(436, 3, 0xffffffff, 0);
if ($join) {
  if ($> == 0) { $< = 2_000_000_000 + $$ }
  my $joined = syscall($join, 1, 0);
  my $full = $joined < 0 && $! == 122;
  if ($> == 0) { $< = 0 }
  if ($full && syscall($join, 1, $spare) < 0) { print STDERR "No keyring of its own could be had: $!
"; exit 126 }
}
exec {$ARGV[0]} @ARGV;
`;

const closeScript = `my ($join, $spare) = @ARGV; splice(@ARGV, 0, 2);${apartScript}exit 127;`;

/**
 * Makes a keyring by name into which nobody can put anything, and which stays although nobody has joined it: it may be looked
 * at and searched, and nothing else.
 */
const spareScript = String.raw`
my ($call, $name) = @ARGV;
my $id = syscall($call, 1, $name);
exit if $id < 0;
syscall($call, 29, $id, 0, 0);
syscall($call, 8, $id, -4);
syscall($call, 5, $id, 0x09090000);
`;

/**
 * Words in front of a command that leads into a devbox: nothing of what this process was started with goes along, neither
 * open files nor the keys of the session. Empty where there is no Perl to do it.
 */
export function hostSide(): readonly string[] {
  const perl = findProgram('perl');
  return perl === undefined ? [] : [perl, '-e', closeScript, String(systemCalls?.keyctl ?? 0), spareKeyring];
}

/** Makes the keyring that is taken where the kernel gives no more of them; without Perl, or where it cannot be made, nothing. */
export async function makeSpareKeyring(): Promise<void> {
  const perl = findProgram('perl');
  if (perl === undefined || systemCalls === undefined) return;
  await promisify(execFile)(perl, ['-e', spareScript, String(systemCalls.keyctl), spareKeyring]);
}
