/** What the server answers to GET: whether it lives, whether it is ready, and a page for people. */

import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { Gate } from './auth.ts';
import type { Hosted } from './hosted.ts';

interface PageDeps {
  hosted(): ReadonlyMap<string, Hosted>;
  stopping(): boolean;
  readonly gate: Gate;
  redact(text: string): string;
}

export type Page = (ctx: Context, deps: PageDeps) => void;

export const PAGES: ReadonlyMap<string, Page> = new Map<string, Page>([
  ['/', showHome],
  ['/healthz', showHealth],
  ['/readyz', showReadiness],
]);

/** Whether the process answers; a destination that is out of order is no reason to restart it. */
function showHealth(ctx: Context): void {
  ctx.body = { status: 'ok' };
}

/** Whether calls should be sent here. Names and states are for everybody; what is wrong is for those who may call. */
function showReadiness(ctx: Context, deps: PageDeps): void {
  const all = [...deps.hosted().values()];
  const ready = all.length === 0 || all.some(({ state }) => state === 'ready');
  const reader = deps.gate.reader(ctx);
  ctx.status = ready && !deps.stopping() ? 200 : 503;
  ctx.body = {
    status: deps.stopping() ? 'stopping' : ready ? 'ready' : 'not ready',
    destinations: all.map(({ id, state, problems }) => ({
      id,
      state,
      ...(reader?.may(id) && problems.length > 0 ? { problems: problems.map(deps.redact) } : {}),
    })),
  };
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:45rem;margin:3rem auto;padding:0 1rem}li{margin:.6rem 0}small{display:block}';

/** Nothing is loaded, run, framed or sent; the one style is named by its digest. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function showHome(ctx: Context, deps: PageDeps): void {
  ctx.set('Content-Security-Policy', POLICY);
  ctx.type = 'text/html';
  const reader = deps.gate.reader(ctx);
  const main =
    reader === undefined
      ? '<p>Who sends its token, as password or as bearer token, sees more.</p>'
      : listed(
          [...deps.hosted().values()].filter(({ id }) => reader.may(id)),
          deps,
        );
  ctx.body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Rowpost</title>
<style>${STYLE}</style>
<h1>Rowpost is running</h1>
${main}
</html>
`;
}

/** Paths only: what the caller says this host is called is not to be trusted. */
function listed(all: readonly Hosted[], { redact }: Pick<PageDeps, 'redact'>): string {
  if (all.length === 0) return '<p>It has no destinations yet.</p>';
  const items = all.map(({ id, name, description, state, problems }) => {
    const lines = [description, ...(state === 'broken' ? ['Out of order.', ...problems] : [])].flatMap((line) =>
      line === undefined ? [] : [redact(line)],
    );
    const path = `/hightouch/${encodeURIComponent(id)}`;
    return `<li><strong>${escapeHtml(redact(name))}</strong> <code>${escapeHtml(path)}</code>${lines.map((line) => `<small>${escapeHtml(line)}</small>`).join('')}</li>`;
  });
  return `<p>Calls are sent to these paths, with POST:</p>\n<ul>\n${items.join('\n')}\n</ul>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
