import { Acme } from './acme.ts'
import { type BrowserScene, openBrowserScene } from './browser-scene.ts'
import { type SdkSite, startSdkSite } from './sdk-page.ts'

/** A browser scene with pages that hold the SDK, and a backend that sends to them. */
export type SdkScene = BrowserScene & { readonly site: SdkSite; readonly acme: Acme }

export async function openSdkScene(): Promise<SdkScene> {
  const scene = await openBrowserScene()
  const site = await startSdkSite(scene.server.port).catch(async (error: unknown) => {
    await scene.close()
    throw error
  })
  return {
    ...scene,
    site,
    acme: new Acme(scene.server.url),
    async close() {
      await site.close()
      await scene.close()
    },
  }
}
