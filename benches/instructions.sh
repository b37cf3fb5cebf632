#!/usr/bin/env bash
# The instructions of one run of a shape, by hand and as a pipeline, counted by callgrind.
# Usage: benches/instructions.sh [--check | --record] [SHAPE…]
#
# `--record` writes them into benches/instructions.txt. `--check` compares with that file, and fails if a pipeline takes more
# than three in a hundred more. Another compiler or processor counts otherwise: what the side by hand differs is taken off.
set -euo pipefail
cd "$(dirname "$0")/.."
recorded=benches/instructions.txt
mode=
case ${1-} in --check | --record)
    mode=$1
    shift
    ;;
esac
binary=$(cargo bench --quiet -p optimized --bench instructions --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"name":"instructions".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
shapes=("$@")
[ ${#shapes[@]} -gt 0 ] || shapes=(seq10 seq10_observed seq10_counted named10 named40 par16 par16_yield par64_wake par64_baton nest race4 each10k circuit_closed circuit_open circuit_rate retry_first_try hedge_idle bulkhead_free throttle_free repeat100 choose3)

count() { # shape side times
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" "$3" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

table() {
    printf '%-18s %12s %12s %7s\n' shape 'by hand' pipeline ratio
    for shape in "${shapes[@]}"; do
        case $shape in each10k | par64_*) few=2 many=12 ;; *) few=100 many=1100 ;; esac
        for side in hand orch; do
            declare "$side=$((($(count "$shape" $side $many) - $(count "$shape" $side $few)) / (many - few)))"
        done
        awk -v s="$shape" -v h="$hand" -v o="$orch" 'BEGIN { printf "%-18s %12d %12d %7.2f\n", s, h, o, o / h }'
    done
}

case $mode in
--record) table | tee "$recorded" ;;
--check)
    # One instruction more is one more, though it may be above three in a hundred of forty-nine.
    table | awk '
        NR != FNR { print }
        FNR == 1 { next }
        NR == FNR { hand[$1] = $2; pipeline[$1] = $3; next }
        !($1 in pipeline) { print $1 " is not recorded"; worse = 1; next }
        {
            other = $2 > hand[$1] ? $2 / hand[$1] : 1
            most = pipeline[$1] * 1.03 * other
            if (most < pipeline[$1] + 1) most = pipeline[$1] + 1
            if ($3 > most) { printf "%s: %d instructions, and %d are recorded\n", $1, $3, pipeline[$1]; worse = 1 }
            seen++
        }
        END { if (!seen) { print "nothing was counted"; worse = 1 } exit worse }
    ' "$recorded" -
    ;;
*) table ;;
esac
