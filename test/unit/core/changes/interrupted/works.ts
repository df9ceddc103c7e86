import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExecutionCommands } from '../../../../../src/core/channel/executionCommands';
import { DevboxChanges, type RepositoryChanges } from '../../../../../src/core/changes/devboxChanges';
import { discard, discardable } from '../../../../../src/core/changes/discard';
import { openClone, receiveBundle } from '../../../../../src/core/changes/home/clone';
import { fetchBundle } from '../../../../../src/core/changes/home/devboxBundle';
import { writePatch } from '../../../../../src/core/changes/home/patchFile';
import { sendable } from '../../../../../src/core/changes/home/send';
import { receivePatch } from '../../../../../src/core/changes/home/uncommitted';
import { writeReview } from '../../../../../src/core/changes/review/reviewFile';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { runningGuard } from '../../../../../src/core/files/runningGuard';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { signal } from '../useChanges';
import type { Pair } from '../home/usePair';

/** What is asked of a devbox over one way to its platform. */
export interface Way {
  readonly devboxId: string;
  readonly api: RunloopApi;
  readonly changes: DevboxChanges;
}

/** The devbox is taken for one that runs, as by a list of devboxes that is seconds old. */
export function wayTo(account: { readonly apiKey: string; readonly baseUrl: string }, devboxId: string): Way {
  const api = new RunloopApi(account);
  const requireRunning = runningGuard(devboxId, {
    known: () => 'running',
    retrieve: (limit) => api.devboxes.retrieve(devboxId, { signal: limit }),
  });
  const changes = new DevboxChanges({ devboxId, commands: new ExecutionCommands(api, devboxId), requireRunning });
  return { devboxId, api, changes };
}

/** A repository in a devbox and one here, which something is done with. */
export interface Places extends Pair {
  /** As it was read before. */
  readonly found: RepositoryChanges;
  /** A name that nobody else has. */
  readonly word: string;
  /** Where files are kept here. */
  readonly folder: string;
}

/** Something that is done with changes of a devbox, in some requests. */
export interface Work {
  readonly there?: string;
  readonly here?: string;
  /** What it writes to. */
  readonly writes?: 'there' | 'here';
  /** What is told where nobody knows whether it was done. */
  readonly doubt?: 'discard_maybe' | 'send_maybe';
  run(way: Way, places: Places): Promise<void>;
}

const edited = 'echo more >> a; rm b; mkdir new; echo new > new/n; printf "\\1\\0" > bin; chmod 755 d/x';
const committed = `${edited}; git add -A; git commit -qm more`;

export const works = {
  looking: {
    there: edited,
    run: async ({ changes }, { top }) => {
      assert.deepEqual((await changes.find(top, signal)).repositories, [top]);
      const { groups } = await changes.read(top, signal);
      assert.equal((await changes.read(top, signal)).groups.uncommitted.length, groups.uncommitted.length);
    },
  },
  sides: {
    there: edited,
    run: async ({ changes }, { found }) => {
      const { before, after, path } = found.groups.uncommitted.find((one) => one.path === 'a') ?? assert.fail();
      for (const side of [before, after]) {
        const of = { path, side: side ?? assert.fail() };
        assert.ok('bytes' in (await changes.content(found, of, { most: 100_000, signal })));
      }
    },
  },
  commits: {
    there: committed,
    writes: 'here',
    run: async ({ changes, api, devboxId }, { clone, found, folder, word }) => {
      const opened = await openClone(clone, signal);
      const file = join(folder, `bundle-${word}-${crypto.randomUUID()}`);
      const context = { changes, transfer: apiTransfer(api), devboxId };
      await fetchBundle(context, found, { known: opened.known, file, signal });
      const arrival = await receiveBundle(opened, { file, head: found.report.head, signal });
      try {
        await arrival.bring('runloop/main', signal);
      } finally {
        await arrival.dispose();
      }
    },
  },
  uncommitted: {
    there: edited,
    writes: 'here',
    run: async ({ changes }, { top, clone }) => {
      const opened = await openClone(clone, signal);
      const patch = await changes.patch(top, 'head', signal);
      const arrived = (await receivePatch(opened, { patch, signal })) ?? assert.fail();
      try {
        await arrived.apply(signal);
      } finally {
        await arrived.dispose();
      }
    },
  },
  patch: {
    there: edited,
    run: async ({ changes }, { top, folder, word }) => {
      const file = join(folder, `patch-${word}-${crypto.randomUUID()}`);
      try {
        await writePatch(file, await changes.patch(top, 'head', signal));
      } catch (error) {
        assert.ok(!existsSync(file));
        throw error;
      }
      assert.match(readFileSync(file, 'latin1'), /^diff --git a\/a b\/a[^]*new\/n/);
    },
  },
  sending: {
    here: edited,
    writes: 'there',
    doubt: 'send_maybe',
    run: async ({ changes, api, devboxId }, { clone, found }) => {
      const context = { changes, transfer: apiTransfer(api), devboxId };
      const opened = await openClone(clone, signal);
      const plan = (await sendable(context, found, { clone: opened, signal })) ?? assert.fail();
      try {
        await plan.send(signal);
      } finally {
        await plan.dispose();
      }
    },
  },
  discarding: {
    there: edited,
    writes: 'there',
    doubt: 'discard_maybe',
    run: async ({ changes, devboxId }, { top }) => {
      const meant = { top, paths: [], signal };
      const { state } = await discardable(changes, meant);
      await discard(changes, { ...meant, state, devboxId });
    },
  },
  review: {
    run: async ({ changes }, { top, word }) => {
      const name = `review-${word}-${crypto.randomUUID()}.md`;
      const path = await writeReview(changes, { name, message: `${'x'.repeat(90_000)}end`, top, signal });
      assert.ok(path.endsWith(`/${name}`));
    },
  },
} as const satisfies Record<string, Work>;
