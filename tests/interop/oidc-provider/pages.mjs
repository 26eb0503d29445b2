// SPDX-License-Identifier: LGPL-2.1-or-later
// The pages its user sees. What the library asks about is decided here: by a button, or at once
// where a switch says so.

function escape(text) {
  return String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

function show(ctx, title, body) {
  ctx.type = 'html';
  ctx.body = `<!doctype html><html lang="en"><head><title>${escape(title)}</title></head>
<body><h1>${escape(title)}</h1>
${body}</body></html>
`;
}

export function askForCode(ctx, form) {
  show(ctx, 'Enter the code', `${form}<button form="op.deviceInputForm">Continue</button>`);
}

export function confirmCode(ctx, form, client, deviceInfo, userCode) {
  show(ctx, `Is ${userCode} the code?`,
    `${form}<button form="op.deviceConfirmForm">Continue</button>`);
}

export function deviceDone(ctx) {
  show(ctx, 'Done', '<p>Go back to your device.</p>');
}

export function showError(ctx, out) {
  show(ctx, 'That did not work', `<p>${escape(out.error)}: ${escape(out.error_description)}</p>`);
}

/** The user allows all that was asked for: who it is, and what is granted. */
async function allow(provider, { params }, accountId) {
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  if (params.scope) grant.addOIDCScope(params.scope);
  for (const resource of [params.resource ?? []].flat()) {
    grant.addResourceScope(resource, params.scope ?? '');
  }
  return { login: { accountId }, consent: { grantId: await grant.save() } };
}

const DENIED = { error: 'access_denied', error_description: 'the user said no' };

/** Answers the page that the library sends the browser to when it wants a decision. */
export async function interact(ctx, provider, switches) {
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const { searchParams } = new URL(`http://host/?${ctx.request.rawBody ?? ''}`);
  const pressed = searchParams.get('decision');
  if (switches.deny || pressed === 'deny') {
    await provider.interactionFinished(ctx.req, ctx.res, DENIED);
  } else if (switches.auto_allow || pressed === 'allow') {
    const result = await allow(provider, details, switches.account);
    await provider.interactionFinished(ctx.req, ctx.res, result);
  } else {
    show(ctx, `Allow ${details.params.client_id}?`, `<form method="post">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>`);
  }
}
