import { useLayoutEffect, useState } from 'preact/hooks'
import { organizationIn, withOrganization } from '../routes.ts'

/**
 * The organization that role SERVICE has named; empty: none. It stands in the address, so that a reload, a bookmark and
 * a colleague come to the same: links that do not say whose page they lead to stay with it.
 */
export function useNamedOrganization(): readonly [named: string, name: (organizationId: string) => void] {
  const [named, setNamed] = useState(() => organizationIn(location.hash) ?? '')
  const name = (organizationId: string): void => {
    rename(organizationId)
    setNamed(organizationId)
  }
  // Before the browser does anything else: an address that changed between here and an effect would never be followed.
  useLayoutEffect(() => {
    const follow = (): void => {
      const given = organizationIn(location.hash)
      if (given !== undefined) setNamed(given)
      else if (named !== '') rename(named)
    }
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [named])
  return [named, name]
}

/** In place: whoever goes back comes to the page before, not to this one without the name. */
function rename(organizationId: string): void {
  history.replaceState(history.state, '', withOrganization(location.hash, organizationId))
}
