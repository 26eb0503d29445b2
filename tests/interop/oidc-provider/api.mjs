// SPDX-License-Identifier: LGPL-2.1-or-later
// The API that the tokens are for. The library knows its tokens; a DPoP proof (RFC 9449) at an API
// is checked here, with the library's own means for signed objects.
import { createHash, randomUUID } from 'node:crypto';
import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose';

const PROOF_SECONDS = 300;

class Refusal extends Error {
  constructor(scheme, code) {
    super(code);
    this.challenge = code === null ? scheme : `${scheme} error="${code}"`;
    this.code = code;
  }
}

/** Throws unless the request's proof is one for this token, here and now. */
async function checkProof(ctx, memory, token, value, nonceRequired) {
  const refuse = (code = 'invalid_dpop_proof') => { throw new Refusal('DPoP', code); };
  const { payload, protectedHeader } = await jwtVerify(ctx.get('DPoP'), EmbeddedJWK, {
    typ: 'dpop+jwt', algorithms: ['ES256'], maxTokenAge: PROOF_SECONDS,
  }).catch(() => refuse());
  const ath = createHash('sha256').update(value).digest('base64url');
  const isForThis = payload.htm === ctx.method && payload.htu === `${ctx.origin}${ctx.path}`
    && payload.ath === ath && await calculateJwkThumbprint(protectedHeader.jwk) === token.jkt;
  if (!isForThis) refuse();
  if (nonceRequired && payload.nonce !== memory.apiNonce) refuse('use_dpop_nonce');
  const key = `Proof:${payload.jti}`;
  if (!payload.jti || memory.entries.has(key)) refuse();
  memory.entries.set(key, true);
}

/** The access token of the request; throws a Refusal. */
async function authenticate(ctx, provider, memory, nonceRequired) {
  const [scheme, value] = ctx.get('Authorization').split(' ');
  if (!value) throw new Refusal('Bearer', null);
  const token = await provider.AccessToken.find(value);
  if (!token?.isValid) throw new Refusal(scheme, 'invalid_token');
  if (scheme.toLowerCase() !== token.tokenType.toLowerCase()) {
    throw new Refusal(token.tokenType, 'invalid_token');
  }
  if (token.jkt) await checkProof(ctx, memory, token, value, nonceRequired);
  return token;
}

function echo(ctx, token) {
  return {
    method: ctx.method,
    path: ctx.path,
    query: ctx.querystring,
    body: ctx.request.rawBody ?? '',
    account: token.accountId,
    client: token.clientId,
    scope: token.scope ?? '',
    audience: token.aud ?? null,
    scheme: token.tokenType,
  };
}

const CONTACT = { id: randomUUID(), email: 'ada@example.com', first_name: 'Ada' };
const ANSWERS = {
  '/v1/contacts': () => ({ contacts: [CONTACT], meta: { cursor: null, limit: 100 } }),
  '/v1/operators': () => ({ operators: [{ id: CONTACT.id, name: 'Grace' }] }),
  '/v1/echo': echo,
};

export async function answer(ctx, provider, memory, nonceRequired) {
  let token;
  try {
    token = await authenticate(ctx, provider, memory, nonceRequired);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    if (refusal.code === 'use_dpop_nonce') memory.count('nonces');
    ctx.status = 401;
    ctx.set('WWW-Authenticate', refusal.challenge);
    ctx.body = { errors: [{ code: refusal.code ?? 'no_token', message: 'Not with this token' }] };
    return;
  } finally {
    if (nonceRequired) ctx.set('DPoP-Nonce', memory.apiNonce);
  }
  if (ctx.path in ANSWERS) {
    ctx.body = ANSWERS[ctx.path](ctx, token);
  } else {
    ctx.status = 404;
    ctx.body = { errors: [{ code: 'not_found', message: 'No such path' }] };
  }
}
