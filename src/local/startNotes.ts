import { lookup } from 'node:dns/promises';
import { deadline } from '../ground/deadline';
import { findProgram } from './host/hostPrograms';

/** Programs that only some features need: what is missing without them, and the Debian package that has them. */
const programs: readonly { readonly name: string; readonly needs: string; readonly packageName: string }[] = [
  { name: 'ip', needs: 'network policies', packageName: 'iproute2' },
  { name: 'script', needs: 'terminals', packageName: 'bsdutils' },
  { name: 'git', needs: 'code mounts', packageName: 'git' },
  { name: 'python3', needs: 'notebook cells', packageName: 'python3' },
  {
    name: 'perl',
    needs: 'keeping the open files and keys of whoever started this out of devboxes',
    packageName: 'perl-base',
  },
  { name: 'useradd', needs: 'users of Dockerfiles', packageName: 'passwd' },
];

/** Gives resolved names for tunnels their ending. */
const resolverPackage = 'libnss-myhostname';

/** As long as a start waits for a resolver, in milliseconds. */
const resolverPatience = 1_500;

/** What the notes at a start are made of; what is left out is asked of this computer. */
export interface StartFacts {
  readonly isRoot?: boolean;
  readonly has?: (program: string) => boolean;
  /** Says whether a name below `localhost` leads to this computer. */
  readonly resolves?: (name: string) => Promise<boolean>;
  /** False where no control groups hold the memory of devboxes. */
  readonly hasControlGroups: boolean;
  readonly port: number;
}

/** Sentences about what will not work as on Runloop here, each with its remedy; none where everything does. */
export async function startNotes({
  isRoot = process.getuid?.() === 0,
  has = (program) => findProgram(program) !== undefined,
  resolves = leadsHere,
  hasControlGroups,
  port,
}: StartFacts): Promise<readonly string[]> {
  const notes: string[] = [];
  const packages: string[] = [];
  if (!isRoot) {
    notes.push(
      'This platform does not run as root, so everything in a devbox belongs to one user, and /usr, /etc and /opt cannot be changed there: no apt-get install, no useradd, no other users in Dockerfiles. Start it with sudo for these.',
    );
  }
  if (!hasControlGroups) {
    notes.push(
      'No control groups hold the memory of devboxes here: it is looked at 2 to 20 times a second, and a devbox that fills it faster than that is ended late, when it may have taken memory from other programs.',
    );
  }
  const missing = programs.filter(({ name }) => !has(name));
  if (missing.length > 0) {
    notes.push(`Not to be had here: ${missing.map(({ name, needs }) => `${needs} (${name} is missing)`).join(', ')}.`);
    packages.push(...missing.map(({ packageName }) => packageName));
  }
  if (!(await resolves('4444-trial.tunnel.localhost'))) {
    notes.push(
      `Names below localhost lead nowhere on this computer, and tunnels have such names. Browsers find them by themselves; other programs can send the header X-Runloop-Host to http://127.0.0.1:${port} instead.`,
    );
    packages.push(resolverPackage);
  }
  return packages.length === 0
    ? notes
    : [...notes, `This mends what is missing, on Debian and Ubuntu: sudo apt-get install -y ${packages.join(' ')}`];
}

async function leadsHere(name: string): Promise<boolean> {
  const tooSlow = deadline(resolverPatience);
  const given = new Promise<undefined>((resolve) => tooSlow.addEventListener('abort', () => resolve(undefined)));
  try {
    const found = await Promise.race([lookup(name), given]);
    return found !== undefined && (found.address === '::1' || found.address.startsWith('127.'));
  } catch {
    // No resolver knows it, for whatever reason.
    return false;
  }
}
