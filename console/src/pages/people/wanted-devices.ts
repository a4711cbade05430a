import type { UserEndpointInSight } from '../../api/api.ts'

export type DevicesShown = 'all' | 'connected' | 'away'

/** The devices that somebody looks for: by a part of their id, in upper or lower case, and by whether they are connected. Pure. */
export function wantedDevices(
  endpoints: readonly UserEndpointInSight[],
  { text, shown }: { readonly text: string; readonly shown: DevicesShown },
): readonly UserEndpointInSight[] {
  const wanted = text.toLowerCase()
  return endpoints.filter(
    ({ id, connected }) =>
      (shown === 'all' || connected === (shown === 'connected')) && id.toLowerCase().includes(wanted),
  )
}
