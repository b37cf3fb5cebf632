//! The block `each`.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use super::outputs::Outputs;
use super::slab::{Place, Slab};
use crate::blocks::peers::{Failures, Limit, OnFailure, until_end};
use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Given;
use crate::build::items::Source;
use crate::build::scope::{At, Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Bound, Describe, Load};
use crate::node::Meta;
use crate::run::Step;
use crate::run::{Asks, Cx, No};
use crate::wake::{InlineWakers, Turn, cut_short, was_cut_short};

/// For so many outputs, at most, room is made before they come: how many they will be is what the iterator says.
const MAX_RESERVE: usize = 1 << 16;

/// The block `each`.
pub struct Each<In, Iter, G, B> {
    pub(super) body: B,
    pub(super) unpack: fn(In) -> Iter,
    pub(super) limit: G,
    pub(super) meta: &'static Meta,
}

impl<P, E, Iter, G, M, B> Block<P, E> for Each<P::In, Iter, G, B>
where
    P: Point,
    G: Given<P, Value = Limit<M>>,
    E: Failure,
    Iter: Source,
    M: OnFailure<E>,
    B: Step<At<P::Scope, Iter::Item>, E>,
{
    type Out = Vec<M::Kept<B::Out>>;
    type Asks = Iter::Asks<B::Asks>;
    const COUNTS: bool = true;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        mut held: Held<R>,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
        let items = held.poll(|| (self.unpack)(input));
        let start = |each: &'a Self, scope, item, cx| each.body.enter(scope, item, cx);
        let hint = items.size_hint();
        R::counted(&mut held.guard, || Some(hint.0 as u64).filter(|_| hint.1 == Some(hint.0)));
        EachFuture::<_, _, _, _, _, _, _, _, M, M::Late, B::Asks, _> {
            runs: Slab::new(self.limit.get(self.limit.see(scope)).limit, hint),
            outputs: Outputs::with_capacity(hint.0.min(MAX_RESERVE)),
            items: Some(items),
            late: M::Late::default(),
            asks: PhantomData,
            each: self,
            scope,
            start,
            started: 0,
            on_failure: PhantomData,
            held,
        }
    }

    fn load(&self) -> Load {
        Load::Items { limit: self.limit.known().map_or(Bound::NONE, Limit::bound), waits: Iter::WAITS }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        if !Iter::Asks::<No>::IS_DURABLE {
            graph.not_durable();
        }
        self.body.describe(graph);
    }
}

pin_project! {
    struct EachFuture<'a, In, Iter, G, B, Scope, Start, Fut, T, M, Late, A, R>
    where
        R: Cx,
    {
        // First: the body may hold what the items came from.
        runs: Slab<Fut>,
        outputs: Outputs<T>,
        items: Option<Iter>,
        late: Late,
        asks: PhantomData<A>,
        each: &'a Each<In, Iter, G, B>,
        scope: Scope,
        // A function without size, as the future that it gives has a type without a name.
        start: Start,
        started: usize,
        on_failure: PhantomData<fn() -> M>,
        // Last: a block ends after the steps inside it.
        held: Held<R>,
    }
}

impl<'a, In, Iter, G, B, Scope, Start, Fut, T, E, M, A, R> Future
    for EachFuture<'a, In, Iter, G, B, Scope, Start, Fut, M::Kept<T>, M, M::Late, A, R>
where
    A: Asks,
    Iter: Source,
    Scope: Copy,
    Start: Fn(&'a Each<In, Iter, G, B>, Scope, Iter::Item, R) -> Fut,
    Fut: Future<Output = Result<T, Error<E>>>,
    T: Send + 'static,
    E: Failure,
    M: OnFailure<E>,
    R: Cx,
{
    type Output = Result<Vec<M::Kept<T>>, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let run = this.held.cx;
        let result = ready!(this.held.poll(|| {
            let start = |item| {
                let index = *this.started;
                *this.started += 1;
                (index, (this.start)(this.each, *this.scope, item, run.item(index as u64)))
            };
            let mut late = if M::DRAINS.is::<A>() { M::late(this.late) } else { None };
            let polled = ready!(drive::<_, _, _, _, M, _>(
                this.runs,
                this.outputs,
                this.items,
                &mut late,
                start,
                (run, this.each.meta),
                cx.waker()
            ));
            if let Some(late) = late
                && !late.is_empty()
            {
                return Poll::Ready(Err(std::mem::take(late).end()));
            }
            Poll::Ready(match polled {
                Ok(()) => Ok(this.outputs.take()),
                Err(error) => {
                    this.runs.clear();
                    Err(error)
                }
            })
        }));
        this.held.finish(&result);
        Poll::Ready(result)
    }
}

/// Whether there are items to start.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Supply {
    More,
    /// Not before others were let run.
    Later,
    /// Not before the stream has one, which wakes the block then.
    Waits,
    Out,
}

/// Polls the runs that were woken, and starts items where there is room, until there is no more to do.
#[inline(always)]
fn drive<Iter, Fut, T, E, M, R>(
    runs: &mut Slab<Fut>,
    outputs: &mut Outputs<M::Kept<T>>,
    items: &mut Option<Iter>,
    late: &mut Option<&mut Failures<E>>,
    mut start: impl FnMut(Iter::Item) -> (usize, Fut),
    (rt, each): (R, &'static Meta),
    parent: &Waker,
) -> Poll<Result<(), Error<E>>>
where
    Iter: Source,
    Fut: Future<Output = Result<T, Error<E>>>,
    T: Send + 'static,
    E: Failure,
    M: OnFailure<E>,
    R: Cx,
{
    if late.as_ref().is_some_and(|late| !late.is_empty()) {
        *items = None;
    }
    let supply = Cell::new(if items.is_some() { Supply::More } else { Supply::Out });
    let mut next = || {
        let rest = items.as_mut().filter(|_| supply.get() == Supply::More)?;
        if rt.poll_proceed(&mut Context::from_waker(parent)).is_pending() {
            supply.set(Supply::Later);
            return None;
        }
        let Poll::Ready(item) = rest.poll_item(&mut Context::from_waker(parent)) else {
            supply.set(Supply::Waits);
            return None;
        };
        if item.is_none() {
            *items = None;
            supply.set(Supply::Out);
        }
        item
    };
    runs.enter();
    let mut wakers = InlineWakers::new(parent);
    let mut turn = Turn::default();
    // Who woke a block without wakers of its own is not known.
    let mut inline = u64::MAX;
    let began_in_order = runs.resume.is_none();
    let mut one_by_one = false;
    if let Some(begin) = runs.resume
        && rt.has_budget()
    {
        was_cut_short();
        let is_end = runs.woken_from(begin, |runs, place| {
            advance::<_, _, _, _, M>(
                runs,
                outputs,
                place,
                None,
                (&mut next, &supply, late),
                (&mut start, each),
                &wakers,
            )?;
            let has_budget = rt.has_budget();
            if !has_budget {
                runs.resume = Some(if was_cut_short() { place } else { place.after() });
            }
            Ok(has_budget)
        })?;
        if !is_end {
            cut_short();
            turn.ends(rt, parent);
            return Poll::Pending;
        }
        runs.resume = Some(Place::FIRST).filter(|first| *first != begin);
        one_by_one = true;
    }
    loop {
        // After runs that were asked one by one it is the turn of new items.
        let one_by_one = std::mem::take(&mut one_by_one);
        let is_first_round = turn.is_first_round();
        let mut is_cut = false;
        if !one_by_one {
            runs.woken(inline, &mut turn, |runs, place| {
                advance::<_, _, _, _, M>(
                    runs,
                    outputs,
                    place,
                    None,
                    (&mut next, &supply, late),
                    (&mut start, each),
                    &wakers,
                )
            })?;
            if !rt.has_budget() && runs.resume.is_none() {
                runs.resume = Some(Place::FIRST);
                is_cut = began_in_order && is_first_round;
            }
        }
        let mut has_begun = false;
        let mut goes_on = true;
        while goes_on
            && !runs.is_full()
            && let Some(item) = next()
        {
            let place = runs.vacant();
            advance::<_, _, _, _, M>(
                runs,
                outputs,
                place,
                Some(item),
                (&mut next, &supply, late),
                (&mut start, each),
                &wakers,
            )?;
            has_begun = !runs.is_vacant(place);
            if !has_begun {
                turn.was_ready();
                goes_on = turn.goes_on(rt, parent);
            }
        }
        if (one_by_one || has_begun) && !rt.has_budget() {
            // It is the turn of new items as long as they stay, which has an end. Of those that are ready at once there may
            // be no end.
            is_cut = has_begun && !runs.is_full();
            runs.resume = Some(if is_cut { Place::END } else { Place::FIRST });
        }
        if supply.get() == Supply::Out && runs.running() == 0 {
            return Poll::Ready(Ok(()));
        }
        let is_woken = if supply.get() == Supply::Later {
            // By whoever lets others run.
            true
        } else if goes_on && !(one_by_one && runs.resume.is_some()) {
            inline = wakers.take();
            let waits = runs.leave(inline, parent);
            if !waits && turn.goes_on(rt, parent) {
                continue;
            }
            waits
        } else {
            false
        };
        if is_cut {
            cut_short();
        } else if !rt.has_budget() {
            // All had their turn. So if one of them goes on with others inside, then after this block's siblings.
            was_cut_short();
        }
        if !is_woken {
            turn.ends(rt, parent);
        }
        return Poll::Pending;
    }
}

/// Starts an item at a place, or polls what runs there. If it finishes the next item runs there, but one that is ready at
/// once is not followed by others: it is the turn of the other places.
///
/// Items come here, and not their runs: a run is made where it stays.
#[inline]
fn advance<Item, Fut, T, E, M>(
    runs: &mut Slab<Fut>,
    outputs: &mut Outputs<M::Kept<T>>,
    place: Place,
    mut item: Option<Item>,
    (next, supply, late): (&mut impl FnMut() -> Option<Item>, &Cell<Supply>, &mut Option<&mut Failures<E>>),
    (start, each): (&mut impl FnMut(Item) -> (usize, Fut), &'static Meta),
    wakers: &InlineWakers<'_>,
) -> Result<(), Error<E>>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    T: Send + 'static,
    E: Failure,
    M: OnFailure<E>,
{
    let mut last = false;
    loop {
        let mut late = late.as_deref_mut().filter(|_| M::DRAINS.may());
        let polled = if late.is_some() {
            until_end(|| poll_at(runs, place, item.take(), start, wakers))
        } else {
            Ok(poll_at(runs, place, item.take(), start, wakers))
        };
        let (index, result) = match polled {
            Ok(Poll::Pending) => return Ok(()),
            Ok(Poll::Ready(ready)) => ready,
            Err(payload) => {
                supply.set(Supply::Out);
                if let Some(late) = &mut late {
                    late.add_panic(payload);
                    if let Err(payload) = until_end(|| runs.abandon(place)) {
                        late.add_panic(payload);
                    }
                }
                break;
            }
        };
        // Apart for each way, as a result that is looked at before costs each item a tenth.
        match M::keep(result) {
            Ok(mut kept) => {
                if let Some(error) = M::failure(&mut kept) {
                    error.in_item(each, index as u64);
                }
                outputs.put(index, kept);
            }
            Err(error) => {
                let error = error.of_item(each, index as u64);
                let Some(late) = late else { return Err(error) };
                late.add(error);
                supply.set(Supply::Out);
            }
        }
        if last {
            break;
        }
        item = next();
        if item.is_none() {
            break;
        }
        last = true;
    }
    runs.release(place);
    Ok(())
}

/// Starts an item at a place, if there is one, and polls what runs there.
#[inline(always)]
fn poll_at<Item, Fut: Future>(
    runs: &mut Slab<Fut>,
    place: Place,
    item: Option<Item>,
    start: &mut impl FnMut(Item) -> (usize, Fut),
    wakers: &InlineWakers<'_>,
) -> Poll<(usize, Fut::Output)> {
    if let Some(item) = item {
        let (index, fut) = start(item);
        runs.put(place, index, fut);
    }
    runs.poll(place, wakers)
}

impl<In, Iter, G, B> fmt::Debug for Each<In, Iter, G, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Each")
    }
}
