// A kiosk and the API it calls, made of npm's oauth4webapi alone.
// In: the issuer and who is registered. Out: what the kiosk shows its citizen. In: anything. Out: what was told.
import { createInterface } from 'node:readline'
import * as oauth from 'oauth4webapi'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const hear = async () => JSON.parse((await lines.next()).value)
const say = (told) => console.log(JSON.stringify(told))
const insecure = { [oauth.allowInsecureRequests]: true }

const { issuer, kiosk, api, next, front, back } = await hear()
const found = await oauth.discoveryRequest(new URL(issuer), insecure)
const as = await oauth.processDiscoveryResponse(new URL(issuer), found)
const known = ({ client_id, client_secret }) => [as, { client_id }, oauth.ClientSecretBasic(client_secret)]

const asked = new URLSearchParams({ scope: 'openid permits:read', resource: front })
const begun = await oauth.processDeviceAuthorizationResponse(as, { client_id: kiosk.client_id },
  await oauth.deviceAuthorizationRequest(...known(kiosk), asked, insecure))
say(begun)

await hear()
const signedIn = await oauth.processDeviceCodeResponse(as, { client_id: kiosk.client_id },
  await oauth.deviceCodeGrantRequest(...known(kiosk), begun.device_code, insecure))

const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const exchange = async (by, token, resource) => oauth.processGenericTokenEndpointResponse(as, { client_id: by.client_id },
  await oauth.genericTokenEndpointRequest(...known(by), 'urn:ietf:params:oauth:grant-type:token-exchange',
    new URLSearchParams({ subject_token: token, subject_token_type: accessToken, resource }), insecure),
  { recognizedTokenTypes: {} })
const exchanged = await exchange(api, signedIn.access_token, back)

const look = async (by, token) => oauth.processIntrospectionResponse(as, { client_id: by.client_id },
  await oauth.introspectionRequest(...known(by), token, insecure))
const received = await look(api, signedIn.access_token)
const passedOn = await look(next, exchanged.access_token)
const refused = await exchange(next, signedIn.access_token, back).catch((error) => error.error)
await oauth.processRevocationResponse(await oauth.revocationRequest(...known(api), exchanged.access_token, insecure))
say({
  claims: oauth.getValidatedIdTokenClaims(signedIn),
  issued: exchanged.issued_token_type,
  received,
  passedOn,
  refused,
  revoked: await look(next, exchanged.access_token),
  after: await look(api, signedIn.access_token),
})
process.exit(0)
