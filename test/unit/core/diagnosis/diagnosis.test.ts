import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { diagnose, type Diagnosis } from '../../../../src/core/diagnosis/diagnosis';
import { diagnosisDocument } from '../../../../src/core/diagnosis/document';
import { gatherEvidence, type Evidence } from '../../../../src/core/diagnosis/evidence';
import { diagnosisMarkdown } from '../../../../src/core/diagnosis/markdown';
import { english, type Translator } from '../../../../src/core/diagnosis/translator';
import { asStringMap } from '../../../../src/core/parse';
import { hasEnded, parseDevbox, type Devbox } from '../../../../src/core/platform/devbox';
import type { CreateDevboxBody } from '../../../../src/core/platform/createDevboxBody';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { processesOf } from '../../../platform/devboxProcesses';
import { startPlatform } from '../../../platform/testPlatform';
import { usePlatform } from '../../../platform/usePlatform';
import { eventually } from '../../../eventually';

type Launch = Record<string, unknown>;

/** What the platform can be asked for, and our own creates never are. */
const launch = (parameters: Launch): CreateDevboxBody => ({ launch_parameters: parameters });

// Each reason is really caused: nothing here writes a reason into an answer.
describe('why a devbox stopped', function () {
  this.timeout(120_000);
  const on = usePlatform();

  async function create(body: CreateDevboxBody, from: RunloopApi = on.api): Promise<Devbox> {
    return from.devboxes.create({ name: 'stopped', ...body }, { requestId: crypto.randomUUID() });
  }

  async function seen(id: string, is: (devbox: Devbox) => boolean, from: RunloopApi = on.api): Promise<Devbox> {
    return eventually(() => from.devboxes.retrieve(id), is, 40_000);
  }

  async function diagnosisOf(
    id: string,
    from: RunloopApi = on.api,
  ): Promise<{ evidence: Evidence; diagnosis: Diagnosis; text: string }> {
    await seen(id, ({ status }) => hasEnded(status), from);
    const evidence = await gatherEvidence(from, id);
    const diagnosis = diagnose(evidence, english);
    return { evidence, diagnosis, text: diagnosisDocument(diagnosis, english).text };
  }

  it('api_shutdown: somebody asked for it', async () => {
    const { id } = await create({ entrypoint: 'echo words; exec sleep 60' });
    await seen(id, ({ status }) => status === 'running');
    await eventually(
      () => on.api.logs.newest(id),
      (log) => log.some(({ text }) => text === 'words'),
    );
    await on.api.devboxes.shutdown(id);
    const { diagnosis, text } = await diagnosisOf(id);
    assert.match(diagnosis.verdict[0] ?? '', /shut down through the API/);
    // It explains itself: what was printed before comes behind what is known.
    assert.match(text, /\nEvidence\n[^]*\nLast output of the entrypoint\n[^\n]*words\n/);
    assert.match(text, /shutdown_reason +api_shutdown/);
    assert.match(text, /Status history\n.* provisioning\n.* running .*\n.* shutdown {2}\+\d+\.\d s\n/s);
    // What has nothing to tell stands at the end, by its name.
    assert.match(text, /\n\n(?:Log\n {2}The log is empty\.|Not in the log\n(?: {2}[\w ]+\n)*? {2}Kernel messages)\n$/);
  });

  it('keep_alive_timeout: its lifetime was over', async () => {
    const { id } = await create(launch({ keep_alive_time_seconds: 1 }));
    const { diagnosis } = await diagnosisOf(id);
    assert.match(diagnosis.verdict[0] ?? '', /lifetime of 1 s ended/);
    assert.match(diagnosis.steps[0]?.text ?? '', /longer lifetime/);
  });

  it('idle: nobody used it', async () => {
    const { id } = await create(launch({ after_idle: { idle_time_seconds: 1, on_idle: 'shutdown' } }));
    const { diagnosis } = await diagnosisOf(id);
    assert.match(diagnosis.verdict[0] ?? '', /It was idle for 1 s/);
  });

  it('entrypoint_exit: with its exit code and its last 50 lines, redacted', async () => {
    const { id } = await create({
      entrypoint: 'seq 1 100; echo "the key is ak_abcdefgh12345"; printf "\\033[31mred\\n"; exit 7',
    });
    const { diagnosis, evidence, text } = await diagnosisOf(id);
    assert.match(diagnosis.verdict[0] ?? '', /ended with exit code 7/);
    assert.equal(evidence.lastExit?.code, 7);
    assert.equal(evidence.entrypoint.length, 50);
    assert.match(text, /Last exit code +7 \(entrypoint, /);
    assert.match(text, /the key is ak_\[removed\]\n.* red\n/);
    assert.ok(!text.includes('ak_abcdefgh12345'));
  });

  it('ttl_expired: the platform gives no devbox a longer life', async () => {
    const short = await startPlatform(['--devbox-ttl-seconds', '2']);
    try {
      const shortApi = new RunloopApi({ apiKey: short.apiKey, baseUrl: short.baseUrl });
      const { id } = await create({}, shortApi);
      const { diagnosis, text } = await diagnosisOf(id, shortApi);
      assert.match(diagnosis.verdict[0] ?? '', /own limit on the age/);
      assert.match(text, /shutdown_reason +ttl_expired/);
    } finally {
      await short.stop();
    }
  });

  it('out_of_memory: with the line of the kernel', async () => {
    const eater = `exec node -e 'const kept = []; for (let i = 0; i < 24; i++) kept.push(Buffer.alloc(50 * 2 ** 20, 1)); setTimeout(() => process.exit(3), 30000)'`;
    const { id } = await create({ entrypoint: eater, launch_parameters: { resource_size_request: 'X_SMALL' } });
    const { diagnosis, text } = await diagnosisOf(id);
    assert.match(diagnosis.verdict[0] ?? '', /more memory than a devbox of size X_SMALL has/);
    assert.match(text, /Kernel messages\n.*Out of memory: the devbox used.*\n\nEvidence\n.*\n\nStatus history\n/s);
    assert.equal(text.split('Out of memory: the devbox used').length, 2, text);
    assert.match(diagnosis.steps[0]?.text ?? '', /larger size/);
  });

  it('out_of_disk: with the line of the kernel', async () => {
    const size = { resource_size_request: 'CUSTOM_SIZE', custom_gb_memory: 1, custom_disk_size: 2 };
    const { id } = await create({
      entrypoint: 'fallocate -l 1100M /workspace/a; fallocate -l 1100M /tmp/b; sleep 30; exit 3',
      ...launch(size),
    });
    const { diagnosis, text } = await diagnosisOf(id);
    assert.match(diagnosis.verdict[0] ?? '', /disk \(size CUSTOM_SIZE\) was full/);
    assert.match(text, /Kernel messages\n.*Out of disk: the devbox had/);
  });

  it('execution_failed: with what the setup printed', async () => {
    const { id } = await create(launch({ launch_commands: ['echo "no such package" >&2; exit 3'] }));
    const { diagnosis, text } = await diagnosisOf(id);
    assert.match(diagnosis.verdict[0] ?? '', /a start-up command failed/);
    assert.match(text, /failure_reason +execution_failed/);
    // What it printed comes first, then what is known of it, and what has nothing to tell last.
    const headings = text.split('\n').filter((line) => /^[A-Z]/.test(line));
    assert.deepEqual(headings.slice(2), [
      'Next steps',
      'Last output of the setup',
      'Evidence',
      'Status history',
      'Not in the log',
    ]);
    assert.match(text, /Last output of the setup\n.*no such package.*\n\nEvidence\n/s);
    assert.doesNotMatch(text, /shutdown_reason/, 'it says nothing');
    assert.match(text, / failure .*execution_failed/);
  });

  it('health_check_failed: its processes were lost', async () => {
    const { id } = await create({});
    await seen(id, ({ status }) => status === 'running');
    for (const pid of processesOf(id)) process.kill(Number(pid), 'SIGKILL');
    const { diagnosis } = await diagnosisOf(id);
    assert.match(diagnosis.verdict[0] ?? '', /stopped responding/);
  });

  it('a suspended devbox: kept, to be resumed, and why is not guessed but quoted', async () => {
    const { id } = await create(launch({ after_idle: { idle_time_seconds: 1, on_idle: 'suspend' } }));
    await seen(id, ({ status }) => status === 'suspended');
    const diagnosis = diagnose(await gatherEvidence(on.api, id), english);
    assert.match(
      diagnosis.verdict.join(' '),
      /It is suspended.*The platform wrote to its log: "The devbox is suspended: nobody used it for 1 s/,
    );
    assert.equal(diagnosis.steps[0]?.kind, 'resume');
    assert.equal((await on.api.devboxes.retrieve(id)).status, 'suspended');
    await on.api.devboxes.shutdown(id);
  });

  it('names reasons that it does not know, and data that is missing', () => {
    const evidenceOf = (view: Record<string, unknown>): Evidence => ({
      devbox: parseDevbox({ id: 'dbx_1', ...view }),
      gatheredMs: 0,
      logProblem: 'it is gone',
      logLines: 0,
      entrypoint: [],
      setup: [],
      kernel: [],
      platform: [],
      entrypointExit: undefined,
      lastExit: undefined,
    });
    const unknown = diagnose(evidenceOf({ status: 'shutdown', shutdown_reason: 'moon_phase' }), english);
    assert.match(unknown.verdict[0] ?? '', /"moon_phase".*does not know/);
    const untold = diagnosisDocument(diagnose(evidenceOf({ status: 'failure' }), english), english).text;
    assert.match(untold, /Runloop gives no reason\.\nIts log cannot be read either\./);
    assert.match(untold, /Created +not given/);
    assert.match(untold, /The log could not be read: it is gone/);
    assert.match(untold, /Runloop reports no status changes\./);
    const alive = diagnose(evidenceOf({ status: 'hibernating' }), english);
    assert.match(alive.verdict[0] ?? '', /status is "hibernating", which this version .* does not know/);
  });

  it('gives Markdown that hostile text cannot break out of', async () => {
    const name = '[click](https://evil.example) <img src=x> | @everyone `';
    const { id } = await create({ name, entrypoint: 'echo "\\`\\`\\`\\` ](x) <script>"; exit 1' });
    const { evidence } = await diagnosisOf(id);
    const markdown = diagnosisMarkdown(evidence);
    assert.ok(
      markdown.startsWith(
        '### Why did \\[click\\]\\(https: //evil.example\\) \\<img src=x\\> \\| @\u2060everyone \\` stop?\n',
      ),
      markdown,
    );
    assert.match(markdown, /\n`{5}text\n.*`{4} \]\(x\) <script>\n/s);
    assert.match(markdown, /\n\| shutdown\\_reason \| ` entrypoint_exit ` \|\n/);
  });

  it('gives Markdown without what looks like a secret, in the name or in what was printed', async () => {
    const token = 'ghp_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0bC3dE6';
    const printed = [
      token,
      'password=hunter2',
      'https://joe:s3cr3t@example.com/',
      'AKIAIOSFODNN7EXAMPLE',
      '{"api_key": "abcdefgh1"}',
      // Broken over two lines.
      token.slice(0, 20),
      token.slice(20),
    ];
    const lines = printed.map((line) => `'${line}'`).join(' ');
    const { id } = await create({ name: `with ${token}`, entrypoint: `printf '%s\\n' ${lines}; exit 1` });
    const { evidence } = await diagnosisOf(id);
    const markdown = diagnosisMarkdown(evidence);
    for (const part of [token.slice(4, 20), token.slice(20), 'hunter2', 's3cr3t', 'IOSFODNN7', 'abcdefgh1']) {
      assert.ok(!markdown.includes(part), `${part} in ${markdown}`);
    }
    assert.match(markdown, /example.com/);
  });

  it('has its facts in one column, also where letters are twice as wide', async () => {
    const { id } = await create({ entrypoint: 'exit 1' });
    const chinese = asStringMap(JSON.parse(readFileSync('media/l10n/bundle.l10n.zh-cn.json', 'utf8')));
    const words: Translator = { t: (text, ...values) => english.t(chinese[text] ?? text, ...values) };
    await seen(id, ({ status }) => hasEnded(status));
    const { text } = diagnosisDocument(diagnose(await gatherEvidence(on.api, id), words), words);
    const facts = text.split('\n').filter((line) => /^ {2}(?:Devbox|\p{Script=Han}+|\w+_reason) {2,}/u.test(line));
    const starts = facts.map((line) => (/^ +\S+ +/.exec(line)?.[0] ?? '').replace(/\p{Script=Han}/gu, 'xx').length);
    assert.ok(facts.length > 6, text);
    assert.deepEqual([...new Set(starts)], ['  shutdown_reason  '.length], text);
  });

  it('points to its next steps where they stand in the text', async () => {
    const { id } = await create({ entrypoint: 'exit 1' });
    const { diagnosis } = await diagnosisOf(id);
    const { text, steps } = diagnosisDocument(diagnosis, english);
    const lines = text.split('\n');
    assert.deepEqual(
      steps.map(({ line, start, end }) => lines[line]?.slice(start, end)),
      diagnosis.steps.map((step) => step.text),
    );
  });
});
