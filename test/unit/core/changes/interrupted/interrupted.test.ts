import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../../src/core/errors';
import { CountingProxy } from '../../../../platform/countingProxy';
import { signal } from '../useChanges';
import { fewFiles, usePairs } from '../home/usePair';
import { wayTo, works, type Places, type Way, type Work } from './works';

type Name = keyof typeof works;

interface State {
  readonly here: string;
  readonly there: string;
}

/** A piece of work that is interrupted at one of its requests; looks at a command that goes on are not counted. */
interface Case {
  readonly name: Name;
  readonly at: number;
  readonly places: Places;
  readonly was: State;
}

interface Ended extends Case {
  /** `done`, or the code and the id of its failure. */
  readonly end: string;
  readonly paths: readonly string[];
  readonly way: Way;
}

/** Requests that each piece of work takes. */
const requests: Readonly<Record<Name, number>> = {
  looking: 3,
  sides: 2,
  commits: 3,
  uncommitted: 1,
  patch: 1,
  sending: 5,
  discarding: 2,
  review: 3,
};
const names = Object.keys(requests) as Name[];
/** The request that writes, by the work that is in doubt about it. */
const writing: Readonly<Partial<Record<Name, number>>> = { sending: 4, discarding: 2 };
/** The one behind which what was to be done is done. */
const tidying: Readonly<Partial<Record<Name, number>>> = { commits: 3, sending: 5 };

describe('What is done with changes of a devbox, interrupted at each of its requests', function () {
  this.timeout(300_000);
  const pairs = usePairs('interrupted', fewFiles);
  const { folder, sh, pair, next } = pairs;
  const cases: Case[] = [];
  const proxies: CountingProxy[] = [];
  const workOf = (name: Name): Work => works[name];

  const hereOf = ({ clone }: Places): string =>
    sh(
      clone,
      'git for-each-ref; git ls-files -s; git status --porcelain; find . -type f ! -path "./.git/*" -print0 | sort -z | xargs -0 sha256sum; find .git -name "tmp_*" -o -name "*.lock" -o -name "index.*"',
    );
  const thereOf = async (all: readonly Places[]): Promise<readonly string[]> => {
    if (all.length === 0) return [];
    const one =
      'git for-each-ref | grep -v stash; find .git -name "tmp_*" -o -name "index.*"; find . -path ./.git -prune -o ! -type d -print0 | sort -z | xargs -0 sha256sum; printf "\\0"';
    const said = await pairs.box.bash(all.map(({ top }) => `cd ${top}; ${one}`).join('\n'));
    return said.split('\0').slice(0, -1);
  };
  /** What is ours in the devbox outside of our folder. */
  const left = (): Promise<string> =>
    pairs.box.bash('find /tmp /var/tmp -maxdepth 1 -name ".runloop*" ! -name ".runloop-devboxes-$EUID"');
  /** Places for each request of all that is done, where those of before are not as they were. */
  async function prepare(): Promise<void> {
    const wanted = names.flatMap((name) => Array.from({ length: requests[name] }, (_, at) => ({ name, at: at + 1 })));
    const missing = wanted.filter(({ name, at }) => !cases.some((one) => one.name === name && one.at === at));
    const made = [];
    for (const { name, at } of missing) {
      const { there, here } = workOf(name);
      const one = await pair(there, here);
      made.push({ name, at, places: { ...one, found: await pairs.box.read(one.top), word: String(next()), folder } });
    }
    const states = await thereOf(made.map(({ places }) => places));
    cases.push(...made.map((one, at) => ({ ...one, was: { here: hereOf(one.places), there: states[at] ?? '' } })));
  }
  before(prepare);

  /** Does `work` when all cases have come to it. */
  function together(work: () => Promise<unknown>): () => Promise<unknown> {
    const come = new EventEmitter();
    const done = once(come, 'all').then(work);
    let missing = cases.length;
    return () => {
      missing -= 1;
      if (missing === 0) come.emit('all');
      return done;
    };
  }

  /** Runs all at once, each over a way of its own, on which a request is interrupted. */
  async function interrupted(
    interrupt: (() => Promise<unknown>) | 'its answer is lost, and all further ones',
  ): Promise<readonly Ended[]> {
    const run = async (one: Case): Promise<Ended> => {
      const proxy = await CountingProxy.start(pairs.account.baseUrl);
      const [counted, cut]: [string[], string[]] = [[], []];
      proxy.before = async (_, path) => {
        if (cut.length > 0) throw new Error('It is cut.');
        if (/\/executions\/|\/dbx_\w+$/.test(path)) return;
        counted.push(path);
        if (counted.length !== one.at) return;
        if (typeof interrupt === 'function') await interrupt();
        else cut.push(path);
      };
      proxy.answered = () => {
        if (cut.length > 0) throw new Error('It is cut.');
      };
      const way = wayTo({ apiKey: pairs.account.apiKey, baseUrl: proxy.baseUrl }, pairs.box.id);
      const end = await workOf(one.name)
        .run(way, one.places)
        .then(
          () => 'done',
          (error: unknown) => (RuntimeError.is(error) ? `${error.code} ${error.problem.id}` : String(error)),
        );
      const paths = [...proxy.paths];
      // For what is asked of the devbox later.
      proxy.reset();
      proxies.push(proxy);
      return { ...one, end, paths, way };
    };
    return Promise.all(cases.splice(0).map(run));
  }

  /** Holds what came of all against what they were told, and keeps what is as it was for the next interruption. */
  async function requireWhole(ended: readonly Ended[]): Promise<void> {
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('runloop-')),
      [],
    );
    // A repository that has what this writes: one where the same was made, or nothing was.
    const written = (name: Name): string =>
      ended.find((one) => one.name === (name === 'sending' ? 'looking' : 'review'))?.was.there ?? assert.fail();
    const states = await thereOf(ended.map(({ places }) => places));
    for (const [index, one] of ended.entries()) {
      const { name, at, end, was, places } = one;
      const [what, there, here] = [`${name} ${at}: ${end}`, states[index] ?? '', hereOf(places)];
      const isDone = end === 'done';
      const { writes, doubt } = workOf(name);
      assert.equal(here !== was.here, isDone && writes === 'here', what);
      if (end !== `file ${doubt ?? ''}`) assert.equal(there !== was.there, isDone && writes === 'there', what);
      else requireOldOrNew(there, was.there, written(name), what);
      if (here === was.here && there === was.there && end !== `file ${doubt ?? ''}`) {
        cases.push({ name, at, places, was });
      }
    }
    for (const { name, way, places } of ended) if (name === 'sending') await way.changes.read(places.top, signal);
    assert.equal(await left(), '');
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  }

  const suspend = async (): Promise<void> => {
    await pairs.api.devboxes.suspend(pairs.box.id);
  };
  const suspended = (): Promise<unknown> => pairs.api.devboxes.waitForStatus(pairs.box.id, ['suspended'], 20);
  /** Nothing has woken it. */
  async function requireAsleep(ended: readonly Ended[]): Promise<void> {
    assert.deepEqual(
      ended.flatMap(({ paths }) => paths.filter((path) => /\/(?:resume|suspend|shutdown)\b/.test(path))),
      [],
    );
    assert.equal((await pairs.api.devboxes.retrieve(pairs.box.id)).status, 'suspended');
    await pairs.api.devboxes.resume(pairs.box.id);
    await pairs.api.devboxes.waitForStatus(pairs.box.id, ['running'], 20);
  }
  const ends = (ended: readonly Ended[]): readonly string[] =>
    ended.map(({ name, at, end }) => `${name} ${at}: ${end}`).toSorted();
  const all = (failure: string): readonly string[] =>
    names
      .flatMap((name) => Array.from({ length: requests[name] }, (_, at) => [name, at + 1] as const))
      .map(([name, at]) => `${name} ${at}: ${tidying[name] === at ? 'done' : failure}`)
      .toSorted();

  it('by a devbox that is suspended before it: says so, and changes and leaves nothing', async () => {
    const ended = await interrupted(together(() => suspend().then(suspended)));
    assert.deepEqual(ends(ended), all('devbox_suspended suspended'));
    await requireAsleep(ended);
    await requireWhole(ended);
  });

  it('by a devbox that is suspended in the midst of it: says so, or that nobody knows, and leaves nothing', async () => {
    await prepare();
    const suspending: Promise<void>[] = [];
    const ended = await interrupted(
      together(async () => {
        // Some are at work then, some are done, some have not begun.
        suspending.push(sleep(150).then(suspend));
        return Promise.resolve();
      }),
    );
    await Promise.all(suspending);
    await suspended();
    for (const { name, at, end } of ended) {
      const isTold = ['done', 'devbox_suspended suspended', 'closed file_devbox_not_running'].includes(end);
      assert.ok(
        isTold || (end === `file ${workOf(name).doubt ?? ''}` && writing[name] === at),
        `${name} ${at}: ${end}`,
      );
    }
    await requireAsleep(ended);
    await requireWhole(ended);
  });

  it('by a network that is cut before its answer: says so, or that nobody knows, and leaves nothing', async () => {
    await prepare();
    const ended = await interrupted('its answer is lost, and all further ones');
    for (const { name, at, end } of ended) {
      const doubt = `file ${workOf(name).doubt ?? ''}`;
      const expected = tidying[name] === at ? /^done$/ : writing[name] === at ? new RegExp(`^${doubt}$`) : /^network /;
      assert.match(end, expected, `${name} ${at}`);
    }
    await requireWhole(ended);
  });

  it('by a devbox that is shut down: says so, and changes and leaves nothing here', async () => {
    await prepare();
    const { api, box } = pairs;
    const ended = await interrupted(
      together(async () => {
        await api.devboxes.shutdown(box.id);
        await api.devboxes.waitForStatus(box.id, ['shutdown'], 20);
      }),
    );
    assert.deepEqual(ends(ended), all('devbox_ended file_devbox_ended'));
    for (const { name, at, places, was } of ended) {
      assert.equal(hereOf(places) === was.here, !(name === 'commits' && at === 3), `${name} ${at}`);
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('runloop-')),
      [],
    );
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  });
});

/** Each file is as it was, or as it is written. */
function requireOldOrNew(now: string, was: string, written: string, what: string): void {
  const [have, old, made] = [now, was, written].map((text) => new Set(text.split('\n')));
  const pathsOf = (lines: ReadonlySet<string> | undefined): Set<string> =>
    new Set([...(lines ?? [])].map((line) => line.slice(66)));
  for (const line of have ?? []) assert.ok(old?.has(line) === true || made?.has(line) === true, `${what}: ${line}`);
  const gone = [...pathsOf(old)].filter((path) => pathsOf(made).has(path) && !pathsOf(have).has(path));
  assert.deepEqual(gone, [], what);
}
