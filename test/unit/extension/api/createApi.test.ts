import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('The API for other extensions', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('answers calls that come at once, before any of its code was read, and loses no event of theirs', async () => {
    const { extension, api, editor } = used;
    const { id } = await api.devboxes.create(
      { name: 'of another', entrypoint: 'sleep 100' },
      { requestId: randomUUID() },
    );
    let changes = 0;
    const subscription = extension.onDidChangeDevboxes(() => (changes += 1));
    const [first, second, third] = await Promise.all([
      extension.list(),
      extension.list(),
      extension.run(id, 'true').catch((error: unknown) => error),
    ]);
    assert.ok(first.some((devbox) => devbox.id === id && devbox.name === 'of another' && !devbox.attached));
    assert.ok(second.some((devbox) => devbox.id === id));
    assert.ok(RuntimeError.is(third));
    assert.equal(third.devboxId, id);
    await editor.eventually(() => changes > 0);
    subscription.dispose();
    await api.devboxes.shutdown(id);
  });

  it('starts nothing without a yes', async () => {
    const { extension, api, editor } = used;
    editor.answer(/wants to start the devbox unasked/, undefined);
    await assert.rejects(extension.start({ name: 'unasked' }), (error) => RuntimeError.is(error, 'cancelled'));
    for await (const { name } of api.devboxes.list({})) assert.notEqual(name, 'unasked');
  });
});
