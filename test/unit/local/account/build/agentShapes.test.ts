import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { skip } from '../../../../run/skip';

/** Dockerfiles in the shapes that those of agent projects have, without what they fetch. */
const shapes: readonly {
  readonly name: string;
  readonly dockerfile: string;
  readonly command: string;
  readonly output: string;
}[] = [
  {
    name: 'a devcontainer of node’s user',
    dockerfile: `FROM node:20
ARG TZ
ENV TZ="$TZ"
ARG TOOL_VERSION=latest
RUN mkdir -p /usr/local/share/npm-global && \\
  chown -R node:node /usr/local/share
ARG USERNAME=node
# History that stays
RUN SNIPPET="export HISTFILE=/commandhistory/.bash_history" \\
  && mkdir /commandhistory \\
  && touch /commandhistory/.bash_history \\
  && chown -R $USERNAME /commandhistory
RUN mkdir -p /workspace /home/node/.agent && \\
  chown -R node:node /workspace /home/node/.agent
WORKDIR /workspace
USER node
ENV NPM_CONFIG_PREFIX=/usr/local/share/npm-global
ENV PATH=$PATH:/usr/local/share/npm-global/bin
ENV SHELL=/bin/zsh
RUN mkdir -p /usr/local/share/npm-global/bin && printf '#!/bin/sh\\necho "tool $0"\\n' > /usr/local/share/npm-global/bin/tool && chmod +x /usr/local/share/npm-global/bin/tool
COPY script.sh /usr/local/bin/
USER root
RUN chmod +x /usr/local/bin/script.sh && \\
  mkdir -p /etc/sudoers.d && echo "node ALL=(root) NOPASSWD: /usr/local/bin/script.sh" > /etc/sudoers.d/node-script && \\
  chmod 0440 /etc/sudoers.d/node-script
USER node`,
    command: 'id -un; id -u; tool; script.sh; stat -c %U /workspace /commandhistory; echo "[$TZ] $SHELL"',
    output: 'node\n1000\ntool /usr/local/share/npm-global/bin/tool\nscript ran\nnode\nnode\n[] /bin/zsh\n',
  },
  {
    name: 'users that sudoers name, by name and by group',
    dockerfile: `FROM ubuntu:22.04
ARG USERNAME=dev
RUN useradd -m $USERNAME && mkdir -p /etc/sudoers.d \\
  && echo "# $USERNAME may" > /etc/sudoers.d/$USERNAME && echo $USERNAME ALL=\\(root\\) NOPASSWD:ALL >> /etc/sudoers.d/$USERNAME \\
  && chmod 0440 /etc/sudoers.d/$USERNAME
RUN groupadd wheel && useradd -m -G wheel of-group && useradd -m stranger && printf '%%wheel ALL=(ALL:ALL) ALL' >> /etc/sudoers
USER of-group
RUN sudo sh -c 'id -un > /by-group'
USER stranger
RUN ! sudo id -un
USER of-group:mail
RUN sudo id -u && id -Gn > ~/groups
USER $USERNAME
RUN sudo sh -c 'id -un > /by-name' && id -Gn > ~/groups`,
    command: 'id -un; cat /by-group /by-name ~/groups; sudo cat /home/of-group/groups',
    output: 'dev\nroot\nroot\ndev sudo\nmail sudo\n',
  },
  {
    name: 'a devcontainer, whose image has sudo and the folder of its settings',
    dockerfile: `FROM mcr.microsoft.com/devcontainers/base:bookworm
USER root
RUN echo "vscode ALL=(ALL) NOPASSWD:ALL" > /etc/sudoers.d/vscode && chmod 0440 /etc/sudoers.d/vscode
USER vscode
RUN sudo sh -c 'id -un > /by-folder' && [ "$HOME" = /home/vscode ]`,
    command: 'id -un; cat /by-folder; ls /etc/sudoers.d',
    output: 'vscode\nroot\nvscode\n',
  },
  {
    name: 'a system user of its own under a strict shell',
    dockerfile: `FROM python:3.11-slim
LABEL name="shape" \\
    org.opencontainers.image.title="shape" \\
    com.docker.extension.screenshots='[{"alt": "a", "url": "https://x.test/a"}]'
ARG TARGETPLATFORM
ARG TARGETARCH
ENV OWN_USER="worker" DEFAULT_PUID=911 DEFAULT_PGID=911
ENV CODE_DIR=/app \\
    DATA_DIR=/data \\
    VENV_DIR=/app/.venv \\
    PATH="/app/.venv/bin:$PATH"
SHELL ["/bin/bash", "-o", "pipefail", "-o", "errexit", "-o", "errtrace", "-o", "nounset", "-c"]
RUN <<EOF
groupadd --system $OWN_USER
useradd --system --create-home --gid $OWN_USER --groups audio,video $OWN_USER
usermod -u "$DEFAULT_PUID" "$OWN_USER"
groupmod -g "$DEFAULT_PGID" "$OWN_USER"
mkdir -p /data "/home/$OWN_USER/.config"
ln -s $DATA_DIR /home/$OWN_USER/.config/$OWN_USER
EOF
RUN (echo "[i] for $TARGETPLATFORM" && echo "$TARGETARCH") | tee -a /VERSION.txt
WORKDIR "$CODE_DIR"
COPY pyproject.toml uv.lock* /app/
RUN --mount=type=cache,target=/root/.cache,sharing=locked,id=cache-$TARGETARCH mkdir -p $VENV_DIR/bin && touch /root/.cache/x
COPY . /app
RUN chown -R $DEFAULT_PUID:$DEFAULT_PGID "$DATA_DIR"
USER "$OWN_USER"
VOLUME "$DATA_DIR"
EXPOSE 9242
EXPOSE 9222
HEALTHCHECK --interval=30s --timeout=20s --retries=15 \\
    CMD curl --silent 'http://localhost:8000/health/' | grep -q 'OK'
ENTRYPOINT ["worker"]`,
    command: 'id; stat -c %U ~ /app; ls /app; wc -l < /VERSION.txt; readlink ~/.config/worker; ls /data | wc -l',
    output:
      'uid=911(worker) gid=911(worker) groups=911(worker),27(sudo),29(audio),44(video)\nworker\nroot\npyproject.toml\nscript.sh\nsrc\n2\n/data\n0\n',
  },
  {
    name: 'a virtual environment from a builder, given to a user of the number 1000',
    dockerfile: `# syntax=docker/dockerfile:1
FROM python:3.11-slim AS builder
ARG DEBIAN_FRONTEND=noninteractive
WORKDIR /app
ENV UV_PROJECT_ENVIRONMENT=/opt/venv
COPY pyproject.toml ./
RUN python3 -m venv --without-pip /opt/venv && echo 'print("in the venv")' > /opt/venv/bin/tool.py

FROM python:3.11-slim AS runtime
ARG BACKEND_BIND=0.0.0.0
WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY ../src /app/src
ENV PATH="/opt/venv/bin:\${PATH}" \\
    PYTHONUNBUFFERED=1 \\
    BACKEND_BIND=\${BACKEND_BIND}
RUN useradd -m -u 1000 -s /bin/bash appuser && chown -R appuser:appuser /app
RUN find /opt/venv \\( -type d -exec chmod a+rwx {} + \\) -o \\( -type f -exec chmod a+rw {} + \\)
ENV HOME=/app
USER appuser
EXPOSE 6400
CMD ["sh", "-c", "python server.py --host \${BACKEND_BIND:-0.0.0.0}"]`,
    command:
      'id -un; command -v python3; python3 /opt/venv/bin/tool.py; stat -c %U /app/src/main.py; echo $BACKEND_BIND',
    output: 'appuser\n/opt/venv/bin/python3\nin the venv\nappuser\n0.0.0.0\n',
  },
];

describe('local platform, Dockerfiles in the shapes of agent projects', () => {
  let platform: TestPlatform;
  let sdk: RunloopSDK;
  let folder = '';
  let context: { readonly type: 'object'; readonly object_id: string };

  before(async function () {
    platform = await startPlatform();
    sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false, maxRetries: 0 });
    const trial = await sdk.devbox.create();
    const uid = await (await trial.cmd.exec('id -u; python3 -m venv --help > /dev/null || echo no')).stdout();
    await trial.shutdown();
    if (uid !== '1000\n') {
      skip(this, 'there is one user only, or no Python');
    }
    folder = mkdtempSync(join(tmpdir(), 'runloop-shapes-'));
    mkdirSync(join(folder, 'files/src'), { recursive: true });
    writeFileSync(join(folder, 'files/script.sh'), '#!/bin/sh\necho script ran\n');
    writeFileSync(join(folder, 'files/pyproject.toml'), '[project]\nname = "shape"\n');
    writeFileSync(join(folder, 'files/src/main.py'), '');
    execFileSync('tar', ['-C', join(folder, 'files'), '-czf', join(folder, 'context.tgz'), '.']);
    const { id } = await sdk.storageObject.uploadFromFile(join(folder, 'context.tgz'), 'context', {
      contentType: 'tgz',
    });
    context = { type: 'object', object_id: id };
  });
  after(async () => {
    await platform.stop();
    if (folder !== '') {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  for (const { name, dockerfile, command, output } of shapes) {
    it(name, async () => {
      const built = await sdk.blueprint.create({ name: 'shape', dockerfile, build_context: context });
      const devbox = await sdk.devbox.create({ blueprint_id: built.id });
      const result = await devbox.cmd.exec(command);
      assert.equal((await result.stdout()) + (await result.stderr()), output);
      await devbox.shutdown();
    });
  }
});
