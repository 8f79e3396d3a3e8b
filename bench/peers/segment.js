/**
 * An action destination of Segment's actions-core: fields with types, a mapping of directives, and its own request client, as
 * the actions in its repository are written. Koa stands in for what calls it.
 */

import { createRequire } from 'node:module';
import { columnsOf } from './contact.js';
import { AUTHORIZATION, IN_FLIGHT, SINK, serve } from './koa-server.js';

// Its build for `import` names folders, which Node refuses: its build for `require` is the one that runs.
const require = createRequire(import.meta.url);
const { Destination } = require('@segment/actions-core');

const field = (type, more = {}) => ({ label: type, description: type, type, ...more });

const destination = new Destination({
  name: 'Contacts',
  mode: 'cloud',
  extendRequest: () => ({ headers: { authorization: AUTHORIZATION } }),
  actions: {
    upsert: {
      title: 'Upsert',
      description: 'Creates contacts and updates those that are there.',
      fields: {
        external_id: field('integer', { required: true }),
        email: field('string', { required: true }),
        name: field('string'),
        phone: field('string'),
        company: field('string'),
        job_title: field('string'),
        plan: field('string'),
        seats: field('integer'),
        lifetime_value: field('number'),
        active: field('boolean'),
        newsletter: field('boolean'),
        score: field('number'),
        referrer: field('string', { allowNull: true }),
        signed_up: field('string'),
        last_seen: field('string'),
        trial_ends: field('string'),
        locale: field('string'),
        address: field('object', { properties: { city: field('string'), country: field('string'), postcode: field('string') } }),
      },
      perform: (request, { payload }) => request(SINK, { method: 'post', json: payload }),
    },
  },
});

/** The mapping that Segment would keep for the columns chosen at the form. */
function mappingOf(from) {
  const path = (name) => ({ '@path': `$.properties.${from[name]}` });
  const plain =
    'external_id email phone company job_title plan seats lifetime_value active newsletter score referrer signed_up last_seen trial_ends locale';
  return {
    ...Object.fromEntries(plain.split(' ').map((name) => [name, path(name)])),
    name: { '@template': `{{properties.${from.first_name}}} {{properties.${from.last_name}}}` },
    address: { city: path('city'), country: path('country'), postcode: path('postcode') },
  };
}

serve(async ({ idColumn, configuration, rows }) => {
  const mapping = mappingOf(columnsOf(configuration));
  const rejectedRows = [];
  const queue = rows.values();
  const worker = async () => {
    for (const row of queue) {
      try {
        const event = { type: 'track', event: 'Row added', properties: row };
        await destination.executeAction('upsert', { event, mapping, settings: {} });
      } catch (error) {
        rejectedRows.push({ id: row[idColumn], reason: String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return { rejectedRows };
});
