import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createNetServer, type AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'mocha';
import { askHolder } from '../../../../../src/core/vscode/port/askHolder';
import { Sealed } from '../../../../../src/core/vscode/port/sealed';
import { SharedPort, type PortNotes } from '../../../../../src/core/vscode/port/sharedPort';
import { eventually } from '../../../../eventually';

describe('a port that windows share', () => {
  const open: SharedPort[] = [];
  afterEach(() => {
    for (const port of open.splice(0)) port.close();
  });
  const notes = (): PortNotes & { noted: number | undefined } => ({
    noted: undefined,
    port() {
      return Promise.resolve(this.noted);
    },
    note(_name, port, instead) {
      if (this.noted === undefined || this.noted === instead) this.noted = port;
      return Promise.resolve(this.noted);
    },
  });
  const sealed = new Sealed('a secret');
  const newPort = (shared: PortNotes, part: { moved?: () => void; sealed?: Sealed } = {}): SharedPort => {
    const port = new SharedPort({
      name: 'devbox',
      notes: shared,
      sealed: part.sealed ?? sealed,
      reply: () => ({}),
      onRequest: (_request, response) => response.end('page'),
      onMoved: part.moved ?? (() => assert.fail('moved')),
      onFailure: (error) => assert.fail(String(error)),
    });
    open.push(port);
    return port;
  };

  it('is held by one of many, and by another of them each time that one goes', async () => {
    const shared = notes();
    const windows = Array.from({ length: 5 }, () => newPort(shared));
    const ports = new Set(await Promise.all(windows.map((window) => window.open())));
    assert.equal(ports.size, 1);
    for (let left = windows.length; left > 0; left -= 1) {
      const count = (): Promise<number> => Promise.resolve(holders().length);
      const holders = (): SharedPort[] => windows.filter(({ isHolder }) => isHolder);
      await eventually(count, (number) => number === 1);
      holders()[0]?.close();
      await eventually(count, (number) => number === (left > 1 ? 1 : 0));
    }
    assert.equal(shared.noted, [...ports][0]);
  });

  it('is not shared with whoever has another secret, or takes it as a stranger, which is told', async () => {
    const shared = notes();
    const port = await newPort(shared).open();
    let moved = 0;
    const other = newPort(shared, { sealed: new Sealed('another'), moved: () => (moved += 1) });
    assert.notEqual(await other.open(), port);
    assert.equal(moved, 1);

    const stranger = createServer((_request, response) => response.end('page'));
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    try {
      const taken = notes();
      taken.noted = (stranger.address() as AddressInfo).port;
      const mine = newPort(taken, { moved: () => (moved += 1) });
      assert.notEqual(await mine.open(), (stranger.address() as AddressInfo).port);
      assert.equal(moved, 2);
      assert.equal(taken.noted, mine.port);
      // The next window goes by the new one, and tells nobody.
      assert.equal(await newPort(taken).open(), mine.port);
    } finally {
      stranger.close();
    }
  });

  it('answers no question that is old, of another port or of nobody', async () => {
    const port = await newPort(notes()).open();
    const ask = (of: Sealed, name = 'devbox') => askHolder(of, { port, name, question: { kind: 'yield' } });
    assert.ok((await ask(sealed)) !== undefined);
    assert.equal(await ask(new Sealed('another')), undefined);
    assert.equal(await ask(sealed, 'other'), undefined);
    assert.equal(sealed.open(sealed.seal({ a: 1 }).slice(0, -8)), undefined);
    assert.equal(sealed.open(''), undefined);
    const now = Date.now;
    try {
      const text = sealed.seal({ a: 1 });
      Date.now = () => now() + 60_000;
      assert.equal(sealed.open(text), undefined);
    } finally {
      Date.now = now;
    }
  });

  it('is not believed to be held where a stranger passes questions on to the window that listens on another port', async () => {
    const holder = newPort(notes());
    const port = await holder.open();
    const stranger = createNetServer((socket) => {
      const passed = connect(port, '127.0.0.1');
      socket.pipe(passed).pipe(socket);
      for (const end of [socket, passed]) end.on('error', () => end.destroy());
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    try {
      const taken = (stranger.address() as AddressInfo).port;
      for (const kind of ['wait', 'yield'] as const) {
        assert.equal(await askHolder(sealed, { port: taken, name: 'devbox', question: { kind } }), undefined, kind);
      }
      const hide = { kind: 'hide', first: './?tkn=x', later: './' } as const;
      assert.equal(await askHolder(sealed, { port: taken, name: 'devbox', question: hide }), undefined);
      const shared = notes();
      shared.noted = taken;
      let moved = 0;
      assert.notEqual(await newPort(shared, { moved: () => (moved += 1) }).open(), taken);
      assert.equal(moved, 1);
    } finally {
      stranger.close();
    }
  });

  it('is taken over within a second from a process that is killed', async function () {
    this.timeout(20_000);
    const shared = notes();
    const window: ChildProcess = fork('out/unit/core/vscode/port/portProgram.js');
    try {
      const [port] = (await once(window, 'message')) as [number];
      shared.noted = port;
      const next = newPort(shared);
      assert.equal(await next.open(), port);
      assert.ok(!next.isHolder);
      window.kill('SIGKILL');
      await once(window, 'exit');
      await eventually(
        () => Promise.resolve(next.isHolder),
        (holds) => holds,
        1_000,
      );
      assert.equal(next.port, port);
    } finally {
      window.kill('SIGKILL');
    }
  });
});
