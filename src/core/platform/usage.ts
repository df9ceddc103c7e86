import { asNumber } from '../parse';
import { objectOf, unexpected } from './answers';
import type { CallOptions } from './apiCalls';
import { devboxPath, type RunloopApi } from './runloopApi';

/** What a devbox has used since it was created, as Runloop counts it. Active seconds exclude suspended time. */
export interface Usage {
  readonly activeSeconds: number;
  readonly vcpuSeconds: number;
  readonly memoryGibSeconds: number;
  readonly diskGibSeconds: number;
}

/** Reads a devbox's usage counters; parts that the API does not tell count as 0. */
export async function usageOf(api: RunloopApi, devboxId: string, call: CallOptions = {}): Promise<Usage> {
  const usage = objectOf(
    await api.read(`${devboxPath(devboxId)}/usage`, 'reading the usage of a devbox', call),
    'the usage of a devbox',
    devboxId,
  );
  const counters = ['total_active_seconds', 'vcpu_seconds', 'memory_gb_seconds', 'disk_gb_seconds'];
  if (counters.every((name) => asNumber(usage[name]) === undefined)) {
    throw unexpected('the usage of a devbox', devboxId);
  }
  const part = (name: string): number => Math.max(0, asNumber(usage[name]) ?? 0);
  return {
    activeSeconds: part('total_active_seconds'),
    vcpuSeconds: part('vcpu_seconds'),
    memoryGibSeconds: part('memory_gb_seconds'),
    diskGibSeconds: part('disk_gb_seconds'),
  };
}
