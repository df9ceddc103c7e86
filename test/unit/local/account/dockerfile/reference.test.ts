import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { type Dockerfile, planDockerfile } from '../../../../../src/local/account/dockerfile/plan';
import type { CopyStep, RunStep } from '../../../../../src/local/account/dockerfile/steps';
import { DevboxError } from '../../../../../src/local/errors';

/** What comes of an example, as far as it is honoured: words that tell it. */
type Look = (plan: Dockerfile) => unknown;

interface Example {
  readonly text: string;
  /** For what is honoured: what the plan shows, and what it is. */
  readonly look?: Look;
  readonly is?: unknown;
  /** For what is passed over: what the log says; undefined where the reference itself has it say nothing. */
  readonly word?: RegExp;
}

const last = ({ stages }: Dockerfile): Dockerfile['stages'][number]['steps'] => stages.at(-1)?.steps ?? [];
const runs: (look: (step: RunStep) => unknown) => Look = (look) => (plan) =>
  last(plan)
    .filter((step) => step.kind === 'run')
    .map(look);
const copies: (look: (step: CopyStep) => unknown) => Look = (look) => (plan) =>
  last(plan)
    .filter((step) => step.kind === 'copy')
    .map(look);
const argv = runs((step) => step.argv.join(' '));
const mounts = runs((step) => step.mounts.map(({ type, target, id }) => [type, target, id].join(' ')));
const from = copies((step) => step.from);
const sum = '0'.repeat(64);

const examples: Readonly<Record<string, Example>> = {
  '# syntax': { text: '# syntax=docker/dockerfile:1.7-labs\nFROM debian\nRUN x', look: argv, is: ['/bin/sh -c x'] },
  '# escape': { text: '# escape=`\nFROM debian\nRUN a `\n  b\\', look: argv, is: ['/bin/sh -c a   b\\'] },
  '# check': { text: '# check=skip=all;error=true\nFROM debian\nRUN x', look: argv, is: ['/bin/sh -c x'] },
  'FROM image': { text: 'FROM debian:12@sha256:00', look: ({ stages }) => stages.length, is: 1 },
  'FROM image of another family': { text: 'FROM alpine:3.20' },
  'FROM stage': { text: 'FROM debian AS a\nENV A=1\nFROM a', look: ({ environment }) => environment, is: { A: '1' } },
  'FROM --platform': { text: 'FROM --platform=$BUILDPLATFORM debian\nRUN x', look: argv, is: ['/bin/sh -c x'] },
  'ARG before FROM': {
    text: 'ARG V=22.04\nFROM ubuntu:$V\nARG V\nENV SEEN=$V',
    look: ({ environment }) => environment,
    is: { SEEN: '22.04' },
  },
  ARG: { text: 'FROM debian\nARG A=1\nRUN x', look: runs((step) => step.variables['A']), is: ['1'] },
  ENV: {
    text: 'FROM debian\nENV A=1 B="$PATH"',
    look: ({ environment }) => environment,
    is: { A: '1', B: '/usr/bin' },
  },
  'RUN shell form': { text: 'FROM debian\nRUN a && b', look: argv, is: ['/bin/sh -c a && b'] },
  'RUN exec form': { text: 'FROM debian\nRUN ["a", "b"]', look: argv, is: ['a b'] },
  'RUN here-document': { text: 'FROM debian\nRUN <<E\na\nb\nE', look: argv, is: ['/bin/sh -c a\nb\n'] },
  'RUN --mount=type=bind': {
    text: 'FROM debian\nRUN --mount=type=bind,source=a,target=/a,rw x',
    look: mounts,
    is: [['bind /a ']],
  },
  'RUN --mount=type=cache': {
    text: 'FROM debian\nRUN --mount=type=cache,target=/c,id=i,sharing=locked,mode=0755,uid=1,gid=2 x',
    look: mounts,
    is: [['cache /c i']],
  },
  'RUN --mount=type=tmpfs': {
    text: 'FROM debian\nRUN --mount=type=tmpfs,target=/t x',
    look: mounts,
    is: [['tmpfs /t ']],
  },
  'RUN --mount=type=secret': {
    text: 'FROM debian\nRUN --mount=type=secret,id=s,required=true,env=S,target=/s x',
    look: mounts,
    is: [['secret /s s']],
  },
  'RUN --mount=type=ssh': { text: 'FROM debian\nRUN --mount=type=ssh x', word: /type=ssh: passed over/ },
  'RUN --network=default': { text: 'FROM debian\nRUN --network=default x', look: argv, is: ['/bin/sh -c x'] },
  'RUN --network=none': { text: 'FROM debian\nRUN --network=none x', word: /--network=none: .*network of every build/ },
  'RUN --security=sandbox': { text: 'FROM debian\nRUN --security=sandbox x', look: argv, is: ['/bin/sh -c x'] },
  'RUN --security=insecure': { text: 'FROM debian\nRUN --security=insecure x' },
  'RUN --device': { text: 'FROM debian\nRUN --device=vendor.com/gpu x' },
  COPY: { text: 'FROM debian\nCOPY a b* /c/', look: copies((step) => step.sources), is: [['a', 'b*']] },
  'COPY here-documents': {
    text: 'FROM debian\nCOPY <<A <<B /c/\n1\nA\n2\nB',
    look: copies((step) => step.documents.map(({ content }) => content)),
    is: [['1\n', '2\n']],
  },
  'COPY --from=stage': {
    text: 'FROM debian AS s\nFROM debian\nCOPY --from=s /a /a',
    look: from,
    is: [{ kind: 'stage', index: 0 }],
  },
  'COPY --from=index': {
    text: 'FROM debian\nFROM debian\nCOPY --from=0 /a /a',
    look: from,
    is: [{ kind: 'stage', index: 0 }],
  },
  'COPY --from=image': {
    text: 'FROM debian\nCOPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/',
    look: from,
    is: [{ kind: 'stage', index: -1 }],
  },
  'COPY --from=context': {
    text: 'FROM debian\nCOPY --from=more a /a',
    look: from,
    is: [{ kind: 'context', name: 'more' }],
  },
  'COPY --chown': {
    text: 'FROM debian\nCOPY --chown=a:b a /a',
    look: copies((step) => step.owner),
    is: [{ name: 'a', group: 'b' }],
  },
  'COPY --chmod': {
    text: 'FROM debian\nCOPY --chmod=755 a /a\nCOPY --chmod=u=rwX,go=rX a /b',
    look: copies((step) => step.mode),
    is: ['755', 'u=rwX,go=rX'],
  },
  'COPY --link': { text: 'FROM debian\nCOPY --link a /a', look: copies((step) => step.sources), is: [['a']] },
  'COPY --exclude': {
    text: 'FROM debian\nCOPY --exclude=*.md --exclude=x a /a',
    look: copies((step) => step.excluded),
    is: [['*.md', 'x']],
  },
  'COPY --parents': { text: 'FROM debian\nCOPY --parents a/b /a/', look: copies((step) => step.parents), is: [true] },
  'ADD archive': { text: 'FROM debian\nADD a.tgz /a', look: copies((step) => step.unpack), is: [true] },
  'ADD address': {
    text: 'FROM debian\nADD https://x.test/a /a',
    look: copies((step) => [step.addresses, step.unpack]),
    is: [[['https://x.test/a'], false]],
  },
  'ADD repository': {
    text: 'FROM debian\nADD https://x.test/a.git#main:docs /a',
    look: copies((step) => step.addresses),
    is: [['https://x.test/a.git#main:docs']],
  },
  'ADD --keep-git-dir': {
    text: 'FROM debian\nADD --keep-git-dir https://x.test/a.git /a\nADD --keep-git-dir=false https://x.test/a.git /a',
    look: copies((step) => step.keepsGit),
    is: [true, false],
  },
  'ADD --checksum': {
    text: `FROM debian\nADD --checksum=sha256:${sum} https://x.test/a /a`,
    look: copies((step) => step.checksum),
    is: [sum],
  },
  'ADD --unpack': {
    text: 'FROM debian\nADD --unpack=true https://x.test/a.tgz /a\nADD --unpack=false a.tgz /a',
    look: copies((step) => step.unpack),
    is: [true, false],
  },
  'ADD --chown': { text: 'FROM debian\nADD --chown=1 a /a', look: copies((step) => step.owner?.name), is: ['1'] },
  'ADD --chmod': { text: 'FROM debian\nADD --chmod=600 a /a', look: copies((step) => step.mode), is: ['600'] },
  'ADD --link': { text: 'FROM debian\nADD --link=true a /a', look: copies((step) => step.sources), is: [['a']] },
  'ADD --exclude': { text: 'FROM debian\nADD --exclude=x a /a', look: copies((step) => step.excluded), is: [['x']] },
  WORKDIR: { text: 'FROM debian\nWORKDIR /a\nWORKDIR b', look: ({ folder }) => folder, is: '/a/b' },
  USER: { text: 'FROM debian\nUSER a:b\nRUN x', look: runs((step) => step.user), is: [{ name: 'a', group: 'b' }] },
  SHELL: { text: 'FROM debian\nSHELL ["/bin/bash", "-ec"]\nRUN x', look: argv, is: ['/bin/bash -ec x'] },
  ONBUILD: { text: 'FROM debian AS a\nONBUILD RUN x\nFROM a', look: argv, is: ['/bin/sh -c x'] },
  VOLUME: { text: 'FROM debian\nVOLUME /a', word: /^VOLUME \/a: an ordinary folder/ },
  LABEL: { text: 'FROM debian\nLABEL a=b', word: /^LABEL .*passed over/ },
  EXPOSE: { text: 'FROM debian\nEXPOSE 80/tcp 9000-9009', word: /^EXPOSE .*passed over/ },
  CMD: { text: 'FROM debian\nCMD a', word: /^CMD .*passed over/ },
  ENTRYPOINT: { text: 'FROM debian\nENTRYPOINT ["a"]', word: /^ENTRYPOINT .*passed over/ },
  HEALTHCHECK: {
    text: 'FROM debian\nHEALTHCHECK --interval=5m --timeout=3s --start-period=1s --start-interval=1s --retries=3 CMD x || exit 1',
    word: /^HEALTHCHECK .*passed over/,
  },
  STOPSIGNAL: { text: 'FROM debian\nSTOPSIGNAL SIGQUIT', word: /^STOPSIGNAL .*passed over/ },
  MAINTAINER: { text: 'FROM debian\nMAINTAINER me', word: /^MAINTAINER .*passed over/ },
  'an unknown instruction': { text: 'FROM debian\nCROSS_BUILD x' },
};

function planned(text: string): Dockerfile {
  return planDockerfile({ text, given: {}, contexts: new Set(['more']), path: '/usr/bin' });
}

describe('the Dockerfile reference', () => {
  const rows = readFileSync('src/local/account/dockerfile/README.md', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, name, decision] = /^\| `(.+?)` \| (honoured|passed over|refused) \|/.exec(line) ?? [];
      return name === undefined || decision === undefined ? [] : [{ name, decision }];
    });

  it('is decided in the table, each row with an example', () => {
    assert.deepEqual(
      rows.map(({ name }) => name),
      Object.keys(examples),
    );
  });

  for (const { name, decision } of rows) {
    it(`${name}: ${decision}`, () => {
      const { text, look, is, word } = examples[name] ?? assert.fail(`There is no example of ${name}.`);
      if (decision === 'refused') {
        assert.throws(() => planned(text), DevboxError);
        return;
      }
      const plan = planned(text);
      const titles = last(plan).map(({ title }) => title);
      if (word !== undefined) {
        assert.equal(decision, 'passed over');
        assert.ok(
          titles.some((title) => word.test(title)),
          titles.join('\n'),
        );
      }
      if (look !== undefined) {
        assert.deepEqual(look(plan), is);
      }
      if (decision === 'honoured') {
        assert.ok(look !== undefined && !titles.some((title) => /passed over/.test(title)));
      }
    });
  }
});
