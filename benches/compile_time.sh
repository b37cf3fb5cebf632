#!/usr/bin/env bash
# What a clean debug build of a user's crate costs, in CPU seconds: with pipelines of several lengths, with the same steps
# awaited by hand on plain tokio, and with the macro crate alone; of the crate alone, what `cargo check` of it costs too. The
# crates are made in a temporary folder; nothing is shared between the builds.
# Usage: benches/compile_time.sh [REPEATS [CRATE…]]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
repeats=${1:-3}
shift || true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The head of a crate: name, dependencies.
crate() {
    mkdir -p "$work/$1/src"
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\n%s\n\n[workspace]\n' "$1" "$2" >"$work/$1/Cargo.toml"
}
tokio='tokio = { version = "1", features = ["rt", "time"] }'
main='fn main() { tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async { println!("{:?}", run().await) }) }'
task='async fn step(x: u64) -> Result<u64, std::io::Error> { Ok(x + 1) }'

by_hand() { # steps
    crate "hand$1" "$tokio"
    {
        echo "$task $main"
        echo 'async fn run() -> Result<u64, std::io::Error> { let x = 0;'
        for _ in $(seq "$1"); do echo 'let x = step(x).await?;'; done
        echo 'Ok(x) }'
    } >"$work/hand$1/src/main.rs"
}
pipeline() { # steps
    crate "orch$1" "$tokio
async-orch = { path = \"$root\" }"
    {
        echo "#[async_orch::task] $task $main"
        echo 'async fn run() -> Result<u64, async_orch::Error> { async_orch::pipeline! { |_: u64| seq <'
        for _ in $(seq "$1"); do echo 'step'; done
        echo '> }.run(0).await }'
    } >"$work/orch$1/src/main.rs"
}

# Outputs with names, each step taking the one before; so many steps without names lie between two names.
by_hand_named() { # names between
    crate "hand_names$1_$2" "$tokio"
    {
        echo "$task $main"
        echo 'async fn run() -> Result<u64, std::io::Error> { let x = 0;'
        last=x
        for name in $(seq "$1"); do
            echo "let v$name = step($last).await?;"
            last=v$name
            for between in $(seq "$2"); do
                echo "let x = step($last).await?;"
                last=x
            done
        done
        echo "Ok(v1 + $last) }"
    } >"$work/hand_names$1_$2/src/main.rs"
}
named() { # names between
    crate "orch_names$1_$2" "$tokio
async-orch = { path = \"$root\" }"
    {
        echo "#[async_orch::task] $task $main"
        echo 'async fn run() -> Result<u64, async_orch::Error> { async_orch::pipeline! { |x: u64| seq <'
        last='*x'
        for name in $(seq "$1"); do
            echo "let v$name = step($last)"
            last="*v$name"
            for between in $(seq "$2"); do
                echo "step($last)"
                last=_
            done
        done
        [ "$last" = _ ] && echo '|x| { v1 + x }' || echo "|_| { *v1 + $last }"
        echo '> }.run(0).await }'
    } >"$work/orch_names$1_$2/src/main.rs"
}

by_hand 10
by_hand 50
by_hand 200
pipeline 10
pipeline 50
pipeline 200
by_hand_named 60 0
named 60 0
by_hand_named 40 4
named 40 4
crate macros "$tokio
orch-macros = { path = \"$root/orch-macros\" }"
echo "$task $main async fn run() -> Result<u64, std::io::Error> { step(0).await }" >"$work/macros/src/main.rs"

TIMEFORMAT='%U %S'
spent() { # cargo's arguments
    { time cargo "$@" --quiet --offline --manifest-path "$work/$name/Cargo.toml" >"$work/log" 2>&1 || touch "$work/failed"; } 2>&1 |
        awk '{ print $1 + $2 }'
}
crates=("$@")
[ ${#crates[@]} -gt 0 ] || crates=(hand10 macros orch10 hand50 orch50 hand200 orch200 hand_names60_0 orch_names60_0 hand_names40_4 orch_names40_4)
printf '%-18s %14s %14s %16s\n' 'crate' 'clean build' 'crate alone' 'checked alone'
for name in "${crates[@]}"; do
    cp "$root/Cargo.lock" "$work/$name/Cargo.lock" # the same versions for all
    clean=() alone=() checked=()
    for _ in $(seq "$repeats"); do
        rm -rf "$work/target"
        export CARGO_TARGET_DIR="$work/target" CARGO_INCREMENTAL=0
        clean+=("$(spent build)")
        touch "$work/$name/src/main.rs"
        alone+=("$(spent build)")
        spent check >/dev/null
        touch "$work/$name/src/main.rs"
        checked+=("$(spent check)")
        [ ! -e "$work/failed" ] || { cat "$work/log"; exit 1; }
    done
    median() { printf '%s\n' "$@" | sort -n | sed -n "$(($# / 2 + 1))p"; }
    printf '%-18s %12s s %12s s %14s s\n' "$name" "$(median "${clean[@]}")" "$(median "${alone[@]}")" "$(median "${checked[@]}")"
done
