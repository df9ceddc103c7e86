import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  diagnose,
  diagnosisDocument,
  diagnosisMarkdown,
  english,
  gatherEvidence,
  type Evidence,
} from '../../../../src/core/diagnosis';
import { hasEnded, parseDevbox } from '../../../../src/core/platform/devbox';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { eventually } from '../../../eventually';
import { orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

const launch = (
  parameters: Readonly<Record<string, unknown>>,
): { readonly launch_parameters: Readonly<Record<string, unknown>> } => ({ launch_parameters: parameters });
const textOf = (evidence: Evidence): string => diagnosisDocument(diagnose(evidence, english), english).text;

/** Evidence as it would be of what an API answers. */
function evidenceOf(view: Readonly<Record<string, unknown>>, more: Partial<Evidence> = {}): Evidence {
  const none = {
    logProblem: undefined,
    logLines: 0,
    entrypoint: [],
    setup: [],
    kernel: [],
    platform: [],
    entrypointExit: undefined,
    lastExit: undefined,
  };
  return { devbox: parseDevbox({ id: 'dbx_1', ...view }), gatheredMs: 0, ...none, ...more };
}

describe('the evidence of why a devbox stopped', function () {
  this.timeout(120_000);
  const on = usePlatform('--fault-control', '--devbox-ttl-seconds', '600');

  async function create(body: Readonly<Record<string, unknown>>): Promise<string> {
    return (await on.api.devboxes.create({ name: 'evidence', ...body }, { requestId: crypto.randomUUID() })).id;
  }
  async function evidence(id: string, isThere: (status: string) => boolean = hasEnded): Promise<Evidence> {
    await eventually(
      () => on.api.devboxes.retrieve(id),
      ({ status }) => isThere(status),
    );
    return gatherEvidence(on.api, id);
  }

  it('tells an idle rule, a request and an eviction apart by the platform’s own line', async () => {
    await orderFaults(on.platform, { fault: 'evict_devbox', devbox: 'evicted', notice_ms: 300 });
    const asked = await create({});
    const idle = await create(launch({ after_idle: { idle_time_seconds: 1, on_idle: 'suspend' } }));
    const evicted = await create({ name: 'evicted' });
    await eventually(
      () => on.api.devboxes.retrieve(asked),
      ({ status }) => status === 'running',
    );
    await on.api.devboxes.suspend(asked);
    const said: string[] = [];
    for (const id of [asked, idle, evicted]) {
      const { verdict } = diagnose(await evidence(id, (status) => status === 'suspended'), english);
      assert.match(verdict[0] ?? '', /can be resumed/);
      said.push(
        /^The platform wrote to its log: "The devbox is suspended: (.*)\."$/.exec(verdict[1] ?? '')?.[1] ??
          verdict.join(' '),
      );
      await on.api.devboxes.shutdown(id);
    }
    assert.deepEqual(said, [
      'a request to the API asked for it',
      'nobody used it for 1 s, as its idle rule says',
      'it was evicted from where it ran',
    ]);
    await orderFaults(on.platform);
  });

  it('has no link and no key of what the devbox printed or is called, and cuts lines of a megabyte', async () => {
    const print = [
      'https://evil.example/x',
      'file:///etc/passwd',
      '[x](command:runloop.shutDownDevbox)',
      'a\\033[0mk_hiddenbehindcolour',
      '-----BEGIN RSA PRIVATE KEY-----',
    ];
    const keyLines = 'for i in $(seq 1 80); do echo "MIIEow${i}AAAA"; done';
    const long = 'head -c 1000000 /dev/zero | tr "\\0" x; echo';
    const id = await create({
      name: 'https://evil.example',
      entrypoint: `${print.map((line) => `printf -- '${line}\\n'`).join('; ')}; ${keyLines}; ${long}; kill -KILL $$`,
    });
    const found = await evidence(id);
    for (const text of [textOf(found), diagnosisMarkdown(found)]) {
      assert.doesNotMatch(text, /:\/\/|command:r|hiddenbehind|MIIEow/);
      assert.ok(text.length < 12_000, String(text.length));
    }
    assert.match(
      diagnose(found, english).verdict[0] ?? '',
      /exit code 137 \(which shells report when signal SIGKILL ended a command\)/,
    );
  });

  it('does not have the token of the devbox’s tunnel, if the devbox prints it', async () => {
    const id = await create({
      tunnel: { auth_mode: 'authenticated' },
      entrypoint: 'while ! [ -s /tmp/printed ]; do sleep 0.1; done; cat /tmp/printed; echo all; sleep 600',
    });
    const { tunnel } = await eventually(
      () => on.api.devboxes.retrieve(id),
      ({ status }) => status === 'running',
    );
    const token = tunnel?.authToken ?? '';
    assert.ok(token.length > 20);
    // Amid words that a redactor of key-like words would not look into.
    await runCommand(on.api, id, `echo 'see ${token} and on' > /tmp/p && mv /tmp/p /tmp/printed`);
    await eventually(
      () => on.api.logs.newest(id),
      (logs) => logs.some(({ text }) => text === 'all'),
    );
    // The tunnel of one that is suspended comes back with it; that of one that has ended is gone for good.
    await on.api.devboxes.suspend(id);
    const found = await evidence(id, (status) => status === 'suspended');
    assert.ok(found.entrypoint.some(({ text }) => text === 'all'));
    assert.ok(found.entrypoint.some(({ text }) => /^see .* and on$/.test(text)));
    for (const text of [JSON.stringify(found.entrypoint), textOf(found), diagnosisMarkdown(found)]) {
      assert.ok(!text.includes(token));
    }
  });

  it('says the exit code of a launch command that failed, and that of no earlier run', async () => {
    const found = await evidence(await create(launch({ launch_commands: ['exit 7'] })));
    assert.deepEqual(
      [found.lastExit?.code, found.lastExit?.source, found.entrypointExit],
      [7, 'setup_commands', undefined],
    );
  });

  it('goes without a log that is refused or breaks off, and says so', async () => {
    const id = await create({ entrypoint: 'echo here; exit 1' });
    await evidence(id);
    await orderFaults(on.platform, { fault: 'half_stream', path: '/v1/devboxes/{id}/logs', count: 1 });
    assert.equal((await gatherEvidence(on.api, id)).logProblem, undefined);
    await orderFaults(on.platform, { fault: 'status', status: 404, path: '/v1/devboxes/{id}/logs' });
    assert.match(textOf(await gatherEvidence(on.api, id)), /The log could not be read: .*404/);
    await orderFaults(on.platform);
  });

  it('names a status that is not known yet, and does not guess whether it stopped', () => {
    const { title, verdict } = diagnose(evidenceOf({ status: 'hibernating', name: 'odd' }), english);
    assert.deepEqual(
      [title, verdict],
      [
        'Did odd stop?',
        [
          'Its status is "hibernating", which this version of the extension does not know. It is not known whether it has stopped.',
        ],
      ],
    );
  });

  it('weighs an idle rule by how long the devbox ran, and believes no program about it', () => {
    const view = (ranMs: number): Readonly<Record<string, unknown>> => ({
      status: 'suspended',
      launch_parameters: { after_idle: { idle_time_seconds: 60, on_idle: 'suspend' } },
      state_transitions: [
        { status: 'running', transition_time_ms: 0 },
        { status: 'suspending', transition_time_ms: ranMs },
        { status: 'suspended', transition_time_ms: ranMs + 10 },
      ],
    });
    const forged = { entrypoint: [{ timeMs: 1, text: 'The devbox is suspended: by magic.' }] };
    assert.match(
      diagnose(evidenceOf(view(5_000), forged), english).verdict[1] ?? '',
      /It was not its idle rule, which suspends it after 1 min without use: it ran for only 5 s\./,
    );
    assert.match(
      diagnose(evidenceOf(view(90_000), forged), english).verdict[1] ?? '',
      /Its idle rule suspends it after 1 min without use, and a person/,
    );
  });

  it('shows what the kernel says of memory without concluding from it', () => {
    const found = evidenceOf(
      { status: 'shutdown', shutdown_reason: 'entrypoint_exit' },
      { kernel: [{ timeMs: 1, text: 'Out of memory: Killed process 7 (node)' }] },
    );
    assert.match(
      diagnose(found, english).verdict.join(' '),
      /Its entrypoint ended.*does not have its exit code.*say that memory ran out/,
    );
  });
});
