import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { waitFor } from '../../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { startGitServer } from '../gitServer';
import { skip } from '../../../../run/skip';

describe('local platform, Dockerfiles', () => {
  let platform: TestPlatform;
  let client: Client;
  let sdk: RunloopSDK;
  let folder: string;
  let context: { readonly type: 'object'; readonly object_id: string };
  let server: Server;
  let hasUsers = true;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-dockerfiles-'));
    platform = await startPlatform();
    client = platform.client();
    sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false, maxRetries: 0 });
    const files: Readonly<Record<string, string>> = {
      'src/main.py': 'print("main")',
      'src/deep/notes.md': 'notes',
      'src/deep/data.txt': 'data',
      'secret.env': 'not for builds',
      'packed/in/archive': 'from the archive',
      '.dockerignore': 'secret.env\n**/*.tmp\nignored\n!ignored/kept\n.dockerignore\n',
      'x.tmp': '',
      'ignored/a': '',
      'ignored/kept': 'kept',
    };
    const source = join(folder, 'context');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(source, path, '..'), { recursive: true });
      writeFileSync(join(source, path), text);
    }
    execFileSync('tar', ['-C', source, '-czf', join(source, 'packed.tgz'), 'packed']);
    symlinkSync('src/main.py', join(source, 'link'));
    // Packed by tar and not by the SDK, which would look at the .dockerignore itself.
    execFileSync('tar', ['-C', source, '-czf', join(folder, 'context.tgz'), '.']);
    const { id } = await sdk.storageObject.uploadFromFile(join(folder, 'context.tgz'), 'context', {
      contentType: 'tgz',
    });
    context = { type: 'object', object_id: id };
    server = createServer((_, response) => response.end('fetched')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const trial = await sdk.devbox.create();
    hasUsers = (await (await trial.cmd.exec('id -u')).stdout()).trim() !== '0';
    await trial.shutdown();
  });
  after(async () => {
    await platform.stop();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const logOf = async (id: string): Promise<string> =>
    (await client.blueprints.logs(id)).logs.map(({ message }) => message).join('\n');
  const built = async (body: { dockerfile: string; [name: string]: unknown }): Promise<{ id: string; log: string }> => {
    const { id } = await client.blueprints.create({ name: 'dockerfile', build_context: context, ...body });
    const { status } = await waitFor('the build', async () => {
      const found = await client.blueprints.retrieve(id);
      return found.status === 'failed' || found.status === 'build_complete' ? found : undefined;
    });
    const log = await logOf(id);
    assert.equal(status, 'build_complete', log);
    return { id, log };
  };
  /** What a command says in a devbox of a Dockerfile. */
  const seen = async (dockerfile: string, command: string, more: Record<string, unknown> = {}): Promise<string> => {
    const { id } = await built({ dockerfile, ...more });
    const devbox = await sdk.devbox.create({ blueprint_id: id });
    const result = await devbox.cmd.exec(command);
    const output = (await result.stdout()) + (await result.stderr());
    await devbox.shutdown();
    return output;
  };

  it('builds a venv on the base’s search path, and gives folders to USER', async function () {
    if (!hasUsers) {
      skip(this, 'there is one user only');
    }
    const output = await seen(
      `FROM python:3.9-slim
ARG SECRET_ARG=hidden
ENV PATH="/opt/venv/bin:\${PATH}" HOME_LESS=\${HOME:-none}
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN [ -d /etc ] && useradd -m dev && ! false | true && echo $SECRET_ARG > /arg
RUN python -c 'print(1)' && test -d /usr/local/lib/python3.9/site-packages
RUN mkdir -p /opt/venv/bin && printf '#!/bin/sh\\necho own program\\n' > /opt/venv/bin/own && chmod 755 /opt/venv/bin/own
USER dev
WORKDIR /home/dev/app/deep
RUN own > by-dev
USER root
WORKDIR /srv/by-root
VOLUME /data
USER dev`,
      'own; cat /arg; echo "[$SECRET_ARG]" $HOME_LESS; stat -c "%n %U" /home/dev/app /home/dev/app/deep/by-dev /srv/by-root /data; case $PATH in /opt/venv/bin:/run/devbox/bin:*/usr/bin*) echo whole ;; *) echo $PATH ;; esac; command -v sudo bash',
    );
    assert.equal(
      output,
      'own program\nhidden\n[] none\n/home/dev/app dev\n/home/dev/app/deep/by-dev dev\n/srv/by-root root\n/data root\nwhole\n/run/devbox/bin/sudo\n/usr/bin/bash\n',
    );
  });

  it('copies between stages, which stay apart', async function () {
    if (!hasUsers) {
      skip(this, 'system folders cannot be changed here');
    }
    const output = await seen(
      `ARG FLAVOUR=plain
FROM alpine AS never
RUN exit 1
FROM golang:1.22 AS build
ARG FLAVOUR
RUN mkdir -p /out/bin /out/lib && echo $FLAVOUR > /out/bin/tool && ln -s ../bin/tool /out/lib/link && chmod 751 /out/bin && ln -s /out/lib /short && touch /usr/local/only-in-build
FROM build AS more
RUN cp /out/bin/tool /out/bin/second
FROM debian
COPY --from=build /out /copied
COPY --from=1 /short/link /linked
COPY --from=more --chown=1000:1000 /out/bin/* /several/
COPY --from=debian:12 /etc/debian_version /version
RUN --mount=type=bind,from=more,source=/out,target=/mounted cat /mounted/bin/second > /by-mount
COPY --from=more /out/bin/ /usr/local/bin/`,
      'cat /copied/bin/tool /copied/lib/link /linked /several/tool /several/second /by-mount /usr/local/bin/second; ls -d /mounted /usr/local/only-in-build /out; stat -c %a /copied/bin; ls /version',
      { build_args: { FLAVOUR: 'given' } },
    );
    assert.match(output, /^(?:given\n){7}751\n\/version\n/);
    for (const path of ['/mounted', '/usr/local/only-in-build', '/out']) {
      assert.match(output, new RegExp(`'${path}': No such file`));
    }
  });

  it('copies with flags, unpacks, fetches, and leaves out what .dockerignore says', async () => {
    const { port } = server.address() as AddressInfo;
    const sum = '7d2402d7d02bf2a9ecee5ca4bb65ac2ee8f2ac3ff5a3fcd52b5f0e7a0f1e29bb';
    const output = await seen(
      `FROM debian
COPY . /all
COPY --exclude=**/*.md --chmod=u=rwX,g=rX,o= src /some
COPY --parents src/deep/*.txt src/main.py /parents/
COPY link /followed
COPY src/main.py uv.lock* *.none /with-none/
COPY nothing* /nothing/
COPY --chown=nobody-knows:nor-this src/main.py /of-root
ADD packed.tgz /unpacked/
ADD http://127.0.0.1:${port}/dir/file.txt?x=1 /fetched/
COPY --chmod=755 <<EOF <<"RAW" /documents/
#!/bin/sh
echo \${WHO:-nobody}
EOF
$WHO
RAW
RUN mkdir -p /real && ln -s /real /linked
COPY src/deep /linked
RUN <<EOF
#!/usr/bin/env -S cat
a script
EOF`,
      'cd /all && find . | sort | tr "\\n" " "; cd /some && sudo find . -type f | sort | tr "\\n" " "; stat -c %a /some/main.py; cd /parents && find . -type f | sort | tr "\\n" " "; stat -c %F /followed; cat /unpacked/packed/in/archive; sudo cat /fetched/file.txt; sudo stat -c %a /fetched/file.txt; /documents/EOF; cat /documents/RAW; ls -l / | grep -c "linked -> /real"; ls /real; stat -c %U:%G /of-root',
    );
    assert.equal(
      output.replaceAll(/ +\n?/g, ' '),
      '. ./ignored ./ignored/kept ./link ./packed ./packed.tgz ./packed/in ./packed/in/archive ./src ./src/deep ./src/deep/data.txt ./src/deep/notes.md ./src/main.py ./deep/data.txt ./main.py 640\n./src/deep/data.txt ./src/main.py regular file\nfrom the archivefetched600\nnobody\n$WHO\n1\ndata.txt\nnotes.md\nroot:root\n',
    );
    const { id } = await client.blueprints.create({
      name: 'checksum',
      dockerfile: `FROM debian\nADD --checksum=sha256:${sum} http://127.0.0.1:${port}/a /a`,
    });
    await assert.rejects(sdk.api.blueprints.awaitBuildComplete(id), /failed/);
    assert.match(await logOf(id), /another checksum/);
  });

  it('fetches repositories, and keeps what makes them one if that is wanted', async () => {
    const git = await startGitServer('someone', 'project', '');
    try {
      const address = `${git.address}/someone/project.git`;
      const output = await seen(
        `FROM debian\nADD ${address} /plain\nADD --keep-git-dir ${address}#other /kept\nADD ${address}?branch=other&keep-git-dir=1 /asked\nRUN chmod -R a+rX /kept /asked`,
        'ls -d /plain/.git; ls /plain | head -1; for at in kept asked; do git -C /$at -c safe.directory=/$at rev-parse --is-inside-work-tree && cat /$at/file; done',
      );
      assert.match(output, /true\non othertrue\non other/);
      assert.match(output, /cannot access '\/plain\/.git'/);
      assert.match(output, /^true$/m);
    } finally {
      git.stop();
    }
  });

  it('says what is missing in a context or a stage, and lets a wildcard find nothing', async () => {
    for (const [line, why] of [
      ['COPY missing /a', /COPY: there is no missing in the build context/],
      ['COPY src missing/deep /a/', /COPY: there is no missing\/deep in the build context/],
      ['COPY --from=0 /missing /a', /There is no \/missing in the stage/],
    ] as const) {
      const { id } = await client.blueprints.create({
        name: 'missing',
        build_context: context,
        dockerfile: `FROM debian AS first\nRUN mkdir /there\nFROM debian\n${line}`,
      });
      await assert.rejects(sdk.api.blueprints.awaitBuildComplete(id), /failed/);
      assert.match(await logOf(id), why);
    }
    await built({
      dockerfile: 'FROM debian AS first\nRUN mkdir /there\nFROM debian\nCOPY --from=0 /there/*.none /there /a/',
    });
  });

  it('mounts for one RUN only', async () => {
    await client.secrets.create({ name: 'MOUNTED', value: 'the secret' });
    const { id, log } = await built({
      dockerfile: `FROM debian
WORKDIR /app
RUN mkdir /app/there && echo before > /app/there/file
RUN --mount=type=cache,target=/cache/deep echo kept > /cache/deep/file && test -d /cache
RUN test ! -e /cache && echo no cache between
RUN --mount=type=cache,target=/cache/deep cat /cache/deep/file
RUN --mount=type=tmpfs,target=/app/there test -z "$(ls /app/there)" && touch /app/there/lost
RUN --mount=target=. --mount=type=cache,target=/app/build cat src/main.py && touch written build/x && id -u && pwd
RUN --mount=type=secret,id=my-token --mount=type=secret,id=KEY,env=AS_VARIABLE cat /run/secrets/my-token && echo " $AS_VARIABLE" && ls -l /run/secrets
RUN ls /run/secrets /app /cache; echo "[$AS_VARIABLE]"; cat /app/there/file; exit 0
RUN --mount=type=secret,id=missing test ! -e /run/secrets/missing
RUN --mount=type=cache,target=/root/.cache ["/bin/sh", "-c", "exit 0"]`,
      secrets: { 'my-token': 'MOUNTED', KEY: 'MOUNTED' },
    });
    assert.match(log, /no cache between\n[^]*\nkept\n[^]*print\("main"\)0\n\/app\n[^]*the secret the secret\n/);
    assert.match(log, /\n\/app:\nthere\n\[\]\nbefore\n/);
    assert.ok(!log.includes('written'.repeat(2)));
    await client.blueprints.delete(id);
    const required = await client.blueprints.create({
      name: 'required',
      dockerfile: 'FROM debian\nRUN --mount=type=secret,id=none,required true',
    });
    await assert.rejects(sdk.api.blueprints.awaitBuildComplete(required.id), /failed/);
    assert.match(await logOf(required.id), /the secret none is not given/);
  });

  it('says what stands in for an image, and refuses what it cannot be', async () => {
    const { log } = await built({
      dockerfile:
        'FROM node:22-slim\nRUN test "$RUNLOOP_LOCAL_USERS" != 1 || install -d -o node -g node /of-node\nHEALTHCHECK NONE\nCMD ["node"]',
      build_args: { X: '1' },
    });
    assert.match(log, /own system \(.+\) stands in for node:22-slim/);
    assert.match(log, /node is this computer's: v\d|This computer has no node/);
    const { log: old } = await built({ dockerfile: 'FROM python:3.1' });
    assert.match(old, /that of python:3\.1 is 3\.1: what needs 3\.1 cannot|This computer has no python3/);
    assert.match(log, /HEALTHCHECK NONE: passed over[^]*CMD \["node"\]: passed over[^]*no ARG asks for: X/);
    await assert.rejects(
      client.blueprints.create({ name: 'x', dockerfile: 'FROM debian AS a\nFROM python:3.12-alpine' }),
      /Line 2 of the Dockerfile: .*not of the Debian and Ubuntu family/,
    );
  });
});
