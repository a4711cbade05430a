import type { Browser } from 'playwright-core'
import { headed, signInAsPerson } from '../helpers/console-page.ts'
import { openDirectoryScene } from '../helpers/directory-scene.ts'
import { LOOKS, openLook, shoot } from './pictures.ts'

/** The page of a client while one secret takes over from another, and who did what to it. */
export async function shootDirectory(browser: Browser): Promise<void> {
  const scene = await openDirectoryScene()
  try {
    await scene.ask('PATCH organizations/acme', { name: 'Acme Ltd' })
    await scene.ask('PATCH clients/acme-backend', { authorities: ['DISPATCHER'] }, 'boss')
    await scene.ask('POST clients/acme-backend/rotate-secret', undefined, 'boss')
    for (const look of LOOKS) {
      const page = await openLook(browser, look)
      await page.goto(`${scene.server.url}/console/#/directory/clients/acme-backend`)
      await signInAsPerson(page, 'boss')
      await headed(page, 'acme-backend')
      await page.getByText('made a new secret').waitFor()
      await shoot(page, 'console-directory', look)
      await page.context().close()
    }
  } finally {
    await scene.close()
  }
}
