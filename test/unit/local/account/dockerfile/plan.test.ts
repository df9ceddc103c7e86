import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Dockerfile, planDockerfile } from '../../../../../src/local/account/dockerfile/plan';
import type { CopyStep, RunStep } from '../../../../../src/local/account/dockerfile/steps';
import { DevboxError } from '../../../../../src/local/errors';

const path = '/run/devbox/bin:/usr/bin';

function plan(text: string, given: Record<string, string> = {}, contexts: readonly string[] = []): Dockerfile {
  return planDockerfile({ text, given, contexts: new Set(contexts), path });
}

/** The RUN steps of what is built. */
function runs(text: string, given: Record<string, string> = {}): readonly RunStep[] {
  return (plan(text, given).stages.at(-1)?.steps ?? []).filter((step) => step.kind === 'run');
}

function copies(text: string, given: Record<string, string> = {}): readonly CopyStep[] {
  return (plan(text, given).stages.at(-1)?.steps ?? []).filter((step) => step.kind === 'copy');
}

function titles(text: string): string {
  return plan(text)
    .stages.flatMap(({ steps }) => steps)
    .map(({ title }) => title)
    .join('\n');
}

function refused(text: string, why: RegExp, given: Record<string, string> = {}): void {
  assert.throws(
    () => plan(text, given),
    (error) => error instanceof DevboxError && error.kind === 'invalid' && why.test(error.message),
    text,
  );
}

const shell = (command: string): readonly string[] => ['/bin/sh', '-c', command];

describe('plan of a Dockerfile', () => {
  it('joins lines as Docker does, with comments and empty lines between them', () => {
    const [first] = runs(
      'FROM debian\nRUN echo a && \\\n  # why\n  echo b && \\  \n\n#not me\n  echo c # mine\n# end\nRUN x',
    );
    assert.deepEqual(first?.argv, shell('echo a &&   echo b &&   echo c # mine'));
  });

  it('takes directives, CRLF, a byte order mark and small letters', () => {
    const text =
      '\uFEFF# syntax=docker/dockerfile:1\r\n# escape=`\r\nfrom debian\r\nrun echo a `\r\n  b\\n\r\nenv A=`$x\r\n';
    assert.deepEqual(runs(text)[0]?.argv, shell('echo a   b\\n'));
    assert.equal(plan(text).environment['A'], '$x');
    assert.deepEqual(runs('\n# comment\n# escape=`\nFROM debian\nRUN a \\\n b')[0]?.argv, shell('a  b'));
  });

  it('tells the forms of RUN apart', () => {
    const words = (command: string): readonly string[] | undefined => runs(`FROM debian\nRUN ${command}`)[0]?.argv;
    assert.deepEqual(words('[ -d /etc ] && echo yes'), shell('[ -d /etc ] && echo yes'));
    assert.deepEqual(words('["a", "b c", "$d"]'), ['a', 'b c', '$d']);
    assert.deepEqual(words("['a']"), shell("['a']"));
    assert.deepEqual(words('[[ a == b ]]'), shell('[[ a == b ]]'));
    assert.deepEqual(words('echo "$HOME" $x \\$y'), shell('echo "$HOME" $x \\$y'));
    refused('FROM debian\nRUN ["a", 1]', /Line 2.*only strings/);
    refused('FROM debian\nRUN []', /Line 2.*needs a command/);
    refused('FROM debian\nRUN', /Line 2.*needs a command/);
  });

  it('reads here-documents of RUN', () => {
    const words = (text: string): readonly (readonly string[])[] =>
      runs(`FROM debian\n${text}`).map(({ argv }) => argv);
    assert.deepEqual(words('RUN <<EOF\necho $x \\\nFROM y\nEOF\nRUN z'), [shell('echo $x \\\nFROM y\n'), shell('z')]);
    assert.deepEqual(words('RUN <<-"E"\n\ta\n\tb\n\tE'), [shell('a\nb\n')]);
    assert.deepEqual(words('RUN cat <<A > x && cat <<-B\n1\nA\n\t2\n\tB\nRUN z'), [
      shell('cat <<A > x && cat <<-B\n1\nA\n\t2\nB'),
      shell('z'),
    ]);
    assert.deepEqual(words('RUN python3 3<<EOF\nprint(1)\nEOF\nRUN z'), [
      shell('python3 3<<EOF\nprint(1)\nEOF'),
      shell('z'),
    ]);
    const [script] = runs('FROM debian\nRUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF');
    assert.equal(script?.mounts[0]?.content, '#!/usr/bin/env python3\nprint(1)\n');
    assert.deepEqual(script.argv, [script.mounts[0].target]);
    // Not one of these begins a document.
    assert.deepEqual(words('RUN echo "a <<b" $((1<<2))\nRUN python3 -c "print(1 <<2)"\nRUN cat <<<x\nRUN z'), [
      shell('echo "a <<b" $((1<<2))'),
      shell('python3 -c "print(1 <<2)"'),
      shell('cat <<<x'),
      shell('z'),
    ]);
  });

  it('gives ENV the variables of the base and of before', () => {
    const { environment } = plan(
      'FROM debian\nENV PATH="/opt/venv/bin:${PATH}" A=1 B="x y" C=it\\ is\nENV A=2 D=$A E=\'$A\' F="\\$A"\nENV OLD form with  $A\nENV PATH=$PATH:/z',
    );
    assert.deepEqual(environment, {
      PATH: `/opt/venv/bin:${path}:/z`,
      A: '2',
      B: 'x y',
      C: 'it is',
      D: '1',
      E: '$A',
      F: '$A',
      OLD: 'form with  2',
    });
    assert.deepEqual(plan('FROM debian').environment, {});
    refused('FROM debian\nENV', /Line 2.*name and a value/);
    refused('FROM debian\nENV A', /Line 2.*name and a value/);
    refused('FROM debian\nENV A=1 B', /Line 2.*"B"/);
    refused('FROM debian\nENV A="1', /Line 2.*quote/);
  });

  it('keeps ARG in its scope and out of the devbox', () => {
    const text = `ARG VERSION=22.04
ARG ONLY=global
FROM ubuntu:\${VERSION} AS first
ARG VERSION
ARG OWN=\${VERSION:-none}-x
ENV SHOWN=$OWN-$ONLY
RUN one
FROM first
RUN two
FROM debian
ARG OWN SECOND=2
RUN three`;
    const built = plan(text, { ONLY: 'given' });
    assert.deepEqual(built.environment, {});
    assert.deepEqual(runs(text).at(-1)?.variables, { PATH: path, SECOND: '2' });
    const before = text.replace(/\nFROM debian[^]*/, '');
    assert.deepEqual(runs(before, { VERSION: '20.04' })[0]?.variables, {
      PATH: path,
      VERSION: '20.04',
      OWN: '20.04-x',
      SHOWN: '20.04-x-',
    });
    // An ENV hides the argument of its name, and nothing is asked of Docker's own.
    const [run] = runs('FROM debian\nARG A=1\nENV A=2\nARG A=3\nARG TARGETOS\nRUN x', { HTTP_PROXY: 'p', A: '4' });
    assert.deepEqual(run?.variables, { PATH: path, A: '2', TARGETOS: 'linux', HTTP_PROXY: 'p' });
    assert.match(
      plan('FROM debian', { X: '1', HTTPS_PROXY: '' }).stages[0]?.steps.at(-1)?.title ?? '',
      /no ARG asks for: X$/,
    );
    refused('ARG 1x\nFROM debian', /Line 1.*"1x"/);
    refused('FROM debian\nARG', /Line 2.*needs a name/);
    refused('ARG NONE\nFROM $NONE', /Line 2.*empty/);
    assert.match(titles('FROM ${NONE:-debian}:${V:-12}'), /FROM debian:12/);
    assert.match(titles('FROM --platform=$BUILDPLATFORM debian'), /FROM debian/);
  });

  it('builds only the stages that are needed, each behind what it is made of', () => {
    const built = plan(`FROM alpine AS unused
RUN x
FROM golang:1.22 AS Build
WORKDIR /src
COPY . .
RUN go build -o /out/app
FROM build AS test
RUN go test
FROM python:3.12-slim
COPY --from=build /out/app /usr/local/bin/
COPY --from=1 /etc/hosts /hosts
COPY --from=debian:12 /etc/debian_version /version
COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/`);
    assert.deepEqual(
      built.stages.map(({ index }) => index),
      [1, -1, -2, 3],
    );
    assert.deepEqual(
      built.stages.at(-1)?.steps.flatMap((step) => (step.kind === 'copy' ? [step.from] : [])),
      [1, 1, -1, -2].map((index) => ({ kind: 'stage', index })),
    );
    refused('FROM debian AS a\nFROM debian\nCOPY --from=1 /a /b', /Line 3.*no stage 1/);
    refused('FROM debian AS a\nCOPY --from=a /a /b', /Line 2.*"a"/);
    refused('FROM debian AS a\nFROM debian\nCOPY --from=$X /a /b', /Line 3.*no variables/);
    refused('FROM debian AS a\nFROM debian\nCOPY --from=a / /b', /Line 3.*whole stage/);
    refused('FROM debian AS a b', /Line 1.*FROM needs/);
    refused('FROM debian b', /Line 1.*FROM needs/);
    refused('FROM debian AS 1a', /Line 1.*"1a"/);
    refused('FROM', /Line 1.*FROM needs/);
    refused('FROM --platform=windows/amd64 debian', /Line 1.*windows/);
    refused('RUN x', /Line 1.*begin with FROM/);
    refused('# nothing', /no FROM/);
    refused('FROM debian\nINSTALL x', /Line 2.*INSTALL is no instruction/);
  });

  it('hands on to a stage what the one before has: ENV, ARG, SHELL, USER, WORKDIR, ONBUILD', () => {
    const text = `FROM debian AS base
ARG A=1
ENV B=2
SHELL ["/bin/bash", "-eo", "pipefail", "-c"]
WORKDIR /app
WORKDIR sub/$B
USER dev:mail
ONBUILD RUN echo triggered
ONBUILD COPY <<EOF /document
in it
EOF
FROM base
RUN last`;
    const [triggered, last] = runs(text);
    assert.deepEqual(triggered?.argv, ['/bin/bash', '-eo', 'pipefail', '-c', 'echo triggered']);
    assert.deepEqual(
      [last?.folder, last?.user, last?.variables],
      ['/app/sub/2', { name: 'dev', group: 'mail' }, { PATH: path, A: '1', B: '2' }],
    );
    assert.deepEqual(copies(text)[0]?.documents, [{ name: 'EOF', content: 'in it\n' }]);
    assert.deepEqual([plan(text).user, plan(text).folder], [{ name: 'dev' }, '/app/sub/2']);
    assert.equal(runs('FROM debian\nONBUILD RUN x').length, 0);
    refused('FROM debian\nONBUILD ONBUILD RUN x', /Line 2.*ONBUILD/);
    refused('FROM debian\nONBUILD FROM x', /Line 2.*FROM/);
    refused('FROM debian\nONBUILD', /Line 2.*nothing/);
    refused('FROM debian\nSHELL /bin/bash', /Line 2.*JSON/);
  });

  it('begins as the image does', () => {
    const begin = (image: string): readonly unknown[] => {
      const [run] = runs(`FROM ${image}\nRUN x`);
      return [run?.folder, run?.user.name, run?.variables['PATH']];
    };
    assert.deepEqual(begin('debian'), ['/', 'root', path]);
    assert.deepEqual(begin('golang:1.22'), ['/go', 'root', `/go/bin:/usr/local/go/bin:${path}`]);
    assert.deepEqual(begin('runloop:runloop/starter-arm64'), ['/home/user', 'user', path]);
  });

  it('reads USER by name and number', () => {
    const user = (text: string): unknown => runs(`FROM debian\nARG N=dev\nUSER ${text}\nRUN x`)[0]?.user;
    assert.deepEqual(user('dev'), { name: 'dev', group: undefined });
    assert.deepEqual(user('"$N"'), { name: 'dev', group: undefined });
    assert.deepEqual(user('1000:100'), { name: '1000', group: '100' });
    refused('FROM debian\nUSER a b', /Line 2.*user/);
    refused('FROM debian\nUSER $NONE', /Line 2.*user/);
    assert.equal(plan('FROM debian\nUSER dev\nUSER root').user, undefined);
    assert.equal(plan('FROM debian\nUSER 1000').user, undefined);
  });
});
