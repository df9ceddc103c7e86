import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Dockerfile, contextsOf, planDockerfile } from '../../../../../src/local/account/dockerfile/plan';
import type { CopyStep, RunStep } from '../../../../../src/local/account/dockerfile/steps';
import { DevboxError } from '../../../../../src/local/errors';

function plan(text: string, contexts: readonly string[] = []): Dockerfile {
  return planDockerfile({ text, given: {}, contexts: new Set(contexts), path: '/usr/bin' });
}

function copies(text: string): readonly CopyStep[] {
  return (plan(text).stages.at(-1)?.steps ?? []).filter((step) => step.kind === 'copy');
}

function refused(text: string, why: RegExp): void {
  assert.throws(
    () => plan(text),
    (error) => error instanceof DevboxError && error.kind === 'invalid' && why.test(error.message),
    text,
  );
}

describe('COPY, ADD and the mounts of RUN', () => {
  it('reads the flags of COPY', () => {
    const [all] = copies(
      'FROM debian\nARG D=data\nWORKDIR /app\nCOPY --chown=dev:10 --chmod=u=rwX,go=rX --link --exclude=*.md --exclude=**/x --parents a b* ./$D/',
    );
    assert.deepEqual(
      { ...all, title: '' },
      {
        kind: 'copy',
        title: '',
        from: { kind: 'context', name: '' },
        sources: ['a', 'b*'],
        documents: [],
        addresses: [],
        checksum: undefined,
        keepsGit: false,
        target: '/app/data/',
        mode: 'u=rwX,go=rX',
        owner: { name: 'dev', group: '10' },
        excluded: ['*.md', '**/x'],
        parents: true,
        unpack: false,
      },
    );
    refused('FROM debian\nCOPY a', /Line 2.*needs/);
    refused('FROM debian\nCOPY a $NONE', /Line 2.*empty/);
    assert.deepEqual(
      copies('FROM debian\nCOPY ../a ../../b/c x/../../y* .. /to/').map(({ sources }) => sources),
      [['a', 'b/c', 'y*', '.']],
    );
    refused('FROM debian\nCOPY --chmod=rwx a b', /Line 2.*--chmod/);
    refused('FROM debian\nCOPY --chown=a:b:c a b', /Line 2.*--chown/);
    refused('FROM debian\nCOPY --checksum=sha256:1 a b', /Line 2.*--checksum/);
  });

  it('tells a folder from a file as a target', () => {
    const target = (text: string): unknown => copies(`FROM debian\nWORKDIR /app\nCOPY ${text}`)[0]?.target;
    assert.deepEqual(['a .', 'a ./', 'a b', 'a b/', 'a /', 'a b c', '["a b", "c d"]'].map(target), [
      '/app/',
      '/app/',
      '/app/b',
      '/app/b/',
      '/',
      '/app/c/',
      '/app/c d',
    ]);
  });

  it('reads here-documents, addresses, archives and contexts', () => {
    const [documents] = copies('FROM debian\nENV V=1\nCOPY <<a <<"b" /dir/\n$V "x" \\$V\na\n$V\nb');
    assert.deepEqual(documents?.documents, [
      { name: 'a', content: '1 "x" $V\n' },
      { name: 'b', content: '$V\n' },
    ]);
    const [fetched, local] = copies('FROM debian\nADD --unpack=true https://x.test/a.tgz /a/\nADD a.tgz /a/');
    assert.deepEqual([fetched?.addresses, fetched?.unpack, local?.unpack], [['https://x.test/a.tgz'], true, true]);
    assert.equal(copies('FROM debian\nADD https://x.test/a.tgz /a/')[0]?.unpack, false);
    assert.deepEqual(
      [...contextsOf(plan('FROM debian\nCOPY --from=more a b\nRUN --mount=target=/x y', ['more']).stages)],
      ['more', ''],
    );
  });

  it('reads the mounts of RUN', () => {
    const mounts = (flags: string): RunStep['mounts'] | undefined =>
      plan(`FROM debian\nARG D=dir\nWORKDIR /app\nRUN ${flags} x`).stages[0]?.steps.find((step) => step.kind === 'run')
        ?.mounts;
    const [cache, bind, tmpfs, secret] =
      mounts(
        '--mount=type=cache,target=/root/.cache/$D,sharing=locked,id=c --mount=source=a,target=$D --mount=type=tmpfs,dst=/t,size=5 --mount=type=secret,id=my-token,env=TOKEN,required=true --network=none',
      ) ?? [];
    assert.deepEqual([cache?.type, cache?.target, cache?.id], ['cache', '/root/.cache/dir', 'c']);
    assert.deepEqual(
      [bind?.type, bind?.target, bind?.source, bind?.from],
      ['bind', '/app/dir', 'a', { kind: 'context', name: '' }],
    );
    assert.deepEqual([tmpfs?.type, tmpfs?.target, tmpfs?.mode], ['tmpfs', '/t', '1777']);
    assert.deepEqual([secret?.id, secret?.target, secret?.variable, secret?.required], ['my-token', '', 'TOKEN', true]);
    assert.equal(mounts('--mount=type=secret,id=a')?.[0]?.target, '/run/secrets/a');
    assert.deepEqual(mounts('--mount=type=ssh'), []);
    refused('FROM debian\nRUN --mount=type=ssh,required x', /Line 2.*no SSH agent/);
    refused('FROM debian\nRUN --mount=type=nfs,target=/a x', /Line 2.*"nfs"/);
    refused('FROM debian\nRUN --mount=type=cache x', /Line 2.*needs a target/);
    refused('FROM debian\nRUN --mount=source=../a,target=/a x', /Line 2.*reach out/);
    refused('FROM debian\nRUN --mount=target=/ x', /Line 2.*over everything/);
    refused('FROM debian\nRUN --security=insecure x', /Line 2.*--security/);
    refused('FROM debian\nRUN --device=x y', /Line 2.*--device/);
  });

  it('passes over with a word what changes nothing here', () => {
    const text = plan(
      'FROM debian\nLABEL a=b "c d"=e\nEXPOSE 80/tcp\nCMD ["a"]\nENTRYPOINT b c\nHEALTHCHECK --interval=5s CMD curl x\nHEALTHCHECK NONE\nVOLUME ["/data", "/more"]\nSTOPSIGNAL SIGTERM\nMAINTAINER me',
    )
      .stages.flatMap(({ steps }) => steps)
      .map(({ title }) => title)
      .join('\n');
    for (const word of ['LABEL', 'EXPOSE', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'VOLUME', 'STOPSIGNAL', 'MAINTAINER']) {
      assert.match(text, new RegExp(`^${word} .*(?:passed over|ordinary folder)`, 'm'));
    }
    refused('FROM debian\nEXPOSE', /Line 2.*EXPOSE/);
    refused('FROM debian\nLABEL a', /Line 2.*LABEL/);
  });
});
