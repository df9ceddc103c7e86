import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { defaultPrices } from '../../../../../src/core/cost/prices';
import { parseDevbox, type Devbox } from '../../../../../src/core/platform/devbox';
import { devboxItem } from '../../../../../src/extension/devboxTree/look/devboxItem';
import { devboxTooltip } from '../../../../../src/extension/devboxTree/look/devboxTooltip';
import { shownFacts, spokenFacts, type RowContext } from '../../../../../src/extension/devboxTree/look/rowText';
import type { Ender } from '../../../../../src/extension/devboxes/endReason';
import { shortName } from '../../../../../src/extension/devboxTree/look/shortName';
import { useFakeEditor } from '../../../../fakeVscode/fakeEditor';

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

  it('are when it goes idle, by what this window told Runloop, else what its rule waits for', () => {
    assert.equal(shownFacts(devbox({}, idle), usual), 'after 15 min idle · $0.42/h');
    assert.equal(shownFacts(devbox({}, idle), { ...usual, usedAgoMs: 3 * minute }), 'idle in 12 min · $0.42/h');
    assert.equal(shownFacts(devbox({}, idle), { ...usual, usedAgoMs: 40 * minute }), 'after 15 min idle · $0.42/h');
  });

  it('begin with what is wrong', () => {
    const down: RowContext = { ...usual, attached: true, health: 'unreachable' };
    assert.equal(shownFacts(devbox(), down), 'action server down · 58 min · $0.42/h');
    assert.match(
      spokenFacts(devbox(), down),
      /^Devbox alpha, running, attached, action server down, age: 2 min, 58 min left/,
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
    const ended = devbox({ status: 'failure', failure_reason: 'out_of_memory', end_time_ms: nowMs - 5 * minute });
    assert.equal(shownFacts(ended, usual), 'out of memory · 5 min ago');
    const ending: RowContext = { ...usual, attention: 'ending' };
    assert.equal(shownFacts(devbox({}, { keep_alive_time_seconds: 600 }), ending), 'ends in 8 min · $0.42/h');
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
    assert.equal(item.label, 'a-name-tha…-a-row-17');
    assert.match(
      item.accessibilityInformation?.label ?? '',
      new RegExp(`^Devbox ${name}, running, age: 2 min, 58 min left`),
    );
  });
});

describe('The name in a row', () => {
  it('loses its middle, and never half a character', () => {
    assert.equal(shortName('fix-login'), 'fix-login');
    assert.equal(shortName('x'.repeat(20)), 'x'.repeat(20));
    assert.equal(shortName('x'.repeat(28)), `${'x'.repeat(10)}…${'x'.repeat(9)}`);
    assert.equal(shortName('benchmark-django__django-11039-attempt-3'), 'benchmark-…attempt-3');
    const family = '👩‍👩‍👧‍👦';
    const short = shortName(`${family.repeat(12)}end`);
    assert.equal(short.replaceAll(family, '').replace('…', ''), 'end');
    assert.ok(shortName('很长的名字'.repeat(8)).length <= 15);
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
    assert.match(tooltip, /\nCost: est\. \$0\.42\/h\nEstimated cost so far: \$0\.0141\n/);
    assert.match(tooltip, /\nPorts: tunnel, open to anyone with the address\nCreated by: api\n\nteam = red$/);
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
    assert.doesNotMatch(steps(step('running', undefined)), /Spent/);
    assert.doesNotMatch(steps(), /Spent/);
  });
});
