// A relying party that registers itself by npm's openid-client, told what to do in lines of JSON, answering likewise.
// In: an issuer, an initial access token and metadata. Out: what was registered and where to send the citizen.
// In: where they came back. Out: who they are. In: what is to change. Out: what its registration says afterwards.
import { createInterface } from 'node:readline'
import * as client from 'openid-client'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const hear = async () => JSON.parse((await lines.next()).value)
const say = (told) => console.log(JSON.stringify(told))

const asked = await hear()
const config = await client.dynamicClientRegistration(new URL(asked.issuer), asked.metadata, undefined, {
  initialAccessToken: asked.token,
  execute: [client.allowInsecureRequests],
})
const registered = config.clientMetadata()
const verifier = client.randomPKCECodeVerifier()
const wanted = {
  redirect_uri: registered.redirect_uris[0],
  scope: 'openid email',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
}
say({ registered, authorize: client.buildAuthorizationUrl(config, wanted).href })

const { back } = await hear()
const tokens = await client.authorizationCodeGrant(config, new URL(back), { pkceCodeVerifier: verifier })
say(await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub))

let token = registered.registration_access_token
const place = new URL(registered.registration_client_uri)
const look = async (method, body) => {
  const headers = new Headers(body && { 'content-type': 'application/json' })
  const text = body && JSON.stringify(body)
  const answer = await client.fetchProtectedResource(config, token, place, method, text, headers)
  const told = answer.status === 204 ? {} : await answer.json()
  token = told.registration_access_token ?? token
  return { status: answer.status, ...told }
}
const { change } = await hear()
const read = await look('GET')
const { status, registration_access_token, registration_client_uri, client_id_issued_at, ...mine } = read
const updated = await look('PUT', { ...mine, ...change })
const ended = await look('DELETE')
const gone = await look('GET').catch((error) => ({ status: error.status ?? error.code }))
say({ read, updated, ended, gone })
process.exit(0)
