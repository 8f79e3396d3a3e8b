/** Manifests and cases that the tests of the commands share. */

export const CRM = `version: 1
name: My CRM
settings:
  token: { secret: true, description: API token }
connection:
  url: https://api.crm.example/v1
  auth: { bearer: "{{ settings.token }}" }
fields:
  - { id: email, label: Email, type: EMAIL, identifier: true, required: true }
  - { id: name, label: Full name }
sync: { add: save, change: save }
requests:
  save:
    put: "/contacts/{{ record.email }}"
    json:
      full_name: "{{ record.name }}"
    response:
      reason: "{{ body.error }}"
`;

/** With two faults: a word at line 11 and one at line 14. */
export const BROKEN = CRM.replace('sync:', 'sink:').replace('put:', 'pst:');

/** As an author writes it: the requests and results are still to come, and not all of it is written the same way. */
export const CASES = `# the head
settings:   { token: 'made-up-token' }
cases:
  # about the first
  - name: one is saved, one is refused, one cannot be sent
    call:
      method: add
      params:
        idColumn: id
        configuration: &conf
          mappings: [{ from: user_email, to: email }, { from: user_name, to: name }] # why
        rows:
          - { id: 1, user_email: alice@example.com, user_name: Alice Doe }
          - { id: 12345678901234567890, user_email: bob@example.com, user_name: "" }
          - { id: 0.1234567890123456789, user_email: "", user_name: 1e400 }
    exchanges:
      - response: { status: 200, json: { id: c_1 } } # saved
      # refused
      - { response: { status: 422, json: { error: the name is empty } } } # in one line

  - name: "the fields"
    call: { method: list_fields }
    # at the very end
`;

export const UPDATED = CASES.replace(
  '- response: { status: 200',
  `- request:
          method: PUT
          url: https://api.crm.example/v1/contacts/alice%40example.com
          headers: { content-type: application/json, authorization: "Bearer [secret]" }
          json: { full_name: Alice Doe }
        response: { status: 200`,
)
  .replace(
    '- { response: { status: 422, json: { error: the name is empty } } } # in one line\n',
    `- request:
          method: PUT
          url: https://api.crm.example/v1/contacts/bob%40example.com
          headers: { content-type: application/json, authorization: "Bearer [secret]" }
          json: { full_name: "" }
        response: { status: 422, json: { error: the name is empty } } # in one line
    result:
      rejectedRows:
        - { id: 12345678901234567890, reason: the name is empty }
        - { id: 0.1234567890123456789, reason: "not sent: a part of the path is empty" }
`,
  )
  .replace(
    'call: { method: list_fields }\n',
    `call: { method: list_fields }
    result:
      fields:
        - { id: email, label: Email, type: EMAIL, required: true, identifier: true }
        - { id: name, label: Full name, type: STRING, required: false, identifier: false }
`,
  );
