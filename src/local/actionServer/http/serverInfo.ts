import { readFile, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logging';
import { sendJson } from './answers';
import type { Handler } from './httpServer';

const sampleMs = 100;
const pageBytes = 4096;

/** Times that `/server_info` tells about, in milliseconds since the epoch. */
export interface ServerTimes {
  startedAt: number;
  lastActionAt: number;
}

/** `GET /server_info`: how long the server is up and idle, and what it uses. */
export function serverInfoHandler(times: ServerTimes, log: Logger): Handler {
  return async (_request, response) => {
    log.info('Server endpoint /server_info called');
    const cpuBefore = process.cpuUsage();
    const begin = performance.now();
    await delay(sampleMs);
    const cpu = process.cpuUsage(cpuBefore);
    const elapsedMicroseconds = (performance.now() - begin) * 1000;
    const now = Date.now();
    const rss = process.memoryUsage.rss();
    sendJson(response, 200, {
      uptime: (now - times.startedAt) / 1000,
      idle_time: (now - times.lastActionAt) / 1000,
      resources: {
        cpu_percent: round(((cpu.user + cpu.system) / elapsedMicroseconds) * 100),
        memory: { rss, vms: await virtualMemory(), percent: (rss / totalmem()) * 100 },
        disk: await diskUse(),
        io: await processIo(),
      },
    });
  };
}

async function virtualMemory(): Promise<number> {
  const text = await readIfThere('/proc/self/statm');
  return Number.parseInt(text, 10) * pageBytes || 0;
}

async function diskUse() {
  const { blocks, bfree, bavail, bsize } = await statfs('/');
  const used = (blocks - bfree) * bsize;
  const usable = used + bavail * bsize;
  return {
    total: blocks * bsize,
    used,
    free: bavail * bsize,
    percent: usable === 0 ? 0 : round((used / usable) * 100),
  };
}

async function processIo() {
  const text = await readIfThere('/proc/self/io');
  const field = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { read_bytes: field('read_bytes'), write_bytes: field('write_bytes') };
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
