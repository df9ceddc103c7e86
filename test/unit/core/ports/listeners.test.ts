import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { findListeners, socketsIn, type Listener } from '../../../../src/core/ports/listeners';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal } from '../files/useFiles';

describe('What listens in a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();

  /** A devbox in which this Python runs beside all that follows, and what listens there once there are so many ports. */
  async function listening(python: string, count: number): Promise<readonly Listener[]> {
    const { id, bash, commands } = await filesDevbox(used.api);
    await bash(`cat > ~/serve.py <<'PYTHON'\n${python}\nPYTHON\nnohup python3 ~/serve.py > /tmp/serve.log 2>&1 &`);
    return eventually(
      () => findListeners(commands, { devboxId: id, signal }),
      (found) => found.length >= count,
    );
  }

  it('is found with its process, and whether it listens on localhost only', async () => {
    const found = await listening(
      `import os, socket, time
def listen(family, address, port=0):
    s = socket.socket(family); s.bind((address, port)); s.listen(); return s
own = os.environ['RUNLOOP_LOCAL_BIND']
all = [listen(socket.AF_INET, '127.0.0.1', 18101), listen(socket.AF_INET, '0.0.0.0', 18102), listen(socket.AF_INET, own, 18103),
  listen(socket.AF_INET6, '::1', 18104), listen(socket.AF_INET, '127.0.0.1', 18105), listen(socket.AF_INET, own, 18105)]
time.sleep(600)`,
      5,
    );
    assert.deepEqual(
      found.map(({ port, isLocal, processes }) => [port, isLocal, processes.map(({ name }) => name)]),
      [
        [18101, true, ['python3']],
        [18102, false, ['python3']],
        [18103, false, ['python3']],
        [18104, true, ['python3']],
        [18105, false, ['python3']],
      ],
    );
    assert.deepEqual(
      [found[0]?.addresses, found[1]?.addresses, found[3]?.addresses],
      [['127.0.0.1'], ['0.0.0.0'], ['::1']],
    );
  });

  it('is told with the names of processes as plain text, whatever they call themselves', async () => {
    const name = "a\\x1b[31m\\n0: 0 '";
    const [found] = await listening(
      `import os, socket, time, ctypes
ctypes.CDLL(None).prctl(15, b"${name}", 0, 0, 0)
s = socket.socket(); s.bind(('0.0.0.0', 18110)); s.listen()
os.fork()
time.sleep(600)`,
      1,
    );
    assert.equal(found?.port, 18110);
    assert.deepEqual(new Set(found.processes.map((one) => one.name)), new Set(["a 0: 0 '"]));
    assert.equal(found.processes.length, 2);
  });

  it('is nothing where nothing does, and nothing of what shares the network of a local platform', async () => {
    const { id, commands } = await filesDevbox(used.api);
    assert.deepEqual(await findListeners(commands, { devboxId: id, signal }), []);
  });

  it('is an error where a devbox cannot tell', async () => {
    const broken = { run: () => Promise.resolve({ exitCode: 1, stdout: Buffer.from(''), stderr: Buffer.from('') }) };
    await assert.rejects(findListeners(broken, { devboxId: 'dbx_1', signal }), (error) =>
      RuntimeError.is(error, 'unexpected_answer'),
    );
  });

  it('is read from tables that say other things as well', () => {
    const rest = '00000000:00000000 00:00000000 00000000  1000        0';
    const lines = [
      `   0: 0100007F:1F90 00000000:0000 0A ${rest} 11 1 0000000000000000 100 0 0 10 0`,
      `   1: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A ${rest} 12 1 0 100 0 0 10 0`,
      `   2: 0000000000000000FFFF00000100007F:0BB9 00000000000000000000000000000000:0000 0A ${rest} 13 1 0 100 0 0 10 0`,
      `   3: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A ${rest} 14 1 0 100 0 0 10 0`,
      `   4: 0100007F:1F91 0100007F:D431 01 ${rest} 15 1 0000000000000000 100 0 0 10 0`,
      '   5: 0100007F:1F92 garbage',
    ];
    assert.deepEqual(
      [...socketsIn(lines.join('\n'))],
      [
        { address: '127.0.0.1', port: 8080, inode: '11' },
        { address: '::', port: 3000, inode: '12' },
        { address: '127.0.0.1', port: 3001, inode: '13' },
        { address: '2001:db8::1', port: 80, inode: '14' },
      ],
    );
  });
});
