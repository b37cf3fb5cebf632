# What a clean checkout has to pass.
check:
    .ci/run

# All files as the gate wants them: the code, then the pipelines in it.
fmt:
    cargo fmt --all
    cargo run --quiet -p orch-cli -- fmt

# The tests; as the README says.
test:
    cargo test --workspace

# What threads share, through every order of its steps. The checker is what takes the time, so it alone is optimised.
loom:
    RUSTFLAGS="--cfg orch_loom" cargo test -p orch-core --lib --target-dir target/loom --config profile.dev.debug=false --config profile.dev.package.loom.opt-level=3 loom

# Changes a block of the core in one place after the other, and shows the changes that no test notices: a folder of
# orch-core/src/blocks, and options of cargo mutants, such as `--shard 0/8`.
mutants BLOCK *ARGS:
    .ci/mutants {{BLOCK}} {{ARGS}}

# The benchmarks, beside hand-written code.
bench *ARGS:
    cargo bench --bench compare -- {{ARGS}}

# The same shapes with other libraries, as a table; not built with anything else.
bench-peers *ARGS:
    cargo run --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers -- {{ARGS}}

# Durable runs on the journal, beside bare transactions.
bench-durable:
    cargo bench -p orch-journal --bench throughput

# The same with other libraries: `duroxide`, or `dbos` and the address of a PostgreSQL database.
bench-durable-peers *ARGS:
    cargo run --release --manifest-path benches/durable-peers/Cargo.toml --target-dir target/peers -- {{ARGS}}

# Writes down anew what is public: docs/surface. Read the difference as a user of the last version would.
surface:
    cargo run -p surface-check -- --write

# Writes the expected compiler messages of `tests/ui` anew. Read every one as a user would before you commit it.
bless:
    TRYBUILD=overwrite cargo test --test ui
