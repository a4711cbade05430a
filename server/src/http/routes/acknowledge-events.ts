import type { AcknowledgeEventsWebCommand } from '@rollcall/protocol/command'
import { RollcallError } from '@rollcall/protocol/error-code'
import { isId } from '@rollcall/protocol/id'
import { Type } from 'typebox'
import { ownUser } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseAcknowledge } from '../bodies/acknowledge-command.ts'
import type { AnswerGate } from '../connections/answer-gate.ts'
import { sendInOneWrite } from '../connections/one-write.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, bodyRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'acknowledgeEvents',
  tags: ['Registrations'],
  summary: 'Acknowledge events that came over a stream',
  description:
    'Each is over for the server then, as by the PUBACK of MQTT. What is not in flight over the stream that the endpoint has now is passed over: it comes again, and is to be acknowledged again.',
  security: NEEDS_TOKEN,
  params: Type.Object({ userEndpointId: Type.String() }),
  body: bodyRef<AcknowledgeEventsWebCommand>('AcknowledgeEventsWebCommand'),
  response: {
    200: json('How many of them were in flight.', answerRef('Acknowledged')),
    ...refusals(400, 401, 413, 415, 503),
  },
}

export function acknowledgeEventsRoute(
  app: App,
  { registrar, delivery }: Pick<HttpServices, 'registrar' | 'delivery'>,
  gate: AnswerGate,
): void {
  const path = '/users/endpoints/:userEndpointId/events/acknowledge'
  app.post(path, { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const { userEndpointId } = request.params
    const { ids } = parseAcknowledge(request.body)
    const endpoint = { ...ownUser(callerOf(request)), userEndpointId }
    const [found] = isId(userEndpointId) ? await registrar.look([endpoint], { link: true }) : []
    if (found === undefined) throw new RollcallError('endpoint_unknown')
    const acknowledged = await delivery.acknowledge(found, ids)
    sendInOneWrite(gate, reply, { 'content-type': JSON_TYPE }, JSON.stringify({ acknowledged }))
  })
}
