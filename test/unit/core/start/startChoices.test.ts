import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import {
  choicesBody,
  parseKeptChoices,
  parseRepository,
  type StartChoices,
} from '../../../../src/core/start/startChoices';

const choices: StartChoices = {
  source: { kind: 'blueprint', name: 'openhands' },
  size: 'SMALL',
  endRule: { kind: 'lifetime', seconds: 3_600 },
};

describe('choicesBody', () => {
  it('asks for a lifetime or an idle rule, never both', () => {
    assert.deepEqual(choicesBody(choices), {
      blueprint_name: 'openhands',
      launch_parameters: { resource_size_request: 'SMALL', keep_alive_time_seconds: 3_600 },
    });
    assert.deepEqual(
      choicesBody({ ...choices, endRule: { kind: 'idle', seconds: 900, action: 'suspend' } }).launch_parameters,
      {
        resource_size_request: 'SMALL',
        lifecycle: { after_idle: { idle_time_seconds: 900, on_idle: 'suspend' } },
      },
    );
  });

  it('names exactly one origin', () => {
    assert.equal(choicesBody({ ...choices, source: { kind: 'snapshot', id: 'snp_1' } }).blueprint_name, undefined);
    assert.equal(choicesBody({ ...choices, source: { kind: 'snapshot', id: 'snp_1' } }).snapshot_id, 'snp_1');
    const plain = choicesBody({ ...choices, source: { kind: 'plain' } });
    assert.deepEqual([plain.blueprint_name, plain.snapshot_id], [undefined, undefined]);
  });

  for (const seconds of [0, 59, 172_801, Number.NaN, 1.5]) {
    it(`refuses a life of ${seconds} s before any request`, () => {
      for (const endRule of [
        { kind: 'lifetime', seconds } as const,
        { kind: 'idle', seconds, action: 'shutdown' } as const,
      ]) {
        assert.throws(
          () => choicesBody({ ...choices, endRule }),
          (error) => RuntimeError.is(error, 'invalid_option'),
        );
      }
    });
  }
});

describe('parseRepository', () => {
  it('reads the usual forms, and nothing else', () => {
    const wanted = { owner: 'acme', name: 'tool.js' };
    for (const text of [
      'acme/tool.js',
      'https://github.com/acme/tool.js',
      'https://github.com/acme/tool.js.git',
      ' acme/tool.js/ ',
    ]) {
      assert.deepEqual(parseRepository(text), wanted);
    }
    for (const text of ['', 'acme', 'https://evil.example/acme/tool', 'a/b/c', 'a b/c', 'acme/$(id)']) {
      assert.equal(parseRepository(text), undefined, text);
    }
  });
});

describe('parseKeptChoices', () => {
  it('gives back what was kept, and forgets what it cannot read', () => {
    assert.deepEqual(parseKeptChoices(JSON.parse(JSON.stringify(choices))), choices);
    for (const bad of [undefined, {}, { ...choices, size: 1 }, { ...choices, source: { kind: 'moon' } }]) {
      assert.equal(parseKeptChoices(bad), undefined);
    }
  });
});
