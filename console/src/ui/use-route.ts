import { useLayoutEffect, useState } from 'preact/hooks'
import { parseRoute, type Route } from '../routes.ts'

/** Where one is now; follows the URL. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  // Before the browser does anything else: an address that changed between here and an effect would never be followed.
  useLayoutEffect(() => {
    const follow = (): void => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return route
}

/** Goes there; `replace` leaves no entry to come back to. */
export function go(fragment: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') location.hash = fragment
  else location.replace(fragment)
}
