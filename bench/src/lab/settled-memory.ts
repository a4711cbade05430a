import { type Memory, memoryOf } from '../machine/process-usage.ts'
import { nowMs, sleep } from '../machine/time.ts'

const POLL_MS = 500
const STEADY_POLLS = 6
const STEADY_WITHIN = 0.005
const PATIENCE_MS = 30_000

/** Memory of an idle process, once it has not changed for 3 s; a process is let go on changing for 30 s. */
export async function settledMemory(pid: number): Promise<Memory> {
  const giveUpAtMs = nowMs() + PATIENCE_MS
  const recent: number[] = []
  while (nowMs() < giveUpAtMs) {
    recent.push(memoryOf(pid).residentBytes)
    if (isSteady(recent.slice(-STEADY_POLLS))) break
    await sleep(POLL_MS)
  }
  return memoryOf(pid)
}

function isSteady(recent: readonly number[]): boolean {
  return recent.length === STEADY_POLLS && Math.max(...recent) <= Math.min(...recent) * (1 + STEADY_WITHIN)
}
