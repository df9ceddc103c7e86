import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { RuntimeError, saidBy, type RuntimeErrorCode } from '../../../../src/core/errors';
import { asStringMap, parseJson } from '../../../../src/core/parse';
import { callProblem } from '../../../../src/core/problems/calls';
import { allProblems } from '../../../../src/core/problems/all';
import { httpProblem } from '../../../../src/core/problems/http';
import { phrase } from '../../../../src/core/problems/phrases';
import { platformProblem } from '../../../../src/core/problems/platform';
import { phraseText, type Problem } from '../../../../src/core/problems/problem';
import { moneyProblem } from '../../../../src/core/problems/money';
import { commandWords } from '../../../../src/extension/messages/commandProblems';
import { extensionWords } from '../../../../src/extension/messages/extensionProblems';
import { failureText } from '../../../../src/extension/messages/showFailure';
import { noticeText } from '../../../../src/extension/messages/noticeText';
import { speaking } from '../../../fakeVscode/language';
import { everyPhrase, everyProblem, problemTexts } from './problemTexts';

const chinese = asStringMap(parseJson(readFileSync('media/l10n/bundle.l10n.zh-cn.json', 'utf8')));

/** Every code; one that is missing here, or too many, does not compile. */
const codes: Readonly<Record<RuntimeErrorCode, true>> = {
  missing_api_key: true,
  keyring: true,
  account_changed: true,
  invalid_option: true,
  authentication: true,
  permission: true,
  not_found: true,
  conflict: true,
  payment: true,
  rate_limited: true,
  network: true,
  api: true,
  unexpected_answer: true,
  blueprint_missing: true,
  devbox_not_found: true,
  devbox_ended: true,
  devbox_suspended: true,
  no_action_server: true,
  session_key: true,
  action_server: true,
  action_timeout: true,
  shell_busy: true,
  environment: true,
  transfer: true,
  file: true,
  mcp: true,
  disconnected: true,
  deadline: true,
  cancelled: true,
  closed: true,
  may_still_run: true,
  start_unknown: true,
  not_noted: true,
};

function namesIn(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();
}

/** A problem with the same text for each of its parameters. */
function problem(id: string, value: string): Problem {
  const words = everyProblem[id];
  assert.ok(words);
  const names = namesIn(`${words.message} ${words.nextStep}`);
  return { id, ...words, params: Object.fromEntries(names.map((name) => [name, value])) };
}

function shown(what: Problem): string {
  return failureText(new RuntimeError({ problem: what }));
}

const ids = Object.keys(everyProblem);

describe('The words of problems', () => {
  it('are there for every code', () => {
    const told = new Set(Object.values(everyProblem).map(({ code }) => code));
    assert.deepEqual([...told].sort(), Object.keys(codes).sort());
    assert.deepEqual(
      Object.keys({ ...extensionWords, ...commandWords }).filter((id) => id in allProblems),
      [],
      'an id means one thing',
    );
  });

  it('are there in Chinese, with the same parameters', () => {
    for (const text of problemTexts()) {
      const told = chinese[text];
      assert.ok(told !== undefined, `no Chinese for: ${text}`);
      assert.deepEqual(namesIn(told), namesIn(text), text);
      assert.doesNotMatch(told.replace(/\{\w+\}/g, '#'), /[A-Za-z]+ [a-z]+ [a-z]+/, text);
    }
    for (const { message, nextStep } of Object.values(everyProblem)) {
      for (const text of [message, nextStep].filter((one) => one !== '')) {
        assert.match(text, /[.)]$/, text);
        assert.match(chinese[text] ?? '', /\p{Script=Han}.*。$/u, text);
      }
    }
  });

  for (const id of ids) {
    it(`say ${id} in both languages, whatever its parameters are`, () => {
      const english = shown(problem(id, 'X-1'));
      const inChinese = speaking('zh-cn', () => shown(problem(id, 'X-1')));
      assert.match(inChinese, /\p{Script=Han}/u);
      assert.doesNotMatch(inChinese, /[A-Za-z]+ [a-z]+ [a-z]+/, 'English in it');
      for (const text of [english, inChinese]) assert.doesNotMatch(text, /\{\w+\}/, 'a place that is not filled');
      for (const blank of ['', '  ']) {
        for (const text of [shown(problem(id, blank)), speaking('zh-cn', () => shown(problem(id, blank)))]) {
          assert.doesNotMatch(text, /: ?[.。]|：[.。]|""|“”|\(\)|[a-z] {2}|\{\w+\}/, `a hole in: ${text}`);
        }
      }
      const hostile = '[Renew](command:x) $(gear) \u202e\n{why} password=hunter2secret';
      for (const text of [shown(problem(id, hostile)), speaking('zh-cn', () => shown(problem(id, hostile)))]) {
        assert.doesNotMatch(text, /\]\(|\$\(|[\u202e\n]|hunter2secret/);
        assert.ok(Array.from(text).length <= 510);
      }
    });
  }

  it('are Chinese in the parts of a sentence as well', () => {
    const task = phrase('{task} ({devbox})', { task: phrase('listing devboxes'), devbox: 'dbx_1' });
    const refused = platformProblem('api_server', { task, status: 503, said: phrase('no reason was given') });
    assert.equal(
      shown(refused),
      'The Runloop API refused the request while listing devboxes (dbx_1) (503): no reason was given. Try again in a moment; the problem is on the server.',
    );
    const nested = moneyProblem('may_still_run', {
      devbox: 'dbx_1',
      why: saidBy(new RuntimeError({ problem: refused })),
    });
    speaking('zh-cn', () => {
      assert.equal(
        shown(refused),
        'Runloop API 在列出 devbox(dbx_1)时拒绝了请求(503)：未给出原因。问题出在服务器端，请稍后重试。',
      );
      assert.match(shown(nested), /^devbox dbx_1 可能仍在运行，因为无法将其关闭：Runloop API 在.*未给出原因。请在/);
      for (const text of everyPhrase) {
        if (text === 'JSON' || /^\{?\w*\}? ?\(?\{\w+\}\)?$/.test(text)) continue;
        assert.notEqual(chinese[text], text);
      }
    });
  });

  it('quote what others say as they say it, and have one end', () => {
    const why = 'connect ECONNREFUSED 127.0.0.1:1.';
    assert.equal(
      shown(httpProblem('unreachable', { whom: 'example.com', why })),
      'Could not reach example.com: connect ECONNREFUSED 127.0.0.1:1. Check the network connection, proxy settings and base URL, then try again.',
    );
    speaking('zh-cn', () =>
      assert.equal(
        shown(httpProblem('unreachable', { whom: 'example.com', why })),
        '无法连接到 example.com：connect ECONNREFUSED 127.0.0.1:1。请检查网络连接、代理设置和基 URL，然后重试。',
      ),
    );
  });

  it('stay English where they are no text of the editor: in logs and for programs', () => {
    const error = speaking('zh-cn', () => new RuntimeError({ problem: callProblem('no_answer_in_time') }));
    assert.deepEqual(
      [error.message, error.nextStep, error.problem.id],
      ['No response arrived in time.', 'Check the network connection and try again.', 'no_answer_in_time'],
    );
    assert.equal(phraseText(phrase('devbox {devbox}', { devbox: '{why}' })), 'devbox {why}');
  });

  it('are Chinese in the notices of a log', () => {
    const why = saidBy(new RuntimeError({ problem: callProblem('no_answer_in_time') }));
    speaking('zh-cn', () => assert.match(noticeText({ kind: 'interrupted', why }) ?? '', /未能及时收到响应。$/));
  });
});
