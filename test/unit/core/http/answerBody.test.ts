import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { piecesOf, refusalLimits, textOf, unpacked } from '../../../../src/core/http/answerBody';

/** An answer's body without a server. */
function bodyOf(bytes: Buffer, encoding?: string): IncomingMessage {
  const body = new PassThrough();
  body.write(bytes);
  return Object.assign(body, { headers: { 'content-encoding': encoding } }) as unknown as IncomingMessage;
}

describe('the body of an answer', () => {
  it('is left open by nobody who has enough of it', async () => {
    const cut = bodyOf(Buffer.alloc(100, 'a'));
    assert.equal(await textOf(cut, { maxBytes: 10, beyond: 'cut' }), 'a'.repeat(10));
    assert.ok(cut.destroyed);
    const tooLarge = bodyOf(Buffer.alloc(100, 'a'));
    await assert.rejects(textOf(tooLarge, { maxBytes: 10 }));
    assert.ok(tooLarge.destroyed);
    const left = bodyOf(Buffer.alloc(100, 'a'));
    for await (const piece of piecesOf(left, {})) {
      assert.equal(piece.length, 100);
      break;
    }
    assert.ok(left.destroyed);
  });

  it('ends after its time with what has come, also where a byte comes now and then', async () => {
    const slow = bodyOf(Buffer.from('refused'));
    const drip = setInterval(() => (slow as unknown as PassThrough).write('.'), 10);
    try {
      assert.match(await textOf(slow, { ...refusalLimits, wholeMs: 200 }), /^refused\.*$/);
      assert.ok(slow.destroyed);
    } finally {
      clearInterval(drip);
    }
    assert.equal(refusalLimits.wholeMs, 60_000);
  });

  it('is counted as it came over the wire', async () => {
    const packed = gzipSync('a'.repeat(10_000));
    const seen: number[] = [];
    const body = bodyOf(packed, 'gzip');
    (body as unknown as PassThrough).end();
    assert.equal(
      (
        await textOf(
          unpacked(body, (count) => seen.push(count)),
          {},
        )
      ).length,
      10_000,
    );
    assert.deepEqual(seen, [packed.length]);
  });
});
