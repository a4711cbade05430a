import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { adviceFor, findChromium, findFirefox, findHeadlessShell, systemNeedsOf } from './system-packages.mjs'

describe('what tests need of the system', () => {
  it('is asked for by the tests that need it only', () => {
    assert.deepEqual(systemNeedsOf(['server/src/masks/parse.test.ts', 'test/e2e/sdk.test.ts']), [])
    assert.deepEqual(systemNeedsOf(['test/e2e/sdk.test.ts', 'test/browser/sdk.test.ts']), [
      'chromium',
      'headlessShell',
      'fonts',
    ])
    assert.deepEqual(systemNeedsOf(['test/browser/firefox.test.ts']), ['firefox', 'fonts'])
    assert.deepEqual(systemNeedsOf(['test/e2e/examples.test.ts']), ['python'])
    assert.deepEqual(systemNeedsOf(['test/e2e/examples-python.test.ts', 'test/browser/sdk.test.ts']), [
      'chromium',
      'headlessShell',
      'fonts',
      'python',
    ])
  })

  it('is said with how to get it', () => {
    const advice = adviceFor({ what: 'a teapot', packages: ['tea', 'pot'], otherwise: 'buy one' })
    assert.equal(
      advice,
      'Missing: a teapot. On Debian and Ubuntu: apt-get install tea pot; elsewhere: buy one.',
    )
  })
})

describe('the browser', () => {
  const find = (env: Record<string, string>, programs: readonly string[], platform = 'linux') =>
    findChromium({ env, platform, isProgram: (path) => programs.includes(path) })

  it('is the one that is named, or none', () => {
    const there = ['/opt/chrome', '/usr/bin/chromium']
    assert.equal(find({ CHROMIUM: '/opt/chrome' }, there), '/opt/chrome')
    assert.equal(find({ CHROMIUM: '/opt/gone' }, there), undefined)
    assert.equal(find({ CHROMIUM: '' }, there), '/usr/bin/chromium')
  })

  it('is looked for on the path, by its usual names', () => {
    assert.equal(find({ PATH: '/a:/b' }, ['/b/google-chrome']), '/b/google-chrome')
    assert.equal(find({ PATH: '/a:/b' }, ['/a/google-chrome', '/b/chromium']), '/b/chromium')
    assert.equal(find({ PATH: '' }, ['/usr/bin/chromium']), '/usr/bin/chromium')
    assert.equal(find({}, []), undefined)
  })

  it('is where macOS keeps its applications', () => {
    const chrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
    assert.equal(find({ PATH: '/bin' }, [chrome], 'darwin'), chrome)
    assert.equal(find({ PATH: '/bin' }, [chrome], 'linux'), undefined)
  })

  it('is its headless shell for pages that need no window, where there is one', () => {
    const system = (env: Record<string, string>, ...programs: readonly string[]) =>
      findHeadlessShell({ env, platform: 'linux', isProgram: (path) => programs.includes(path) })
    const shell = '/usr/bin/chromium-headless-shell'
    assert.equal(system({ PATH: '/usr/bin' }, '/usr/bin/chromium', shell), shell)
    assert.equal(system({ PATH: '/usr/bin' }, '/usr/bin/chromium'), undefined)
    assert.equal(system({ CHROMIUM: '/opt/chrome', PATH: '/usr/bin' }, '/opt/chrome', shell), '/opt/chrome')
  })

  it('is Firefox as Debian calls it, for the tests in it', () => {
    const system = (env: Record<string, string>, program: string) =>
      findFirefox({ env, platform: 'linux', isProgram: (path) => path === program })
    assert.equal(system({ PATH: '/usr/bin' }, '/usr/bin/firefox-esr'), '/usr/bin/firefox-esr')
    assert.equal(system({ PATH: '/usr/bin' }, '/usr/bin/firefox'), undefined)
    assert.equal(system({ FIREFOX: '/opt/firefox', PATH: '/usr/bin' }, '/opt/firefox'), '/opt/firefox')
  })
})
