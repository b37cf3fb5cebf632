#!/usr/bin/env bash
# Looks into the object code of `benches/machine_code.rs`: a run that nobody observes has no call in it that has to do with
# events, observers or the clock, where the observed one has. Fails if it has. Needs `objdump` and `nm`.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(cargo bench --quiet --bench machine_code --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"name":"machine_code".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)

calls() { # function: the names that it calls, each once
    objdump -d --no-show-raw-insn -C "$binary" |
        awk -v f="<machine_code::$1>:" '$0 ~ /^[0-9a-f]+ </ { inside = index($0, f) > 0 } inside && /call|jmp +[0-9a-f]+ </ { print }' |
        sed -n 's/.*<\(.*\)>$/\1/p' | grep -v "^machine_code::$1+" | cut -c 1-100 | sort -u
}
size() { echo $((16#$(nm -S -C "$binary" | awk -v f="machine_code::$1" '$4 == f { print $2 }'))); }

printf '%-16s %10s\n' function bytes
for function in seq10_by_hand seq10_pipeline seq10_observed; do
    printf '%-16s %10s\n' "$function" "$(size $function)"
done
watched='event|observe|emit|bus|Instant|clock|time'
[ -n "$(calls seq10_observed | grep -E "$watched")" ] || { echo 'the observed run calls no observer: the check sees nothing'; exit 1; }
if calls seq10_pipeline | grep -E "$watched"; then
    echo 'the run that nobody observes calls these'
    exit 1
fi
echo 'the run that nobody observes calls nothing of events, observers or the clock'
