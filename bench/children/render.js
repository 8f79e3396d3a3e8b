/** Renders the twenty fields of a contact in one way, the one that it was started with: each in a process of its own, so none spoils the other's compiled code. */

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { contactOfRecord } from '../peers/contact.js';
import { answer } from './channel.js';

/** Renders between two looks at the clock. */
const BETWEEN = 200;

const [, , way, code] = process.argv;

/** Of Rowpost, as it was built or from its source. @param {string} name */
function module(name) {
  return code === 'source' ? `../../src/${name}.ts` : `../../dist/${name}.js`;
}

const manifest = () => new URL('../destinations/one.yaml', import.meta.url);

/**
 * Each makes what turns a record into a body, as text or as bytes; and the records, where it holds them in its own way. What it takes to get
 * them is not measured.
 * @type {Record<string, () => Promise<{ render(record: unknown): string | Buffer, own?(records: object[]): unknown[] }>>}
 */
const WAYS = {
  async Rowpost() {
    const { parse } = await import('yaml');
    const { compileTree } = await import(module('template/tree'));
    const { scopeOf } = await import(module('template/scope'));
    const { fieldsMaker, readConfiguration } = await import(module('destination/mappings'));
    const { JsonRows } = await import(module('json/rows'));
    const { withWriter } = await import(module('json/writer'));
    const { requests } = parse(readFileSync(manifest(), 'utf8'));
    const names = { where: 'the benchmark', known: new Map([['record', null]]) };
    const tree = compileTree(requests.upsert.json, names, (path, { sentence }) => {
      throw new Error(`${path.join('.')}: ${sentence}`);
    });
    const mappings = [...tree.names].flatMap((name) => {
      const [, to] = name.split('.');
      return to === undefined ? [] : [{ type: 'standard', from: to, to }];
    });
    const common = scopeOf({});
    let fieldsOf;
    return {
      // As delivery does it: what is the same for all rows of a call is made once; what is made for each belongs to the work.
      own(records) {
        fieldsOf = fieldsMaker(readConfiguration({ mappings }).mappings, JsonRows.of(records));
        return [...records.keys()];
      },
      render: (index) =>
        withWriter((out) => {
          tree.write(common.with({}, fieldsOf(index)), out);
          return out.copied();
        }),
    };
  },
  async 'by hand'() {
    return { render: (record) => JSON.stringify(contactOfRecord(record)) };
  },
  async 'LiquidJS renderSync'() {
    const { Liquid } = await import('liquidjs');
    const engine = new Liquid();
    const plain =
      'external_id email phone company job_title plan seats lifetime_value active newsletter score referrer signed_up last_seen trial_ends locale';
    const pair = (name) => `"${name}": {{ record.${name} | json }}`;
    const address = ['city', 'country', 'postcode'].map(pair).join(', ');
    const name = '"name": {{ record.first_name | append: " " | append: record.last_name | json }}';
    const template = engine.parse(`{ ${plain.split(' ').map(pair).join(', ')}, ${name}, "address": { ${address} } }`);
    return { render: (record) => engine.renderSync(template, { record }) };
  },
  async 'RudderStack’s template engine'() {
    const { default: rudder } = await import('@rudderstack/json-template-engine');
    const plain =
      'external_id email phone company job_title plan seats lifetime_value active newsletter score referrer signed_up last_seen trial_ends locale';
    const pair = (name) => `${name}: .${name}`;
    const address = ['city', 'country', 'postcode'].map(pair).join(', ');
    const name = 'name: .first_name + " " + .last_name';
    const template = `{ ${plain.split(' ').map(pair).join(', ')}, ${name}, address: { ${address} } }`;
    // Simple paths are its fastest; they become plain accesses to properties.
    const engine = rudder.JsonTemplateEngine.createAsSync(template, { defaultPathType: rudder.PathType.SIMPLE });
    return { render: (record) => JSON.stringify(engine.evaluate(record)) };
  },
};

const { render, own = (records) => records } = await WAYS[way]();
/** @type {unknown[]} */
let records = [];
let next = 0;
/** Bytes: what is rendered is sent, and V8 may put off joining the parts of a text until it is read. */
let length = 0;

function renderSome() {
  for (let count = 0; count < BETWEEN; count++) length += Buffer.byteLength(render(records[next++ % records.length]));
}

answer({
  /** @returns what comes of each record */
  load(given) {
    records = own(given);
    return records.map((record) => String(render(record)));
  },
  /** Renders for so many milliseconds. @returns microseconds of CPU for each */
  render(ms) {
    const { user, system } = process.cpuUsage();
    const begun = performance.now();
    let renders = 0;
    while (performance.now() - begun < ms) {
      renderSome();
      renders += BETWEEN;
    }
    const after = process.cpuUsage();
    return { renders, cpu: after.user + after.system - user - system, length };
  },
});
process.channel.ref();
process.send({ ready: true });
