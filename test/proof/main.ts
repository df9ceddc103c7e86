/* Campaigns: npm run proof -- NAME [--seed S] [--n RUNS] [--first RUN] [words of the campaign] */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { artifactsDir } from '../vscode/projectPaths';
import { listenForStop, Stopped } from '../vscode/stopSignals';
import { isBroken, outcomeLine, runCampaign, type Campaign } from './campaign';
import { isInOwnNetwork, runInOwnNetwork } from './ownNetwork';

/** Every campaign by its name. Each is a folder of its own, loaded when it is asked for. */
const campaigns: Readonly<Record<string, () => Promise<Campaign>>> = {
  kills: async () => (await import('./kills/kills')).killsCampaign,
  consent: async () => (await import('./consent/consent')).consentCampaign,
  cuts: async () => (await import('./cuts/cuts')).cutsCampaign,
  siege: async () => (await import('./siege/siege')).siegeCampaign,
  files: async () => (await import('./files/files')).filesCampaign,
  changes: async () => (await import('./changes/changes')).changesCampaign,
  home: async () => (await import('./home/home')).homeCampaign,
  'kills --host': async () => (await import('./kills/hostKills')).hostKillsCampaign,
};

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { seed: { type: 'string' }, n: { type: 'string' }, first: { type: 'string' }, host: { type: 'boolean' } },
  allowPositionals: true,
});
const name = `${positionals[0] ?? ''}${values.host === true ? ' --host' : ''}`;
const load = Object.hasOwn(campaigns, name) ? campaigns[name] : undefined;
const seed = Number(values.seed ?? 1);
if (load === undefined || !Number.isInteger(seed)) {
  console.error(
    `usage: npm run proof -- NAME [--seed S] [--n RUNS] [--first RUN]\ncampaigns: ${Object.keys(campaigns).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  const campaign = await load();
  const elsewhere = campaign.ownNetwork === true && !isInOwnNetwork() ? await runInOwnNetwork() : undefined;
  if (elsewhere === undefined) await run(campaign, seed);
  else process.exitCode = elsewhere;
}

async function run(campaign: Campaign, seed: number): Promise<void> {
  const stop = listenForStop();
  console.error(campaign.about);
  const first = Number(values.first ?? 0);
  const options = {
    name,
    seed,
    runs: Number(values.n ?? campaign.runs),
    first,
    words: positionals.slice(1),
    print: (line: string) => console.error(line),
    signal: stop.signal,
  };
  const stateFile = join(
    artifactsDir,
    'proof',
    `${[name, ...options.words].join('-').replaceAll(' ', '')}-${seed}-${first}-${options.runs}.json`,
  );
  const outcome = await runCampaign(campaign, { ...options, stateFile });
  console.log(outcomeLine(options, outcome));
  if (isBroken(outcome)) process.exitCode = 1;
  else if (stop.signal.reason instanceof Stopped) process.exitCode = stop.signal.reason.exitCode;
  stop.dispose();
}
