import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { parseDevbox, type Devbox } from '../../../../src/core/platform/devbox';
import { agentsOfSetting } from '../../../../src/core/agents/agentTable';
import { continueSession } from '../../../../src/extension/agents/launch/continueSession';
import { startAgent } from '../../../../src/extension/agents/startAgent';
import { runAgentAction } from '../../../../src/extension/agentActions/runAgentAction';
import { DevboxStore } from '../../../../src/extension/devboxes/devboxStore';
import { shutDownDevboxes } from '../../../../src/extension/lifeCycle/shutDownDevbox';
import { openLogMatch } from '../../../../src/extension/logSearch/searchCommands';
import { openLink } from '../../../../src/extension/openLink';
import { DevboxPorts } from '../../../../src/extension/ports/devboxPorts';
import { copyPortUrl, forwardPort, openPort } from '../../../../src/extension/ports/portCommands';
import { requireToken } from '../../../../src/extension/ports/requireTokenCommand';
import { startChosen } from '../../../../src/extension/start/startDevbox';
import { openTerminal } from '../../../../src/extension/terminal/terminalCommand';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { Uri } from '../../../fakeVscode/values';

const id = 'dbx_1';
const devbox: Devbox = parseDevbox({
  id,
  name: 'left',
  status: 'running',
  create_time_ms: 1,
  metadata: {},
  tunnel: { tunnel_key: 'key', auth_mode: 'open' },
});
const recipe = { name: 'Example', run: ['example'], node: undefined };

/**
 * Each command is left at one of its waits, where nothing before and after it would notice. The window itself is not there:
 * what a command works with leaves the account, or notes what is done.
 */
describe('What goes on after its account was left', function () {
  this.timeout(20_000);
  const current = useFakeEditor();
  let stop = new AbortController();
  /** What was done all the same. */
  let done: string[] = [];
  let store = new DevboxStore();
  beforeEach(() => {
    stop = new AbortController();
    done = [];
    store = new DevboxStore();
    store.update(devbox);
  });

  /** Something of which every use is noted. */
  const noted = (what: string): never =>
    new Proxy(
      {},
      {
        get: (_, name) => {
          // It is given through promises.
          if (name === 'then') return undefined;
          done.push(`${what} ${String(name)}`);
          throw new Error(`${what} ${String(name)}`);
        },
      },
    ) as never;
  const leaves = <T>(value: T): Promise<T> => {
    stop.abort();
    return Promise.resolve(value);
  };
  const does = (what: string) => () => void done.push(what);
  const leavesAt = (question: RegExp, choice: string): void => {
    const { editor } = current;
    editor.answer(question, choice);
    editor.whileBusy = async (what) => {
      if (question.test(what.replace(/^question /, ''))) await leaves(undefined);
    };
  };
  /** What commands work with. */
  const services = (more: Readonly<Record<string, unknown>>, api: unknown = noted('asked for')): never => {
    const signedIn = {
      api,
      ended: stop.signal,
      baseUrl: 'http://127.0.0.1:9',
      apiKey: 'ak_of_a_test',
      source: 'stored',
    };
    const account = {
      require: () => Promise.resolve(signedIn),
      shown: signedIn,
      onDidChange: () => ({ dispose: () => undefined }),
    };
    const log = { failure: () => undefined, info: () => undefined };
    return { account, signedIn, store, log, devboxUse: { used: does('used') }, ...more } as never;
  };
  const isLeft = async (work: Promise<unknown>): Promise<void> => {
    await assert.rejects(work, { code: 'account_changed' });
    assert.ok(stop.signal.aborted);
    assert.deepEqual(done, []);
  };

  const place = { home: '/home/user', cwd: '/home/user', isInstalled: true, has: new Set<string>() };
  const installed = { list: () => Promise.resolve({ folders: new Map(), running: new Set() }) };
  const agentServices = (found: object): never => {
    const installation = {
      look: () => Promise.resolve({ ...place, ...found }),
      refusal: () => undefined,
      installCommand: () => 'npm install',
    };
    const within = { installation, installed, start: does('agent started') };
    return services({
      agents: () => Promise.resolve({ in: () => Promise.resolve(within) }),
      runDocuments: () => Promise.resolve({ start: does('installed') }),
    });
  };
  const agentsIn = (within: () => Promise<unknown>): never =>
    services({ agents: () => Promise.resolve({ in: within }) });
  const chooseAgent = (): void => {
    const { editor } = current;
    editor.settings.set('runloop.agents', { Example: { run: recipe.run, install: 'npm install' } });
    editor.answer(/^Start Agent/, 'Example');
  };

  it('an agent is not started', async () => {
    chooseAgent();
    current.editor.answer(/folder in the devbox/, '/home/user');
    leavesAt(/What it should do first/, 'all');
    await isLeft(startAgent(agentServices({}), id));
  });

  it('an agent is not installed', async () => {
    const { editor } = current;
    chooseAgent();
    editor.answer(/folder in the devbox/, '/home/user');
    editor.answer(/What it should do first/, 'all');
    leavesAt(/^Install Example/, 'Install');
    await isLeft(startAgent(agentServices({ isInstalled: false }), id));
  });

  it('no session of an agent is continued, at whichever wait it is left', async () => {
    const setting = { Example: { run: recipe.run, variables: ['EXAMPLE_KEY'] } };
    current.editor.settings.set('runloop.agents', setting);
    const [{ id: agent } = assert.fail()] = agentsOfSetting(setting);
    const known = { devboxId: id, isRead: true, continuable: 'one', found: { agent, agentName: 'Example', cwd: '/' } };
    const waits = { in: false, look: false };
    const when = <T>(wait: keyof typeof waits, value: T): Promise<T> =>
      waits[wait] ? leaves(value) : Promise.resolve(value);
    const within = {
      installation: { look: () => when('look', place), refusal: () => undefined },
      load: () => (stop.signal.aborted ? does('read')() : undefined),
      latestOf: () => known,
      start: does('agent started'),
    };
    const agents = { in: () => when('in', within), nameOf: () => 'one' } as never;
    const left = () => isLeft(continueSession(services({}), agents, known as never));
    for (const wait of ['in', 'look'] as const) {
      waits[wait] = true;
      await left();
      waits[wait] = false;
      stop = new AbortController();
    }
    leavesAt(/The value of EXAMPLE_KEY/, 'x');
    await left();
  });

  it('a folder for an agent is not looked for', async () => {
    chooseAgent();
    leavesAt(/folder in the devbox/, '/elsewhere');
    let looks = 0;
    const look = (): Promise<unknown> => Promise.resolve({ ...place, looks: (looks += 1) });
    const within = { installation: { look, refusal: () => undefined }, installed };
    await isLeft(
      startAgent(
        agentsIn(() => Promise.resolve(within)),
        id,
      ),
    );
    assert.equal(looks, 1);
  });

  it('no agent of another account is looked for', async () => {
    const within = { installation: { look: does('looked') }, installed: { list: does('listed') } };
    await isLeft(
      startAgent(
        agentsIn(() => leaves(within)),
        id,
      ),
    );
  });

  it('an agent action is not sent, and the message says why', async () => {
    const { editor } = current;
    const runtime = { devbox, state: 'ready', config: { maxIterations: 3 }, actions: noted('action') };
    const sessions = {
      all: () => [[id, runtime]],
      get: () => (stop.signal.aborted ? undefined : runtime),
      healthOf: () => 'answers',
    };
    editor.answer(/Select the type of the action/, 'Shell Command');
    leavesAt(/Shell Command/, 'true');
    const asked = runAgentAction(
      services({ sessions, agentActions: noted('stream'), devboxUse: { used: () => undefined } }),
      undefined,
    );
    await isLeft(asked);
  });

  it('a VS Code that a link asks for is not looked for', async () => {
    leavesAt(/^Open the VS Code of the devbox/, 'Open VS Code');
    let asked = 0;
    const api = { devboxes: { retrieve: () => Promise.resolve({ ...devbox, asked: (asked += 1) }) } };
    const openedVscodes = () =>
      Promise.resolve({ once: (_: string, open: () => Promise<boolean>) => open(), get: () => undefined });
    const sessions = { isAttached: () => false };
    await isLeft(openLink(services({ openedVscodes, sessions }, api), Uri.parse(`vscode://x.y/open?devbox=${id}`)));
    assert.equal(asked, 1);
  });

  it('ports are not looked for', async () => {
    const made: { account: never; store: DevboxStore; devboxUse: never; log: never; signedIn: never } = services(
      {},
      {
        baseUrl: 'http://127.0.0.1:9',
        devboxes: { retrieve: () => leaves(devbox) },
        executions: noted('executed'),
      },
    );
    const ports = new DevboxPorts(made);
    await isLeft(ports.look(made.signedIn, id, new AbortController().signal));
    ports.dispose();
  });

  const port = { kind: 'port', devboxId: id, port: 80 };
  const portServices = (forwarder: object): never =>
    services({
      ports: () => Promise.resolve({ withTunnel: () => Promise.resolve(devbox), forwarder }),
      devboxUse: { used: () => undefined },
    });

  it('no port is opened', async () => {
    await isLeft(openPort(portServices({ oneTimeAddressOf: () => leaves('http://localhost:1/') }), port));
    assert.deepEqual(current.editor.opened, []);
  });

  it('no address of a port is copied', async () => {
    await isLeft(copyPortUrl(portServices({ forwards: [], addressOf: () => leaves('http://localhost:1') }), port));
    assert.equal(current.editor.clipboard, '');
  });

  it('a port that is not forwarded for that is not told of as taken', async () => {
    current.editor.answer(/^Forward Port/, '18000');
    const forwardTo = async (): Promise<never> => {
      await leaves(undefined);
      throw new Error('closed');
    };
    await isLeft(forwardPort(portServices({ forwardTo }), port));
  });

  it('a tunnel that was replaced is not shown', async () => {
    current.editor.answer(/^Require a token/, 'Require a Token');
    const renewed = parseDevbox({ id, status: 'running', tunnel: { tunnel_key: 'key', auth_mode: 'authenticated' } });
    const ports = { running: () => Promise.resolve(devbox), renewed: does('shown') };
    const made = () => Promise.resolve();
    const api = { tunnels: { remove: made, enable: made }, devboxes: { retrieve: () => leaves(renewed) } };
    const sessions = { isAttached: () => false };
    await isLeft(requireToken(services({ ports: () => Promise.resolve(ports), sessions }, api), id));
    assert.deepEqual(current.editor.messages.slice(1), []);
  });

  it('no log is shown', async () => {
    const logDocuments = () => leaves({ show: does('log shown') });
    await isLeft(openLogMatch(services({ logDocuments }), { devboxId: id, line: 1 }));
  });

  it('no terminal is made', async () => {
    const terminals = () => leaves({ options: does('terminal') });
    await isLeft(openTerminal(services({ terminals }), id));
  });

  it('nobody is asked whether to shut down', async () => {
    await isLeft(shutDownDevboxes(services({}, { devboxes: { retrieve: () => leaves(devbox) } }), id, undefined));
    assert.deepEqual(current.editor.messages, []);
  });

  for (const source of [{ kind: 'plain' }, { kind: 'blueprint', name: 'any' }] as const) {
    it(`no devbox is made (${source.kind})`, async () => {
      const made: { signedIn: never } = services({
        starting: new WeakMap(),
        brokenStarts: { lookSoon: () => undefined },
        openedVscodes: () => Promise.resolve({ addresses: {} }),
        startNotes: () => leaves(noted('note')),
        sessionKeys: {},
        knownSecrets: {},
      });
      const endRule = { kind: 'lifetime', seconds: 600 } as const;
      await startChosen(made as never, made.signedIn, 'of nobody', { source, size: 'SMALL', endRule });
      await current.editor.message(/has switched to another account/);
      assert.deepEqual(done, []);
    });
  }
});
