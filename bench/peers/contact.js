/** A row as the API wants it, written by hand: what the manifests in destinations/ say, as JavaScript. */

/**
 * The columns that the person at the form chose, by field; looked up once for each call.
 * @param {{ identifierMapping: { from: string, to: string }[], mappings: { from: string, to: string }[] }} configuration
 * @returns {Record<string, string>}
 */
export function columnsOf({ identifierMapping, mappings }) {
  return Object.fromEntries([...identifierMapping, ...mappings].map(({ from, to }) => [to, from]));
}

/** @param {Record<string, unknown>} row @param {Record<string, string>} from */
export function contactOf(row, from) {
  return {
    external_id: row[from.external_id],
    email: row[from.email],
    name: `${row[from.first_name]} ${row[from.last_name]}`,
    phone: row[from.phone],
    company: row[from.company],
    job_title: row[from.job_title],
    plan: row[from.plan],
    seats: row[from.seats],
    lifetime_value: row[from.lifetime_value],
    active: row[from.active],
    newsletter: row[from.newsletter],
    score: row[from.score],
    referrer: row[from.referrer],
    signed_up: row[from.signed_up],
    last_seen: row[from.last_seen],
    trial_ends: row[from.trial_ends],
    locale: row[from.locale],
    address: { city: row[from.city], country: row[from.country], postcode: row[from.postcode] },
  };
}

/** The same from a record, whose keys are the fields. @param {Record<string, unknown>} record */
export function contactOfRecord(record) {
  return {
    external_id: record.external_id,
    email: record.email,
    name: `${record.first_name} ${record.last_name}`,
    phone: record.phone,
    company: record.company,
    job_title: record.job_title,
    plan: record.plan,
    seats: record.seats,
    lifetime_value: record.lifetime_value,
    active: record.active,
    newsletter: record.newsletter,
    score: record.score,
    referrer: record.referrer,
    signed_up: record.signed_up,
    last_seen: record.last_seen,
    trial_ends: record.trial_ends,
    locale: record.locale,
    address: { city: record.city, country: record.country, postcode: record.postcode },
  };
}
