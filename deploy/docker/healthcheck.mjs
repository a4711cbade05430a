import { get as getPlain } from 'node:http'
import { get as getTls } from 'node:https'

// Whether the server of this container answers. It is asked by address, so its certificate's name is no matter.
const { PORT = '8080', TLS_CERT_FILE } = process.env
const options = {
  host: '127.0.0.1',
  port: Number(PORT),
  path: '/health/live',
  headers: { host: 'localhost' },
}
const asked = TLS_CERT_FILE ? getTls({ ...options, rejectUnauthorized: false }) : getPlain(options)
asked.setTimeout(4_000, () => asked.destroy(new Error('no answer in time')))
asked.on('response', (answer) => {
  answer.resume()
  process.exitCode = answer.statusCode === 200 ? 0 : 1
})
asked.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
