// SPDX-License-Identifier: LGPL-2.1-or-later
// How oidc-provider is set up. All of OAuth is the library's; here stand its clients and choices.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';

import * as pages from './pages.mjs';
import { adapterOver } from './memory.mjs';

// A native application may use any port of these.
const REDIRECT_URIS = ['localhost', '127.0.0.1', '[::1]'].flatMap((host) => ['', '/tidio', '/other']
  .map((end) => `http://${host}/callback${end}`));
const API_SCOPES = 'contacts operators';

function clients({ dpop }) {
  const common = {
    application_type: 'native',
    redirect_uris: REDIRECT_URIS,
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code'],
    id_token_signed_response_alg: 'ES256',
    dpop_bound_access_tokens: dpop === 'required',
  };
  return [
    { ...common, client_id: 'sandbox-client', client_secret: 'sandbox-secret' },
    // One whose id and secret look different once they are encoded.
    { ...common, client_id: 'odd client:+%', client_secret: 'odd secret:+%&=/' },
    { ...common, client_id: 'sandbox-public', token_endpoint_auth_method: 'none' },
  ];
}

function signingKeys() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] };
}

function features(base, { dpop, nonce, par }) {
  return {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    revocation: { enabled: true },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: pages.askForCode,
      userCodeConfirmSource: pages.confirmCode,
      successSource: pages.deviceDone,
    },
    pushedAuthorizationRequests: {
      enabled: par !== 'off',
      requirePushedAuthorizationRequests: par === 'required',
    },
    dPoP: {
      enabled: dpop !== 'off',
      ...(nonce && { nonceSecret: randomBytes(32), requireNonce: () => true }),
    },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo(ctx, resource) {
        if (resource !== `${base}/v1/`) throw new errors.InvalidTarget();
        return { scope: API_SCOPES, audience: resource, accessTokenFormat: 'opaque' };
      },
    },
  };
}

/** Codes and tokens begin with a mark: whoever looks for them where they must not be knows each. */
function mark(provider) {
  const kinds = {
    AuthorizationCode: 'code', AccessToken: 'access', RefreshToken: 'refresh', DeviceCode: 'device',
  };
  for (const [model, kind] of Object.entries(kinds)) {
    const { prototype } = provider[model];
    const generate = prototype.generateTokenId;
    prototype.generateTokenId = function generateMarked(...words) {
      return `node_${kind}_${generate.apply(this, words)}`;
    };
  }
  return provider;
}

/** options: dpop and par: off, optional or required; nonce: always; path: of the issuer */
export function makeProvider(base, memory, options) {
  const { switches } = memory;
  return mark(new Provider(`${base}${options.path}`, {
    adapter: adapterOver(memory),
    clients: clients(options),
    jwks: signingKeys(),
    features: features(base, options),
    scopes: ['openid', 'offline_access', ...API_SCOPES.split(' ')],
    enabledJWA: { dPoPSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    routes: {
      authorization: '/oauth/authorize',
      token: '/oauth/token',
      revocation: '/oauth/revoke',
      pushed_authorization_request: '/oauth/par',
      device_authorization: '/oauth/device',
      code_verification: '/device',
      userinfo: '/v1/userinfo',
    },
    findAccount: (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    interactions: { url: (ctx, interaction) => `${options.path}/interaction/${interaction.uid}` },
    issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: () => switches.rotation,
    ttl: {
      AccessToken: () => switches.lifetime,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 86400,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 86400,
      Session: 86400,
    },
    renderError: pages.showError,
  }));
}
