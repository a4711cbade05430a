import type { OpenDemo } from './open-demo.ts'
import type { RunningServer } from './server.ts'

const CONSOLE_SIGN_IN =
  'Sign in to the console as the backend acme-backend (acme-secret) or as its administrator olivia (olivia-password).'

type Started = Pick<RunningServer, 'url' | 'docsUrl' | 'usesDemoDirectory' | 'openDemo' | 'pages'>

/**
 * What somebody who has just started the server may want to try next.
 *
 * @param publicUrl what clients see, where that is not where it listens
 */
export function welcome(
  { url, docsUrl, usesDemoDirectory, openDemo, pages }: Started,
  publicUrl: string = url,
): string {
  const isServed = (path: string): boolean => pages.some((page) => page.path === path)
  const places = [
    isServed('/console/') ? `console: ${url}/console/` : '',
    docsUrl === undefined ? '' : `API: ${docsUrl}`,
  ].filter(Boolean)
  const demo = [
    'It runs with the demo directory, on this machine only.\n',
    isServed('/examples/ring/') ? `Ring from tab to tab: ${url}/examples/ring/` : '',
    isServed('/console/') ? CONSOLE_SIGN_IN : '',
    tryNext(url),
  ]
  const first = `\nRollcall listens on ${url}${places.length === 0 ? '' : `   (${places.join(', ')})`}\n`
  if (openDemo !== undefined) return `${first}\n${open(publicUrl, openDemo, isServed('/examples/ring/'))}\n`
  return usesDemoDirectory ? `${first}\n${demo.filter(Boolean).join('\n')}\n` : `${first}\n`
}

/** Of a demo that others may reach. Its secrets are shown by the start that has made them only. */
function open(url: string, { file, secrets }: OpenDemo, hasRing: boolean): string {
  if (secrets === undefined)
    return `It runs with the demo directory, whose secrets were shown at its first start. Remove ${file} for new ones.`
  const width = Math.max(...secrets.map(({ name }) => name.length))
  const ring = secrets
    .filter(({ name }) => ['alice', 'bob'].includes(name))
    .map(({ name, secret }) => `  ${url}/examples/ring/?as=${name}#${secret}`)
  return [
    'It runs with the demo directory. Its secrets are random, kept as hashes, and shown this once:\n',
    ...secrets.map(({ name, secret }) => `  ${name.padEnd(width)}  ${secret}`),
    ...(hasRing ? ['\nRing from tab to tab:', ...ring] : []),
  ].join('\n')
}

/** The same by hand. */
function tryNext(url: string): string {
  const token = (client: string): string =>
    `curl -s ${url}/security/oauth/token ${client} | node -p 'JSON.parse(require("fs").readFileSync(0)).access_token'`
  return `
By hand, in another terminal:

  # bob's phone signs in and registers for an hour
  BOB=$(${token('-u customer: -d grant_type=password -d username=bob -d password=bob-password')})
  curl -s ${url}/rtc-api/users/endpoints -H "Authorization: Bearer $BOB" -H 'Content-Type: application/json' \\
    -d '{"userEndpointId":"bobs-phone","keepAliveSeconds":3600}'

  # it listens over MQTT (needs npm; leave it running, and open one more terminal)
  npx mqtt sub -l ws -h ${new URL(url).hostname} -p ${new URL(url).port} --path /ws -u bob -P "$BOB" -q 1 -t users/endpoints/bobs-phone

  # a backend rings it (a type is two capitalised words or more, then Event)
  ACME=$(${token('-u acme-backend:acme-secret -d grant_type=client_credentials')})
  curl -s ${url}/rtc-api/users/endpoints/sendEvent -H "Authorization: Bearer $ACME" -H 'Content-Type: application/json' \\
    -d '{"userId":"bob","qos":1,"event":{"type":"CallOfferedEvent","timestamp":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"}}'
`
}
