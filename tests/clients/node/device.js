// A device without a browser, made of npm's openid-client alone.
// In: its registration. Out: what it shows its citizen. In: anything. Out: what it was told once the citizen had answered.
import { createInterface } from 'node:readline'
import * as client from 'openid-client'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const hear = async () => JSON.parse((await lines.next()).value)
const say = (told) => console.log(JSON.stringify(told))

const { issuer, clientId, secret } = await hear()
const authentication = secret ? client.ClientSecretBasic(secret) : client.None()
const insecure = { execute: [client.allowInsecureRequests] }
const config = await client.discovery(new URL(issuer), clientId, {}, authentication, insecure)

const begun = await client.initiateDeviceAuthorization(config, { scope: 'openid email offline_access' })
const answered = client.pollDeviceAuthorizationGrant(config, begun)
say(begun)

await hear()
const tokens = await answered
const claims = tokens.claims()
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
say({
  claims,
  userinfo: await client.fetchUserInfo(config, tokens.access_token, claims.sub),
  refreshed: refreshed.access_token !== tokens.access_token,
})
process.exit(0)
