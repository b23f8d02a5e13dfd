// The peer: oidc-provider with its defaults, and no more set than the same sign-in needs.
// Order of calls: keys are made, the provider listens on a free port, and one JSON line says where.
import { createServer } from "node:http";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import Provider from "oidc-provider";
import { storesIn } from "./redis_store.js";

const [redirectUri, clientSecret, algorithm, redisUrl] = process.argv.slice(2);
const { privateKey } = algorithm === "RS256"
  ? generateKeyPairSync("rsa", { modulusLength: 2048 })
  : generateKeyPairSync("ec", { namedCurve: "P-256" });
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://localhost:${server.address().port}`;

const provider = new Provider(issuer, {
  ...(redisUrl ? { adapter: storesIn(redisUrl) } : {}),
  clients: [{
    client_id: "bench",
    client_secret: clientSecret,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "client_credentials"],
    token_endpoint_auth_method: "client_secret_basic",
    id_token_signed_response_alg: algorithm,
  }],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: algorithm, use: "sig", kid: "one" }] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  pkce: { required: () => true },
  scopes: ["openid", "profile", "email"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["given_name", "family_name"] },
  findAccount: (_, accountId) => ({
    accountId,
    claims: async () => ({
      sub: accountId, email: "ada@citizen.example", email_verified: true, given_name: "Ada", family_name: "Quispe",
    }),
  }),
  features: { clientCredentials: { enabled: true }, introspection: { enabled: true }, devInteractions: { enabled: true },
    dPoP: { enabled: true }, pushedAuthorizationRequests: { enabled: true } },
});
server.on("request", provider.callback());
console.log(JSON.stringify({ issuer }));
