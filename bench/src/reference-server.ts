import { createReferenceServer } from './reference/server.ts'

const { PORT = '0', JWKS_FILE = '' } = process.env
await createReferenceServer(JWKS_FILE).listen({ host: '127.0.0.1', port: Number(PORT) })

// Ends in order, so that a CPU profile is written where one is made.
process.once('SIGTERM', () => process.exit(0))
