import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { hasNoRecording, sessionWith, startScriptedPty } from './scriptedPty';

const until = (isSo: () => boolean, limitMs = 30_000): Promise<unknown> =>
  eventually(
    () => Promise.resolve(isSo()),
    (so) => so,
    limitMs,
  );

describe('A terminal of a devbox that does as it likes', function () {
  this.timeout(90_000);

  for (const [what, bytes] of [
    ['a frame of 64 MB', '827f0000000003d09000'],
    ['frames that are none', 'f3ffffffff'],
  ] as const) {
    it(`is tried less and less often where each connection sends ${what}`, async () => {
      const devbox = await startScriptedPty({
        onClient: (_client, socket) => void socket.write(Buffer.from(bytes, 'hex')),
      });
      const { session } = sessionWith(devbox);
      try {
        session.start({ cols: 80, rows: 24 });
        await until(() => devbox.openedMs.length >= 6);
        const waits = devbox.openedMs.slice(1).map((at, index) => at - (devbox.openedMs[index] ?? 0));
        assert.ok((waits[4] ?? 0) > 4 * (waits[0] ?? 0), waits.join(' '));
      } finally {
        session.dispose();
        await devbox.stop();
      }
    });
  }

  it('has the size that it was given while the one before was on its way and its connection went', async () => {
    let hangs = false;
    const devbox = await startScriptedPty({
      isNew: () => devbox.clients.length === 0,
      onControl: () => hangs,
    });
    const { session, states } = sessionWith(devbox);
    try {
      session.start({ cols: 80, rows: 24 });
      await until(() => states.at(-1)?.kind === 'open');
      await sleep(200);
      hangs = true;
      session.resize({ cols: 90, rows: 25 });
      await until(() => devbox.controls.at(-1)?.includes('"cols":90') === true);
      session.resize({ cols: 100, rows: 26 });
      hangs = false;
      devbox.clients.at(-1)?.terminate();
      await until(() => devbox.clients.length === 2 && states.at(-1)?.kind === 'open');
      await until(() => devbox.controls.at(-1)?.includes('"cols":100,"rows":26') === true, 5_000);
    } finally {
      session.dispose();
      await devbox.stop();
    }
  });

  it('has its size where that was put off once', async () => {
    let isRefused = false;
    const devbox = await startScriptedPty({
      isNew: () => false,
      onControl: (_seen, answer) => {
        if (!isRefused) return false;
        isRefused = false;
        answer.writeHead(503).end();
        return true;
      },
      onExecution: (_seen, answer) => hasNoRecording(answer),
    });
    const { session, states } = sessionWith(devbox, { isKnown: true });
    try {
      session.start({ cols: 80, rows: 24 });
      await until(() => states.at(-1)?.kind === 'open' && devbox.controls.length === 2);
      isRefused = true;
      session.resize({ cols: 90, rows: 25 });
      await until(() => devbox.controls.length === 4, 8_000);
      assert.deepEqual(devbox.controls[3], '{"action":"resize","cols":90,"rows":25}');
    } finally {
      session.dispose();
      await devbox.stop();
    }
  });

  it('takes no more of a flood than it can show while it looks for what it missed', async () => {
    let sent = 0;
    const waiting: (() => void)[] = [];
    let isSlow = true;
    const piece = Buffer.alloc(64 * 1024, 'y\r\n');
    const devbox = await startScriptedPty({
      isNew: () => false,
      onClient: (client) => {
        const more = (): void => {
          if (sent >= 200_000_000 || client.readyState !== client.OPEN) return;
          sent += piece.length;
          client.send(piece, more);
        };
        more();
      },
      // It has no recording, which it tells after a while.
      onExecution: (_seen, answer) => {
        const say = (): void => hasNoRecording(answer);
        if (isSlow) waiting.push(say);
        else say();
      },
    });
    let shown = 0;
    const { session, states } = sessionWith(devbox, { isKnown: true, onOutput: (text) => (shown += text.length) });
    try {
      session.start({ cols: 80, rows: 24 });
      await until(() => devbox.clients.length === 1);
      let before = -1;
      while (sent > before) {
        before = sent;
        await sleep(1_000);
      }
      assert.ok(sent < 40_000_000, `${sent} bytes were taken`);
      isSlow = false;
      for (const say of waiting) say();
      await until(() => states.at(-1)?.kind === 'open');
      await until(() => shown > 60_000_000);
    } finally {
      session.dispose();
      await devbox.stop();
    }
  });
});
