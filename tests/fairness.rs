//! Everybody gets a turn: random nestings of blocks, with steps that always have work and give way in every way there is.
//!
//! What is measured is counted, not timed: how often steps are polled between two turns of another task, and how many
//! turns of that task go by before a step that has work gets on with it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use async_orch::pipeline;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::task::{coop, unconstrained, yield_now};

use common::Oops;

mod common;

/// How a step that always has work gives way to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It wakes itself by reference, as a hand-written future does.
    ByReference,
    /// By a clone of its waker.
    ByClone,
    /// Another thread wakes it.
    ByThread,
    /// `tokio::task::yield_now`.
    YieldNow,
    /// It takes from tokio's budget until there is none.
    Budget,
    /// A channel that always has a message, which takes from the budget as well.
    Channel,
    /// An `each` over items without end that are ready at once.
    Items,
    /// A `retry` that fails at once, without a delay and without end.
    Attempts,
}

use Way::{Attempts, Budget, ByClone, ByReference, ByThread, Channel, Items, YieldNow};

/// A tree of blocks.
#[derive(Debug)]
enum Node {
    Leaf(Way, usize),
    /// `par` of two children.
    Two(Box<[Node; 2]>),
    /// `par` of ten children, of which those that are not there end at once.
    Ten(Vec<Node>),
    Each(Vec<Node>),
    /// `each` with a limit of as many as there are.
    Limited(Vec<Node>),
    /// A block of one child.
    Inside(Block, Box<Node>),
    /// A stream of one future, which has wakers of its own.
    Stream(Box<Node>),
    /// Two futures, the first of which is always polled first. For the harness to see.
    Biased(Box<[Node; 2]>),
    /// A future that polls what is in it again as long as that wakes it. For the harness to see.
    Restless(Box<Node>),
}

#[derive(Clone, Copy, Debug)]
enum Block {
    Retry,
    Timeout,
    Hedge,
    Circuit,
    Catch,
    Seq,
}

/// The first two of them need a timer.
const BLOCKS: [Block; 6] =
    [Block::Timeout, Block::Hedge, Block::Retry, Block::Circuit, Block::Catch, Block::Seq];

impl Node {
    fn inner(&self) -> &[Node] {
        match self {
            Node::Leaf(..) => &[],
            Node::Two(nodes) | Node::Biased(nodes) => &nodes[..],
            Node::Ten(nodes) | Node::Each(nodes) | Node::Limited(nodes) => nodes,
            Node::Inside(_, node) | Node::Stream(node) | Node::Restless(node) => std::slice::from_ref(node),
        }
    }

    /// How its leaves give way, in order.
    fn leaves(&self) -> Vec<Way> {
        match self {
            Node::Leaf(way, _) => vec![*way],
            _ => self.inner().iter().flat_map(Node::leaves).collect(),
        }
    }

    /// How many streams are in each other.
    fn streams(&self) -> usize {
        let inside = self.inner().iter().map(Node::streams).max().unwrap_or(0);
        inside + usize::from(matches!(self, Node::Stream(_)))
    }
}

/// Random numbers, the same each time.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, end: usize) -> usize {
        // Xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    fn node(&mut self, depth: usize, ways: &[Way], blocks: &[Block], leaves: &mut usize) -> Node {
        if depth == 0 || self.below(6) == 0 {
            *leaves += 1;
            return Node::Leaf(ways[self.below(ways.len())], *leaves - 1);
        }
        if depth == 1 && self.below(20) == 0 {
            let wide = 10 + self.below(100);
            return Node::Each((0..wide).map(|_| self.node(0, ways, blocks, leaves)).collect());
        }
        let mut inner = |random: &mut Random| random.node(depth - 1, ways, blocks, leaves);
        match self.below(9) {
            0 | 1 => Node::Two(Box::new([inner(self), inner(self)])),
            2 | 3 => Node::Ten((0..1 + self.below(3)).map(|_| inner(self)).collect()),
            4 => Node::Each((0..1 + self.below(3)).map(|_| inner(self)).collect()),
            5 => Node::Limited((0..1 + self.below(3)).map(|_| inner(self)).collect()),
            6 => Node::Stream(Box::new(inner(self))),
            _ => Node::Inside(blocks[self.below(blocks.len())], Box::new(inner(self))),
        }
    }

    /// A tree of up to seven blocks in each other.
    fn tree(seed: u64, ways: &[Way], blocks: &[Block]) -> Node {
        Random::new(seed).node(1 + seed as usize % 7, ways, blocks, &mut 0)
    }
}

/// What happens to a tree.
struct World {
    /// Everything is to end.
    stop: AtomicBool,
    /// How often leaves were polled since the other task had a turn, and the most that it ever was.
    polls: AtomicUsize,
    most_polls: AtomicUsize,
    /// The turns of the other task.
    turns: AtomicUsize,
    leaves: Vec<Leaf>,
    /// To the thread that wakes.
    wakers: mpsc::Sender<Waker>,
}

/// What happens to a leaf.
#[derive(Default)]
struct Leaf {
    has_begun: AtomicBool,
    /// The turn in which it got on with its work last.
    last: AtomicUsize,
    most_turns: AtomicUsize,
}

impl World {
    fn new(node: &Node) -> Arc<World> {
        let (wakers, woken) = mpsc::channel::<Waker>();
        thread::spawn(move || woken.into_iter().for_each(Waker::wake));
        Arc::new(World {
            stop: AtomicBool::new(false),
            polls: AtomicUsize::new(0),
            most_polls: AtomicUsize::new(0),
            turns: AtomicUsize::new(0),
            leaves: node.leaves().iter().map(|_| Leaf::default()).collect(),
            wakers,
        })
    }

    /// The other task has a turn. False if it was the last one.
    fn turn(&self, last: usize) -> bool {
        self.most_polls.fetch_max(self.polls.swap(0, SeqCst), SeqCst);
        let turn = self.turns.fetch_add(1, SeqCst) + 1;
        if turn == last {
            for leaf in &self.leaves {
                leaf.most_turns.fetch_max(turn - leaf.last.load(SeqCst), SeqCst);
            }
            self.stop.store(true, SeqCst);
        }
        turn < last
    }

    /// A leaf gets on with its work. False if it is to end.
    fn works(&self, id: usize) -> bool {
        let (leaf, now) = (&self.leaves[id], self.turns.load(SeqCst));
        let last = leaf.last.swap(now, SeqCst);
        if leaf.has_begun.swap(true, SeqCst) && !self.stop.load(SeqCst) {
            leaf.most_turns.fetch_max(now - last, SeqCst);
        }
        !self.stop.load(SeqCst)
    }
}

/// The polls of a leaf, counted.
async fn counted(world: &World, fut: impl Future<Output = ()>) {
    let mut fut = pin!(fut);
    poll_fn(|cx| {
        world.polls.fetch_add(1, SeqCst);
        fut.as_mut().poll(cx)
    })
    .await;
}

/// A leaf that is always pending, and woken as `wake` does it.
async fn woken(world: &World, id: usize, wake: fn(&World, &Waker)) {
    let work = poll_fn(|cx| {
        if !world.works(id) {
            return Poll::Ready(());
        }
        wake(world, cx.waker());
        Poll::Pending
    });
    counted(world, work).await;
}

#[allow(clippy::waker_clone_wake, reason = "waking by a clone is one of the ways")]
async fn leaf(world: &Arc<World>, way: Way, id: usize) {
    match way {
        ByReference => woken(world, id, |_, waker| waker.wake_by_ref()).await,
        ByClone => woken(world, id, |_, waker| waker.clone().wake()).await,
        ByThread => woken(world, id, |world, waker| world.wakers.send(waker.clone()).unwrap()).await,
        YieldNow => {
            let work = async {
                while world.works(id) {
                    yield_now().await;
                }
            };
            counted(world, work).await;
        }
        Budget => {
            let work = async {
                while world.works(id) {
                    coop::consume_budget().await;
                }
            };
            counted(world, work).await;
        }
        Channel => {
            let work = async {
                let (tx, mut rx) = tokio::sync::mpsc::channel(1);
                while world.works(id) {
                    tx.try_send(()).unwrap();
                    rx.recv().await.unwrap();
                }
            };
            counted(world, work).await;
        }
        Items => {
            type Endless = Box<dyn Iterator<Item = u64> + Send>;
            let p = pipeline! { |_: Endless| each(limit = 2) < |_n| {} > };
            let works = world.clone();
            let items = (0_u64..).take_while(move |_| works.works(id));
            counted(world, async { drop(p.run(Box::new(items)).await.unwrap()) }).await;
        }
        Attempts => {
            let p = pipeline! {
                retry(max_attempts = unlimited, backoff = constant(0s)) <
                    |()| { if world.works(id) { Err(Oops("again")) } else { Ok(()) } }
                >
            };
            counted(world, async { p.run(()).await.unwrap() }).await;
        }
    }
}

/// The future of a tree.
fn run<'a>(node: &'a Node, world: &'a Arc<World>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    match node {
        Node::Leaf(way, id) => Box::pin(leaf(world, *way, *id)),
        Node::Two(nodes) => Box::pin(async move {
            let p = pipeline! {
                par < async |_| { run(&nodes[0], world).await } async |_| { run(&nodes[1], world).await } >
            };
            p.run(()).await.unwrap();
        }),
        Node::Ten(nodes) => Box::pin(async move {
            let p = pipeline! {
                par <
                    async |_| { run_nth(nodes, 9, world).await } async |_| { run_nth(nodes, 8, world).await }
                    async |_| { run_nth(nodes, 7, world).await } async |_| { run_nth(nodes, 6, world).await }
                    async |_| { run_nth(nodes, 5, world).await } async |_| { run_nth(nodes, 4, world).await }
                    async |_| { run_nth(nodes, 3, world).await } async |_| { run_nth(nodes, 2, world).await }
                    async |_| { run_nth(nodes, 1, world).await } async |_| { run_nth(nodes, 0, world).await }
                >
            };
            p.run(()).await.unwrap();
        }),
        Node::Each(nodes) => Box::pin(async move {
            let p =
                pipeline! { |_: std::ops::Range<usize>| each < async |n| { run(&nodes[n], world).await } > };
            p.run(0..nodes.len()).await.unwrap();
        }),
        Node::Limited(nodes) => Box::pin(async move {
            let p = pipeline! {
                |_: std::ops::Range<usize>|
                each(limit = nodes.len()) < async |n| { run(&nodes[n], world).await } >
            };
            p.run(0..nodes.len()).await.unwrap();
        }),
        Node::Inside(block, node) => Box::pin(inside(*block, node, world)),
        Node::Stream(node) => Box::pin(async move {
            let mut stream: FuturesUnordered<_> = [run(node, world)].into_iter().collect();
            while stream.next().await.is_some() {}
        }),
        Node::Biased(nodes) => Box::pin(async move {
            futures::join!(run(&nodes[0], world), run(&nodes[1], world));
        }),
        Node::Restless(node) => Box::pin(async move {
            let mut inner = run(node, world);
            poll_fn(|cx| {
                for _ in 0..100_000 {
                    if inner.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                }
                Poll::Pending
            })
            .await;
        }),
    }
}

async fn run_nth(nodes: &[Node], index: usize, world: &Arc<World>) {
    if let Some(node) = nodes.get(index) {
        run(node, world).await;
    }
}

async fn inside(block: Block, node: &Node, world: &Arc<World>) {
    let ran = match block {
        Block::Retry => pipeline! { retry < async |()| { run(node, world).await } > }.run(()).await,
        Block::Timeout => pipeline! { timeout(10h) < async |()| { run(node, world).await } > }.run(()).await,
        Block::Hedge => pipeline! { hedge(10h) < async |()| { run(node, world).await } > }.run(()).await,
        Block::Circuit => pipeline! { circuit < async |()| { run(node, world).await } > }.run(()).await,
        Block::Catch => pipeline! { catch < async |()| { run(node, world).await } > }.run(()).await,
        Block::Seq => {
            pipeline! { seq < |()| {} async |()| { run(node, world).await } |()| {} > }.run(()).await
        }
    };
    ran.unwrap();
}

/// What came of a tree.
#[derive(Debug)]
struct Seen {
    /// The most polls of leaves between two turns of the other task.
    most_polls: usize,
    /// Of each leaf the most turns of the other task in which it did not get on. `None` if it never began.
    most_turns: Vec<Option<usize>>,
}

impl Seen {
    fn of(world: &World) -> Seen {
        let turns = |leaf: &Leaf| leaf.has_begun.load(SeqCst).then(|| leaf.most_turns.load(SeqCst));
        Seen {
            most_polls: world.most_polls.load(SeqCst),
            most_turns: world.leaves.iter().map(turns).collect(),
        }
    }

    /// What is wrong with it, if there is something.
    fn fault(&self, node: &Node) -> Option<String> {
        let leaves = node.leaves();
        // Some twenty rounds of the outermost block after as many of one inside, if they are small ones, and a hundred of
        // single steps. How many blocks there are in each other is no part of it; but they do not see through a stream.
        let polls = (1_000 + 24 * leaves.len()) * (1 + node.streams());
        if self.most_polls > polls {
            return Some(format!("{} polls between two turns of another task", self.most_polls));
        }
        // Each leaf may use up a turn, and in the beginning each item takes some to begin.
        let turns = 3 * leaves.len() + 3;
        (0..leaves.len()).find_map(|leaf| match self.most_turns[leaf] {
            None => Some(format!("leaf {leaf} never began")),
            // A thread is as fast as it is.
            Some(_) if leaves[leaf] == ByThread => None,
            Some(most) => (most > turns).then(|| format!("leaf {leaf} had to wait for {most} turns")),
        })
    }
}

/// So many turns of the other task are looked at. Where there is a budget, items begin as it allows.
fn turns(node: &Node, has_budget: bool) -> usize {
    if has_budget { 50 + 10 * node.leaves().len() } else { 50 }
}

/// Runs a tree on tokio, beside a task that only counts its turns.
fn on_tokio(node: &Node, is_unconstrained: bool) -> Seen {
    let (world, turns) = (World::new(node), turns(node, !is_unconstrained));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let other = world.clone();
        let other = tokio::spawn(async move {
            while other.turn(turns) {
                yield_now().await;
            }
        });
        if is_unconstrained {
            unconstrained(run(node, &world)).await;
        } else {
            run(node, &world).await;
        }
        other.await.unwrap();
    });
    Seen::of(&world)
}

/// Runs a tree on an executor that knows neither tokio nor budgets: each round it polls the tree, if that was woken, and
/// gives the other task a turn.
fn by_hand(node: &Node) -> Seen {
    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, SeqCst);
        }
    }

    let (world, turns) = (World::new(node), turns(node, false));
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(flag.clone());
    let mut run = run(node, &world);
    loop {
        let is_woken = flag.0.swap(false, SeqCst);
        if is_woken && run.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return Seen::of(&world);
        }
        if !world.stop.load(SeqCst) {
            world.turn(turns);
        }
    }
}

#[track_caller]
fn all_are_fair(ways: &[Way], blocks: &[Block], seeds: std::ops::Range<u64>, seen: impl Fn(&Node) -> Seen) {
    for seed in seeds {
        let node = Random::tree(seed, ways, blocks);
        let seen = seen(&node);
        if let Some(fault) = seen.fault(&node) {
            panic!("seed {seed}: {fault}\n{node:?}\n{seen:?}");
        }
    }
}

#[test]
fn running_6_everybody_gets_a_turn_under_tokio() {
    let ways = [ByReference, ByClone, ByThread, YieldNow, Budget, Channel, Items, Attempts];
    all_are_fair(&ways, &BLOCKS, 1..200, |node| on_tokio(node, false));
}

#[test]
fn running_6_with_steps_that_use_up_the_budget_only() {
    all_are_fair(&[Budget, Channel, Items, Attempts], &BLOCKS, 1..120, |node| on_tokio(node, false));
}

#[test]
fn running_6_without_tokios_budget() {
    let ways = [ByReference, ByClone, ByThread, YieldNow, Items, Attempts];
    all_are_fair(&ways, &BLOCKS, 1..60, |node| on_tokio(node, true));
}

#[test]
fn running_6_under_another_executor() {
    all_are_fair(&[ByReference, ByClone, Items, Attempts], &BLOCKS[2..], 1..80, by_hand);
}

/// A step of a way, beside one of another way, in so many blocks.
fn nested(depth: usize, ways: [Way; 2], wrap: fn(Node) -> Node) -> Node {
    let leaves = ways.into_iter().enumerate().map(|(id, way)| Node::Leaf(way, id));
    (0..depth).fold(Node::Each(leaves.collect()), |node, _| wrap(node))
}

#[test]
fn running_6_the_depth_of_nesting_does_not_matter() {
    let wraps: [fn(Node) -> Node; 4] = [
        |node| Node::Ten(vec![node]),
        |node| Node::Limited(vec![node]),
        |node| Node::Each(vec![node]),
        |node| Node::Inside(Block::Retry, Box::new(Node::Ten(vec![node]))),
    ];
    let flat_and_deep = |ways, wrap, seen: &dyn Fn(&Node) -> Seen| {
        let [flat, deep] = [1, 8].map(|depth| seen(&nested(depth, ways, wrap)).most_polls);
        assert!(deep <= flat + 300, "{ways:?}: {flat} polls in one block, {deep} in eight");
    };
    for wrap in wraps {
        for ways in [[ByReference, YieldNow], [ByReference, Budget], [ByReference, Items]] {
            flat_and_deep(ways, wrap, &|node| on_tokio(node, false));
        }
        for ways in [[ByReference, ByClone], [ByReference, Items], [ByReference, Attempts]] {
            flat_and_deep(ways, wrap, &by_hand);
        }
    }
}

#[test]
fn the_harness_sees_who_starves_other_tasks() {
    let restless = Node::Restless(Box::new(Node::Leaf(ByReference, 0)));
    let fault = on_tokio(&restless, false).fault(&restless);
    assert!(fault.unwrap().contains("polls between two turns of another task"));
    let fault = by_hand(&restless).fault(&restless);
    assert!(fault.unwrap().contains("polls between two turns of another task"));
}

#[test]
fn the_harness_sees_who_starves_a_sibling() {
    let biased = Node::Biased(Box::new([Node::Leaf(Channel, 0), Node::Leaf(Channel, 1)]));
    let fault = on_tokio(&biased, false).fault(&biased);
    assert!(fault.unwrap().contains("leaf 1"));
    // In a block instead all is well.
    let fair = Node::Two(Box::new([Node::Leaf(Channel, 0), Node::Leaf(Channel, 1)]));
    assert_eq!(on_tokio(&fair, false).fault(&fair), None);
}
