import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'mocha';
import { OwnCookies } from '../../../../src/core/forwarding/ownCookies';

function setting(...cookies: readonly string[]): IncomingMessage {
  const answer = new IncomingMessage(new Socket());
  answer.headers['set-cookie'] = [...cookies];
  return answer;
}

/** What a devbox is sent of these cookies. */
function sent(own: OwnCookies, cookie: string): string | undefined {
  const request = new IncomingMessage(new Socket());
  request.headers.cookie = cookie;
  own.hideOthersIn(request);
  return request.headers.cookie;
}

describe('cookies that a devbox has set', () => {
  it('are sent to it, and no other one, where nothing is known of before', () => {
    const own = new OwnCookies();
    assert.equal(sent(own, 'theirs=1'), undefined);
    own.noteIn(setting('mine=1; Path=/'));
    assert.equal(sent(own, 'theirs=1; mine=1; mine=2'), 'mine=1');
  });

  it('are remembered up to 200, those that were set last', () => {
    const own = new OwnCookies();
    for (let at = 0; at < 200; at += 1) own.noteIn(setting(`c${at}=1`));
    assert.equal(sent(own, 'c0=1'), 'c0=1');
    // Set again, it is the latest.
    own.noteIn(setting('c0=1'));
    own.noteIn(setting('more=1'));
    assert.equal(sent(own, 'c0=1; c1=1; c2=1; more=1'), 'c0=1; c2=1; more=1');
  });

  it('are remembered up to 4,096 characters each, and what comes behind them too', () => {
    const own = new OwnCookies();
    const [longest, longer] = ['a'.repeat(4_094), 'b'.repeat(4_095)].map((value) => `c=${value}`);
    assert.ok(longest !== undefined && longer !== undefined);
    own.noteIn(setting(longer, longest));
    assert.equal(sent(own, longer), undefined);
    assert.equal(sent(own, longest), longest);
  });
});
