/** Compiles the path of a request: literal, with values in its segments, or beginning with a URL that an answer holds. */

import type { Path } from '../manifest/places.ts';
import type { Names } from '../template/names.ts';
import { OUTPUT } from '../template/template.ts';
import type { Author } from './author.ts';
import type { PathTemplate } from './destination.ts';

export function compilePath(source: string, at: Path, author: Author, names: Names): PathTemplate {
  if (source.startsWith('{{')) return compileLeading(source, at, author, names);
  const template = author.text(source, at, names, 'path');
  const leading = undefined;
  if (source === '') return { leading, template, skeleton: [''] };
  // Templates are blanked out, so that what is found in the rest stands where the author wrote it.
  const literal = source.replace(/\{\{.*?\}\}|\{%.*?%\}/gs, (part) => OUTPUT.repeat(part.length));
  const wrong = (sentence: string, found?: RegExpExecArray | null) =>
    author.faultWithin('manifest.path', at, sentence, found?.index ?? 0, found?.[0].length ?? source.length);
  const query = /[?#].*/s.exec(literal);
  const odd = /(?!%[0-9A-Fa-f]{2})[^A-Za-z0-9\-._~!$&'()*+,;=:@/\uFFFC]/u.exec(literal.replace(/%(?=[0-9A-Fa-f]{2})/g, '-'));
  const dots = /(?<=\/)\.{1,2}(?=\/|$)/.exec(literal);
  if (!source.startsWith('/')) {
    wrong('The path must begin with "/". Scheme and host stand in connection.url.');
  } else if (query !== null) {
    wrong('A path holds no "?" and no "#". Put parameters into query:, which encodes them.', query);
  } else if (odd !== null) {
    wrong(`A path holds no ${JSON.stringify(odd[0])} (RFC 3986): write it percent-encoded, a space as %20.`, odd);
  } else if (dots !== null) {
    wrong('The path holds "." or "..". Write the path that is meant.', dots);
  }
  return { leading, template, skeleton: template.literal?.split('/') };
}

/** What may hold a URL that is called: it is the author's or the operator's, or an answer's, whose origin is checked. */
const HOLDS_URLS: ReadonlySet<string> = new Set(['settings', 'vars', 'auth', 'body', 'headers', 'steps']);

/** `{{ headers.location }}`, or with a path behind it. */
function compileLeading(source: string, at: Path, author: Author, names: Names): PathTemplate {
  const [, expression = '', rest = ''] = /^\{\{-?(.*?)-?\}\}(.*)$/s.exec(source) ?? [];
  const leading = author.expression(expression.trim(), at, names);
  const template = author.text(rest, at, names, 'path');
  const others = [...leading.names].map((name) => name.split('.')[0] ?? '').filter((name) => !HOLDS_URLS.has(name));
  if (others.length > 0)
    author.fault(
      'manifest.path',
      at,
      `The path must begin with "/", or with a URL from settings, vars, an answer or a step; ${others[0]} may not choose what is called.`,
    );
  else if (rest !== '' && !rest.startsWith('/'))
    author.fault('manifest.path', at, 'Behind the URL that begins it a path goes on with "/".');
  return { leading, template, skeleton: template.literal?.split('/') };
}
