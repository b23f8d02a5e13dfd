// A relying party made of npm's openid-client alone, told what to do in lines of JSON and answering in lines of JSON.
// In: its registration. Out: where to send the citizen. In: where they came back. Out: what it was told, and where
// to send them to sign out. In: that they did. Out: what its tokens are worth once it has revoked them.
import { createInterface } from 'node:readline'
import { compactDecrypt } from 'jose'
import * as client from 'openid-client'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const hear = async () => JSON.parse((await lines.next()).value)
const say = (told) => console.log(JSON.stringify(told))

async function signingKey({ privateKey }) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return { key: await crypto.subtle.importKey('jwk', privateKey, algorithm, false, ['sign']), kid: privateKey.kid }
}

async function decryptionKey({ decryption: { alg, jwk } }) {
  const algorithm = alg.startsWith('RSA') ? { name: 'RSA-OAEP', hash: 'SHA-256' } : { name: 'ECDH', namedCurve: 'P-256' }
  const use = alg.startsWith('RSA') ? 'decrypt' : 'deriveBits'
  return { key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, [use]), alg, kid: jwk.kid }
}

async function authentication({ method, secret, privateKey }) {
  switch (method) {
    case 'client_secret_basic':
      return client.ClientSecretBasic(secret)
    case 'client_secret_post':
      return client.ClientSecretPost(secret)
    case 'private_key_jwt':
      return client.PrivateKeyJwt(await signingKey({ privateKey }))
    default:
      return client.None()
  }
}

const registered = await hear()
const config = await client.discovery(
  new URL(registered.issuer),
  registered.clientId,
  {
    id_token_signed_response_alg: registered.alg,
    userinfo_signed_response_alg: registered.decryption ? registered.alg : undefined,
    introspection_signed_response_alg: registered.decryption ? registered.alg : undefined,
    authorization_signed_response_alg: registered.alg,
  },
  await authentication(registered),
  { execute: [client.allowInsecureRequests] },
)
client.enableNonRepudiationChecks(config)
const reading = registered.decryption && (await decryptionKey(registered))
if (reading) client.enableDecryptingResponses(config, [registered.decryption.enc], reading)
const options = registered.bound
  ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) }
  : undefined
if (registered.signedAnswers) client.useJwtResponseMode(config)

const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
let wanted = {
  redirect_uri: registered.redirectUri,
  scope: 'openid profile email offline_access',
  prompt: 'consent',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
}
if (registered.signedRequest) {
  wanted = (await client.buildAuthorizationUrlWithJAR(config, wanted, await signingKey(registered))).searchParams
}
const build = registered.pushed ? client.buildAuthorizationUrlWithPAR : client.buildAuthorizationUrl
say({ authorize: (await build(config, wanted, options)).href })

const { back } = await hear()
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
const tokens = await client.authorizationCodeGrant(config, new URL(back), checks, undefined, options)
const claims = tokens.claims()
const userinfoOf = (held) => client.fetchUserInfo(config, held.access_token, claims.sub, options)
const refresh = () => client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
const userinfo = await userinfoOf(tokens)
const introspected = registered.method !== 'none' && (await client.tokenIntrospection(config, tokens.access_token))
const refreshed = await refresh()
const after = await userinfoOf(refreshed)
const decrypted = async (jwe) => new TextDecoder().decode((await compactDecrypt(jwe, reading.key)).plaintext)
const hint = reading ? await decrypted(tokens.id_token) : tokens.id_token
say({
  claims,
  bound: tokens.token_type === 'dpop',
  userinfo,
  after,
  introspected,
  parts: tokens.id_token.split('.').length,
  refreshed: { renewed: refreshed.access_token !== tokens.access_token, scope: refreshed.scope },
  signOut: client.buildEndSessionUrl(config, {
    id_token_hint: hint,
    post_logout_redirect_uri: registered.signedOutUri,
    state: 'left',
  }).href,
})

await hear()
await client.tokenRevocation(config, refreshed.refresh_token ?? tokens.refresh_token)
const refusal = (error) => error.error ?? error.cause?.[0]?.parameters?.error ?? error.message
say({
  userinfo: await userinfoOf(refreshed).then(() => 'answered', refusal),
  refresh: await refresh().then(() => 'answered', refusal),
})
process.exit(0)
