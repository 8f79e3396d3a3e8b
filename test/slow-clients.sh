#!/usr/bin/env bash
# Slow clients beside an honest one: how long its calls take without and with them. Needs bash, curl, awk and slowhttptest; Linux.
#
#   test/slow-clients.sh                              # six minutes
#   CLIENTS=500 ROUNDS=1 EACH=5 test/slow-clients.sh  # to see whether it runs
#
# Each of ROUNDS rounds measures EACH seconds without and EACH with CLIENTS slow clients of each kind; what counts is the median of
# the rounds. Fails where a call of the honest client fails, or its 99th percentile more than doubles and is above FLOOR milliseconds
# (below that, what is measured is the machine, which the slow clients share with the server).
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v slowhttptest >/dev/null; then
  echo 'slowhttptest is not there: nothing was measured. (apt-get install slowhttptest)'
  exit 0
fi
clients=${CLIENTS:-2000} rounds=${ROUNDS:-3} each=${EACH:-20} floor=${FLOOR:-50}
port=${PORT:-18090} api=${API_PORT:-18091} token=token-of-this-test url=http://127.0.0.1:${PORT:-18090}
work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
run=(node)
node -e 'process.exit(process.features.typescript ? 0 : 1)' || run=(node --import tsx)
ulimit -n "$(ulimit -Hn)"

mkdir "$work/destinations"
cat >"$work/destinations/one.yaml" <<'YAML'
version: 1
name: One
connection: { url: http://127.0.0.1:1 }
fields: [{ id: email, identifier: true }]
sync: { add: save }
requests: { save: { put: "/{{ record.email }}", json: { name: "{{ record.name }}" } } }
YAML
node -e 'require("node:http").createServer((q, s) => { q.resume(); s.end("{}"); }).listen(+process.argv[1], "127.0.0.1")' "$api" &
pids+=($!)
PORT=$port HOST=127.0.0.1 ROWPOST_TOKEN=$token ROWPOST_DESTINATIONS=$work/destinations ROWPOST_URL_ONE=http://127.0.0.1:$api \
  node bin/rowpost.js serve >"$work/log" &
server=$!
pids+=("$server")
for _ in $(seq 100); do curl -sf -m 2 "$url/healthz" >/dev/null && break; sleep .1; done

row() { printf '%-14s %9s %9s %9s %9s %7s %8s\n' "$@"; }
# measure NAME: the honest client's figures, and what the server holds.
measure() {
  local k50 k99 n50 n99 failed memory
  read -r k50 k99 n50 n99 failed <<<"$("${run[@]}" test/honest-client.ts "$url/hightouch/one" "$token" "$each")"
  memory=$(awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status")
  row "$1" "$k50" "$k99" "$n50" "$n99" "$failed" "$memory" | tee -a "$work/rows"
}

# The slow ones have no token, and come back once they are closed. slowhttptest itself spends more of a CPU than its clients cost the
# server; it gets what the server and the honest client leave.
attack() {
  local slow=
  trap 'kill "$slow" 2>/dev/null; exit' TERM
  while :; do
    nice slowhttptest -c "$clients" -r 200 -l 60 -p 3 "$@" >"$work/slow.log" 2>&1 &
    slow=$!
    wait "$slow" || true
    sleep .2
  done
}

# beside NAME OPTIONS: measures while they are there.
beside() {
  attack "${@:2}" &
  local attacker=$!
  pids+=("$attacker")
  sleep $((clients / 200 + 1))
  measure "$1"
  kill "$attacker"
  wait "$attacker" 2>/dev/null || true
}

measure warming-up >/dev/null
: >"$work/rows"
row "$clients clients" kept-p50 kept-p99 new-p50 new-p99 failed rss-MB
for _ in $(seq "$rounds"); do
  measure none
  beside slow-heads -H -i 2 -x 24 -t POST -u "$url/hightouch/one"
  beside slow-bodies -B -i 2 -s 8192 -x 10 -t POST -f application/json -u "$url/hightouch/one"
  beside slow-readers -X -w 1 -y 2 -n 5 -z 1 -k 3 -u "$url/"
done

kill "$server"
wait "$server" || { echo 'the server did not end well'; exit 1; }
awk -v floor="$floor" '
  function median(name, column,   values, count, i, j, swap) {
    for (i = 1; i <= rounds[name]; i++) values[i] = figure[name, column, i]
    for (i = 2; i <= rounds[name]; i++)
      for (j = i; j > 1 && values[j] < values[j - 1]; j--) { swap = values[j]; values[j] = values[j - 1]; values[j - 1] = swap }
    return values[int((rounds[name] + 1) / 2)]
  }
  { n = ++rounds[$1]; for (c = 2; c <= 5; c++) figure[$1, c, n] = $c; failed += $6 }
  END {
    printf "\nmedians of %d       kept-p99        x    new-p99        x\n", rounds["none"]
    for (name in rounds) {
      kept = median(name, 3); fresh = median(name, 5); a = kept / median("none", 3); b = fresh / median("none", 5)
      printf "%-14s %13.1f %8.2f %10.1f %8.2f\n", name, kept, a, fresh, b
      if ((a > 2 && kept > floor) || (b > 2 && fresh > floor)) bad = 1
    }
    if (failed > 0) printf "%d calls of the honest client failed\n", failed
    print (bad || failed > 0) ? "FAILED" : "ok"
    exit (bad || failed > 0)
  }' "$work/rows"
