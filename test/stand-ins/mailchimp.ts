/**
 * Mailchimp's Marketing API, as far as the merge fields and the batch form of an audience go: basic authentication, problem
 * documents (RFC 7807), and a list of the members that a batch left out (https://mailchimp.com/developer/marketing/api/lists/).
 */

import { type Answered, type Asked, member, type StandIn, standIn } from './stand-in.ts';

export interface MergeField {
  readonly tag: string;
  readonly name: string;
  readonly type: string;
}

export interface Audience {
  readonly id: string;
  readonly fields: readonly MergeField[];
}

export interface Mailchimp extends StandIn {
  /** Members of the audience by address, in lower case. */
  readonly members: ReadonlyMap<string, Member>;
}

export interface Member {
  readonly email_address: string;
  readonly status: string;
  readonly merge_fields: Readonly<Record<string, unknown>>;
}

const MOST_MEMBERS = 500;

export async function mailchimp(key: string, audience: Audience): Promise<Mailchimp> {
  const members = new Map<string, Member>();
  const server = await standIn((asked) => {
    const [scheme, pair = ''] = (asked.headers.authorization ?? '').split(' ');
    const password = Buffer.from(pair, 'base64')
      .toString('utf8')
      .replace(/^[^:]*:/, '');
    if (scheme !== 'Basic' || password !== key)
      return problem(401, 'API Key Invalid', "Your API key may be invalid, or you've attempted to access the wrong datacenter.");
    const list = `/3.0/lists/${audience.id}`;
    if (asked.method === 'GET' && asked.path === `${list}/merge-fields`) return mergeFields(audience, asked.query);
    if (asked.method === 'POST' && asked.path === list) return batch(members, audience, asked.json);
    return problem(404, 'Resource Not Found', 'The requested resource could not be found.');
  });
  return { ...server, members };
}

function mergeFields({ id, fields }: Audience, query: Asked['query']): Answered {
  const { count = '10', offset = '0' } = query;
  const page = fields.slice(Number(offset), Number(offset) + Number(count));
  const merge_fields = page.map((field, index) => ({
    merge_id: Number(offset) + index + 1,
    required: false,
    ...field,
    list_id: id,
  }));
  return { json: { merge_fields, list_id: id, total_items: fields.length } };
}

function batch(members: Map<string, Member>, audience: Audience, json: unknown): Answered {
  const list = member(json, 'members');
  if (!Array.isArray(list)) return problem(400, 'Invalid Resource', 'Required fields were not provided: members');
  if (list.length > MOST_MEMBERS) return problem(400, 'Invalid Resource', 'You may only add up to 500 members at a time.');
  // What breaks the schema refuses the whole request; null is no value of a merge field.
  for (const [index, one] of list.entries()) {
    for (const [tag, value] of Object.entries(member(one, 'merge_fields') ?? {}))
      if (value === null)
        return invalid(`members.${index}.merge_fields.${tag}`, 'Data did not match any of the schemas described in anyOf.');
  }
  const seen = new Set<string>();
  const errors: { email_address: string; error: string; error_code: string }[] = [];
  const added: Member[] = [];
  const updated: Member[] = [];
  for (const one of list) {
    const { email_address = '', status = '', merge_fields = {} } = one as Partial<Member>; // a member of the request, checked below
    const address = String(email_address).toLowerCase();
    const refusal = refusalOf(address, status, merge_fields, audience) ?? (seen.has(address) ? DUPLICATE : undefined);
    seen.add(address);
    const there = members.has(address);
    if (refusal !== undefined) errors.push({ email_address, ...refusal });
    else if (there && member(json, 'update_existing') !== true) errors.push({ email_address, ...EXISTS });
    else {
      members.set(address, { email_address, status, merge_fields: { ...members.get(address)?.merge_fields, ...merge_fields } });
      (there ? updated : added).push({ email_address, status, merge_fields });
    }
  }
  return {
    json: {
      new_members: added,
      updated_members: updated,
      errors,
      total_created: added.length,
      total_updated: updated.length,
      error_count: errors.length,
    },
  };
}

const EXISTS = {
  error: 'This contact is already a list member. Use PATCH or PUT to update existing contacts.',
  error_code: 'ERROR_CONTACT_EXISTS',
};
const DUPLICATE = { error: 'This email address was already found in this request.', error_code: 'ERROR_GENERIC' };

function refusalOf(address: string, status: string, fields: Member['merge_fields'], audience: Audience) {
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(address))
    return { error: 'Please provide a valid email address.', error_code: 'ERROR_GENERIC' };
  if (!['subscribed', 'unsubscribed', 'cleaned', 'pending', 'transactional'].includes(status))
    return { error: 'The status is none.', error_code: 'ERROR_GENERIC' };
  const wrong = audience.fields.find(({ tag, type }) => type === 'number' && Number.isNaN(Number(fields[tag] ?? 0)));
  return wrong && { error: 'Your merge fields were invalid.', error_code: 'ERROR_GENERIC' };
}

function problem(status: number, title: string, detail: string, more: object = {}): Answered {
  const type = 'https://mailchimp.com/developer/marketing/docs/errors/';
  const json = { type, title, status, detail, instance: '995c5cb0-3280-4a6e-808b-3b096d0bb219', ...more };
  return { status, headers: { 'content-type': 'application/problem+json; charset=utf-8' }, json };
}

function invalid(field: string, message: string): Answered {
  const detail = "The resource submitted could not be validated. For field-specific details, see the 'errors' array.";
  return problem(400, 'Invalid Resource', detail, { errors: [{ field, message }] });
}
