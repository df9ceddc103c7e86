import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'mocha';
import type { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import type { PlatformAccount } from '../../../../platform/platformProcess';
import { usePlatform } from '../../../../platform/usePlatform';
import { changesDevbox, type ChangesDevbox } from '../useChanges';

/** A repository in a devbox and one here, each by its folder. */
export interface Pair {
  readonly top: string;
  readonly clone: string;
}

/** What tests of changes that travel between a devbox and here are given. */
export interface Pairs {
  /** A running devbox, in tests only. */
  readonly box: ChangesDevbox;
  readonly api: RunloopApi;
  /** Where the platform answers. */
  readonly account: PlatformAccount;
  /** Here, and TMPDIR while the tests run: what is temporary in it is theirs alone. */
  readonly folder: string;
  /** Runs bash here. */
  readonly sh: (cwd: string, command: string) => string;
  /** A new number. */
  readonly next: () => number;
  /** The same first commit in the devbox and here, with what further commands make of each. */
  readonly pair: (there?: string, here?: string) => Promise<Pair>;
}

const identity = 'git config user.name t; git config user.email t@t';

/** A few files of each kind, which a first commit may consist of. */
export const fewFiles = 'seq 20 > a && echo b > b && printf "\\0bin" > bin && mkdir d && echo x > d/x';

/**
 * Gives the tests of a `describe` one devbox, and pairs of repositories.
 * @param files commands that make what is committed first
 */
export function usePairs(name: string, files: string): Pairs {
  const used = usePlatform();
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  let outer: string | undefined;
  let box: ChangesDevbox | undefined;
  let count = 0;
  before(async () => {
    box = await changesDevbox(used.api, { name });
    outer = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
  });
  after(() => {
    process.env['TMPDIR'] = outer ?? '/tmp';
    rmSync(folder, { recursive: true, force: true });
  });
  const theBox = (): ChangesDevbox => {
    if (box === undefined) throw new Error('The devbox exists in tests only.');
    return box;
  };
  const next = (): number => (count += 1);
  const sh = (cwd: string, command: string): string =>
    execFileSync('bash', ['-c', command], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  // The same hash wherever and whenever it is made.
  const dates = 'GIT_AUTHOR_DATE="2026-01-01T00:00:00Z" GIT_COMMITTER_DATE="2026-01-01T00:00:00Z"';
  const people = 'GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t';
  const first = `export ${dates} ${people}; git init -q -b main . && ${files} && git add -A && git commit -qm first`;
  return {
    get box() {
      return theBox();
    },
    get api() {
      return used.api;
    },
    get account() {
      return used.platform;
    },
    folder,
    sh,
    next,
    pair: async (there = 'true', here = 'true') => {
      const number = next();
      const [top, clone] = [`/tmp/${name}/${number}`, join(folder, `clone "${number}"`)];
      await theBox().bash(`mkdir -p ${top} && cd ${top} && ${first}; ${identity}; ${there}`);
      sh(folder, `mkdir '${clone}' && cd '${clone}' && ${first}; ${identity}; ${here}`);
      return { top, clone };
    },
  };
}
