import type { RunningServer } from './server.ts'

/** What somebody who has just started the server may want to try next. */
export function welcome({
  url,
  usesDemoDirectory,
}: Pick<RunningServer, 'url' | 'usesDemoDirectory'>): string {
  return `\nRollcall listens on ${url}   (API: ${url}/docs)\n${usesDemoDirectory ? tryNext(url) : ''}\n`
}

function tryNext(url: string): string {
  const token = (client: string): string =>
    `curl -s ${url}/security/oauth/token ${client} | node -p 'JSON.parse(require("fs").readFileSync(0)).access_token'`
  return `
It runs with the demo directory, on this machine only. To try it, in another terminal:

  # bob's phone signs in and registers for an hour
  BOB=$(${token('-u customer: -d grant_type=password -d username=bob -d password=bob-password')})
  curl -s ${url}/rtc-api/users/endpoints -H "Authorization: Bearer $BOB" -H 'Content-Type: application/json' \\
    -d '{"userEndpointId":"bobs-phone","keepAliveSeconds":3600}'

  # it listens over MQTT (needs npm; leave it running, and open one more terminal)
  npx mqtt sub -l ws -h ${new URL(url).hostname} -p ${new URL(url).port} --path /ws -u bob -P "$BOB" -q 1 -t users/endpoints/bobs-phone

  # a backend rings it
  ACME=$(${token('-u acme-backend:acme-secret -d grant_type=client_credentials')})
  curl -s ${url}/rtc-api/users/endpoints/sendEvent -H "Authorization: Bearer $ACME" -H 'Content-Type: application/json' \\
    -d '{"userId":"bob","qos":1,"event":{"type":"CallOfferedEvent","timestamp":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"}}'
`
}
