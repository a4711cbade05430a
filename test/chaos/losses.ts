import type { Networks } from '../helpers/networks.ts'
import { type Loss, LossScene, violatedIn } from './loss-scene.ts'
import { LOSSES_OF_CLUSTERS } from './losses-of-clusters.ts'
import { LOSSES_OF_NODES } from './losses-of-nodes.ts'
import { LOSSES_OF_ONE } from './losses-of-one.ts'

/** Every row of the table of what can be lost. */
export const LOSSES: readonly Loss[] = [...LOSSES_OF_NODES, ...LOSSES_OF_ONE, ...LOSSES_OF_CLUSTERS]

/** @returns what there is to say, and whether it is as the table says; `undefined`: it cannot be shown here */
export async function showLoss(
  { options, needsNetworks, provoke, judge }: Loss,
  networks: Networks | undefined,
): Promise<{ readonly text: string; readonly isShown: boolean } | undefined> {
  if (needsNetworks && networks === undefined) return undefined
  const scene = await LossScene.start({ ...options, ...(needsNetworks ? { networks } : {}) })
  try {
    await provoke(scene)
    const verdict = await scene.judge()
    const complaint = await judge(scene, verdict)
    return { text: complaint ?? violatedIn(verdict), isShown: complaint === undefined }
  } finally {
    await scene.close()
  }
}
