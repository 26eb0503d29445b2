// SPDX-License-Identifier: LGPL-2.1-or-later
// An authorization server and API on loopback whose OAuth is the npm package oidc-provider.
//
// It takes the same clients, pages and /control requests as tidio-auth-sandbox and
// tests/authlib/server.py, so that one test runs against all of them. Besides the package's own
// answers it can be told to delay, to fail, and what its user decides.
//
//   server.mjs [--dpop off|optional|required] [--nonce] [--par off|optional|required]
//              [--path /PATH]
import http from 'node:http';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import * as api from './api.mjs';
import { Memory } from './memory.mjs';
import { interact } from './pages.mjs';
import { makeProvider } from './provider.mjs';

const CHOICES = ['off', 'optional', 'required'];
const ENDPOINTS = {
  '/oauth/authorize': ['authorize', null],
  '/oauth/token': ['token', 'token'],
  '/oauth/revoke': ['revocations', 'revoke'],
  '/oauth/par': ['par', 'par'],
  '/oauth/device': ['device', 'device'],
  '/.well-known/openid-configuration': ['discovery', 'discovery'],
};
const GRANTS = {
  authorization_code: 'code_exchanges',
  refresh_token: 'refreshes',
  'urn:ietf:params:oauth:grant-type:device_code': 'polls',
};
const WORDS = { 400: '{"error":"invalid_grant"}', 401: '{"error":"invalid_client"}' };

function readOptions() {
  const { values } = parseArgs({
    options: {
      dpop: { type: 'string', default: 'off' },
      nonce: { type: 'boolean', default: false },
      par: { type: 'string', default: 'optional' },
      path: { type: 'string', default: '' },
    },
  });
  for (const name of ['dpop', 'par']) {
    if (!CHOICES.includes(values[name])) throw new Error(`--${name} is one of ${CHOICES}`);
  }
  return values;
}

async function failAsTold(ctx, memory, name) {
  if (memory.switches.delay) await sleep(memory.switches.delay);
  const failure = memory.takeFailure(name);
  if (failure === null) return false;
  ctx.status = failure.status;
  ctx.set(failure.headers ?? {});
  ctx.body = failure.body ?? WORDS[failure.status] ?? '<html>out of order</html>';
  return true;
}

async function readBody(ctx) {
  const chunks = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  ctx.request.rawBody = Buffer.concat(chunks).toString();
}

async function control(ctx, memory) {
  await readBody(ctx);
  try {
    if (ctx.method === 'POST') memory.control(JSON.parse(ctx.request.rawBody));
    ctx.body = memory.report();
  } catch (error) {
    ctx.status = 400;
    ctx.body = { error: error.message };
  }
}

/** Counts, and fails as told, what goes on to the library. */
async function watch(ctx, next, memory) {
  const [counter, endpoint] = ENDPOINTS[ctx.path] ?? [];
  if (counter) memory.count(counter);
  if (ctx.get('DPoP')) memory.count('proofs');
  if (endpoint && await failAsTold(ctx, memory, endpoint)) return;
  await next();
  const grant = endpoint === 'token' && GRANTS[ctx.oidc?.body?.grant_type];
  if (grant) memory.count(grant);
  if (ctx.body?.error === 'use_dpop_nonce') memory.count('nonces');
}

function route(provider, memory, options) {
  return async (ctx, next) => {
    if (ctx.path === '/control') {
      await control(ctx, memory);
    } else if (ctx.path.startsWith('/interaction/')) {
      await readBody(ctx);
      await interact(ctx, provider, memory.switches);
    } else if (ctx.path.startsWith('/v1/') && ctx.path !== '/v1/userinfo') {
      await readBody(ctx);
      memory.count('api');
      if (!await failAsTold(ctx, memory, 'api')) {
        await api.answer(ctx, provider, memory, options.nonce);
      }
    } else {
      await watch(ctx, next, memory);
    }
  };
}

/** Takes the issuer's path off; what is not below it is none of the library's business. */
function strip(request, path) {
  const isOurs = request.url.startsWith(`${path}/`);
  if (path && isOurs) {
    request.originalUrl = request.url;
    request.url = request.url.slice(path.length);
  }
  return isOurs || ['/control', '/v1/'].some((start) => request.url.startsWith(start));
}

async function main() {
  const options = readOptions();
  const server = http.createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const base = `http://127.0.0.1:${server.address().port}`;
  const memory = new Memory();
  const provider = makeProvider(base, memory, options);
  provider.use(route(provider, memory, options));
  provider.on('grant.error', (ctx, error) => {
    if (error.error_detail === 'refresh token already used') memory.count('reuse');
  });
  provider.on('server_error', (ctx, error) => console.error(error));
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (strip(request, options.path)) answer(request, response);
    else response.writeHead(404).end();
  });
  process.on('SIGTERM', () => process.exit(0));
  console.log(`Listening on ${base}/`);
}

await main();
