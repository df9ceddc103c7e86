import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import * as z from 'zod';
import { customSizeProblem, parseCustomSize } from '../../../../src/core/start/customSize';
import { RuntimeError } from '../../../../src/core/errors';
import { choicesBody, parseKeptChoices } from '../../../../src/core/start/startChoices';
import {
  choicesOf,
  longestPresetFile,
  parsePresetFile,
  parsePresets,
  presetFileShape,
  presetOf,
} from '../../../../src/core/start/startPresets';

const defaults = { blueprint: 'openhands', size: 'LARGE', lifetimeSeconds: 3_600, folder: '/here' };

function file(...presets: readonly unknown[]): string {
  return JSON.stringify({ presets });
}

describe('presets', () => {
  it('give what a start chooses, and the settings give the rest', () => {
    const [short, long] = parsePresetFile(
      file(
        { name: 'short' },
        {
          name: 'long',
          blueprint: 'ours',
          customSize: { cpuCores: 2, memoryGib: 8, diskGib: 20 },
          idle: { minutes: 30, action: 'suspend' },
          repository: 'acme/tool',
          uploadWorkspace: true,
          environment: { A: 'x=y' },
          secrets: ['TOKEN'],
          networkPolicy: 'npol_1',
        },
      ),
    );
    assert.ok(short !== undefined && long !== undefined);
    assert.deepEqual(choicesOf(short, defaults), {
      source: { kind: 'blueprint', name: 'openhands' },
      size: 'LARGE',
      endRule: { kind: 'lifetime', seconds: 3_600 },
    });
    const chosen = choicesOf(long, defaults);
    assert.deepEqual(chosen.folder, '/here');
    assert.deepEqual(choicesBody(chosen), {
      blueprint_name: 'ours',
      environment_variables: { A: 'x=y' },
      secrets: { TOKEN: 'TOKEN' },
      mounts: [{ type: 'code_mount', repo_owner: 'acme', repo_name: 'tool' }],
      launch_parameters: {
        resource_size_request: 'CUSTOM_SIZE',
        custom_cpu_cores: 2,
        custom_gb_memory: 8,
        custom_disk_size: 20,
        lifecycle: { after_idle: { idle_time_seconds: 1_800, on_idle: 'suspend' } },
        network_policy_id: 'npol_1',
      },
    });
    // Kept and read again they are the same, but for the values of variables.
    const { environment, ...kept } = chosen;
    assert.deepEqual(environment, { A: 'x=y' });
    assert.deepEqual(choicesOf(parsePresets([presetOf('again', chosen)])[0] ?? short, defaults), kept);
    assert.deepEqual(parseKeptChoices(JSON.parse(JSON.stringify(chosen)))?.customSize, chosen.customSize);
  });

  const hostile: readonly (readonly [string, string])[] = [
    ['an address', file({ name: 'a', baseUrl: 'https://evil.example' })],
    ['a key', file({ name: 'a', apiKey: 'ak_1' })],
    ['an address beside the presets', JSON.stringify({ presets: [], 'runloop.baseUrl': 'https://evil.example' })],
    ['a template for tunnels', file({ name: 'a', tunnelUrlTemplate: 'https://{key}.evil.example' })],
    ['a folder of its own choice', file({ name: 'a', uploadWorkspace: '/home/me/.ssh' })],
    ['__proto__', '{"presets":[{"name":"a","environment":{"__proto__":"x"}}]}'],
    ['a prototype', '{"presets":[{"name":"a","__proto__":{"plain":true}}]}'],
    ['right-to-left marks', file({ name: 'a\u202eb' })],
    ['10,000 characters', file({ name: 'x'.repeat(10_000) })],
    ['a variable that is none', file({ name: 'a', environment: { 'A B': 'x' } })],
    ['a value with NUL', file({ name: 'a', environment: { A: '\0' } })],
    ['another repository host', file({ name: 'a', repository: 'https://evil.example/a/b' })],
    ['two origins', file({ name: 'a', plain: true, snapshot: 'snp_1' })],
    ['two sizes', file({ name: 'a', size: 'SMALL', customSize: { cpuCores: 1, memoryGib: 2, diskGib: 4 } })],
    ['a size that is not offered', file({ name: 'a', customSize: { cpuCores: 1, memoryGib: 64, diskGib: 4 } })],
    ['three days', file({ name: 'a', lifetimeMinutes: 4_320 })],
    ['both rules', file({ name: 'a', lifetimeMinutes: 5, idle: { minutes: 5, action: 'suspend' } })],
    ['an unknown action', file({ name: 'a', idle: { minutes: 5, action: 'explode' } })],
    ['a list', '[]'],
    ['no JSON', '{'],
    ['too many', file(...Array.from({ length: 51 }, (_, index) => ({ name: `p${index}` })))],
    ['a file that is too large', `${file()}${' '.repeat(longestPresetFile)}`],
  ];
  for (const [what, text] of hostile) {
    it(`are refused as a whole with ${what}`, () => {
      assert.throws(
        () => parsePresetFile(text),
        (error) => RuntimeError.is(error, 'invalid_option') && error.message.length < 500,
      );
    });
  }

  it('say in a form that can be translated what is wrong', () => {
    const fault = (text: string): unknown => {
      try {
        parsePresetFile(text);
      } catch (error) {
        if (!RuntimeError.is(error, 'invalid_option')) throw error;
        return { id: error.problem.id, ...error.problem.params };
      }
      return undefined;
    };
    assert.deepEqual(fault(file({ name: 'a', baseUrl: 'x' })), {
      id: 'presets_unknown_word_in',
      where: 'presets.0',
      word: 'baseUrl',
    });
    assert.deepEqual(fault(file({ name: 'a', lifetimeMinutes: 4_320 })), {
      id: 'presets_too_much',
      where: 'presets.0.lifetimeMinutes',
      limit: '2880',
    });
    assert.deepEqual(fault(file({ name: 'a', idle: { minutes: 0, action: 'suspend' } })), {
      id: 'presets_too_little',
      where: 'presets.0.idle.minutes',
      limit: '1',
    });
    assert.deepEqual(fault(file({ name: 'a', idle: { minutes: 5, action: 'explode' } })), {
      id: 'presets_not_one_of',
      where: 'presets.0.idle.action',
      allowed: 'suspend, shutdown',
    });
    assert.deepEqual(fault(file({ name: 'a', plain: true, snapshot: 's' })), {
      id: 'preset_excludes',
      preset: 'a',
      words: 'blueprint, snapshot, plain',
    });
    assert.deepEqual(fault('[]'), { id: 'presets_not_allowed' });
    assert.equal((fault('{') as { id: string }).id, 'presets_no_json');
  });

  it('are described to the editor as they are read', () => {
    const schema: unknown = JSON.parse(readFileSync('media/devbox.schema.json', 'utf8'));
    const wanted: unknown = JSON.parse(JSON.stringify(z.toJSONSchema(presetFileShape, { target: 'draft-7' })));
    assert.deepEqual(schema, wanted);
    const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      contributes: { configuration: { properties: Record<string, { items?: unknown }> } };
    };
    const { properties } = wanted as { properties: { presets: { items: unknown } } };
    assert.deepEqual(contributes.configuration.properties['runloop.presets']?.items, properties.presets.items);
  });
});

describe('a size of one\u2019s own', () => {
  const size = (cpuCores: number, memoryGib: number, diskGib: number) => ({ cpuCores, memoryGib, diskGib });

  it('keeps to what Runloop offers', () => {
    for (const good of [
      size(0.5, 1, 2),
      size(0.5, 4, 2),
      size(1, 2, 64),
      size(1, 8, 4),
      size(16, 64, 64),
      size(16, 32, 2),
    ]) {
      assert.equal(customSizeProblem(good), undefined, JSON.stringify(good));
    }
    assert.equal(customSizeProblem(size(3, 8, 4)), 'cpu');
    assert.equal(customSizeProblem(size(18, 64, 4)), 'cpu');
    assert.equal(customSizeProblem(size(2, 5, 4)), 'memory');
    assert.equal(customSizeProblem(size(16, 66, 4)), 'memory');
    assert.equal(customSizeProblem(size(2, 4, 3)), 'disk');
    assert.equal(customSizeProblem(size(2, 4, 66)), 'disk');
    assert.equal(customSizeProblem(size(2, 2, 4)), 'ratio');
    assert.equal(customSizeProblem(size(2, 18, 4)), 'ratio');
    assert.equal(customSizeProblem(size(Number.NaN, 2, 4)), 'cpu');
  });

  it('is read from three numbers', () => {
    assert.deepEqual(parseCustomSize(' 2, 8, 20 '), size(2, 8, 20));
    assert.deepEqual(parseCustomSize('0.5 4 2'), size(0.5, 4, 2));
    for (const text of ['', '2', '2 8', '2 8 20 1', 'a b c', '2 -8 20', '2 8 Infinity']) {
      assert.equal(parseCustomSize(text), undefined, text);
    }
  });

  it('is refused before any request', () => {
    const choices = {
      source: { kind: 'plain' },
      size: 'CUSTOM_SIZE',
      endRule: { kind: 'lifetime', seconds: 60 },
    } as const;
    for (const customSize of [undefined, size(2, 2, 4)]) {
      assert.throws(
        () => choicesBody({ ...choices, customSize }),
        (error) => RuntimeError.is(error, 'invalid_option'),
      );
    }
  });
});
