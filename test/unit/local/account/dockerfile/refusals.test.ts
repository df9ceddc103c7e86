import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { planDockerfile } from '../../../../../src/local/account/dockerfile/plan';
import { DevboxError } from '../../../../../src/local/errors';

function plan(rest: string) {
  return planDockerfile({ text: `FROM debian\n${rest}\n`, given: {}, contexts: new Set(), path: '/usr/bin' });
}

/** Notes of the last stage. */
function notes(rest: string): readonly string[] {
  return (plan(rest).stages.at(-1)?.steps ?? []).flatMap((step) => (step.kind === 'note' ? [step.title] : []));
}

/** What Docker refuses, by the words of the refusal here. */
const refused: readonly (readonly [string, RegExp])[] = [
  ['RUN <<EOF\necho x', /the here-document EOF has no end/],
  ['COPY <<-"E" /x\n\tE x', /the here-document E has no end/],
  ['ONBUILD RUN <<EOF\nx', /the here-document EOF has no end/],
  ['RUN --mount=type=bind,target=/x,nope=1 x', /"nope" is no option of a mount/],
  ['RUN --mount=type=cache,targt=/x x', /"targt" is no option of a mount/],
  ['COPY --link=maybe a /b', /--link=maybe is neither true nor false/],
  ['COPY --parents=2 a /b', /--parents=2 is neither/],
  ['ADD --keep-git-dir=y https://x.y/z.git /b', /--keep-git-dir=y is neither/],
  ['ADD --unpack=no a.tar /b', /--unpack=no is neither/],
  ['EXPOSE 99999', /"99999" cannot be a port/],
  ['EXPOSE 80/foo', /cannot be a port/],
  ['EXPOSE http', /cannot be a port/],
  ['EXPOSE 90-80', /cannot be a port/],
  ['STOPSIGNAL NOPE', /"NOPE" is no signal/],
  ['STOPSIGNAL 0', /is no signal/],
  ['STOPSIGNAL SIGTERM SIGINT', /is no signal/],
  ['HEALTHCHECK', /needs something behind it/],
  ['HEALTHCHECK NONE x', /NONE takes nothing else/],
  ['HEALTHCHECK CMD', /CMD needs a command/],
  ['HEALTHCHECK CMD []', /CMD needs a command/],
  ['HEALTHCHECK curl x', /CMD and a command, or NONE, and not "curl"/],
  ['HEALTHCHECK --foo=1 CMD x', /--foo=1 cannot be understood/],
  ['HEALTHCHECK --interval=5 CMD x', /--interval=5 cannot be understood/],
  ['HEALTHCHECK --retries=many CMD x', /--retries=many cannot be understood/],
  ['HEALTHCHECK --timeout= CMD x', /--timeout= needs a value/],
  ['VOLUME [""]', /VOLUME needs a folder/],
];

/** What looks like that and is none of it. */
const taken: readonly (readonly [string, number])[] = [
  ['EXPOSE 80 443/tcp 8000-8010/udp $NOPE 8080:80', 1],
  ['STOPSIGNAL sigterm\nSTOPSIGNAL 9\nSTOPSIGNAL RTMIN+3\nSTOPSIGNAL KILL', 4],
  ['HEALTHCHECK --interval=1m30s --timeout=.5s --start-period=0 --start-interval=1h --retries=0 cmd ["a"]', 1],
  ['HEALTHCHECK none\nhealthcheck CMD a || exit 1', 2],
];

describe('Dockerfiles that Docker refuses', () => {
  for (const [text, why] of refused) {
    it(`are refused here: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => plan(text),
        (error) =>
          error instanceof DevboxError && /^Line 2 of the Dockerfile: /.test(error.message) && why.test(error.message),
      );
    });
  }

  for (const [text, count] of taken) {
    it(`but not what looks like them: ${JSON.stringify(text)}`, () => {
      assert.equal(notes(text).length, count);
    });
  }

  it('and flags say no too', () => {
    const step = plan('COPY --link=false --parents=0 a /b').stages.at(-1)?.steps.at(-1);
    assert.equal(step?.kind === 'copy' && step.parents, false);
    plan('RUN --mount=type=cache,dst=/c,sharing=locked,ro,uid=1,gid=2,mode=0700,id=x,from=debian,source=/a x');
    plan('RUN echo "a <<b" $((1<<2)) <<<word');
  });
});
