type Silent = { readonly registrationId: number; readonly lastKeepAliveAtWallMs: number }

/**
 * Which of a user's live registrations make room for one more: those without a link that have been silent longest, as
 * few as will do. Pure; the same in every engine.
 *
 * @returns none where there is room; `undefined` where there is none and too few may go
 */
export function whoMakesRoom<Live extends Silent>(
  live: readonly Live[],
  endpointsMax: number,
  isLinked: ((registrationId: number) => boolean) | undefined,
): readonly Live[] | undefined {
  const tooMany = live.length + 1 - endpointsMax
  if (tooMany <= 0) return []
  if (isLinked === undefined) return undefined
  const unlinked = live.filter(({ registrationId }) => !isLinked(registrationId))
  return unlinked.length < tooMany ? undefined : unlinked.sort(bySilence).slice(0, tooMany)
}

function bySilence(a: Silent, b: Silent): number {
  return a.lastKeepAliveAtWallMs - b.lastKeepAliveAtWallMs || a.registrationId - b.registrationId
}
