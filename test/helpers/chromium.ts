import { findChromium, systemAdvice } from '../../scripts/system-packages.mjs'

/** @throws with how to get it, where there is none */
export function chromiumPath(): string {
  const path = findChromium()
  if (path === undefined) throw new Error(systemAdvice('chromium'))
  return path
}

/** What keeps it quiet: nothing of its own goes out, nothing depends on the machine's graphics. */
export function chromiumFlags(): readonly string[] {
  return [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Chromium's sandbox refuses to be run by root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
}
