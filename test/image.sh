#!/usr/bin/env bash
# Builds the image and proves it as an operator would run it: read-only, without capabilities, as a user without rights,
# with a mounted folder of destinations. Needs bash, curl, node, and one of docker, podman or buildah with podman.
#
#   test/image.sh                    # the first of docker and podman that is there
#   ENGINE=podman test/image.sh
#   SKIP_BUILD=1 IMAGE=rowpost:1.0 test/image.sh
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${ENGINE:-}" ]; then
  for one in docker podman; do if command -v "$one" >/dev/null; then ENGINE=$one; break; fi; done
fi
: "${ENGINE:?neither docker nor podman is there}"
read -ra engine <<<"$ENGINE"                      # may hold global flags: ENGINE="podman --root /var/tmp/images"
read -ra run_args <<<"${RUN_ARGS:-}"
image=${IMAGE:-rowpost:test} port=${PORT:-18080} api=${API_PORT:-18081}
token=token-of-this-test name=rowpost-image-$$
work=$(mktemp -d)
api_pid=

finish() {
  "${engine[@]}" rm -f "$name" >/dev/null 2>&1 || true
  if [ -n "$api_pid" ]; then kill "$api_pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT
say() { printf '%-58s' "$1"; }
ok() { printf 'ok  %s\n' "${1:-}"; }
die() { printf 'FAILED\n%s\n' "$1" >&2; "${engine[@]}" logs "$name" 2>&1 | tail -20 >&2 || true; exit 1; }
call() { curl -s -m 30 "http://127.0.0.1:$port/hightouch/$1" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d "$2"; }

if [ "${SKIP_BUILD:-0}" != 1 ]; then
  say 'the image builds'
  "${engine[@]}" build -t "$image" . >"$work/build.log" 2>&1 || { tail -30 "$work/build.log"; die 'see above'; }
  ok
fi

mkdir "$work/destinations"
cat >"$work/destinations/one.yaml" <<'YAML'
version: 1
name: One
connection: { url: http://127.0.0.1:1 }
fields: [{ id: email, identifier: true }]
sync: { add: save }
requests: { save: { put: "/{{ record.email }}", json: { name: "{{ record.name }}" } } }
YAML
chmod -R a+rX "$work"

# An API that answers after two seconds: long enough for SIGTERM to come while a call is under way.
node -e 'require("node:http").createServer((q, s) => { q.resume(); setTimeout(() => s.end("{}"), 2000); }).listen(+process.argv[1], "127.0.0.1")' "$api" &
api_pid=$!

say 'it starts read-only, without capabilities, as uid 1000'
"${engine[@]}" run -d --name "$name" --network host --read-only --cap-drop all --security-opt no-new-privileges --memory 256m \
  ${run_args[@]+"${run_args[@]}"} -e PORT="$port" -e ROWPOST_TOKEN="$token" -e ROWPOST_URL_ONE="http://127.0.0.1:$api" \
  -v "$work/destinations:/app/destinations:ro" "$image" >"$work/run.log" 2>&1 || { cat "$work/run.log"; die 'it did not start'; }
for _ in $(seq 100); do curl -sf -m 2 "http://127.0.0.1:$port/healthz" >/dev/null && break; sleep .1; done
curl -sf -m 2 "http://127.0.0.1:$port/healthz" >/dev/null || die 'it does not answer at /healthz'
uid=$("${engine[@]}" exec "$name" node -p 'process.getuid()')
[ "$uid" = 1000 ] || die "it runs as uid $uid"
"${engine[@]}" exec "$name" node -e 'require("node:fs").writeFileSync("/app/x", "")' >/dev/null 2>&1 && die 'its root can be written to'
ok

say 'its health check'
"${engine[@]}" exec "$name" node bin/rowpost.js health >/dev/null || die 'rowpost health says no'
ok

say 'a mounted destination answers'
fields=$(call one '{"jsonrpc":"2.0","id":1,"method":"list_fields"}')
[[ $fields == *'"id":"email"'* ]] || die "$fields"
ok

say 'a file that is dropped in takes effect'
begin=$(date +%s%N)
sed 's/name: One/name: Two/' "$work/destinations/one.yaml" >"$work/destinations/two.yaml.tmp"
chmod a+r "$work/destinations/two.yaml.tmp" && mv "$work/destinations/two.yaml.tmp" "$work/destinations/two.yaml"
for _ in $(seq 40); do
  answer=$(call two '{"jsonrpc":"2.0","id":1,"method":"list_fields"}')
  if [[ $answer == *'"id":"email"'* ]]; then break; fi
  sleep .05
done
[[ $answer == *'"id":"email"'* ]] || die "$answer"
ok "after $((($(date +%s%N) - begin) / 1000000)) ms"

echo '{"mappings":[{"from":"email","to":"email"}]}' >"$work/destinations/config.json" && chmod a+r "$work/destinations/config.json"
for command in check test 'render one --rows - --config destinations/config.json'; do
  say "rowpost ${command%% *} in the image"
  read -ra words <<<"$command"
  cat >"$work/destinations/one.test.yaml" <<'YAML'
cases:
  - name: a row is saved
    call: { method: add, params: { idColumn: id, configuration: { mappings: [{ from: e, to: email }] }, rows: [{ id: 1, e: a@example.com }] } }
    exchanges:
      - request: { method: PUT, url: "http://127.0.0.1:1/a%40example.com", headers: { content-type: application/json }, json: {} }
        response: { status: 200 }
    result: { rejectedRows: [] }
YAML
  chmod a+r "$work/destinations/one.test.yaml"
  printf '[{"id":1,"email":"a@example.com"}]' | "${engine[@]}" run -i --rm --network host --read-only --cap-drop all ${run_args[@]+"${run_args[@]}"} \
    -v "$work/destinations:/app/destinations:ro" "$image" "${words[@]}" >"$work/out.log" 2>&1 || die "$(cat "$work/out.log")"
  ok "$(tail -1 "$work/out.log")"
done

say 'SIGTERM with a call under way: the call is answered'
call one '{"jsonrpc":"2.0","id":1,"method":"add","params":{"idColumn":"id","configuration":{"mappings":[{"from":"e","to":"email"}]},"rows":[{"id":1,"e":"a@example.com"}]}}' >"$work/answer.json" &
calling=$!
sleep .7
"${engine[@]}" stop -t 30 "$name" >/dev/null 2>&1
wait "$calling"
[[ $(cat "$work/answer.json") == *'"rejectedRows":[]'* ]] || die "$(cat "$work/answer.json")"
status=$("${engine[@]}" inspect "$name" --format '{{.State.ExitCode}}')
[ "$status" = 0 ] || die "exit status $status"
ok 'exit status 0'
