import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';

/** Git repositories served over HTTP on loopback, as plain files. */
export interface GitServer {
  readonly address: string;
  /** The tokens that were shown, newest last. */
  readonly tokens: readonly string[];
  stop(): void;
}

/**
 * Serves `<owner>/<name>.git` with one commit on `main` and one more on `other`.
 * @param token asked for, as Runloop's code mounts show it; empty for a public repository
 */
export async function startGitServer(owner: string, name: string, token: string): Promise<GitServer> {
  const folder = mkdtempSync(join(tmpdir(), 'runloop-git-'));
  const work = join(folder, 'work');
  const bare = join(folder, owner, `${name}.git`);
  mkdirSync(work);
  const git = (...words: string[]): void => {
    const identity = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@example.org',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@example.org',
    };
    execFileSync('git', words, {
      cwd: work,
      stdio: 'pipe',
      env: { PATH: process.env['PATH'], HOME: folder, ...identity },
    });
  };
  git('init', '-q', '-b', 'main');
  writeFileSync(join(work, 'file'), 'on main');
  git('add', '.');
  git('commit', '-qm', 'first');
  git('checkout', '-qb', 'other');
  writeFileSync(join(work, 'file'), 'on other');
  git('commit', '-qam', 'second');
  git('checkout', '-q', 'main');
  git('clone', '-q', '--bare', '.', bare);
  git('-C', bare, 'update-server-info');
  const tokens: string[] = [];
  const server = createServer((request, response) => {
    const shown = Buffer.from(request.headers.authorization?.replace(/^Basic /, '') ?? '', 'base64')
      .toString()
      .replace(/^x-access-token:/, '');
    tokens.push(shown);
    const file = join(folder, normalize(`/${(request.url ?? '').split('?')[0] ?? ''}`));
    if (token !== shown) {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
    } else if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) {
      response.end(readFileSync(file));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens,
    stop: () => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
