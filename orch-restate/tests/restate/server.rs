//! A real server and real workers, each on ports and in a folder of its own, and gone when the test is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use orch_restate::{Client, Status};
use tempfile::TempDir;

use super::world;

/// Nothing takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const PACKAGE: &str = "@restatedev/restate-server-linux-x64";

/// The server's binary: `RESTATE_SERVER_BIN`, or in the nearest `node_modules`.
pub(crate) fn binary() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("RESTATE_SERVER_BIN") {
        return Some(path.into());
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .map(|folder| folder.join("node_modules").join(PACKAGE).join("bin/restate-server"))
        .find(|path| path.is_file())
}

/// A process that is killed when it is not needed any more, also by a test that fails.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn id(&self) -> String {
        self.0.id().to_string()
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) struct World {
    name: &'static str,
    binary: PathBuf,
    folder: TempDir,
    ports: [u16; 3],
    server: Option<Process>,
    settings: &'static [(&'static str, &'static str)],
    pub(crate) client: Client,
}

/// A port that is free, and is given to nobody else: below those that the system gives to whoever asks for any.
pub(crate) fn port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id() * 61;
        let port = 20_000 + u16::try_from(next % 12_000).expect("it is less");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl World {
    /// A world with a server in it; without one where there is no binary, which is said.
    pub(crate) async fn new(name: &'static str) -> Option<Self> {
        let Some(binary) = binary() else {
            let how = format!("set RESTATE_SERVER_BIN, or `npm install --ignore-scripts {PACKAGE}@1.7.12`");
            assert!(std::env::var_os("ORCH_REQUIRE_RESTATE").is_none(), "no restate-server: {how}");
            // Past what the test's output is kept in.
            let _ = writeln!(std::io::stderr(), "SKIPPED {name}: no restate-server: {how}");
            return None;
        };
        let ports = [port(), port(), port()];
        let [ingress, admin, _] = ports.map(|port| format!("http://127.0.0.1:{port}"));
        let client = Client::new(&ingress, &admin).unwrap();
        let mut world = World {
            name,
            binary,
            folder: tempfile::tempdir().unwrap(),
            ports,
            server: None,
            settings: &[],
            client,
        };
        world.start_server().await;
        Some(world)
    }

    pub(crate) fn ingress(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[0])
    }

    pub(crate) fn admin(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[1])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn output(&self, name: &str) -> Stdio {
        File::options().create(true).append(true).open(self.path(name)).unwrap().into()
    }

    pub(crate) async fn start_server(&mut self) {
        for _ in 0..3 {
            self.server = Some(self.spawn_server());
            let since = Instant::now();
            while since.elapsed() < PATIENCE / 2 {
                if self.is_there().await {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            self.kill_server();
        }
        panic!("{}: the server does not start\n{}", self.name, self.told());
    }

    fn spawn_server(&self) -> Process {
        let [ingress, admin, node] = self.ports.map(|port| format!("127.0.0.1:{port}"));
        let server = Command::new(&self.binary)
            .args(["--node-name", "n1", "--cluster-name", "orch", "--base-dir"])
            .arg(self.path("data"))
            .args([
                "--listen-mode",
                "tcp",
                "--default-num-partitions",
                "1",
                "--no-logo",
                "--bind-address",
                &node,
            ])
            .env("RESTATE_INGRESS__BIND_ADDRESS", ingress)
            .env("RESTATE_ADMIN__BIND_ADDRESS", admin)
            .env("RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE", "128MiB")
            .env("RESTATE_DISABLE_TELEMETRY", "true")
            .env("DO_NOT_TRACK", "1")
            .envs(self.settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(self.output("server.log"))
            .stderr(self.output("server.log"))
            .spawn()
            .expect("the server can be started");
        Process(server)
    }

    async fn is_there(&self) -> bool {
        let answers = async |address: String| {
            let answer = tokio::time::timeout(Duration::from_secs(2), reqwest::get(address)).await;
            matches!(answer, Ok(Ok(answer)) if answer.status().is_success())
        };
        answers(format!("{}/restate/health", self.ingress())).await
            && answers(format!("{}/health", self.admin())).await
    }

    /// The same server with other settings.
    pub(crate) async fn restart_with(&mut self, settings: &'static [(&'static str, &'static str)]) {
        self.kill_server();
        self.settings = settings;
        self.start_server().await;
    }

    pub(crate) fn kill_server(&mut self) {
        drop(self.server.take());
    }

    /// A worker at this port: this very program.
    pub(crate) async fn worker(&self, port: u16, which: &str) -> Process {
        let address = format!("127.0.0.1:{port}");
        let worker = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "this_is_a_worker", "--nocapture"])
            .env(world::ADDRESS, &address)
            .env(world::INGRESS, self.ingress())
            .env(world::LOG, self.path("log"))
            .env(world::WHICH, which)
            .stdin(Stdio::null())
            .stdout(self.output("worker.log"))
            .stderr(self.output("worker.log"))
            .spawn()
            .expect("a worker can be started");
        let worker = Process(worker);
        self.until("the worker listens", async || {
            tokio::net::TcpStream::connect(&address).await.ok().map(drop)
        })
        .await;
        worker
    }

    /// A worker that the server knows.
    pub(crate) async fn registered(&self, port: u16, which: &str) -> Process {
        let worker = self.worker(port, which).await;
        self.client.register(&format!("http://127.0.0.1:{port}")).await.unwrap();
        worker
    }

    pub(crate) async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let since = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(since.elapsed() < PATIENCE, "{}: never: {what}\n{}", self.name, self.told());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A future that ends, or the test fails.
    pub(crate) async fn within<T>(&self, what: &str, future: impl Future<Output = T>) -> T {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("{}: never: {what}\n{}", self.name, self.told()),
        }
    }

    /// What there is to read after a failure.
    fn told(&self) -> String {
        let mut told = String::new();
        for name in ["log", "worker.log", "server.log"] {
            let text = fs::read_to_string(self.path(name)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            told += &format!("--- {name}\n{}\n", lines[lines.len().saturating_sub(30)..].join("\n"));
        }
        told
    }

    /// What the tasks have written: verb, run, step, process.
    pub(crate) fn log(&self) -> Vec<[String; 4]> {
        let text = fs::read_to_string(self.path("log")).unwrap_or_default();
        let line = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            words.try_into().unwrap_or_else(|words| panic!("no line of the log: {words:?}"))
        };
        text.lines().map(line).collect()
    }

    /// Waits until a task has written that.
    pub(crate) async fn logged(&self, verb: &str, key: &str, step: &str) {
        let what = format!("{verb} {key} {step}");
        self.until(&what, async || {
            let log = self.log();
            log.iter().any(|[v, k, s, _]| v == verb && k == key && s.ends_with(step)).then_some(())
        })
        .await;
    }

    /// How often each step of a run was begun, and that none was begun after it had ended.
    pub(crate) fn begun(&self, key: &str) -> BTreeMap<String, u32> {
        let (mut begun, mut ended) = (BTreeMap::new(), Vec::new());
        for [verb, of, step, _] in self.log() {
            if of != key {
                continue;
            }
            match verb.as_str() {
                "begin" => {
                    assert!(
                        !ended.contains(&step),
                        "{}: {step} of {key} ran again\n{}",
                        self.name,
                        self.told()
                    );
                    *begun.entry(step).or_insert(0) += 1;
                }
                "end" => ended.push(step),
                _ => {}
            }
        }
        begun
    }

    /// That steps in flight were begun twice at most, and these many in all more than once.
    pub(crate) fn twice_at_most(&self, key: &str, twice: usize) {
        let begun = self.begun(key);
        let more: Vec<_> = begun.iter().filter(|(_, times)| **times > 1).collect();
        assert!(begun.values().all(|times| *times <= 2) && more.len() <= twice, "{}: {begun:?}", self.name);
    }

    pub(crate) async fn status(&self, pipeline: &str, key: &str) -> Status {
        self.client.of::<u64, u64>(pipeline).status(key).await.unwrap()
    }

    /// What the server says of its runs.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<serde_json::Value> {
        let query = reqwest::Client::new()
            .post(format!("{}/query", self.admin()))
            .header("accept", "application/json");
        let text =
            query.json(&serde_json::json!({ "query": sql })).send().await.unwrap().text().await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        answer["rows"].as_array().cloned().unwrap_or_else(|| panic!("{text}"))
    }

    /// What the admin API says.
    pub(crate) async fn admin_get(&self, path: &str) -> serde_json::Value {
        let text = reqwest::get(format!("{}/{path}", self.admin())).await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }
}
