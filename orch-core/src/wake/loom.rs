//! A block, its children's wakers in other threads, and every order of what they do.

use std::future::{Future, poll_fn};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use ::loom::sync::atomic::{AtomicBool, AtomicUsize};
use ::loom::thread;

use super::{InlineWakers, Ones, ParentWaker, WakeSet};
use crate::blocks::par::tests::scripted::{CHILD, PAR, listed, pipeline, tree};
use crate::blocks::peers::FailFast;
use crate::blocks::{each, par};
use crate::build::builder::Builder;
use crate::build::feed::{Ignores, Uses};
use crate::build::scope::{Point, RefOf};
use crate::error::{BoxError, Error};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::run::Step;
use crate::run::{Cx, Here};
use crate::sync::{Arc, Mutex, block_on, check, check_within};
use crate::testing::block;

/// What several chunks, or the only one, have for a block.
struct Block {
    chunks: Vec<WakeSet>,
    top: Option<Arc<ParentWaker>>,
}

impl Block {
    fn alone(children: usize) -> Self {
        Block { chunks: vec![WakeSet::alone(children)], top: None }
    }

    fn chunks(children: &[usize]) -> Self {
        let top = ParentWaker::shared();
        let chunk = |(index, children): (usize, &usize)| WakeSet::among(&top, index, *children);
        Block { chunks: children.iter().enumerate().map(chunk).collect(), top: Some(top) }
    }

    fn parent(&self) -> &ParentWaker {
        self.top.as_deref().unwrap_or_else(|| self.chunks[0].parent())
    }

    fn is_marked(&self) -> bool {
        self.top.as_ref().map_or_else(|| self.chunks[0].is_marked(), |top| top.is_marked())
    }

    fn waker(&self, (chunk, child): Child) -> Waker {
        self.chunks[chunk].waker(child).clone()
    }

    /// The woken children, taken.
    fn woken(&self) -> Vec<Child> {
        let mut woken = Vec::new();
        for chunk in Ones(self.top.as_ref().map_or(1, |top| top.take())) {
            let ready = &self.chunks[chunk];
            for group in Ones(ready.take_groups()) {
                woken.extend(Ones(ready.take(group)).map(|child| (chunk, group * 64 + child)));
            }
        }
        woken
    }

    /// A poll: hands the woken children to `poll` until it says that all is done, or no more are woken.
    fn poll(&self, cx: &mut Context<'_>, mut poll: impl FnMut(Child) -> Poll<()>) -> Poll<()> {
        self.parent().enter();
        loop {
            for child in self.woken() {
                if poll(child).is_ready() {
                    return Poll::Ready(());
                }
            }
            if !self.is_marked() && self.parent().leave(cx.waker(), || self.is_marked()) {
                return Poll::Pending;
            }
        }
    }
}

/// The chunk, and the child in it.
type Child = (usize, usize);

/// A thread that counts up for a child and wakes it, as often as there are ways to in `wakes`.
fn wakes(waker: Waker, wakes: &'static [fn(&Waker)]) -> (Arc<AtomicUsize>, thread::JoinHandle<()>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counts = count.clone();
    let thread = thread::spawn(move || {
        for wake in wakes {
            counts.fetch_add(1, Ordering::Relaxed);
            wake(&waker);
        }
    });
    (count, thread)
}

fn by_reference(waker: &Waker) {
    waker.wake_by_ref();
}

fn by_value(waker: &Waker) {
    waker.clone().wake();
}

/// The block sleeps until every child was polled after the last of its wakes: what was done before a wake is seen after
/// it, and no wake is lost. (If one were, then loom would find that nobody can go on.)
fn all_are_polled(block: Block, children: &[Child], ways: &'static [fn(&Waker)]) {
    all_are_polled_after(None, block, children, ways);
}

/// As [`all_are_polled`], where the first poll has budget for what `first` takes only, and is followed by another one.
fn all_are_polled_after(
    mut first: Option<fn(&WakeSet) -> Vec<usize>>,
    block: Block,
    children: &[Child],
    ways: &'static [fn(&Waker)],
) {
    let mut threads = Vec::new();
    let mut counts = Vec::new();
    for child in children {
        let (count, thread) = wakes(block.waker(*child), ways);
        counts.push((*child, count));
        threads.push(thread);
    }
    let mut waiting = children.to_vec();
    let mut look = |child| {
        let (_, count) = counts.iter().find(|(other, _)| *other == child).expect("it was woken");
        let count = count.load(Ordering::Relaxed);
        assert!(count > 0, "what was done before the wake is seen");
        if count == ways.len() {
            waiting.retain(|other| *other != child);
        }
        if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    };
    block_on(poll_fn(|cx| {
        let Some(first) = first.take() else {
            return block.poll(cx, &mut look);
        };
        block.parent().enter();
        for (chunk, ready) in block.chunks.iter().enumerate() {
            for child in first(ready) {
                if look((chunk, child)).is_ready() {
                    return Poll::Ready(());
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    drop(block);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_child_of_one_group_is_never_lost() {
    check(|| all_are_polled(Block::alone(9), &[(0, 8)], &[by_reference]));
    check(|| all_are_polled(Block::alone(9), &[(0, 8)], &[by_value]));
}

#[test]
fn a_child_of_several_groups_is_never_lost() {
    check(|| all_are_polled(Block::alone(65), &[(0, 64)], &[by_reference]));
}

#[test]
fn a_child_of_several_chunks_is_never_lost() {
    check(|| all_are_polled(Block::chunks(&[9, 9]), &[(1, 3)], &[by_reference]));
    check(|| all_are_polled(Block::chunks(&[9, 65]), &[(1, 64)], &[by_reference]));
}

#[test]
fn the_second_wake_of_a_child_is_not_lost() {
    check_within(3, || all_are_polled(Block::alone(9), &[(0, 0)], &[by_reference, by_reference]));
}

#[test]
fn two_children_of_one_group_are_polled() {
    check_within(3, || all_are_polled(Block::alone(9), &[(0, 0), (0, 1)], &[by_reference]));
}

#[test]
fn two_children_of_two_groups_are_polled() {
    check_within(3, || all_are_polled(Block::alone(65), &[(0, 0), (0, 64)], &[by_reference]));
}

#[test]
fn two_children_of_two_chunks_are_polled() {
    check_within(3, || all_are_polled(Block::chunks(&[9, 9]), &[(0, 0), (1, 0)], &[by_reference]));
}

/// One child, as `par` asks them.
fn one(ready: &WakeSet) -> Vec<usize> {
    ready.first(0).inspect(|child| ready.take_one(*child)).into_iter().collect()
}

/// The first child of a group, as `each` asks them. The others stay woken.
fn one_of_group(ready: &WakeSet) -> Vec<usize> {
    let woken = ready.take_from(0, 0);
    ready.put_back(0, woken & woken.wrapping_sub(1));
    Ones(woken).take(1).collect()
}

#[test]
fn a_child_is_not_lost_while_they_are_asked_one_by_one() {
    for first in [one as fn(&WakeSet) -> Vec<usize>, one_of_group] {
        check_within(3, move || {
            all_are_polled_after(Some(first), Block::alone(9), &[(0, 0), (0, 1)], &[by_reference]);
        });
        check_within(3, move || {
            all_are_polled_after(Some(first), Block::alone(9), &[(0, 0)], &[by_reference, by_reference]);
        });
        check_within(3, move || {
            all_are_polled_after(Some(first), Block::alone(65), &[(0, 0), (0, 1)], &[by_reference]);
        });
        check_within(3, move || {
            all_are_polled_after(Some(first), Block::chunks(&[9, 65]), &[(0, 0), (1, 0)], &[by_reference]);
        });
    }
}

/// Ends a block that sleeps, while `stale` does something with a waker of one of its children in another thread.
fn ends(block: fn() -> Block, child: Child, stale: fn(Waker)) {
    check(move || {
        let block = block();
        let waker = block.waker(child);
        let thread = thread::spawn(move || stale(waker));
        let mut block = Some(block);
        block_on(poll_fn(|cx| {
            let sleeping = block.take().unwrap();
            // Whether or not it was woken already.
            let _ = sleeping.poll(cx, |_| Poll::Pending);
            drop(sleeping);
            Poll::Ready(())
        }));
        thread.join().unwrap();
        // Loom sees that nothing is left: neither the chunk nor the waker of the parent.
    });
}

#[test]
fn a_waker_may_be_woken_while_its_block_ends() {
    ends(|| Block::alone(9), (0, 8), Waker::wake);
    ends(|| Block::alone(65), (0, 64), |waker| waker.wake_by_ref());
    ends(|| Block::chunks(&[9, 9]), (1, 0), Waker::wake);
}

#[test]
fn a_waker_may_be_dropped_while_its_block_ends() {
    ends(|| Block::alone(9), (0, 8), drop);
    ends(|| Block::chunks(&[9, 9]), (1, 0), |waker| drop(waker.clone()));
}

#[test]
fn two_wakers_may_outlive_their_block() {
    check(|| {
        let block = Block::alone(9);
        let threads = [0, 1].map(|child| {
            let waker = block.waker((0, child));
            thread::spawn(move || waker.wake())
        });
        drop(block);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_lent_waker_may_be_woken_in_another_thread_before_the_poll_returns() {
    check(|| {
        let mut wakers = InlineWakers::new(Waker::noop());
        let told = Arc::new(AtomicBool::new(false));
        let threads = [3, 5].map(|child| {
            // Loom has no scoped threads.
            let wakers = (&raw const wakers).expose_provenance();
            let told = told.clone();
            thread::spawn(move || {
                // SAFETY: the wakers is alive until the thread was joined, and borrowed by others as here.
                let wakers = unsafe { &*std::ptr::with_exposed_provenance::<InlineWakers<'static>>(wakers) };
                told.store(true, Ordering::Relaxed);
                wakers.waker(child).wake_by_ref();
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(told.load(Ordering::Relaxed));
        assert_eq!(wakers.take(), 1 << 3 | 1 << 5);
    });
}

// ----- whole blocks -----

/// What an item waits for.
#[derive(Default)]
struct Told {
    is_told: bool,
    waker: Option<Waker>,
}

/// A step that waits to be told to end, if it is the first or the last of nine.
struct Waits([Arc<Mutex<Told>>; 2]);

impl Waits {
    fn new() -> Self {
        Waits([(); 2].map(|()| Arc::new(Mutex::new(Told::default()))))
    }

    /// A thread that tells one of those that wait.
    fn tell(&self, which: usize) -> thread::JoinHandle<()> {
        let told = self.0[which].clone();
        thread::spawn(move || {
            let mut told = told.lock().unwrap();
            told.is_told = true;
            let waker = told.waker.take();
            drop(told);
            if let Some(waker) = waker {
                waker.wake();
            }
        })
    }

    fn wait(&self, item: usize) -> impl Future<Output = Result<usize, Error<BoxError>>> + Send + 'static {
        let told = match item {
            0 => Some(self.0[0].clone()),
            8 => Some(self.0[1].clone()),
            _ => None,
        };
        poll_fn(move |cx| {
            if let Some(told) = &told {
                let mut told = told.lock().unwrap();
                if !told.is_told {
                    told.waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
            Poll::Ready(Ok(item))
        })
    }
}

impl<P: Point<In = usize>> Step<P, BoxError> for Waits {
    type Out = usize;
    type Asks = crate::run::No;

    fn enter<'a, H: Here + 'a>(
        &'a self,
        _scope: RefOf<'a, P>,
        item: usize,
        _here: H,
    ) -> impl Future<Output = Result<usize, Error<BoxError>>> + Send + 'a {
        self.wait(item)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(&CHILD)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.leaf(Origin::block(&CHILD));
    }
}

/// A child of `par`.
struct WaitsAs(Arc<Waits>, usize);

impl<P: Point> Step<P, BoxError> for WaitsAs {
    type Out = usize;
    type Asks = crate::run::No;

    fn enter<'a, H: Here + 'a>(
        &'a self,
        _scope: RefOf<'a, P>,
        _input: P::In,
        _here: H,
    ) -> impl Future<Output = Result<usize, Error<BoxError>>> + Send + 'a {
        self.0.wait(self.1)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(&CHILD)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.leaf(Origin::block(&CHILD));
    }
}

/// `each` over nine items, two of which wait to be told so by other threads.
fn each_of<I: Iterator<Item = usize> + Send + 'static>(items: I, limit: Option<usize>) {
    let waits = Waits::new();
    let threads = [0, 1].map(|which| waits.tell(which));
    let builder = Builder::<(), I, BoxError>::new();
    let (_, feed) = each::enter(&builder, Uses);
    let values = builder.once(each::Values { limit, settle: FailFast }, &EACH);
    let options = each::Options { error: builder.error(), values };
    let pipeline = pipeline(each::each(&builder, &EACH, options, feed, waits));
    assert_eq!(block_on(pipeline.run(items)).unwrap(), (0..9).collect::<Vec<_>>());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

static EACH: Meta = block(0, None, "each");

#[test]
fn each_with_a_limit_ends() {
    check_within(2, || each_of(0..9, Some(9)));
}

#[test]
fn each_without_a_limit_ends() {
    check_within(2, || each_of((0..).take_while(|item| *item < 9), None));
}

#[test]
fn par_ends() {
    check_within(2, || {
        let waits = Arc::new(Waits::new());
        let threads = [0, 1].map(|which| waits.tell(which));
        let builder = Builder::<(), (), BoxError>::new();
        let values = builder.once(par::Values { limit: None, settle: FailFast }, &PAR);
        let options = par::Options { error: builder.error(), values };
        let child = |index| par::child(Ignores, WaitsAs(waits.clone(), index));
        let children =
            tree!(child(0), child(1), child(2), child(3), child(4), child(5), child(6), child(7), child(8));
        let pipeline = pipeline(par::par(&builder, &PAR, options, children, listed));
        drop(waits);
        let outputs: Vec<usize> = block_on(pipeline.run(())).unwrap();
        assert_eq!(outputs, (0..9).collect::<Vec<_>>());
        drop(pipeline);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}
