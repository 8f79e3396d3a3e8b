/**
 * Slack's Web API, as far as posting messages and listing conversations goes: it answers 200 with ok: false where it refuses
 * (https://docs.slack.dev/apis/web-api/), pages by cursor, and limits its rate with 429 and Retry-After.
 */

import { type Answered, type Asked, member, type StandIn, standIn } from './stand-in.ts';

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly private?: boolean;
  readonly archived?: boolean;
  /** Whether the app was invited; true unless said. */
  readonly joined?: boolean;
}

export interface Slack extends StandIn {
  /** What stands in the channels. */
  readonly messages: readonly { readonly channel: string; readonly text: string }[];
  /** The next so many messages are answered with 429. */
  limit(times: number): void;
}

/** Conversations in an answer, unless fewer are asked for. */
const PAGE = 100;
/** Characters beyond which a message is refused. */
const LONGEST = 40_000;

export async function slack(token: string, channels: readonly Channel[]): Promise<Slack> {
  const messages: { channel: string; text: string }[] = [];
  let limited = 0;

  const methods: Record<string, (asked: Asked) => Answered> = {
    '/api/users.conversations': ({ query }) => conversations(channels, query),
    '/api/chat.postMessage': ({ json }) => {
      if (limited > 0) {
        limited--;
        return { status: 429, headers: { 'retry-after': '1' }, json: { ok: false, error: 'ratelimited' } };
      }
      const channel = channels.find(({ id }) => id === member(json, 'channel'));
      const text = member(json, 'text');
      if (channel === undefined) return refused('channel_not_found');
      if (channel.archived) return refused('is_archived');
      if (channel.joined === false) return refused('not_in_channel');
      if (typeof text !== 'string' || text === '') return refused('no_text');
      if (text.length > LONGEST) return refused('msg_too_long');
      messages.push({ channel: channel.id, text });
      return {
        json: { ok: true, channel: channel.id, ts: `${1503435956 + messages.length}.000247`, message: { type: 'message', text } },
      };
    },
  };

  const server = await standIn((asked) => {
    const { authorization } = asked.headers;
    if (authorization === undefined) return refused('not_authed');
    if (authorization !== `Bearer ${token}`) return refused('invalid_auth');
    return methods[asked.path]?.(asked) ?? refused('unknown_method');
  });
  return {
    ...server,
    messages,
    limit(times) {
      limited = times;
    },
  };
}

function conversations(channels: readonly Channel[], query: Asked['query']): Answered {
  const { types = 'public_channel', exclude_archived, limit = String(PAGE), cursor = '' } = query;
  const size = Number(limit);
  if (!Number.isInteger(size) || size < 1 || size > 999) return refused('invalid_limit');
  const kinds = types.split(',');
  const own = channels.filter(
    (one) =>
      one.joined !== false &&
      kinds.includes(one.private ? 'private_channel' : 'public_channel') &&
      !(one.archived && exclude_archived === 'true'),
  );
  const [, after] = /^team:(.+)$/.exec(Buffer.from(cursor, 'base64').toString('utf8')) ?? [];
  const from = cursor === '' ? 0 : own.findIndex(({ id }) => id === after);
  if (from < 0) return refused('invalid_cursor');
  const next = own[from + size];
  const page = own.slice(from, from + size).map(({ id, name, private: hidden = false, archived = false }) => ({
    id,
    name,
    is_channel: !hidden,
    is_private: hidden,
    is_archived: archived,
  }));
  const next_cursor = next === undefined ? '' : Buffer.from(`team:${next.id}`).toString('base64');
  return { json: { ok: true, channels: page, response_metadata: { next_cursor } } };
}

function refused(error: string): Answered {
  return { json: { ok: false, error } };
}
