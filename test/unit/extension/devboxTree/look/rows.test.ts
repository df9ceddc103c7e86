import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { defaultPrices } from '../../../../../src/core/cost/prices';
import { parseDevbox, type Devbox } from '../../../../../src/core/platform/devbox';
import { devboxItem } from '../../../../../src/extension/devboxTree/look/devboxItem';
import { filesItem } from '../../../../../src/extension/devboxTree/look/fileItem';
import { groupItem } from '../../../../../src/extension/devboxTree/look/groupItems';
import { portsItem } from '../../../../../src/extension/devboxTree/look/portItem';
import { devboxTooltip } from '../../../../../src/extension/devboxTree/look/devboxTooltip';
import { shownFacts, spokenFacts, type RowContext } from '../../../../../src/extension/devboxTree/look/rowText';
import { devboxLabel, devboxName } from '../../../../../src/extension/devboxes/devboxText';
import type { Ender } from '../../../../../src/extension/devboxes/endReason';
import { shortName } from '../../../../../src/extension/devboxTree/look/shortName';
import { useFakeEditor } from '../../../../fakeVscode/fakeEditor';
import { labelOf } from '../../../../fakeVscode/parts';

const minute = 60_000;
const nowMs = 100 * minute;
const usual: RowContext = {
  attached: false,
  health: undefined,
  nowMs,
  prices: defaultPrices,
  usedAgoMs: undefined,
  attention: undefined,
  isPinned: false,
};

function devbox(view: Record<string, unknown> = {}, launch: Record<string, unknown> = {}): Devbox {
  return parseDevbox({
    id: 'dbx_1',
    name: 'alpha',
    status: 'running',
    create_time_ms: nowMs - 2 * minute,
    state_transitions: [{ status: 'provisioning', transition_time_ms: nowMs - 2 * minute }],
    launch_parameters: { resource_size_request: 'LARGE', keep_alive_time_seconds: 3_600, ...launch },
    ...view,
  });
}
const idle = { lifecycle: { after_idle: { idle_time_seconds: 900, on_idle: 'suspend' } } };

describe('The words of a row', () => {
  useFakeEditor();

  it('are facts: time left and cost, no state that the icon tells', () => {
    assert.equal(shownFacts(devbox(), usual), '58 min · $0.42/h');
    assert.equal(shownFacts(devbox(), { ...usual, attached: true, health: 'answers' }), '58 min · $0.42/h');
    assert.equal(shownFacts(devbox({}, { keep_alive_time_seconds: 140 }), usual), 'ending · $0.42/h');
    assert.equal(shownFacts(devbox({}, { keep_alive_time_seconds: undefined }), usual), 'no end · $0.42/h');
    assert.equal(shownFacts(devbox({}, { keep_alive_time_seconds: 86_400 }), usual), '23 h · $0.42/h');
  });

  it('are when it goes idle, by what this window told Runloop, else what its rule waits for, after the price if it does not press', () => {
    const told = (usedAgoMs?: number): string => shownFacts(devbox({}, idle), { ...usual, usedAgoMs });
    assert.equal(told(), '$0.42/h · after 15 min idle');
    assert.equal(told(3 * minute), '$0.42/h · idle in 12 min');
    assert.equal(told(5 * minute), 'idle in 10 min · $0.42/h');
    assert.equal(told(40 * minute), '$0.42/h · after 15 min idle');
    assert.equal(shownFacts(devbox({}, idle), { ...usual, prices: undefined }), 'after 15 min idle');
    const down: RowContext = { ...usual, attached: true, health: 'unreachable' };
    assert.equal(shownFacts(devbox({}, idle), down), 'action server down · $0.42/h · after 15 min idle');
  });

  it('begin with what is wrong', () => {
    const down: RowContext = { ...usual, attached: true, health: 'unreachable' };
    assert.equal(shownFacts(devbox(), down), 'action server down · 58 min · $0.42/h');
    // Told by its shape: high contrast has no colours for icons.
    assert.deepEqual(
      [down, { ...down, health: 'answers' } as const].map(
        (one) => (devboxItem(devbox(), one).iconPath as { id: string }).id,
      ),
      ['warning', 'vm-active'],
    );
    assert.match(
      spokenFacts(devbox(), down),
      /^Devbox alpha, running, attached, action server down, started: 2 min ago, 58 min left/,
    );
    assert.equal(shownFacts(devbox({ status: 'suspended' }), down).includes('down'), false);
  });

  it('tell the states that no icon tells apart', () => {
    assert.equal(shownFacts(devbox({ status: 'provisioning' }), usual), 'provisioning · $0.42/h');
    assert.match(shownFacts(devbox({ status: 'some_future' }), usual), /^some_future/);
  });

  it('tell how long it is suspended, and when and why it ended', () => {
    const suspended = { status: 'suspended', transition_time_ms: nowMs - 30 * minute };
    const asleep = devbox({ status: 'suspended', state_transitions: [suspended] });
    assert.equal(shownFacts(asleep, usual), 'for 30 min · <$0.01/h');
    const evicted: RowContext = { ...usual, evictedAtMs: nowMs - 30 * minute };
    assert.equal(shownFacts(asleep, evicted), 'evicted by Runloop · for 30 min · <$0.01/h');
    assert.match(spokenFacts(asleep, evicted), /^Devbox alpha, suspended, .*, evicted by Runloop, /);
    const evicting: RowContext = { ...usual, evictedAtMs: nowMs + 5 * minute, attention: 'evicting' };
    assert.equal(shownFacts(devbox(), evicting), '5 min to eviction · $0.42/h');
    const ended = devbox({ status: 'failure', failure_reason: 'out_of_memory', end_time_ms: nowMs - 5 * minute });
    assert.equal(shownFacts(ended, usual), 'out of memory · 5 min ago');
    const ending: RowContext = { ...usual, attention: 'ending' };
    assert.equal(shownFacts(devbox({}, { keep_alive_time_seconds: 600 }), ending), '8 min left · $0.42/h');
    assert.match(
      spokenFacts(devbox({}, { keep_alive_time_seconds: 600 }), ending),
      /running, ends soon, .* 8 min left/,
    );
  });

  it('say in two words who ended it, and in the tooltip in a sentence, as far as its own facts tell', () => {
    const told = (shutdown_reason: string, ender?: Ender): readonly [string, string | undefined] => {
      const ended = devbox({ status: 'shutdown', shutdown_reason, end_time_ms: nowMs - 5 * minute });
      const context = { ...usual, ender };
      const tooltip = devboxTooltip(ended, { ...context, blueprintName: undefined, isStartedHere: false });
      return [shownFacts(ended, context), /^Reason: (.*)$/m.exec(tooltip)?.[1]];
    };
    const lifetime = 'Runloop shut it down, as its lifetime was over';
    assert.deepEqual(told('keep_alive_timeout'), ['5 min ago · lifetime over', lifetime]);
    assert.deepEqual(told('keep_alive_timeout', 'you'), ['5 min ago · lifetime over', lifetime]);
    assert.deepEqual(told('idle'), ['5 min ago · was idle', 'Runloop shut it down, as it was idle']);
    assert.deepEqual(told('api_shutdown'), ['5 min ago · by the API', 'it was shut down through the API']);
    assert.deepEqual(told('api_shutdown', 'you'), ['5 min ago · by you', 'you shut it down']);
    const elsewhere = 'you shut it down in another window';
    assert.deepEqual(told('api_shutdown', 'otherWindow'), ['5 min ago · by you, elsewhere', elsewhere]);
    assert.deepEqual(told('some_future'), ['5 min ago · some_future', 'some_future']);
  });

  it('are whole sentences of words for a screen reader', () => {
    const spoken = (view: Record<string, unknown>, context: Partial<RowContext> = {}): string =>
      spokenFacts(devbox(view), { ...usual, ...context });
    assert.equal(
      spoken({}, { isPinned: true }),
      'Devbox alpha, running, pinned, started: 2 min ago, 58 min left, size LARGE, estimated $0.42 an hour',
    );
    assert.equal(
      spoken({
        status: 'suspended',
        state_transitions: [{ status: 'suspended', transition_time_ms: nowMs - minute }],
      }),
      'Devbox alpha, suspended, started: 2 min ago, suspended: 1 min ago, size LARGE, estimated under $0.01 an hour',
    );
    assert.equal(
      spoken({ status: 'shutdown', end_time_ms: nowMs - minute, shutdown_reason: 'idle' }),
      'Devbox alpha, shut down, ended: 1 min ago, Runloop shut it down, as it was idle',
    );
    const endless = devbox({}, { keep_alive_time_seconds: undefined });
    assert.match(spokenFacts(endless, usual), /, started: 2 min ago, no end, size LARGE, /);
    assert.doesNotMatch(
      spokenFacts({ ...endless, status: 'suspended' }, usual),
      /no end/,
      'of one at rest nobody knows it',
    );
    const group = (total: number, hourlyCost: number, areMore: boolean): readonly unknown[] => {
      const item = groupItem(
        { key: 'status=active', value: 'active', shown: [], total },
        { by: 'status' },
        { blueprintName: () => undefined, hourlyCost, areMore },
      );
      return [item.description, item.accessibilityInformation?.label, item.tooltip];
    };
    assert.deepEqual(group(3, 0, false), ['3', 'Group Active, devboxes: 3', 'Active\nDevboxes: 3']);
    assert.deepEqual(group(3, 0.426, false), [
      '3 · $0.43/h',
      'Group Active, devboxes: 3, estimated $0.43 an hour',
      'Active\nDevboxes: 3 · est. $0.43/h',
    ]);
    // Those that are not loaded cost something, too.
    assert.deepEqual(group(200, 84, true), [
      '200+ · $84.00+/h',
      'Group Active, devboxes: 200 or more, estimated $84.00 or more an hour',
      'Active\nDevboxes: 200+ · est. $84.00+/h',
    ]);
    const open = portsItem(
      { kind: 'ports', devboxId: 'dbx_1' },
      devbox({ tunnel: { tunnel_key: 'a', auth_mode: 'open' } }),
    );
    assert.equal(open.accessibilityInformation?.label, 'Ports, open to anyone with the address');
    assert.equal(open.tooltip, 'Ports\nopen to anyone with the address');
    assert.equal(portsItem({ kind: 'ports', devboxId: 'dbx_1' }, devbox()).accessibilityInformation?.label, 'Ports');
  });

  it('of Files name the folder whose files they are', () => {
    const files = (folder: string) => filesItem({ kind: 'files', devboxId: 'dbx_1', folder });
    assert.deepEqual(
      [files('/workspace').description, files('/workspace').tooltip],
      ['/workspace', 'Files in /workspace'],
    );
    assert.deepEqual(
      [files('~').description, files('~').accessibilityInformation?.label],
      ['~', 'Files in the home folder'],
    );
    const odd = String(files('/a\u202eb\u0007\nc').description);
    assert.ok(!['\u202e', '\u0007', '\n'].some((one) => odd.includes(one)), odd);
  });

  it('have no price where nothing costs', () => {
    assert.equal(shownFacts(devbox(), { ...usual, prices: undefined }), '58 min');
    const tooltip = devboxTooltip(devbox(), {
      ...usual,
      prices: undefined,
      blueprintName: undefined,
      isStartedHere: false,
    });
    assert.doesNotMatch(tooltip, /\$|Cost/);
  });

  it('say the state to a screen reader, with the whole name', () => {
    const name = 'a-name-that-is-much-too-long-for-a-row-17';
    const item = devboxItem(devbox({ name }), usual);
    assert.equal(item.label, 'a-name-t…row-17');
    assert.match(
      item.accessibilityInformation?.label ?? '',
      new RegExp(`^Devbox ${name}, running, started: 2 min ago, 58 min left`),
    );
  });
});

describe('The name in a row', () => {
  it('loses its middle, and never half a character', () => {
    assert.equal(shortName('fix-login'), 'fix-login');
    assert.equal(shortName('benchmark-case-00030'), 'benchmark-case-00030');
    assert.equal(shortName('x'.repeat(28)), `${'x'.repeat(8)}…${'x'.repeat(6)}`);
    assert.equal(shortName('benchmark-django__django-11039-attempt-3'), 'benchmar…empt-3');
    const family = '👩‍👩‍👧‍👦';
    const short = shortName(`${family.repeat(12)}end`);
    assert.equal(short.replaceAll(family, '').replace('…', ''), 'end');
    assert.ok(shortName('很长的名字'.repeat(8)).length <= 15);
    // What is put on a letter takes no room.
    const marked = 'e\u0301\u0302'.repeat(15);
    assert.equal(shortName(marked), marked);
    assert.equal(shortName('e\u0301'.repeat(21)), `${'e\u0301'.repeat(8)}…${'e\u0301'.repeat(6)}`);
    assert.notEqual(shortName('x\u0301\u0302\u0303\u0304'.repeat(12)), '…');
  });

  it('tells those of one run apart, however long they are, in rows, labels and questions', () => {
    const run = `evaluation-of-${'a-very-long-name-'.repeat(12)}case-`;
    const names = [7, 8].map((index) => devbox({ name: `${run}${index}` }));
    for (const nameOf of [
      (one: Devbox) => labelOf(devboxItem(one, usual)),
      (one: Devbox) => spokenFacts(one, usual),
      devboxLabel,
    ]) {
      const [first = '', second = ''] = names.map(nameOf);
      assert.notEqual(first, second);
      assert.match(first, /^(Devbox )?evaluat.*…[^…]*case-7/);
    }
    assert.equal(devboxName(devbox({ name: 'x'.repeat(60) })), 'x'.repeat(60));
    assert.equal(devboxName(devbox({ name: 'x'.repeat(61) })).length, 60);
    assert.equal(devboxName(devbox({ name: ' \u202e\u0007 ' })), 'dbx_1');
  });
});

describe('The tooltip of a devbox', () => {
  useFakeEditor();
  const more = { blueprintName: undefined, isStartedHere: false };

  it('is plain text that tells size, spend, end, ports, session and who made it', () => {
    const tooltip = devboxTooltip(
      devbox({ tunnel: { tunnel_key: 'abc', auth_mode: 'open' }, initiator_type: 'api', metadata: { team: 'red' } }),
      { ...usual, ...more },
    );
    assert.match(tooltip, /^alpha\ndbx_1\n\nStatus: running\nSession: this window is not attached\n/);
    assert.match(tooltip, /\nEnd: .* \(58 min left\)\nSize: LARGE \(2 CPU, 8 GiB memory, 16 GiB disk\)\n/);
    assert.match(tooltip, /\nCost: est\. \$0\.42\/h\nEstimated cost so far: \$0\.01\n/);
    assert.match(tooltip, /\nPorts: tunnel, open to anyone with the address\nCreated by: api\n\nteam = red$/);
  });

  it('names no time at which a suspended one would end: only its rule is known', () => {
    const resting = (status: string, launch: Record<string, unknown> = {}) =>
      devboxTooltip(devbox({ status }, launch), { ...usual, ...more });
    for (const status of ['suspended', 'suspending']) {
      assert.match(resting(status), /\nLifetime: 1 h\n/);
      assert.doesNotMatch(resting(status), /\nSuspended: /, 'nobody has told when');
      assert.doesNotMatch(resting(status), /End:|left/);
      assert.match(resting(status, idle), /\nOnce resumed: suspends after 15 min idle\n/);
      assert.match(resting(status, { keep_alive_time_seconds: undefined }), /\nEnd: not set\n/);
      assert.doesNotMatch(spokenFacts(devbox({ status }), usual), /left/);
    }
    const state_transitions = [{ status: 'suspended', transition_time_ms: nowMs - minute }];
    const since = (status: string) => devboxTooltip(devbox({ status, state_transitions }), { ...usual, ...more });
    assert.ok(since('suspended').includes(`\nSuspended: ${new Date(nowMs - minute).toLocaleString()}\n`));
    assert.doesNotMatch(since('running'), /\nSuspended: /);
    assert.match(resting('resuming'), /\nEnd: .* \(58 min left\)\n/);
  });

  it('never shows the metadata that are there for programs', () => {
    const metadata = { 'runloop-devboxes-request': 'r', 'container-name': 'c', 'workspace-path': '/w', owner: 'me' };
    const tooltip = devboxTooltip(devbox({ metadata }), { ...usual, ...more, isStartedHere: true });
    assert.doesNotMatch(tooltip, /request|container-name|workspace-path/);
    assert.match(tooltip, /Created by: this editor\n\nowner = me$/);
  });

  it('counts what was spent by the times of its states, and says nothing where one is missing', () => {
    const step = (status: string, ago: number | undefined) => ({
      status,
      ...(ago === undefined ? {} : { transition_time_ms: nowMs - ago * minute }),
    });
    const steps = (...state_transitions: object[]) =>
      devboxTooltip(devbox({ state_transitions }), { ...usual, ...more });
    assert.match(steps(step('running', 90), step('suspended', 30)), /Estimated cost so far: \$0\.43/);
    assert.match(steps(step('running', 0.1)), /Estimated cost so far: under \$0\.01/);
    assert.doesNotMatch(steps(step('running', undefined)), /Spent/);
    assert.doesNotMatch(steps(), /Spent/);
  });
});
